"""Recurrent ops. The types are those of input, weights, bias, cell state and output state (or fewer).

SVDF: input, feature weights, time weights, bias and state. RNNs: input and weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Tensor

from ..draft import Draft, random_values

BATCH, TIME, INPUTS, UNITS = 2, 3, 5, 4
ACTIVATIONS = ("float32", "float16", "int8", "uint8", "int16")
WEIGHTS = ("float32", "float16", "int8", "uint8", "int16", "int4")
PAIRS = [f"{x}:{w}" for x in ACTIVATIONS for w in WEIGHTS]
LSTMS = [f"{x}:{w}:{b}:{x}:{x}" for x in ACTIVATIONS for w in WEIGHTS for b in ("float32", "int32")] + [
    f"{x}:{w}:int32:int16:{x}" for x in ("int8", "uint8", "int16") for w in ("int8", "uint8", "int4")
]


def rnn(d: Draft, x: str, w: str) -> None:
    given = d.input((BATCH, INPUTS), x, low=-1, high=1, **_stored(x))
    operands = [*_rnn_weights(d, x, w), d.variable((BATCH, UNITS), x, **_stored(x))]
    d.op(
        [given, *operands],
        [d.output((BATCH, UNITS), x, **_stored(x))],
        fused_activation_function="TANH",
        asymmetric_quantize_inputs=d.version >= 3,
    )


def unidirectional_sequence_rnn(d: Draft, x: str, w: str) -> None:
    given = d.input((BATCH, TIME, INPUTS), x, low=-1, high=1, **_stored(x))
    operands = [*_rnn_weights(d, x, w), d.variable((BATCH, UNITS), x, **_stored(x))]
    d.op(
        [given, *operands],
        [d.output((BATCH, TIME, UNITS), x, **_stored(x))],
        fused_activation_function="RELU",
        time_major=False,
        asymmetric_quantize_inputs=d.version >= 3,
    )


def bidirectional_sequence_rnn(d: Draft, x: str, w: str) -> None:
    operands: list[Tensor | None] = [d.input((BATCH, TIME, INPUTS), x, low=-1, high=1, **_stored(x))]
    for _ in range(2):
        operands += [*_rnn_weights(d, x, w), d.variable((BATCH, UNITS), x, **_stored(x))]
    d.op(
        [*operands, None, None, None],
        [d.output((BATCH, TIME, UNITS), x, **_stored(x)) for _ in range(2)],
        fused_activation_function="RELU",
        time_major=False,
        merge_outputs=False,
        asymmetric_quantize_inputs=d.version >= 3,
    )


SVDFS = [f"float32:{f}:{t}:float32:float32" for f in WEIGHTS for t in ("float32", "int8", "int16")] + [
    f"{x}:{f}:{t}:int32:{t}"
    for x in ("int8", "uint8", "int16")
    for f in ("int8", "uint8")
    for t in ("int16", "int8")
]


def svdf(d: Draft, x: str, feature: str, time: str, b: str, state: str) -> None:
    rank, memory = 2, 3
    filters = UNITS * rank
    given = d.input((BATCH, INPUTS), x, low=-1, high=1, **_stored(x))
    weights = [
        _weights(d, feature, (filters, INPUTS), 1),
        _weights(d, time, (filters, memory), 2, 1 / 128 if time == "int8" else 1 / 32768),
    ]
    bias = _bias(d, b, 3, 1 / 512 if state == "int8" else 0.0001)
    kept = {"scale": 1 / 4 if state == "int8" else 1 / 2048, "zero_point": 0} if x != "float32" else {}
    d.op(
        [given, *weights, bias, d.variable((BATCH, filters * memory), state, **kept)],
        [d.output((BATCH, UNITS), x, **_stored(x, 0.1))],
        rank=rank,
        fused_activation_function="RELU" if x == "int8" else "NONE",
        asymmetric_quantize_inputs=d.version >= 4,
    )


# With recurrent weights of float32 that stand for diagonal matrices.
DIAGONAL = [f"float32:{w}:float32:float32:diagonal" for w in ("int8", "uint8")]
BASIC = ["float32:float32:float32:float32:basic", "uint8:uint8:int32:int16:basic"]


def basic_lstm(d: Draft, x: str, w: str, b: str, cell: str) -> None:
    """The kernel of five operands: input and output are one, and so are all weights."""
    given = d.input(
        (BATCH, INPUTS), x, low=None if x == "uint8" else -1, high=None if x == "uint8" else 1, **_stored(x)
    )
    before = d.variable((BATCH, UNITS), x, **_stored(x))
    weights = _weights(d, w, (4 * UNITS, INPUTS + UNITS), 1)
    scaled: dict[str, Any] = {} if b == "float32" else {"scale": 0.0001, "zero_point": 0}
    bias = d.constant(random_values(b, (4 * UNITS,), 2, -1, 1), **scaled)
    state = {} if cell == "float32" else {"scale": 2.0**-11, "zero_point": 0}
    sums = {} if cell == "float32" else {"scale": 2.0**-12, "zero_point": 0}
    outputs = [
        d.output((BATCH, UNITS), x, **_stored(x)),
        d.output((BATCH, UNITS), cell, **state),
        d.output((BATCH, INPUTS + UNITS), x, **_stored(x)),
        d.output((BATCH, 4 * UNITS), cell, **sums),
    ]
    operands = [given, before, weights, bias, d.variable((BATCH, UNITS), cell, **state)]
    d.op(operands, outputs, fused_activation_function="TANH", kernel_type="BASIC")


def lstm(d: Draft, x: str, w: str, b: str, cell: str, hidden: str) -> None:
    if hidden == "basic":
        basic_lstm(d, x, w, b, cell)
        return
    is_diagonal, hidden = hidden == "diagonal", x if hidden == "diagonal" else hidden
    times = () if d.name == "LSTM" else (TIME,)
    given = d.input((BATCH, *times, INPUTS), x, low=-1, high=1, **_stored(x))
    states = [
        d.variable((BATCH, UNITS), hidden, **_stored(hidden)),
        d.variable(
            (BATCH, UNITS), cell, **({"scale": 2.0**-11, "zero_point": 0} if cell == "int16" else {})
        ),
    ]
    operands = [given, *_lstm_weights(d, w, b, is_diagonal), *states]
    intermediates = [d.output((1,), "int16", scale=0.01, zero_point=0) for _ in range(4)]
    intermediates.append(d.output((1,), "int8", scale=1 / 128, zero_point=0))
    options: dict[str, Any] = {
        "fused_activation_function": "TANH",
        "cell_clip": 8.0 if x == "int8" else 0.0,
    }
    options["asymmetric_quantize_inputs"] = d.version >= (4 if d.name == "LSTM" else 3)
    out = d.output((BATCH, *times, UNITS), x, **_stored(x))
    integer = x != "float32"
    d.op(operands, [out], intermediates=intermediates if integer else (), **options)


def bidirectional_sequence_lstm(d: Draft, x: str, w: str, b: str, cell: str, hidden: str) -> None:
    given = d.input((TIME, BATCH, INPUTS), x, low=-1, high=1, **_stored(x))
    weights = [*_lstm_weights(d, w, b), *_lstm_weights(d, w, b)]
    states = [d.variable((BATCH, UNITS), t) for _ in range(2) for t in (hidden, cell)]
    d.op(
        [given, *weights, *states, *[None] * 9],
        [d.output((TIME, BATCH, UNITS), x, **_stored(x)) for _ in range(2)],
        fused_activation_function="TANH",
        time_major=True,
        merge_outputs=False,
        asymmetric_quantize_inputs=d.version >= 3,
    )


def _rnn_weights(d: Draft, x: str, w: str) -> list[Tensor]:
    bias = "float32" if x.startswith("float") else "int32"
    return [_weights(d, w, (UNITS, INPUTS), 1), _weights(d, w, (UNITS, UNITS), 2), _bias(d, bias, 3)]


def _lstm_weights(d: Draft, w: str, b: str, is_diagonal: bool = False) -> list[Tensor | None]:
    """Return weights, recurrent weights, peepholes (absent), biases and projection (absent)."""
    seeds = iter(range(1, 20))
    weights: list[Tensor | None] = [_weights(d, w, (UNITS, INPUTS), next(seeds)) for _ in range(4)]
    shape, kind = ((UNITS,), "float32") if is_diagonal else ((UNITS, UNITS), w)
    weights += [_weights(d, kind, shape, next(seeds)) for _ in range(4)]
    return [*weights, None, None, None, *(_bias(d, b, next(seeds)) for _ in range(4)), None, None]


def _weights(d: Draft, dtype: str, shape: tuple[int, ...], seed: int, scale: float = 0.01) -> Tensor:
    if dtype.startswith("float"):
        return d.constant(random_values(dtype, shape, seed, -1, 1), dtype)
    values = random_values(
        "int8" if dtype == "uint8" else dtype, shape, seed, -7 if dtype == "int4" else -127
    )
    if dtype == "uint8":  # hybrid kernels read its bytes as int8
        values = values.view(np.uint8)
    return d.constant(values, dtype, scale=scale, zero_point=0)


def _bias(d: Draft, dtype: str, seed: int, scale: float = 0.0001) -> Tensor:
    if dtype == "float32":
        return d.constant(random_values(dtype, (UNITS,), seed, -1, 1))
    return d.constant(random_values(dtype, (UNITS,), seed), scale=scale, zero_point=0)


def _stored(dtype: str, scale: float = 1 / 128) -> dict[str, Any]:
    if dtype.startswith("float"):
        return {}
    return {"scale": scale, "zero_point": {"int8": 2, "uint8": 128}.get(dtype, 0)}
