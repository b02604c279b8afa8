"""Each line of advice appears for a model that has the trait, and for no other."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from delegraph import Builder
from delegraph.partition import partition
from delegraph_opencl import advice
from opencl_parts import chain

CONV = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1, "padding": "SAME"}
LINES = {
    "nothing": "no op runs here",
    "hand-over": "are handed over inside the model",
    "small": "so small that the CPU is likely faster",
    "moves": "only move values",
    "widths": "channels are computed",
    "rgb": "input_channels=4",
    "integers": "converted at the edge",
}


@pytest.fixture(autouse=True)
def _steady(monkeypatch):
    """Hand-overs cost what is said here: 0.1 ms and 1 ns a byte."""
    monkeypatch.setattr(advice.HandOver, "seconds", lambda self, nbytes: 1e-4 + 1e-9 * nbytes)


def convolutions(*channels, side=64, dtype="float32"):
    """Return a model of 3 x 3 convolutions with so many channels: the first number is the input's."""
    g = Builder()
    quantized = {"scale": 0.5, "zero_point": 3} if dtype != "float32" else {}
    x = g.input((1, side, side, channels[0]), dtype, name="x", **quantized)
    for before, after in pairwise(channels):
        stored = np.ones((after, 3, 3, before), dtype)
        filters = g.constant(stored, **({"scale": 0.1, "zero_point": 0} if quantized else {}))
        x = g.op("CONV_2D", [x, filters], [g.tensor((1, side, side, after), dtype, **quantized)], **CONV)
    return g.model(outputs=[x])


def moving(op, shape, out, **options):
    g = Builder()
    x = g.input((1, 64, 64, 16), "float32")
    filters = g.constant(np.ones((16, 3, 3, 16), np.float32))
    y = g.op("CONV_2D", [x, filters], [g.tensor(shape, "float32")], **CONV)
    return g.model(outputs=[g.op(op, [y], [g.tensor(out, "float32")], **options)])


def advised(load, model, *others, **options):
    """Return which lines there are, and their text."""
    delegate = load(**options)
    lines = delegate.advise(partition(delegate.adapted(model), [delegate, *others]))
    found = {key for key, part in LINES.items() if any(part in line for line in lines)}
    assert len(found) == len(lines), lines
    return found, "\n".join(lines)


def test_a_model_that_suits_the_device_gets_none(load):
    assert advised(load, convolutions(16, 16, 32)) == (set(), "")


def test_a_model_of_which_nothing_runs_here_is_told_where_to_look(load, spare):
    found, text = advised(load, chain("Triple"), spare)
    assert found == {"nothing"}
    assert "delegraph why" in text


def test_values_that_go_to_another_delegate_and_back_are_counted(load, spare):
    found, text = advised(load, chain("ADD", "Triple", "MUL", shape=(1, 64, 64, 16)), spare)
    assert "hand-over" in found
    assert "2 tensors of 512.0 KiB" in text
    assert "0.72 ms" in text  # 2 * (0.1 ms + 262,144 ns)
    assert "replace or move Triple" in text


def test_a_model_with_less_to_compute_than_to_hand_over_is_small(load):
    assert advised(load, convolutions(16, 16, side=2))[0] == {"small"}


@pytest.mark.parametrize(
    ("op", "out", "options"),
    [
        ("SPACE_TO_DEPTH", (1, 32, 32, 64), {"block_size": 2}),
        ("DEPTH_TO_SPACE", (1, 128, 128, 4), {"block_size": 2}),
    ],
)
def test_ops_that_only_move_values_are_named(load, op, out, options):
    found, text = advised(load, moving(op, (1, 64, 64, 16), out, **options))
    assert found == {"moves"}
    assert f"#1 {op}" in text


@pytest.mark.parametrize(
    ("kernels", "channels", "wide", "narrow"), [("gpu", 5, 8, 4), ("cpu", 17, 32, 16), ("cpu", 5, 16, None)]
)
def test_channels_just_above_what_is_computed_at_once_are_named(load, kernels, channels, wide, narrow):
    found, text = advised(load, convolutions(16, channels), kernels=kernels)
    assert found == {"widths"}
    assert f"so {channels} cost what {wide} cost" in text
    assert ("clearly more than" in text) == (narrow is not None)
    assert narrow is None or f"clearly more than {narrow}" in text


@pytest.mark.parametrize(("kernels", "channels"), [("gpu", 8), ("cpu", 16), ("cpu", 30), ("gpu", 31)])
def test_channels_that_fill_what_is_computed_at_once_are_not(load, kernels, channels):
    assert advised(load, convolutions(16, channels), kernels=kernels)[0] == set()


@pytest.mark.parametrize(("channels", "told"), [(16, False), (8, False), (1, False), (17, True), (5, True)])
def test_narrow_depthwise_convolutions_are_computed_fewer_at_a_time(load, channels, told):
    g = Builder()
    shape = (1, 512, 512, channels)
    filters = g.constant(np.ones((1, 9, 9, channels), np.float32))
    y = g.op(
        "DEPTHWISE_CONV_2D", [g.input(shape, "float32"), filters], [g.tensor(shape, "float32")], **CONV
    )
    found, text = advised(load, g.model(outputs=[y]), kernels="cpu")
    assert ("widths" in found) is told
    assert channels != 5 or "so 5 cost what 8 cost, clearly more than 4" in text


def test_an_image_of_three_channels_can_be_rgba(load):
    found, text = advised(load, convolutions(3, 16, 16))
    assert found == {"rgb"}
    assert "'x'" in text


def test_an_image_that_is_rgba_already_is_not_mentioned(load):
    assert advised(load, convolutions(3, 16, 16), input_channels=4)[0] == set()


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_integers_at_the_edge_are_named(load, dtype):
    found, text = advised(load, convolutions(16, 16, dtype=dtype), kernels="gpu")
    assert found == {"integers"}
    assert f"'x' ({dtype})" in text
    assert "131,072 bytes" in text  # two of 64 * 64 * 16


def test_integers_that_stay_bytes_on_a_cpu_are_not(load, device):
    if device.type != "cpu":
        pytest.skip("the default device is no CPU")
    assert advised(load, convolutions(16, 16, dtype="uint8")) == (set(), "")


def test_multiplications_are_counted_as_by_hand(load):
    by_index = [advice.macs(op) for op in convolutions(3, 16, side=8).subgraphs[0].ops]
    assert by_index == [8 * 8 * 16 * 3 * 3 * 3]
