"""Recurrent ops and lookups: LiteRT runs what is written, near the floats; an integer LSTM equals ours bit
for bit.
"""

from __future__ import annotations

from collections.abc import Callable

import litert
import numpy as np
import pytest
from delegraph import Builder, Interpreter, Model, Tensor, write_model
from delegraph_optimize import quantize
from optimize.test_every_op import decibels, real, stored

RNG = np.random.default_rng(5)
START = RNG.bit_generator.state
BATCH, TIME, DEPTH, UNITS = 2, 6, 40, 32


def floats(*shape: int, size: float = 0.4) -> np.ndarray:
    return RNG.uniform(-size, size, shape).astype(np.float32)


def lstm(
    time_major: bool = False,
    coupled: bool = False,
    name: str = "UNIDIRECTIONAL_SEQUENCE_LSTM",
    peepholes: bool = False,
    normalized: bool = False,
    outputs: int = UNITS,
) -> Model:
    """An LSTM of four gates, or of three where input and forget gate are coupled.

    :param outputs: fewer than there are units: they are projected
    """
    g = Builder()
    whole = name.startswith("UNI")
    shape = (TIME, BATCH, DEPTH) if time_major else (BATCH, TIME, DEPTH)
    x = g.input(shape if whole else (BATCH, DEPTH), "float32", "x")

    def gates(*sizes: int) -> list[Tensor | None]:
        return [None if coupled and i == 0 else g.constant(floats(*sizes)) for i in range(4)]

    def each(there: bool, first: int = 0) -> list[Tensor | None]:
        return [g.constant(floats(UNITS)) if there and i >= first else None for i in range(4)]

    projection = (
        [g.constant(floats(outputs, UNITS)), g.constant(floats(outputs))] if outputs < UNITS else [None] * 2
    )
    peeping = [None] * 3 if not peepholes else each(True)[1:]
    if coupled:
        peeping[0] = None
    inputs = [
        x,
        *gates(UNITS, DEPTH),
        *gates(UNITS, outputs),
        *peeping,
        *gates(UNITS),
        *projection,
        g.variable((BATCH, outputs), "float32"),
        g.variable((BATCH, UNITS), "float32"),
        *each(normalized, int(coupled)),
    ]
    out = g.tensor((*shape[:2], outputs) if whole else (BATCH, outputs), "float32", "y")
    options = {"time_major": time_major} if whole else {}
    g.op(name, inputs, [out], fused_activation_function="TANH", cell_clip=10.0, **options)
    return g.model([out])


def svdf() -> Model:
    g = Builder()
    x, state = g.input((BATCH, DEPTH), "float32", "x"), g.variable((BATCH, UNITS * 5), "float32")
    inputs = [
        x,
        g.constant(floats(UNITS, DEPTH)),
        g.constant(floats(UNITS, 5)),
        g.constant(floats(UNITS)),
        state,
    ]
    out = g.tensor((BATCH, UNITS), "float32", "y")
    return g.model([g.op("SVDF", inputs, [out], rank=1, fused_activation_function="RELU")])


def rnn(name: str) -> Model:
    g = Builder()
    whole = name.startswith("UNI")
    shape = (BATCH, TIME, DEPTH) if whole else (BATCH, DEPTH)
    x, state = g.input(shape, "float32", "x"), g.variable((BATCH, UNITS), "float32")
    weights = [g.constant(floats(*s)) for s in ((UNITS, DEPTH), (UNITS, UNITS), (UNITS,))]
    out = g.tensor((*shape[:-1], UNITS), "float32", "y")
    return g.model([g.op(name, [x, *weights, state], [out], fused_activation_function="TANH")])


MODELS: dict[str, Callable[[], Model]] = {
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm,
    "of time first": lambda: lstm(time_major=True),
    "of coupled gates": lambda: lstm(coupled=True),
    "with peepholes": lambda: lstm(peepholes=True),
    "with a projection": lambda: lstm(outputs=20),
    "normalized": lambda: lstm(normalized=True),
    "of coupled gates, with all": lambda: lstm(False, True, peepholes=True, normalized=True, outputs=20),
    "with all": lambda: lstm(peepholes=True, normalized=True, outputs=20),
    "LSTM": lambda: lstm(name="LSTM"),
    "SVDF": svdf,
    "RNN": lambda: rnn("RNN"),
    "UNIDIRECTIONAL_SEQUENCE_RNN": lambda: rnn("UNIDIRECTIONAL_SEQUENCE_RNN"),
}
LEAST = {"float16": 45.0, "weights": 30.0, "dynamic": 22.0, "int8": 20.0}  # decibels


@pytest.mark.parametrize("scheme", list(LEAST))
@pytest.mark.parametrize("name", list(MODELS))
def test_a_recurrent_op_is_near_the_floats(name: str, scheme: str) -> None:
    RNG.bit_generator.state = START  # the same numbers, whichever test ran before
    model = MODELS[name]()
    shape = model.subgraphs[0].inputs[0].shape
    assert shape is not None
    samples = [floats(*shape, size=1.0) for _ in range(6)]
    whole = scheme == "int8" and name not in ("LSTM", "RNN", "UNIDIRECTIONAL_SEQUENCE_RNN")
    io = "int8" if whole else "float"
    found = quantize(model, scheme, data=samples if scheme == "int8" else None, inputs=io, least=1)
    expected = "float32" if scheme == "int8" and not whole else scheme
    assert found.report.outcomes[0].scheme == expected, str(found.report)
    graph = found.model.subgraphs[0]
    inputs = [stored(samples[0], graph.inputs[0])]
    (want,), (got,) = litert.run(write_model(model), samples[:1]), litert.run(found.content, inputs)
    assert decibels(want, real(got, graph.outputs[0])) > LEAST[scheme]
    if whole:
        with Interpreter(model=found.model) as interpreter:
            np.testing.assert_array_equal(interpreter(*inputs), got)


def test_a_lookup_reads_integers() -> None:
    g = Builder()
    x = g.input((7,), "int32", "x")
    out = g.op("EMBEDDING_LOOKUP", [x, g.constant(floats(50, 24))], [g.tensor((7, 24), "float32")])
    model, inputs = g.model([out]), [np.array([3, 0, 49, 7, 7, 20, 1], np.int32)]
    found = quantize(model, "dynamic")
    assert found.report.outcomes[0].scheme == "dynamic"
    (want,), (got,) = litert.run(write_model(model), inputs), litert.run(found.content, inputs)
    assert decibels(want, got) > 35
