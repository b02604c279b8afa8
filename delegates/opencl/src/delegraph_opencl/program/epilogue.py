"""How a kernel ends: bias, scales, activation, rounding to the tensor's levels, and the ops fused into it.

A kernel that fuses computes ``v`` for one element or for 4, 8 or 16 channels at once and stores
``EPILOGUE(v, i, c)``, ``EPILOGUE4(v, i, c)`` …: ``i`` is the index of the first element in the node's
output, ``c`` its channel (its place on the last axis). It stores at ``PLACE(i, c)``, which is ``i`` unless
the node computes a part of the channels of a wider value. ``EPILOGUE_PARAMS`` ends its list of parameters
and brings its own comma.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain

import numpy as np
from delegraph import evolve, frozen, fused_activation, quantize_multipliers, stored_value

from .launch import Arg, Packed, int32s
from .node import Node, PerRow, PostOp, Scaled, Value
from .target import LARGEST_HALF

Operand = Value | np.ndarray | PerRow | float
Form = tuple[str, str]  # of an operand: its type, and how it is read
WIDTHS = (1, 4, 8, 16)
LIMITS = {
    "RELU": (0.0, math.inf),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU_0_TO_1": (0.0, 1.0),
}

# TFLite rounds halves away from zero. With so much more, of a product that is exact but for its last bit or
# of a number that is off by more, ROUND, which takes them to even, does, too.
_AWAY, _AWAY_STEPS = 1 + 2.0**-22, 2.0**-16
_ROUNDED_ONCE = ("FULLY_CONNECTED",)  # in LiteRT's reference kernels, from a product of doubles
# Means of stored integers, not of those less the zero point.
_ROUNDS_STORED = ("AVERAGE_POOL_2D", "RESIZE_BILINEAR")
_ALSO_FINITE = ("ADD_N",)
LARGEST = "LARGEST"  # a macro of the prelude


@frozen(hash=False)
class Epilogue:
    """The text to put before a kernel's source, and the arguments to put after the kernel's own."""

    text: str
    args: tuple[Arg, ...]
    channelwise: bool = False  # c matters: no vector may reach beyond the last channel
    params: str = ""  # what declares the arguments, a comma before each: ``EPILOGUE_PARAMS``


# Of what is not real numbers: nothing happens to it.
NO_EPILOGUE = Epilogue("#define EPILOGUE_PARAMS\n", ())


def epilogue_of(node: Node, before: Sequence[PostOp] = (), pixels: int = 1) -> Epilogue:
    """Return the epilogue of a node: ``before``, the anchor's activation and rounding, then what was fused.

    :param before: the kernel's own post-ops, such as a bias. After them ``v`` is a real number.
    :param pixels: how many neighbors the kernel takes for one with all their channels (see ``repeats``).
    """
    post_ops = [*_settled_after(before, node), *node.epilogue, *_narrowed(node.outputs[0])]
    channels = channels_of(node)
    _check_sizes(post_ops, node, channels)
    if pixels > 1:
        post_ops, channels = [_repeated(s, channels, pixels) for s in post_ops], channels * pixels
    written = written_epilogue(post_ops, channels, f"epilogue of {node}")
    return _placed(written, node) if node.place else written


def _check_sizes(post_ops: Sequence[PostOp], node: Node, channels: int) -> None:
    """Fail where a post-op would read beyond the end of a value."""
    for value in (o for post_op in post_ops for o in post_op.operands if isinstance(o, Value)):
        fits = value.size in (1, node.result.size) or _is_channel(value, channels)
        assert fits, f"{node}: {value.shape} for a result of {node.result.shape}"


def channels_of(node: Node) -> int:
    return node.result.shape[-1] if node.result.shape else 1


def repeats(node: Node) -> bool:
    """Say whether a node's epilogue is the same for each pixel: what it reads by channel is constant."""
    channels = channels_of(node)
    computed = [o for s in node.epilogue for o in s.operands if isinstance(o, Value) and not o.is_constant]
    return node.place is None and not any(_is_channel(o, channels) for o in computed)


def _repeated(post_op: PostOp, channels: int, pixels: int) -> PostOp:
    def repeated(operand: Operand) -> Operand:
        if isinstance(operand, (float, PerRow)) or not _is_channel(operand, channels):
            return operand
        numbers = operand.data() if isinstance(operand, Value) else operand
        return np.tile(numbers.reshape(-1), pixels)

    return evolve(post_op, operands=tuple(map(repeated, post_op.operands)))


