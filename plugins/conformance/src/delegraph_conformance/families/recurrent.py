"""Recurrent ops. The types are those of input, weights, bias, cell state and output state (or fewer).

SVDF: input, feature weights, time weights, bias and state. RNNs: input and weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from delegraph import Tensor

from ..draft import Draft, random_values
from ..recipe import Variants

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


def bidirectional_sequence_rnn(d: Draft, x: str, w: str, merge: bool = False, aux: bool = False) -> None:
    shape = (BATCH, TIME, INPUTS)
    operands: list[Tensor | None] = [d.input(shape, x, low=-1, high=1, **_stored(x))]
    for _ in range(2):
        operands += [*_rnn_weights(d, x, w), d.variable((BATCH, UNITS), x, **_stored(x))]
    beside: list[Tensor | None] = [None] * 3
    if aux:
        beside = [d.input(shape, x, low=-1, high=1), *(_weights(d, w, (UNITS, INPUTS), k) for k in (7, 8))]
    widths = [2 * UNITS] if merge else [UNITS] * 2
    d.op(
        [*operands, *beside],
        [d.output((BATCH, TIME, n), x, **_stored(x)) for n in widths],
        fused_activation_function="RELU",
        time_major=False,
        merge_outputs=merge,
        asymmetric_quantize_inputs=d.version >= 3,
    )


BOTH_WAYS: Variants = {"merged": {"merge": True}, "an auxiliary input": {"aux": True}}


SVDFS = [f"float32:{f}:{t}:float32:float32" for f in WEIGHTS for t in ("float32", "int8", "int16")] + [
    f"{x}:{f}:{t}:int32:{t}"
    for x in ("int8", "uint8", "int16")
    for f in ("int8", "uint8")
    for t in ("int16", "int8")
]


# With a state of 16 bits beside time weights of 8, and biases of 64 bits.
WIDE_SVDFS = [
    f"int16:int8:{t}:{b}:int16" for t, b in (("int8", "int32"), ("int16", "int64"), ("int8", "int64"))
]
NO_BIAS: Variants = {"no bias": {"biased": False}}


def svdf(d: Draft, x: str, feature: str, time: str, b: str, state: str, biased: bool = True) -> None:
    rank, memory = 2, 3
    filters = UNITS * rank
    given = d.input((BATCH, INPUTS), x, **_range(x), **_stored(x))
    weights = [
        _weights(d, feature, (filters, INPUTS), 1),
        _weights(d, time, (filters, memory), 2, 1 / 128 if time == "int8" else 1 / 32768),
    ]
    bias = _bias(d, b, 3, 1 / 512 if state == "int8" else 0.0001) if biased else None
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
# With products of 8 bits: 12 intermediate tensors.
BYTES = [f"int8:int8:int32:int16:{kind}" for kind in ("bytes", "bytes coupled")]
# TFLite Micro's, in which converters write version 5.
WIDE_BIAS = "int16:int8:int64:int16:int16"
MICRO = {"int16:int8:int32:int16:int16": 5, WIDE_BIAS: 5}
PARTS: Variants = {
    "no input gate": {"coupled": True},
    "every part": {"peepholes": True, "norms": True, "projects": True},
}
TWO_WAYS: Variants = {
    "no input gate": {"coupled": True},
    "every part": {"peepholes": True, "projects": True, "aux": True},
    "merged": {"merge": True},
}
_GATES = range(4)  # input, forget, update, output
_UPDATE = 2


@frozen
class _Parts:
    """What a cell has beyond the least, or lacks."""

    coupled: bool = False  # no input gate
    peepholes: bool = False
    norms: bool = False
    projects: bool = False
    diagonal: bool = False  # recurrent weights

    @property
    def gates(self) -> Sequence[int]:
        return _GATES[1:] if self.coupled else _GATES

    @property
    def width(self) -> int:
        """The number of outputs."""
        return UNITS - 1 if self.projects else UNITS

    def of_gates(self, made: Callable[[], Tensor], present: bool = True) -> list[Tensor | None]:
        """Return an operand for each gate that there is."""
        return [made() if present and k in self.gates else None for k in _GATES]


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


def lstm(d: Draft, x: str, w: str, b: str, cell: str, hidden: str, **parts: bool) -> None:
    if hidden == "basic":
        basic_lstm(d, x, w, b, cell)
    elif hidden.startswith("bytes"):
        lstm_of_bytes(d, _Parts("coupled" in hidden, norms=True, projects=True))
    elif hidden == "diagonal":
        _lstm(d, x, w, b, cell, x, _Parts(diagonal=True))
    else:
        _lstm(d, x, w, b, cell, hidden, _Parts(**parts))


def _lstm(d: Draft, x: str, w: str, b: str, cell: str, hidden: str, parts: _Parts) -> None:
    times = () if d.name == "LSTM" else (TIME,)
    given = d.input((BATCH, *times, INPUTS), x, **_range(x), **_stored(x))
    kept = {"scale": 2.0**-11, "zero_point": 0} if cell == "int16" else {}
    states = [
        d.variable((BATCH, parts.width), hidden, **_stored(hidden)),
        d.variable((BATCH, UNITS), cell, **kept),
    ]
    weights = _lstm_weights(d, w, b, parts)
    norm = "float32" if x == "float32" else "int16"
    norms = parts.of_gates(lambda: _vector(d, norm, 30), parts.norms)
    intermediates = [d.output((1,), "int16", scale=0.003, zero_point=0) for _ in range(4)]
    intermediates.append(d.output((1,), "int8", scale=1 / 128, zero_point=0))
    options: dict[str, Any] = {
        "fused_activation_function": "TANH",
        "cell_clip": 8.0 if x == "int8" else 0.0,
    }
    options["asymmetric_quantize_inputs"] = d.version >= (4 if d.name == "LSTM" else 3)
    out = d.output((BATCH, *times, parts.width), x, **_stored(x))
    operands = [given, *weights, *states, *(norms if parts.norms else ())]
    d.op(operands, [out], intermediates=intermediates if x == "int8" else (), **options)


def lstm_of_bytes(d: Draft, parts: _Parts) -> None:
    """Products are rounded to the 8 bits of intermediate tensors; cells enough for a variance."""
    given = d.input((BATCH, INPUTS), "int8", **_stored("int8"))
    weights = _lstm_weights(d, "int8", "int32", parts)
    state = d.variable((BATCH, parts.width), "int8", **_stored("int8"))
    cell = d.variable((BATCH, UNITS), "int16", scale=2.0**-15, zero_point=0)
    norms = parts.of_gates(lambda: _vector(d, "int16", 30))
    scales = [(0.0003 if k % 3 == 0 else 0.02) * (1 + k / 16) for k in range(12)]
    out = d.output((BATCH, parts.width), "int8", **_stored("int8"))
    d.op(
        [given, *weights, state, cell, *norms],
        [out],
        intermediates=[d.output((1,), "int8", scale=s, zero_point=0) for s in scales],
        fused_activation_function="TANH",
    )


def bidirectional_sequence_lstm(
    d: Draft,
    x: str,
    w: str,
    b: str,
    cell: str,
    hidden: str,
    merge: bool = False,
    aux: bool = False,
    **given: bool,
) -> None:
    parts, shape = _Parts(**given), (TIME, BATCH, INPUTS)
    first = d.input(shape, x, low=-1, high=1, **_stored(x))
    weights = [*_lstm_weights(d, w, b, parts), *_lstm_weights(d, w, b, parts)]
    sizes = ((hidden, parts.width), (cell, UNITS))
    states = [d.variable((BATCH, n), t) for _ in range(2) for t, n in sizes]
    other = d.input(shape, x, low=-1, high=1) if aux else None
    of_aux = [parts.of_gates(lambda: _weights(d, w, (UNITS, INPUTS), 40), aux) for _ in range(2)]
    widths = [2 * parts.width] if merge else [parts.width] * 2
    d.op(
        [first, *weights, *states, other, *of_aux[0], *of_aux[1]],
        [d.output((TIME, BATCH, n), x, **_stored(x)) for n in widths],
        fused_activation_function="TANH",
        time_major=True,
        merge_outputs=merge,
        asymmetric_quantize_inputs=d.version >= 3,
    )


def _rnn_weights(d: Draft, x: str, w: str) -> list[Tensor]:
    bias = "float32" if x.startswith("float") else "int32"
    return [_weights(d, w, (UNITS, INPUTS), 1), _weights(d, w, (UNITS, UNITS), 2), _bias(d, bias, 3)]


def _lstm_weights(d: Draft, w: str, b: str, parts: _Parts) -> list[Tensor | None]:
    """Return weights, recurrent weights, peepholes, biases and projection."""
    seeds: Iterator[int] = iter(range(1, 30))
    shape, kind = ((UNITS,), "float32") if parts.diagonal else ((UNITS, parts.width), w)
    peephole = "int16" if b == "int32" else w
    weights = parts.of_gates(lambda: _weights(d, w, (UNITS, INPUTS), next(seeds)))
    weights += parts.of_gates(lambda: _weights(d, kind, shape, next(seeds)))
    seen = parts.of_gates(lambda: _vector(d, peephole, next(seeds)), parts.peepholes)
    weights += [t for k, t in enumerate(seen) if k != _UPDATE]
    weights += parts.of_gates(lambda: _bias(d, b, next(seeds)))
    if not parts.projects:
        return [*weights, None, None]
    return [*weights, _weights(d, w, (parts.width, UNITS), 25), _bias(d, b, 26, size=parts.width)]


def _vector(d: Draft, dtype: str, seed: int) -> Tensor:
    """Return a number for each cell: peepholes, layer norm."""
    if dtype in ("float32", "int8", "uint8"):
        return _weights(d, dtype, (UNITS,), seed)
    return d.constant(random_values(dtype, (UNITS,), seed, -32767), scale=3e-5, zero_point=0)


def _weights(d: Draft, dtype: str, shape: tuple[int, ...], seed: int, scale: float = 0.01) -> Tensor:
    if dtype.startswith("float"):
        return d.constant(random_values(dtype, shape, seed, -1, 1), dtype)
    values = random_values(
        "int8" if dtype == "uint8" else dtype, shape, seed, -7 if dtype == "int4" else -127
    )
    if dtype == "uint8":  # hybrid kernels read its bytes as int8
        values = values.view(np.uint8)
    return d.constant(values, dtype, scale=scale, zero_point=0)


def _bias(d: Draft, dtype: str, seed: int, scale: float = 0.0001, size: int = UNITS) -> Tensor:
    if dtype == "float32":
        return d.constant(random_values(dtype, (size,), seed, -1, 1))
    return d.constant(random_values(dtype, (size,), seed), scale=scale, zero_point=0)


def _range(dtype: str) -> dict[str, float]:
    """Return limits of an input: floats have small values, integers all of their type."""
    return {"low": -1, "high": 1} if dtype.startswith("float") else {}


def _stored(dtype: str, scale: float = 1 / 128) -> dict[str, Any]:
    if dtype.startswith("float"):
        return {}
    return {"scale": scale, "zero_point": {"int8": 2, "uint8": 128}.get(dtype, 0)}
