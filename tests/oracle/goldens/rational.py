"""Written-out arithmetic of what LiteRT lacks: ops that it has no kernel of, and types of others."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from delegraph import DTYPES, Op, Tensor
from delegraph_conformance.draft import Draft

sys.path.insert(0, str(Path(__file__).parents[3] / "plugins" / "int16" / "tests"))

from lstm_micro import GATES, Cell
from rational import cosine, decimal, real, rounded, saturated, sine, twice_rounded, with_digits
from svdf_micro import State, bytes_expected, expected

Arrays = list[np.ndarray]


@frozen
class Written:
    """Arithmetic for the types of an op that a pattern fits."""

    ops: str
    types: str
    answer: Callable[..., Any]  # (draft, *operands) -> an output or several


def rational(op: str, types: str, draft: Draft) -> Arrays | None:
    """Return what written-out arithmetic makes of a model, or None where there is none."""
    for written in WRITTEN:
        if op in written.ops.split() and re.fullmatch(written.types, types):
            found = written.answer(draft, *_operands(draft))
            if found is None:
                continue
            each = found if isinstance(found, (list, tuple)) else [found]
            return [_stored(a, t) for a, t in zip(each, draft.outputs, strict=True)]
    return None


def _tensors(draft: Draft) -> tuple[Tensor | None, ...]:
    return draft.op_of(draft.model().subgraphs[0]).inputs


def _operands(draft: Draft, of: Op | None = None) -> Arrays:
    """Return the values of an op's operands, the draft's own if none is named; bfloat16 as float32."""
    tensors = _tensors(draft) if of is None else of.inputs
    pairs = [(t, _value(draft, t)) for t in tensors if t]
    return [(a.astype(np.uint32) << 16).view(np.float32) if t.dtype == "bfloat16" else a for t, a in pairs]


def _value(draft: Draft, tensor: Tensor) -> np.ndarray:
    """Return what a tensor holds: given, or a state at its beginning, or computed by an op before."""
    if tensor.data is not None or tensor.index in draft.values:
        return draft.values[tensor.index] if tensor.data is None else tensor.data
    if tensor.is_variable:
        return np.full(tensor.shape or (), tensor.zero_point, DTYPES[tensor.dtype].numpy)
    made = next(op for op in draft.model().subgraphs[0].ops if tensor in op.outputs)
    written = next(w for w in WRITTEN if made.name in w.ops.split())
    return np.asarray(written.answer(draft, *_operands(draft, made))[made.outputs.index(tensor)])


def _stored(array: Any, tensor: Tensor) -> np.ndarray:
    """Return an output in its type; floats are rounded once."""
    if tensor.dtype == "bfloat16" and np.asarray(array).dtype != np.uint16:
        bits = np.asarray(array).astype(np.float32).view(np.uint32)
        return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)
    return np.asarray(array).astype(DTYPES[tensor.dtype].numpy)


def _options(draft: Draft) -> dict[str, Any]:
    return dict(draft.op_of(draft.model().subgraphs[0]).options)


def _each(function: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """Return arithmetic in float64, value by value."""
    return lambda d, *xs: function(*(x.astype(np.float64) for x in xs))


def _whole(function: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """Return arithmetic in the operands' type, which wraps."""

    def answer(d: Draft, *xs: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return np.asarray(function(*xs))

    return answer


def _quotient(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the quotient of integers, cut toward zero."""
    pairs = zip(x.reshape(-1).tolist(), y.reshape(-1).tolist(), strict=True)
    found = [abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1) for a, b in pairs]
    return np.array(found).reshape(x.shape)


def _power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    pairs = zip(x.reshape(-1).tolist(), y.reshape(-1).tolist(), strict=True)
    return np.array([a**b for a, b in pairs]).reshape(x.shape)


def _compared(d: Draft, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    direction = _options(d)["comparison_direction"].rpartition("_")[2]
    signs = {"EQ": "equal", "NE": "not_equal", "LT": "less", "LE": "less_equal"}
    name = (signs | {"GT": "greater", "GE": "greater_equal"})[direction]
    return np.asarray(getattr(np, name)(x, y))


def _converted(d: Draft, x: np.ndarray) -> np.ndarray:
    out = DTYPES[d.outputs[0].dtype]
    kept = x.real if x.dtype.kind == "c" and out.numpy.kind != "c" else x
    if d.outputs[0].dtype == "bfloat16":
        return kept.astype(np.float64)
    if out.is_integer and kept.dtype.kind == "f":
        return np.trunc(kept.astype(np.float64))
    return kept != 0 if out.numpy.kind == "b" else kept


def _repeated(d: Draft, x: np.ndarray) -> np.ndarray:
    """x: (3, 1), its axes are the last and the middle one of (2, 4, 3)."""
    return np.broadcast_to(x.T.reshape(1, 1, 3), (2, 4, 3))


def _block(d: Draft, x: np.ndarray, *starts: np.ndarray) -> np.ndarray:
    i, j = (min(max(int(s), 0), n - 2) for s, n in zip(starts, x.shape, strict=True))
    return x[i : i + 2, j : j + 2]


def _updated(d: Draft, x: np.ndarray, update: np.ndarray, *starts: np.ndarray) -> np.ndarray:
    i, j = (min(max(int(s), 0), n - 2) for s, n in zip(starts, x.shape, strict=True))
    found = x.copy()
    found[i : i + 2, j : j + 2] = update
    return found


def _scattered(d: Draft, x: np.ndarray, at: np.ndarray, updates: np.ndarray) -> np.ndarray | None:
    """Rows are replaced; a body that computes is LiteRT's to judge."""
    if d.model().subgraphs[1].ops:
        return None
    found = x.copy()
    found[at[:, 0].astype(int)] = updates
    return found


def _reduced(d: Draft, x: np.ndarray, first: np.ndarray) -> np.ndarray:
    body = d.model().subgraphs[1].ops[0].name.removeprefix("STABLEHLO_")
    name = {"ADD": "add", "MULTIPLY": "multiply", "MAXIMUM": "maximum", "MINIMUM": "minimum"}.get(body)
    function = getattr(np, name or "logical_or")
    found = np.full((2, 4), first, x.dtype)
    for k in range(3):
        found = function(found, x[:, k])
    return found


def _sorted(d: Draft, *xs: np.ndarray) -> Arrays:
    """Rows are sorted by the first operand, equal ones in their order."""
    falls = d.model().subgraphs[1].ops[0].options.comparison_direction.endswith("GT")
    found = [x.copy() for x in xs]
    for row in range(3):
        keys = xs[0][row].tolist()
        order = sorted(range(5), key=keys.__getitem__, reverse=falls)
        if falls:  # reverse keeps the order of equals
            order = sorted(range(5), key=lambda i: (-keys[i], i))
        for out, x in zip(found, xs, strict=True):
            out[row] = x[row][order]
    return found


def _dot(d: Draft, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    wide = np.float64 if x.dtype.kind == "f" else np.int64
    return np.einsum("bij,bjk->bik", x.astype(wide), y.astype(wide))


def _convolved(d: Draft, x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    wide = np.float64 if x.dtype.kind == "f" else np.int64
    found = np.zeros((1, 3, 5, 4), wide)
    for i, j, v, w in np.ndindex(3, 5, 3, 2):
        found[0, i, j] += x[0, i + v, j + w].astype(wide) @ kernel[v, 1 - w].astype(wide)
    return found


# MediaPipe's and Coral's


def _spread(d: Draft, x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Each pixel spreads over a window of 3 × 3, two apart; a row and a column are cut off behind."""
    found = np.zeros((1, 8, 8, 2)) + bias
    for y, u, v, w in np.ndindex(4, 4, 3, 3):
        row, column = 2 * y + v, 2 * u + w
        if row < 8 and column < 8:
            found[0, row, column] += weights[:, v, w].astype(np.float64) @ x[0, y, u]
    return found


def _pooled(d: Draft, x: np.ndarray) -> Arrays:
    windows = x.reshape(1, 3, 2, 2, 2, 3).transpose(0, 1, 3, 5, 2, 4).reshape(1, 3, 2, 3, 4)
    return [windows.max(-1), windows.argmax(-1).astype(np.float32) + np.float32(0.1)]


def _unpooled(d: Draft, x: np.ndarray, places: np.ndarray) -> np.ndarray:
    found = np.zeros((1, 6, 4, 3), np.float32)
    for i, j, c in np.ndindex(3, 2, 3):
        place = int(places[0, i, j, c])
        found[0, 2 * i + place // 2, 2 * j + place % 2, c] = x[0, i, j, c]
    return found


def _pose(d: Draft, *maps: np.ndarray) -> Arrays:
    """All keypoints lie in cell (3, 4), of 16 pixels; the nose's log odds are 4, the others' 2."""
    points, scores = np.zeros((1, 3, 17, 2)), np.zeros((1, 3, 17))
    points[0, 0] = 3 * 16, 4 * 16
    scores[0, 0] = 1 / (1 + math.exp(-2))
    scores[0, 0, 0] = 1 / (1 + math.exp(-4))
    totals = np.zeros((1, 3))
    totals[0, 0] = scores[0, 0].mean()
    return [points, scores, totals, np.array([1.0])]


def _crop(d: Draft, points: np.ndarray) -> np.ndarray:
    """Version 1: the box from (0, 20) to (80, 100), in 11 pixels. 2: turned by 90 degrees; pixel (x, y) of
    10 × 20 shows (6 - y / 5, 1 + x / 5).
    """
    if d.version == 1:
        return np.array([[[8, 0, 0, 0], [0, 8, 0, 20], [0, 0, 1, 0], [0, 0, 0, 1]]])
    return np.array([[[0, -0.2, 0, 6], [0.2, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1]]])


def _turned(d: Draft, points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    scale = 1.0 if d.version == 2 else 10.0
    (a, b, _, c), (e, f, _, g) = matrix[0, :2].astype(np.float64).tolist()
    found = points.reshape(-1, 3).astype(np.float64)
    x, y = found[:, 0].copy(), found[:, 1].copy()
    found[:, 0], found[:, 1] = a * x + b * y + c * scale, e * x + f * y + g * scale
    return found.reshape(points.shape)


def _halved(d: Draft, image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Each pixel is the mean of four."""
    return image.reshape(1, 2, 2, 3, 2, 2).astype(np.float64).mean((2, 4))


# int16: the definitions of docs/int16.md


def _reals(function: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """Return arithmetic on the real values that stored ones stand for, rounded once."""

    def answer(d: Draft, *xs: np.ndarray) -> np.ndarray:
        scales = [t.scale for t in _tensors(d) if t is not None]
        out = d.outputs[0].scale
        columns = [x.reshape(-1).tolist() for x in np.broadcast_arrays(*xs)]
        found = []
        for row in zip(*columns, strict=True):
            value = function(*(real(q, s) for q, s in zip(row, scales, strict=True)))
            found.append(value if isinstance(value, int) else rounded(value, out))
        return np.array(found).reshape(d.outputs[0].shape or ())

    return answer


def _exponential_minus_one(x: Fraction) -> Any:
    return x if x >= 0 else with_digits(lambda v: v.exp() - 1, x)


def _hard_swish(x: Fraction) -> Fraction:
    return x * min(max(x + 3, Fraction(0)), Fraction(6)) / 6


def _real_power(x: Fraction, y: Fraction) -> Any:
    if x == 0:
        return Fraction(1) if y == 0 else Fraction(0) if y > 0 else 32767
    if x < 0 and y.denominator != 1:
        return 0
    sign = -1 if x < 0 and y.numerator % 2 else 1
    return with_digits(lambda a, b: sign * (a.ln() * b).exp(), abs(x), y)


def _rows(function: Callable[[list[Fraction]], list[Any]]) -> Callable[..., np.ndarray]:
    """Return arithmetic on the real values of each row."""

    def answer(d: Draft, x: np.ndarray) -> np.ndarray:
        (t,) = (t for t in _tensors(d) if t is not None)
        out, lines = d.outputs[0].scale, x.reshape(-1, x.shape[-1])
        rows = [[real(q, t.scale) for q in line] for line in lines.tolist()]
        return np.array([[rounded(v, out) for v in function(row)] for row in rows]).reshape(x.shape)

    return answer


def _normalized(row: list[Fraction]) -> list[Any]:
    length = with_digits(lambda s: s.sqrt(), sum((v * v for v in row), Fraction(0)))
    return [with_digits(lambda v: v / length, v) if length else Fraction(0) for v in row]


def _log_softmax(row: list[Fraction]) -> list[Any]:
    total = sum(with_digits(lambda v: v.exp(), v) for v in row)
    return [with_digits(lambda v: v - total.ln(), decimal(v)) for v in row]


def _clamped(low: int) -> Callable[..., np.ndarray]:
    """Return RELU6's arithmetic with other bounds: rescaled, twice rounded, and within the bounds."""

    def answer(d: Draft, x: np.ndarray) -> np.ndarray:
        (t,) = (t for t in _tensors(d) if t is not None)
        out = d.outputs[0].scale
        ends = (math.floor(low / out + 0.5), math.floor(1 / out + 0.5))
        found = [
            min(max(twice_rounded(q, t.scale / out), ends[0]), ends[1]) for q in x.reshape(-1).tolist()
        ]
        return np.array([saturated(v) for v in found]).reshape(x.shape)

    return answer


def _sum16(d: Draft, x: np.ndarray, axes: np.ndarray) -> np.ndarray:
    (t, *_), out, options = _tensors(d), d.outputs[0], _options(d)
    sums = x.astype(np.int64).sum(tuple(axes.reshape(-1).tolist()), keepdims=options["keep_dims"])
    ratio = t.scale / out.scale
    return np.array([saturated(twice_rounded(q, ratio)) for q in sums.reshape(-1).tolist()]).reshape(
        sums.shape
    )


def _running(d: Draft, x: np.ndarray, axis: np.ndarray) -> np.ndarray:
    options, at = _options(d), int(axis.reshape(-1)[0])
    values = np.flip(x, at) if options["reverse"] else x
    sums = values.astype(np.int64).cumsum(at)
    sums = sums - values if options["exclusive"] else sums
    return np.clip(np.flip(sums, at) if options["reverse"] else sums, -32768, 32767)


def _best(d: Draft, x: np.ndarray, axis: np.ndarray) -> np.ndarray:
    function = np.argmax if d.name == "ARG_MAX" else np.argmin
    return np.asarray(function(x, int(axis.reshape(-1)[0])))


def _product(d: Draft, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Products that wrap, within the bounds of the fused activation."""
    bounds = {"RELU": (0, 32767), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1)}
    low, high = bounds.get(_options(d)["fused_activation_function"], (-32768, 32767))
    return np.clip(x * y, low, high)


def _summed(d: Draft, at: np.ndarray, updates: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    found = np.zeros(sizes.reshape(-1).tolist(), np.int64)
    for row, place in zip(updates.astype(np.int64), at.reshape(-1).tolist(), strict=True):
        found[place] += row
    return np.clip(found, -32768, 32767)


def _steep(d: Draft, x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    (a, b), out = [t.scale for t in _tensors(d) if t is not None], d.outputs[0].scale
    found = []
    for q, slope in zip(*(v.reshape(-1).tolist() for v in np.broadcast_arrays(x, alpha)), strict=True):
        found.append(twice_rounded(q, a / out) if q >= 0 else twice_rounded(q * slope, a * b / out))
    return np.array([saturated(q) for q in found]).reshape(d.outputs[0].shape or ())


def _squared(d: Draft, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Both to twice the larger scale, subtracted, squared, and to the output's scale: rounded each time."""
    (a, b), out = [t.scale for t in _tensors(d) if t is not None], d.outputs[0].scale
    both, found = 2 * max(a, b), []
    for q, r in zip(*(v.reshape(-1).tolist() for v in np.broadcast_arrays(x, y)), strict=True):
        off = twice_rounded(q, a / both) - twice_rounded(r, b / both)
        found.append(saturated(twice_rounded(off * off, both * both / out)))
    return np.array(found).reshape(d.outputs[0].shape or ())


def _svdf(d: Draft, x: np.ndarray, *_: np.ndarray) -> np.ndarray:
    weights, scale, rank, state = _svdf_s(d)
    factors = [
        scale["x"] * scale["features"] / scale["state"],
        scale["state"] * scale["time"] / scale["out"],
    ]
    lowest = 0 if _options(d)["fused_activation_function"] == "RELU" else -32768
    return np.clip(expected(x, state, weights, factors, rank), lowest, 32767)


def _svdf_of_bytes(d: Draft, x: np.ndarray, *_: np.ndarray) -> np.ndarray:
    weights, scales, rank, state = _svdf_s(d)
    y = d.outputs[0]
    points = {"x": _tensors(d)[0].zero_point, "state": 0, "out": y.zero_point}
    return np.array(bytes_expected(x, state, weights, scales, points, rank))


def _svdf_s(d: Draft) -> tuple[dict[str, Any], dict[str, float], int, State]:
    """Return weights, scales, rank and the state at the beginning."""
    x, features, time, bias, state = _tensors(d)
    values = [None if t is None else _value(d, t) for t in (features, time, bias)]
    named = zip(
        ("x", "features", "time", "state", "out"), (x, features, time, state, d.outputs[0]), strict=True
    )
    batch, (filters, memory) = x.shape[0], time.shape
    begin = [[[0] * memory for _ in range(filters)] for _ in range(batch)]
    weights = dict(zip(("features", "time", "bias"), values, strict=True))
    return weights, {k: t.scale for k, t in named}, _options(d)["rank"], begin


def _lstm(d: Draft, x: np.ndarray, *_: np.ndarray) -> np.ndarray:
    """Each row of (batch, depth) or (batch, time, depth) by itself."""
    t = _tensors(d)
    weights = {name: [_value(d, t[k + i]) for i in (1, 5, 12)] for k, name in enumerate(GATES)}
    scales: dict[Any, float] = {"x": t[0].scale, "h": t[18].scale, "c": t[19].scale}
    scales |= {("w", name): t[1 + k].scale for k, name in enumerate(GATES)}
    scales |= {("r", name): t[5 + k].scale for k, name in enumerate(GATES)}
    cell, units = Cell(weights, scales, _options(d)["cell_clip"]), t[15].shape[0]
    found = []
    for row in x.reshape(len(x), -1, x.shape[-1]):
        state, steps = ([0] * units, [0] * units), []
        for each in row:
            state = cell.step(each, *state)
            steps.append(state[0])
        found.append(steps)
    return np.array(found).reshape(d.outputs[0].shape)


def _dense(d: Draft, stored: np.ndarray) -> np.ndarray:
    """Three values are stored, of the places (0, 0), (0, 3) and (1, 1)."""
    found = np.zeros((2, 4), stored.dtype)
    found[[0, 0, 1], [0, 3, 1]] = stored.reshape(-1)[:3]
    return found


def _scaled(d: Draft, x: np.ndarray) -> np.ndarray:
    """Each value of the last axis has a scale."""
    (t,) = (t for t in _tensors(d) if t is not None)
    assert t.quantization is not None
    return np.asarray(x.astype(np.float32) * np.asarray(t.quantization.scale, np.float32)).reshape(x.shape)


def _real_of_blocks(d: Draft, x: np.ndarray, place: int = 0) -> np.ndarray:
    t = _tensors(d)[place]
    assert t is not None
    assert t.quantization is not None
    blocks = t.quantization.blocks
    assert blocks is not None
    return x * np.repeat(np.asarray(blocks.scales.data, np.float64), blocks.size, -1)


FLOATS = "b?float(16|32|64)"
ROOT: dict[str, Callable[..., Any]] = {
    "STABLEHLO_ABS": np.abs,
    "STABLEHLO_CBRT": np.cbrt,
    "STABLEHLO_COSINE": np.cos,
}
ROOT |= {"STABLEHLO_EXPONENTIAL": np.exp, "STABLEHLO_FLOOR": np.floor, "STABLEHLO_LOG": np.log}
ROOT |= {"STABLEHLO_LOGISTIC": lambda x: 1 / (1 + np.exp(-x)), "STABLEHLO_NEGATE": np.negative}
ROOT |= {"STABLEHLO_RSQRT": lambda x: 1 / np.sqrt(x), "STABLEHLO_TANH": np.tanh}
PAIRED: dict[str, Callable[..., Any]] = {"STABLEHLO_DIVIDE": np.divide, "STABLEHLO_POWER": np.power}
PAIRED |= {"STABLEHLO_REMAINDER": np.fmod, "STABLEHLO_SUBTRACT": np.subtract}
ANY = ".*"
WRITTEN = (
    *(Written(op, FLOATS, _each(function)) for op, function in (ROOT | PAIRED).items()),
    *(Written(op, ANY, _whole(ROOT[op])) for op in ("STABLEHLO_ABS", "STABLEHLO_NEGATE")),
    Written("STABLEHLO_DIVIDE", ANY, _whole(_quotient)),
    Written("STABLEHLO_REMAINDER", ANY, _whole(lambda x, y: x - _quotient(x, y).astype(x.dtype) * y)),
    Written("STABLEHLO_POWER", ANY, _whole(_power)),
    Written("STABLEHLO_SUBTRACT", ANY, _whole(np.subtract)),
    Written("STABLEHLO_OR", ANY, _whole(np.bitwise_or)),
    Written("STABLEHLO_CLAMP", ANY, lambda d, low, x, high: np.minimum(np.maximum(x, low), high)),
    Written("STABLEHLO_COMPARE", ANY, _compared),
    Written("STABLEHLO_CONVERT", ANY, _converted),
    Written("STABLEHLO_SELECT", ANY, lambda d, c, x, y: np.where(c, x, y)),
    Written("STABLEHLO_BROADCAST_IN_DIM", ANY, _repeated),
    Written("STABLEHLO_CONCATENATE", ANY, lambda d, *xs: np.concatenate(xs, 1)),
    Written("STABLEHLO_DYNAMIC_SLICE", ANY, _block),
    Written("STABLEHLO_DYNAMIC_UPDATE_SLICE", ANY, _updated),
    Written(
        "STABLEHLO_IOTA",
        ANY,
        lambda d: np.indices(d.outputs[0].shape)[_options(d)["iota_dimension"]],
    ),
    Written("DEQUANTIZE", ".* in blocks", _real_of_blocks),
    Written(
        "EMBEDDING_LOOKUP",
        ".* in blocks.*",
        lambda d, rows, table: _real_of_blocks(d, table, 1)[rows],
    ),
    Written("EMBEDDING_LOOKUP", "string:same", lambda d, rows, table: table[rows]),
    Written("STABLEHLO_SCATTER", ANY, _scattered),
    Written("STABLEHLO_RESHAPE", ANY, lambda d, x: x.reshape(3, 2)),
    Written("STABLEHLO_SLICE", ANY, lambda d, x: x[1:5:2, 0:7:3]),
    Written("STABLEHLO_TRANSPOSE", ANY, lambda d, x: x.transpose(_options(d)["permutation"])),
    Written("STABLEHLO_REDUCE", ANY, _reduced),
    Written("STABLEHLO_SORT", ANY, _sorted),
    Written("STABLEHLO_DOT_GENERAL", ANY, _dot),
    Written("STABLEHLO_CONVOLUTION", ANY, _convolved),
    Written("Convolution2DTransposeBias", ANY, _spread),
    Written("MaxPoolingWithArgmax2D", ANY, _pooled),
    Written("MaxUnpooling2D", ANY, _unpooled),
    Written("PosenetDecoderOp", ANY, _pose),
    Written("Landmarks2TransformMatrix", ANY, _crop),
    Written("TransformLandmarks", ANY, _turned),
    Written("TransformTensorBilinear", ANY, _halved),
    Written("DENSIFY", "bfloat16|float64|float8.*|int2|u?int4|u?int(8|16|32|64)|bool|complex.*", _dense),
    Written("DEQUANTIZE", "int(2|4|8) per channel", _scaled),
    Written("ABS", r"int16 \(no scale\)", _whole(np.abs)),
    Written("MUL", r"int16 \(no scale\)", _product),
    Written("NOT_EQUAL", r"int16 \(no scale\)", _whole(np.not_equal)),
    Written("SUM", "int16:int32", _sum16),
    Written("COS", "int16", _reals(cosine)),
    Written("SIN", "int16", _reals(sine)),
    Written("ELU", "int16", _reals(_exponential_minus_one)),
    Written("HARD_SWISH", "int16", _reals(_hard_swish)),
    Written("POW", "int16", _reals(_real_power)),
    Written("L2_NORMALIZATION", "int16", _rows(_normalized)),
    Written("LOG_SOFTMAX", "int16", _rows(_log_softmax)),
    Written("RELU_N1_TO_1", "int16", _clamped(-1)),
    Written("RELU_0_TO_1", "int16", _clamped(0)),
    Written("CUMSUM", "int16:int32", _running),
    Written("ARG_MAX ARG_MIN", r"int16( \(no scale\))?:int(32|64):int(32|64)", _best),
    Written("SCATTER_ND", "int32:int16:int32", _summed),
    Written("PRELU", "int16(:int8)?", _steep),
    Written("SQUARED_DIFFERENCE", "int16", _squared),
    Written("WHERE", "int16", lambda d, x: np.argwhere(x)),
    Written("SVDF", "int16:int8:int(8|16):int(32|64):int16", _svdf),
    Written("SVDF", "int8:int8:int8:int32:int8", _svdf_of_bytes),
    Written("LSTM UNIDIRECTIONAL_SEQUENCE_LSTM", "int16:int8:int(32|64):int16:int16", _lstm),
)