def _narrowed(out: Value) -> list[PostOp]:
    """Return the post-op from a stored number to the byte in memory."""
    return [PostOp("v - {0}", (float(out.low),))] if out.low else []


def _placed(written: Epilogue, node: Node) -> Epilogue:
    """Return the epilogue of a node that stores its channels among those of a wider value."""
    assert node.place is not None
    place, wide = node.place, node.outputs[0].shape[-1]
    old = "#define PLACE(i, c) (i)"
    new = "#define PLACE(i, c) (((i) - (c)) / place_own * place_all + (c) + place_first)"
    params = ", int place_own, int place_all, int place_first"
    text = written.text.replace(old, new).replace(
        "#define EPILOGUE_PARAMS ", f"#define EPILOGUE_PARAMS {params}"
    )
    args = (*int32s(place.channels, wide, place.channel), *written.args)
    return Epilogue(text, args, channelwise=True, params=params + written.params)


def _settled_after(before: Sequence[PostOp], node: Node) -> list[PostOp]:
    """Return a kernel's own post-ops and those to what ``node.result`` stores; integers as in TFLite."""
    last = before[-1] if before else None
    if not isinstance(last, Scaled) or node.result.levels is None or fused_activation(node.op) == "TANH":
        return [*before, *settled(node)]
    (scales,) = last.operands
    assert not isinstance(scales, (Value, PerRow))
    factors = np.atleast_1d(np.asarray(scales, np.float64)) / node.result.scale
    once = node.op.name in _ROUNDED_ONCE
    rounded = _rounded_once(factors) if once else _rounded_twice(factors * last.count, last.count)
    return [*before[:-1], *rounded, *clamped(*_limits(node))]


def _rounded_once(factors: np.ndarray) -> list[PostOp]:
    return [PostOp("ROUND(v * {0})", (_one_if_equal(factors * _AWAY),))]


def _rounded_twice(factors: np.ndarray, count: int) -> list[PostOp]:
    """Round as TFLite's multiplier does, an integer of 31 bits and a power of two: after each.

    After the first halves go up, after the second away from zero.
    """
    multipliers, shifts = _divided(*quantize_multipliers(factors), count)
    fractions = np.ldexp(multipliers.astype(np.float64), np.maximum(shifts, 0) - 31)
    powers = np.ldexp(_AWAY, np.minimum(shifts, 0))
    # Halves are common where a scale is a power of two. Of other scales ROUND was nearer, measured.
    up = "floor(v * {0} + ({F})(0.5f))" if (fractions == 0.5).any() else "ROUND(v * {0})"
    return [PostOp(up, (_one_if_equal(fractions),)), PostOp("ROUND(v * {0})", (_one_if_equal(powers),))]


def _one_if_equal(numbers: np.ndarray) -> np.ndarray | float:
    """Return one number for all channels where they have the same."""
    return float(numbers[0]) if (numbers == numbers[0]).all() else numbers


