"""With ``input_channels=4`` a model for RGB images takes RGBA, and the fourth channel does not matter."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder, Delegate, Interpreter, OptionError, SupportTable
from delegraph_opencl.program.rgba import image_inputs, with_channels

SHAPE = (1, 6, 6, 3)
RNG = np.random.default_rng(4)
FILTERS = RNG.standard_normal((8, 3, 3, 3)).astype(np.float32)
CONV = {"stride_h": 2, "stride_w": 2, "dilation_h_factor": 1, "dilation_w_factor": 1, "padding": "SAME"}


def convolution(g, x, filters=FILTERS, **tensor):
    return g.op("CONV_2D", [x, g.constant(filters)], [g.tensor((1, 3, 3, 8), "float32")], **CONV)


def model_of_one():
    g = Builder()
    return g.model(outputs=[convolution(g, g.input(SHAPE, "float32", name="image"))])


def shapes(model):
    return [t.shape for t in model.subgraphs[0].inputs]


def test_an_image_of_four_channels_gives_what_one_of_three_gives(interpret, load):
    model = model_of_one()
    image = RNG.standard_normal((1, 6, 6, 4)).astype(np.float32)
    expected = interpret(model)(np.ascontiguousarray(image[..., :3]))
    found = interpret(model, load(input_channels=4))(image)
    assert np.abs(found - expected).max() < 1e-5


def test_whatever_is_in_the_fourth_channel_changes_nothing(interpret, load):
    of_four = interpret(model_of_one(), load(input_channels=4))
    image = RNG.standard_normal((1, 6, 6, 4)).astype(np.float32)
    other = image.copy()
    other[..., 3] = 255
    assert np.array_equal(of_four(image).copy(), of_four(other))


def test_the_interpreter_says_four_channels(interpret, load):
    details = interpret(model_of_one(), load(input_channels=4)).get_input_details()[0]
    assert details["shape"].tolist() == [1, 6, 6, 4]


def test_quantized_filters_are_widened_with_their_zero_point(interpret, load):
    g = Builder()
    x = g.input(SHAPE, "uint8", scale=0.5, zero_point=128)
    stored = RNG.integers(0, 256, FILTERS.shape).astype(np.uint8)
    filters = g.constant(stored, scale=0.25, zero_point=7)
    out = g.tensor((1, 3, 3, 8), "uint8", scale=40.0, zero_point=128)
    model = g.model(outputs=[g.op("CONV_2D", [x, filters], [out], **CONV)])
    image = RNG.integers(0, 256, (1, 6, 6, 4)).astype(np.uint8)
    expected = interpret(model)(np.ascontiguousarray(image[..., :3])).copy()
    assert np.array_equal(interpret(model, load(input_channels=4))(image), expected)
    assert (with_channels(model, 4).subgraphs[0].ops[0].inputs[1].data[..., 3] == 7).all()


@pytest.mark.parametrize("op", ["MUL", "SUB"])
def test_ops_of_one_number_may_stand_before_the_convolution(interpret, load, op):
    g = Builder()
    x = g.input(SHAPE, "float32")
    scaled = g.op(op, [x, g.constant(np.float32([0.5]))], [g.tensor(SHAPE, "float32")])
    model = g.model(outputs=[convolution(g, scaled)])
    image = RNG.standard_normal((1, 6, 6, 4)).astype(np.float32)
    expected = interpret(model)(np.ascontiguousarray(image[..., :3])).copy()
    assert np.abs(interpret(model, load(input_channels=4))(image) - expected).max() < 1e-5


def test_a_model_whose_image_is_read_by_other_ops_stays_as_it_is():
    g = Builder()
    x = g.input(SHAPE, "float32")
    y = convolution(g, x)
    g.op("RELU", [x], [g.tensor(SHAPE, "float32")])
    model = g.model(outputs=[y])
    assert with_channels(model, 4) is model


def test_a_constant_per_channel_keeps_three():
    g = Builder()
    x = g.input(SHAPE, "float32")
    mean = g.op("SUB", [x, g.constant(np.float32([1, 2, 3]))], [g.tensor(SHAPE, "float32")])
    model = g.model(outputs=[convolution(g, mean)])
    assert not image_inputs(model.subgraphs[0])
    assert with_channels(model, 4) is model


def test_filters_that_two_images_share_keep_three():
    g = Builder()
    x, y = g.input(SHAPE, "float32"), g.input(SHAPE, "float32")
    filters = g.constant(FILTERS)
    outs = [g.op("CONV_2D", [i, filters], [g.tensor((1, 3, 3, 8), "float32")], **CONV) for i in (x, y)]
    model = g.model(outputs=outs)
    assert with_channels(model, 4) is model


def test_inputs_of_other_shapes_are_left_alone():
    g = Builder()
    x, size = g.input(SHAPE, "float32"), g.input((1, 3), "float32")
    relu = g.op("RELU", [size], [g.tensor((1, 3), "float32")])
    model = g.model(outputs=[convolution(g, x), relu])
    assert shapes(with_channels(model, 4)) == [(1, 6, 6, 4), (1, 3)]


def test_another_number_of_channels_is_refused(load):
    with pytest.raises(OptionError, match="input_channels"):
        load(input_channels=5)


def test_the_model_is_adapted_once_for_all_delegates(interpret, load):
    """Whatever runs an op, the image has four channels."""

    class Other(Delegate):
        name = "other"

        def __init__(self):
            super().__init__()
            self.table = SupportTable(self.name, [])

        def prepare(self, partition):
            raise AssertionError

    it: Interpreter = interpret(model_of_one(), Other(), load(input_channels=4))
    assert it.get_input_details()[0]["shape"].tolist() == [1, 6, 6, 4]
