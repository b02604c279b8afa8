"""A loop that was quantized, run as users run it: LiteRT and the reference delegate, beside the floats.

Biases that were corrected in bodies are those of arithmetic written out here, on what each call was given.
"""

from __future__ import annotations

import litert
import numpy as np
import pytest
from delegraph import Builder, Interpreter, Model, write_model
from delegraph_optimize import Quantized, quantize

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


def test_a_body_s_bias_makes_up_for_what_its_weights_lose_in_all_rounds() -> None:
    model, samples = loop(4), [floats(1, 16) for _ in range(8)]
    body = model.subgraphs[2].ops[1]
    weights, bias = (np.float64(t.data) for t in body.inputs[1:] if t is not None)
    seen = []  # by the body, in floats
    for h in map(np.float64, samples):
        for _ in range(4):
            seen.append(h)
            h = np.tanh(h @ weights.T + bias)
    _is_corrected(quantize(model, "int8", data=samples, bias_correction=True), 2, weights, bias, seen)


def test_a_branch_s_bias_makes_up_for_what_its_samples_lose() -> None:
    model = branches()
    samples = [
        {"x": 2 * floats(1, 16) + sign, "c": np.array(sign > 0)} for sign in (-1, 1) for _ in range(6)
    ]
    found = quantize(model, "int8", data=samples, bias_correction=True)
    for place, taken in ((1, True), (2, False)):
        op = model.subgraphs[place].ops[0]
        weights, bias = (np.float64(t.data) for t in op.inputs[1:] if t is not None)
        seen = [np.float64(s["x"]) for s in samples if bool(s["c"]) is taken]
        _is_corrected(found, place, weights, bias, seen)
    assert "with corrected biases: 3 of 3 ops, on 12 samples" in str(found.report)
    plain = quantize(model, "int8", data=samples, bias_correction=False)
    off = [np.mean([_off(model, q.content, s) for s in samples], axis=0) for q in (plain, found)]
    assert np.abs(off[1]).sum() < 0.6 * np.abs(off[0]).sum()


def branches() -> Model:
    """y = W x + b, of two W and b by a condition; then a product."""
    g = Builder()
    x, c = g.input((1, 16), "float32", "x"), g.input((), "bool", "c")
    arms = [g.subgraph("then"), g.subgraph("else")]
    for arm in arms:
        operands = [arm.input((1, 16), "float32"), arm.constant(floats(16, 16)), arm.constant(floats(16))]
        arm.returns(arm.op("FULLY_CONNECTED", operands, [arm.tensor((1, 16), "float32")]))
    subgraphs = {"then_subgraph_index": arms[0].index, "else_subgraph_index": arms[1].index}
    y = g.op("IF", [c, x], [g.tensor((1, 16), "float32")], **subgraphs)
    operands = [y, g.constant(floats(4, 16)), g.constant(floats(4))]
    return g.model([g.op("FULLY_CONNECTED", operands, [g.tensor((1, 4), "float32", "z")])])


def _is_corrected(
    found: Quantized, place: int, weights: np.ndarray, bias: np.ndarray, seen: list[np.ndarray]
) -> None:
    """Check b' = b + W mean(x) - W' mean(x'), where x' is x in the steps that the op reads it in."""
    op = next(o for o in found.model.subgraphs[place].ops if o.name == "FULLY_CONNECTED")
    x, w, b = (t for t in op.inputs if t is not None)
    assert w.quantization is not None
    assert w.data is not None
    assert b.data is not None
    read = np.concatenate(seen)
    stored = np.clip(np.rint(read / x.scale) + x.zero_point, -128, 127)
    steps = np.float64(w.quantization.scale)
    lost = weights @ read.mean(0) - (w.data * steps[:, None]) @ ((stored - x.zero_point) * x.scale).mean(0)
    wanted = (bias + lost) / (x.scale * steps)
    np.testing.assert_allclose(b.data, wanted, atol=1)
    assert np.abs(wanted - bias / (x.scale * steps)).max() > 20  # a correction that is seen


def _off(model: Model, file: bytes, sample: dict[str, np.ndarray]) -> np.ndarray:
    """Return how far LiteRT's output of a model is from that of the floats."""
    given = [sample["x"], sample["c"]]
    return np.asarray(litert.run(file, given)[0] - litert.run(write_model(model), given)[0])