def _divided(multipliers: np.ndarray, shifts: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Divide multipliers as MEAN does: shifted as far left as leaves their quotients 31 bits."""
    room = np.minimum(min(count.bit_length() - 1, 32), 31 + shifts)
    return (multipliers << room) // count, shifts - room


def settled(node: Node) -> list[PostOp]:
    """Return the post-ops from a real number to what ``node.result`` stores: activation, then rounding."""
    curve = [PostOp("tanh(v)")] if fused_activation(node.op) == "TANH" else []
    if node.result.levels is None:
        return curve or clamped(*_limits(node), largest=_largest(node))
    rounded_as = node.result.tensor.zero_point if node.op.name in _ROUNDS_STORED else 0
    return [*curve, *quantized(node.result, *_limits(node), rounded_as)]


def _largest(node: Node) -> str | None:
    """Return the largest number of a result that ends in the range of its activation, in OpenCL C.

    For NONE that is the range of all finite numbers of the tensor's type.
    """
    op = node.op
    if "fused_activation_function" not in op.options and op.name not in _ALSO_FINITE:
        return None
    if op.name == "FULLY_CONNECTED" and op.inputs[1] is not None and op.inputs[1].scale:
        return None  # LiteRT's kernel for integer weights has a way of its own
    return LARGEST_HALF if node.result.tensor.dtype == "float16" else LARGEST


def ends_finite(node: Node) -> bool:
    """Say whether a node of real numbers stores none that is infinite."""
    return node.kernel.fuses and not node.epilogue and _largest(node) is not None


def _limits(node: Node) -> tuple[float, float]:
    """Return the lowest and the highest number that is stored: of the activation and of the levels."""
    result = node.result
    low, high = LIMITS.get(fused_activation(node.op), (-math.inf, math.inf))
    if result.levels is None:
        return low, high
    # Of an activation that is an op, too: its bounds in steps are rounded as LiteRT does, once.
    low, high = LIMITS.get(node.op.name, (low, high))
    bounds = (stored_value(limit, result.tensor) for limit in (low, high))
    lowest, highest = (b if b is None else b - result.tensor.zero_point for b in bounds)
    return (
        result.levels[0] if lowest is None else max(result.levels[0], lowest),
        result.levels[1] if highest is None else min(result.levels[1], highest),
    )


def clamped(low: float, high: float, largest: str | None = None) -> list[PostOp]:
    """Return the post-ops that limit a real number; NaN stays.

    :param largest: what an infinite limit stands for, in OpenCL C; None: for none.
    """
    post_ops = [PostOp("(v < {0} ? {0} : v)", (float(low),))] if low > -math.inf else []
    post_ops += [PostOp("(v > {0} ? {0} : v)", (float(high),))] if high < math.inf else []
    if largest is None:
        return post_ops
    signs = [(low == -math.inf, "<", "-"), (high == math.inf, ">", "")]
    limit = "(v {0} {1}({{F}})({2}) ? {1}({{F}})({2}) : v)"
    return post_ops + [
        PostOp(limit.format(than, sign, largest)) for is_open, than, sign in signs if is_open
    ]


def quantized(result: Value, low: float, high: float, zero_point: int = 0) -> list[PostOp]:
    """Return the post-ops from a real number to the stored integers of a quantized value.

    :param zero_point: halves are rounded away from its negative.
    """
    post_ops = [PostOp("v * {0}", (1.0 / result.scale,))]
    if zero_point:
        post_ops.append(PostOp("ROUND(v + copysign({0}, v + {1}))", (_AWAY_STEPS, float(zero_point))))
    else:
        post_ops.append(PostOp("ROUND(v + copysign({0}, v))", (_AWAY_STEPS,)))
    # NaN is the lowest, as what x86 makes of it in LiteRT.
    return [*post_ops, PostOp("(v > {0} ? v : {0})", (float(low),)), *clamped(-math.inf, high)]


def operand_kind(operand: Value, result: Value) -> str | None:
    """Say how a post-op reads ``operand``: "number", "channel", "same"; None: only by broadcasting."""
    if operand.dtype != "real":
        return None
    if operand.size == 1:
        return "number"
    if operand.shape == result.shape:
        return "same"
    return "channel" if result.shape and operand.size == operand.shape[-1] == result.shape[-1] else None


def written_epilogue(post_ops: Sequence[PostOp], channels: int, key: str) -> Epilogue:
    """Return the epilogue of these post-ops alone, for what a node computes on its way.

    :param key: names the constants among the operands in the partition.
    """
    forms: list[tuple[str, tuple[tuple[Form, ...], ...]]] = []
    args: list[Arg] = []
    channelwise = False
    for post_op in post_ops:
        operands = [_parts(_number(operand)) for operand in post_op.operands]
        forms.append((post_op.text, tuple(tuple(_form(p, channels) for p in parts) for parts in operands)))
        for part in chain.from_iterable(operands):
            args.append(_argument(part, f"{key}, operand {len(args)}"))
            channelwise |= not isinstance(part, float) and _is_channel(part, channels)
    text, listed = _text(tuple(forms))
    return Epilogue(text, tuple(args), channelwise, listed)


def _number(operand: Operand) -> Operand:
    """Return a constant that is a single number as that number."""
    if isinstance(operand, Value) and operand.is_constant and operand.size == 1:
        return float(operand.data().reshape(-1)[0])
    return operand


def _parts(operand: Operand) -> list[Operand]:
    """Return what is added up to an operand: of a narrow value what is in memory, and the lowest number."""
    return [operand, float(operand.low)] if isinstance(operand, Value) and operand.low else [operand]


def vector(width: int) -> str:
    """Return the type that computes ``width`` real numbers at once: ``F``, ``F4``, ``F8``."""
    return "F" if width == 1 else f"F{width}"


@lru_cache(maxsize=1024)
def _text(post_ops: tuple[tuple[str, tuple[tuple[Form, ...], ...]], ...]) -> tuple[str, str]:
    """Return the text of an epilogue and what declares its arguments: many launches have the same.

    :param post_ops: of each its text, and of each operand the forms that are added up.
    """
    declared: list[str] = []
    bodies: dict[int, list[str]] = {w: [] for w in WIDTHS}
    for text, operands in post_ops:
        named: list[list[tuple[str, str]]] = []
        for parts in operands:
            named.append([(f"e{len(declared) + i}", read) for i, (_, read) in enumerate(parts)])
            declared += [f"{kind} {name}" for (kind, _), (name, _) in zip(parts, named[-1], strict=True)]
        for width, body in bodies.items():
            terms = [_sum_of(parts, width) for parts in named]
            body.append(f"v = {text.format(*terms, F=vector(width))};")
    listed = "".join(f", {d}" for d in declared)
    given = "".join(f", e{i}" for i in range(len(declared)))
    lines = [
        f"#define EPILOGUE_PARAMS {listed}",
        f"#define EPILOGUE_ARGS {given}",
        "#define PLACE(i, c) (i)",
    ]
    for width, body in bodies.items():
        w = "" if width == 1 else str(width)
        lines += [
            f"static inline F{w} epilogue{w}(F{w} v, int i, int c{listed}) {{",
            *(f"  {line}" for line in body),
            "  return v;",
            "}",
            f"#define EPILOGUE{w}(v, i, c) epilogue{w}(v, i, c EPILOGUE_ARGS)",
        ]
    return "\n".join(lines) + "\n", listed


def _sum_of(parts: Sequence[tuple[str, str]], width: int) -> str:
    terms = [read.format(name=name, w="" if width == 1 else width) for name, read in parts]
    return terms[0] if len(terms) == 1 else f"({' + '.join(terms)})"


def _form(operand: Operand, channels: int) -> Form:
    """Return the type that an operand is declared with, and how ``w`` numbers of it are read."""
    if isinstance(operand, float):
        return "float", "(F{w})({name})"
    stored = operand.c_type if isinstance(operand, Value) and not operand.is_constant else None
    declared = f"__global const {stored or 'float'}*"
    if isinstance(operand, PerRow):
        return declared, f"(F{{w}})({{name}}[{f'i / {operand.size}' if operand.rows > 1 else 0}])"
    load = "LOADF" if stored is None else "LOAD"
    if operand.size == 1:
        return declared, f"(F{{w}})({load}({{name}}, 0))"
    return declared, f"{load}{{w}}({{name}}, {'c' if _is_channel(operand, channels) else 'i'})"


def _argument(operand: Operand, key: str) -> Arg:
    if isinstance(operand, float):
        number: np.generic = np.float32(operand)
        return number
    if isinstance(operand, np.ndarray):
        return floats(operand, key)
    if isinstance(operand, PerRow):
        return operand.numbers
    if operand.is_constant:
        return floats(operand.data(), key)
    assert isinstance(operand, Value)
    return operand


def floats(array: np.ndarray, key: str) -> Packed:
    """Return a constant of float32 numbers; padded, so that 16 can be read from any channel."""

    def make() -> np.ndarray:
        flat = np.asarray(array, np.float32).reshape(-1)
        return np.concatenate([flat, np.zeros(15, np.float32)])

    return Packed(key, make)


def _is_channel(operand: Value | np.ndarray | PerRow, channels: int) -> bool:
    if isinstance(operand, PerRow):
        return operand.rows > 1  # a vector has to stay inside of a row
    return 1 < channels == operand.size == operand.shape[-1]


def fused_into(node: Node, post_ops: Iterable[PostOp], reader: Node) -> None:
    """Let ``node`` compute ``reader``, too, an elementwise op whose only computed producer it is."""
    node.epilogue += [*post_ops, *settled(reader)]
    node.epilogue += reader.epilogue
    node.outputs = reader.outputs
    node.merged += [reader.op, *reader.merged]
