"""A loop that was quantized, run as users run it: LiteRT and the reference delegate, beside the floats."""

from __future__ import annotations

import litert
import numpy as np
import pytest
from delegraph import Builder, Interpreter, Model, write_model
from delegraph_optimize import quantize

RNG = np.random.default_rng(8)


def floats(*shape: int) -> np.ndarray:
    return RNG.uniform(-1, 1, shape).astype(np.float32)


def loop(turns: int) -> Model:
    """h = tanh(W h + b), some turns; then a product."""
    g = Builder()
    x, state = g.input((1, 16), "float32", "x"), (1, 16)
    cond, body = g.subgraph("cond"), g.subgraph("body")
    i = cond.input((), "int32", "i")
    cond.input(state, "float32", "h")
    cond.returns(cond.op("LESS", [i, cond.constant(np.int32(turns))], [cond.tensor((), "bool")]))
    i, h = body.input((), "int32", "i"), body.input(state, "float32", "h")
    i = body.op("ADD", [i, body.constant(np.int32(1))], [body.tensor((), "int32")])
    operands = [h, body.constant(floats(16, 16)), body.constant(floats(16))]
    h = body.op("FULLY_CONNECTED", operands, [body.tensor(state, "float32")])
    body.returns(i, body.op("TANH", [h], [body.tensor(state, "float32")]))
    made = [g.tensor((), "int32"), g.tensor(state, "float32")]
    subgraphs = {"cond_subgraph_index": cond.index, "body_subgraph_index": body.index}
    _, h = g.op("WHILE", [g.constant(np.int32(0)), x], made, **subgraphs)
    operands = [h, g.constant(floats(4, 16)), None]
    return g.model([g.op("FULLY_CONNECTED", operands, [g.tensor((1, 4), "float32", "z")])])


@pytest.mark.parametrize("turns", [0, 1, 5])
def test_a_loop_of_integers_is_litert_s_and_near_the_floats(turns: int) -> None:
    model = loop(turns)
    found = quantize(model, "int8", data=[floats(1, 16) for _ in range(32)])
    if turns:  # else no sample reaches the body, which stays in floats
        ops = [op.name for op in found.model.subgraphs[2].ops]
        assert ops == ["ADD", "QUANTIZE", "FULLY_CONNECTED", "TANH", "DEQUANTIZE"]
    signal, noise = 0.0, 0.0
    with Interpreter(model=found.model, delegates=["reference"]) as interpreter:
        for x in [floats(1, 16) for _ in range(10)]:
            (want,) = litert.run(write_model(model), [x])
            (theirs,) = litert.run(found.content, [x], "BUILTIN_REF")
            np.testing.assert_array_equal(interpreter(x), theirs)
            np.testing.assert_allclose(litert.run(found.content, [x])[0], theirs, atol=0.05)
            signal, noise = signal + np.square(want).sum(), noise + np.square(want - theirs).sum()
    assert noise < 0.01 * signal
