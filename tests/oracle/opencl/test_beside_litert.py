"""``opencl,litert,reference``: LiteRT runs what OpenCL leaves over, on values that pass between them.

LiteRT itself runs the whole model, and says what is right; state is carried on over several runs.
"""

from __future__ import annotations

import litert
import numpy as np
import one_op_opencl
import pytest
from delegraph import Builder, Interpreter, Model, load_delegate, write_model
from one_op import difference, random_array

pytestmark = [
    pytest.mark.skipif(bool(one_op_opencl.unavailable()), reason=str(one_op_opencl.unavailable())),
    pytest.mark.skipif(litert.version() is None, reason="ai-edge-litert is not installed"),
]

CHAIN = ["opencl", "litert", "reference"]
RTOL = 1e-4  # of whole models


def image(batch: int = 1) -> Model:
    """Return a chain of ops that go to OpenCL and to LiteRT in turn, with an output of each."""
    g = Builder()
    x = g.input((batch, 8, 8, 3), "float32", "x")
    weights, bias = g.constant(floats((4, 3, 3, 3), 1)), g.constant(floats((4,), 2))
    strides = {"padding": "SAME", "stride_w": 1, "stride_h": 1}
    y = g.op("CONV_2D", [x, weights, bias], [g.tensor((batch, 8, 8, 4), "float32")], **strides)
    window = {"padding": "VALID", "stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2}
    pooled = g.op("L2_POOL_2D", [y], [g.tensor((batch, 4, 4, 4), "float32")], **window)
    doubled = g.op("ADD", [pooled, pooled], [g.tensor((batch, 4, 4, 4), "float32")])
    lengths = g.constant(np.array([3] * batch, np.int32))
    turned = g.op(
        "REVERSE_SEQUENCE",
        [doubled, lengths],
        [g.tensor((batch, 4, 4, 4), "float32")],
        seq_dim=1,
        batch_dim=0,
    )
    return g.model([pooled, g.op("LOGISTIC", [turned], [g.tensor((batch, 4, 4, 4), "float32")])])


def recurrent() -> Model:
    """Return a network with the state of an RNN, which LiteRT runs; an op of OpenCL reads it, too."""
    g = Builder()
    x = g.input((2, 3), "float32", "x")
    scaled = g.op("MUL", [x, g.constant(np.float32(0.5))], [g.tensor((2, 3), "float32")])
    weights = [g.constant(floats(shape, i)) for i, shape in enumerate([(4, 3), (4, 4), (4,)])]
    state = g.variable((2, 4), "float32", name="state")
    before = g.op("ADD", [state, g.constant(np.float32(1))], [g.tensor((2, 4), "float32")])
    h = g.op(
        "RNN",
        [scaled, *weights, state],
        [g.tensor((2, 4), "float32")],
        fused_activation_function="TANH",
    )
    return g.model([before, g.op("LOGISTIC", [h], [g.tensor((2, 4), "float32")])])


def floats(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return random_array("float32", shape, seed, -1, 1)


def labels(it: Interpreter) -> list[str]:
    return [p.label for p in it.plan.partitions]


def outputs(it: Interpreter, x: np.ndarray) -> list[np.ndarray]:
    return list(it.run({"x": x}).values())


def assert_same(ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        assert (problem := difference(a, b, rtol=RTOL)) is None, problem


@pytest.mark.parametrize("batch", [1, 2])
def test_ops_go_to_both_in_turn_and_give_what_litert_gives(batch: int) -> None:
    model = image(batch)
    with Interpreter(model=model, delegates=CHAIN) as it, litert.loaded(write_model(model)) as theirs:
        for seed in (1, 2, 3):
            x = floats((batch, 8, 8, 3), seed)
            assert_same(outputs(it, x), theirs.run([x]))
        assert labels(it) == ["opencl", "litert", "opencl", "litert", "opencl"]


def test_state_is_carried_on_from_one_to_the_other() -> None:
    model = recurrent()
    with Interpreter(model=model, delegates=CHAIN) as it, litert.loaded(write_model(model)) as theirs:
        first = [floats((2, 3), seed) for seed in range(4)]
        for x in first:
            assert_same(outputs(it, x), theirs.run([x]))
        assert {*labels(it)} == {"opencl", "litert"}
        it.reset_all_variables()
        with litert.loaded(write_model(model)) as fresh:
            assert_same(outputs(it, first[3]), fresh.run([first[3]]))


def test_where_litert_fails_the_reference_delegate_goes_on_from_the_same_state() -> None:
    model = recurrent()
    closing = load_delegate("litert")
    delegates = ["opencl", closing, "reference"]
    with (
        Interpreter(model=model, delegates=delegates, on_failure="fallback") as it,
        litert.loaded(write_model(model)) as theirs,
    ):
        for seed in range(4):
            if seed == 2:
                closing.close()
            x = floats((2, 3), seed)
            assert_same(outputs(it, x), theirs.run([x]))
        assert {*labels(it)} == {"opencl", "reference"}
