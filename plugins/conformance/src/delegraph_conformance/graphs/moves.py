"""What a random graph is made of: moves, each of which adds an op or a few to a net.

A move takes a net and returns whether it could be made. ``MOVES``, at the end, says how often each is
tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from delegraph import Tensor, window

from .net import BYTES, FLOATS, LARGEST_WHOLE, MOST, WHOLE, Kind, Net, NetValue

Move = Callable[[Net], bool]
ALL = (*FLOATS, *BYTES, "int16")
SIGNED = ("float32", "int8", "int16")

# Scales and zero points that LiteRT asks of some ops' outputs.
UNIT = {"int8": (1 / 256, -128), "uint8": (1 / 256, 0), "int16": (1 / 32768, 0)}
SIGNED_UNIT = {"int8": (1 / 128, 0), "uint8": (1 / 128, 128), "int16": (1 / 32768, 0)}
LOGS = {"int8": (16 / 256, 127), "uint8": (16 / 256, 255)}


def fixed(table: dict[str, tuple[float, int]], dtype: str) -> dict[str, Any] | None:
    if dtype not in table:
        return None
    scale, zero_point = table[dtype]
    return {"scale": scale, "zero_point": zero_point}


# Elementwise ops of one operand: (types, the limit of what comes out, what its scale has to be, options).
UNARY: dict[str, tuple[Sequence[str], Callable[[float], float], Any, dict[str, Any]]] = {
    "ABS": ((*SIGNED, "int32"), lambda x: x, "same", {}),
    "NEG": ((*FLOATS, *WHOLE), lambda x: x, None, {}),
    "RELU": (ALL, lambda x: x, None, {}),
    "RELU6": (ALL, lambda x: min(x, 6.0), None, {}),
    "RELU_N1_TO_1": (("float32", *BYTES), lambda x: min(x, 1.0), None, {}),
    "RELU_0_TO_1": (("float32", *BYTES), lambda x: min(x, 1.0), None, {}),
    "LEAKY_RELU": (ALL, lambda x: x, None, {"alpha": 0.25}),
    "ELU": (FLOATS, lambda x: max(x, 1.0), None, {}),
    "TANH": (ALL, lambda x: 1.0, SIGNED_UNIT, {}),
    "LOGISTIC": (ALL, lambda x: 1.0, UNIT, {}),
    "HARD_SWISH": (("float32", *BYTES), lambda x: x, None, {}),
    "GELU": (("float32", *BYTES), lambda x: x, None, {"approximate": False}),
    "SQUARE": (FLOATS, lambda x: x * x, None, {}),
    "SIN": (FLOATS, lambda x: 1.0, None, {}),
    "COS": (FLOATS, lambda x: 1.0, None, {}),
    "FLOOR": (FLOATS, lambda x: x + 1, None, {}),
    "ROUND": (FLOATS, lambda x: x + 1, None, {}),
    "ZEROS_LIKE": (FLOATS, lambda x: 1.0, None, {}),
}
# BUILTIN_REF lacks them, and the default resolver rounds integers in another way.
LACKING = ("ELU", "ROUND")
RARE = ("FLOOR", "ROUND", "ZEROS_LIKE", "SIN", "COS", "NEG", "RELU_0_TO_1", "RELU_N1_TO_1")
LARGEST = 64.0  # limit of floats beyond which nothing is done that lets them grow


def unary(net: Net) -> bool:
    x = net.pick()
    assert x is not None
    typed = [n for n, row in UNARY.items() if x.dtype in row[0]]
    names = [n for n in typed if (n not in RARE or net.dice.chance(0.2)) and net.takes(n)]
    return bool(names) and _unary(net, net.dice.one_of(names), x) is not None


def _unary(net: Net, name: str, x: NetValue) -> NetValue | None:
    types, limit_of, stored, options = UNARY[name]
    limit = limit_of(x.limit)
    if x.dtype not in types or limit > LARGEST**2 or (name in LACKING and net.kind.changes):
        return None
    if stored == "same":
        out = net.like(x)
    else:
        out = net.made(x.shape, x.dtype, limit, fixed(stored, x.dtype) if stored else None)
    if name == "GELU":
        options = {"approximate": net.dice.chance(0.5)}
    net.op(name, [x], out, **options)
    return out


def exponential(net: Net) -> bool:
    """EXP of what is small; SQRT, RSQRT and LOG of what is positive."""
    x = net.pick(lambda v: v.dtype in FLOATS)
    if x is None:
        return False
    if x.limit <= 4:
        net.op("EXP", [x], net.made(x.shape, x.dtype, float(np.exp(x.limit))))
        return True
    one = net.floats((), 1.0, 1.0)
    (a,) = net.op("ABS", [x], net.like(x))
    (b,) = net.op("ADD", [a, one], net.made(x.shape, x.dtype, x.limit + 1))
    name = net.dice.one_of(("SQRT", "RSQRT", "LOG"))
    net.op(name, [b], net.made(x.shape, x.dtype, max(float(np.sqrt(x.limit + 1)), 1.0)))
    return True


BINARY: dict[str, tuple[Sequence[str], Callable[[float, float], float]]] = {
    "ADD": ((*ALL, *WHOLE), lambda x, y: x + y),
    "SUB": ((*ALL, *WHOLE), lambda x, y: x + y),
    "MUL": ((*ALL, *WHOLE), lambda x, y: x * y),
    "MAXIMUM": ((*ALL, *WHOLE), max),
    "MINIMUM": ((*ALL, *WHOLE), max),
    "SQUARED_DIFFERENCE": (("float32", "int8", "int32"), lambda x, y: (x + y) ** 2),
}
ACTIVATED = ("ADD", "SUB", "MUL", "DIV")
ACTIVATIONS = ("NONE", "NONE", "NONE", "RELU", "RELU6", "RELU_N1_TO_1")


def binary(net: Net) -> bool:
    """Two values of one shape, or one that is broadcast; sometimes the same value twice."""
    x = net.pick()
    assert x is not None
    y = net.dice.weighted([(_same, 4), (_twice, 1), (_constant, 3), (_broadcast, 2)])(net, x)
    if y is None:
        return False
    pair = (x, y) if net.dice.chance(0.5) else (y, x)
    names = [n for n in BINARY if net.takes(n)]
    return bool(names) and _binary(net, net.dice.one_of(names), *pair) is not None


def _same(net: Net, x: NetValue) -> NetValue | None:
    return net.pick(lambda v: v.shape == x.shape and v.dtype == x.dtype and v is not x)


def _twice(net: Net, x: NetValue) -> NetValue | None:
    return x


def _constant(net: Net, x: NetValue) -> NetValue | None:
    shapes = [(), (1,), x.shape[-1:], x.shape, (*(1 for _ in x.shape[:-1]), *x.shape[-1:])]
    return net.constant(net.dice.one_of(shapes), x.dtype, net.dice.one_of((0.5, 1.0, 3.0)))


def _broadcast(net: Net, x: NetValue) -> NetValue | None:
    def fits(v: NetValue) -> bool:
        pairs = zip(v.shape[::-1], x.shape[::-1], strict=False)
        return v.dtype == x.dtype and v.rank <= x.rank and all(a in (1, b) for a, b in pairs)

    return net.pick(lambda v: fits(v) and v.shape != x.shape)


def _binary(net: Net, name: str, x: NetValue, y: NetValue, activated: bool = True) -> NetValue | None:
    types, limit_of = BINARY[name]
    limit = float(limit_of(x.limit, y.limit))
    if x.dtype not in types or _grows(x, limit):
        return None
    shape = np.broadcast_shapes(x.shape, y.shape)
    if len(shape) > 4 and x.shape != y.shape:
        return None
    out = net.made(shape, x.dtype, limit if x.is_whole else min(limit, LARGEST))
    if name in ("MAXIMUM", "MINIMUM") and not x.is_float:
        if x.quantization != y.quantization:
            return None
        out = net.like(x, shape)
    options: dict[str, Any] = {}
    if name in ACTIVATED and activated:
        options["fused_activation_function"] = net.dice.one_of(ACTIVATIONS)
    if name in ("ADD", "SUB") and x.dtype == "int16":
        options["pot_scale_int16"] = False
    net.op(name, [x, y], out, **options)
    return out


def _grows(x: NetValue, limit: float) -> bool:
    """Say whether a limit is more than numbers like these may reach."""
    return (x.is_float and limit > LARGEST) or (x.is_whole and limit > LARGEST_WHOLE)


def gate(net: Net) -> bool:
    """x * sigmoid(x), x + tanh(x), mish, c * c**2, and the like: a value meets what was made of it."""
    x = net.pick()
    assert x is not None
    which = net.dice.below(5)
    if which == 0:
        made = _unary(net, "LOGISTIC", x)
    elif which == 1:
        made = _unary(net, "TANH", x)
    elif which == 2 and x.is_float and x.limit <= 8:  # mish: x * tanh(log(1 + exp(x)))
        one = net.floats((), 1.0, 1.0)
        (e,) = net.op("EXP", [x], net.made(x.shape, x.dtype, float(np.exp(x.limit))))
        (s,) = net.op("ADD", [e, one], net.made(x.shape, x.dtype, e.limit + 1))
        (n,) = net.op("LOG", [s], net.made(x.shape, x.dtype, x.limit + 1))
        made = _unary(net, "TANH", n)
    elif which == 3:
        made = _binary(net, "MUL", x, x, activated=False)
    else:
        made = _unary(net, net.dice.one_of(("ABS", "RELU", "HARD_SWISH", "SQUARE")), x)
    if made is None:
        return False
    name = net.dice.weighted([("MUL", 4), ("ADD", 2), ("SUB", 1), ("MAXIMUM", 1)])
    pair = (x, made) if net.dice.chance(0.5) else (made, x)
    return _binary(net, name, *pair, activated=False) is not None


def quotient(net: Net) -> bool:
    """x / (1 + |y|)."""
    x = net.pick(lambda v: v.is_float)
    y = None if x is None else net.pick(lambda v: v.is_float and v.shape == x.shape)
    if x is None or y is None:
        return False
    (a,) = net.op("ABS", [y], net.like(y))
    (b,) = net.op("ADD", [a, net.floats((), 1.0, 1.0)], net.made(y.shape, y.dtype, y.limit + 1))
    activation = net.dice.one_of(ACTIVATIONS)
    net.op("DIV", [x, b], net.made(x.shape, x.dtype, x.limit), fused_activation_function=activation)
    return True


def selected(net: Net) -> bool:
    """SELECT_V2 of x > y: a step that is nowhere steep."""
    x = net.pick(lambda v: v.is_float or v.is_whole)
    y = None if x is None else _same(net, x)
    if x is None or y is None:
        return False
    (c,) = net.op("GREATER", [x, y], NetValue(net.g.tensor(x.shape, "bool"), 1.0))
    net.values.remove(c)
    net.op("SELECT_V2", [c, x, y], net.made(x.shape, x.dtype, max(x.limit, y.limit)))
    return True


def prelu(net: Net) -> bool:
    x = net.pick(lambda v: v.rank > 1 and v.dtype != "int16")
    if x is None:
        return False
    shape = (*(1 for _ in x.shape[1:-1]), x.shape[-1])
    alpha = net.constant(shape, x.dtype, 0.5)
    net.op("PRELU", [x, alpha], net.made(x.shape, x.dtype, x.limit))
    return True


def squeeze_excite(net: Net) -> bool:
    """Mean over the image, two products, a sigmoid, and the image times that."""
    x = net.pick(lambda v: v.rank == 4)
    if x is None:
        return False
    n, _, _, c = x.shape
    keep = net.dice.chance(0.7)
    (m,) = net.op(
        "MEAN", [x, net.ints([1, 2])], net.like(x, (n, 1, 1, c) if keep else (n, c)), keep_dims=keep
    )
    inner = max(c // 2, 1)
    if keep:
        small = _convolved(net, m, inner, 1, "RELU")
        large = _convolved(net, small, c, 1)
    else:
        large = _connected(net, _connected(net, m, inner, "RELU"), c)
        (large,) = net.op("RESHAPE", [large], net.like(large, (n, 1, 1, c)), new_shape=(n, 1, 1, c))
    s = _unary(net, "LOGISTIC", large)
    assert s is not None
    return _binary(net, "MUL", x, s, activated=False) is not None


# Convolutions and products.


def convolution(net: Net) -> bool:
    x = net.pick(lambda v: v.rank == 4)
    if x is None:
        return False
    _convolved(
        net,
        x,
        net.dice.one_of((1, 3, 4, 8, 8, 16, 17, x.shape[-1], x.shape[-1])),
        net.dice.one_of((1, 1, 2, 3)),
        net.dice.one_of(ACTIVATIONS),
        net.dice.one_of((1, 1, 1, 2)),
    )
    return True


def _convolved(
    net: Net, x: NetValue, channels: int, size: int, activation: str = "NONE", stride: int = 1
) -> NetValue:
    n, height, width, depth = x.shape
    padding = "VALID" if min(height, width) >= size and net.dice.chance(0.4) else "SAME"
    places = [window(side, size, stride, 1, padding).output for side in (height, width)]
    filters, scales = net.weights((channels, size, size, depth), x, 0)
    out = net.made((n, *places, channels), x.dtype, x.limit)
    options = {"padding": padding, "stride_h": stride, "stride_w": stride}
    operands = _operands(x, filters, net.bias(channels, x, scales, always=True))
    net.op("CONV_2D", operands, out, fused_activation_function=activation, **options)
    return out


def _operands(x: NetValue, filters: Tensor, bias: Tensor | None) -> list[NetValue | Tensor]:
    return [x, filters] if bias is None else [x, filters, bias]


def depthwise(net: Net) -> bool:
    x = net.pick(lambda v: v.rank == 4)
    if x is None:
        return False
    n, height, width, depth = x.shape
    size, stride = net.dice.one_of((1, 2, 3, 3)), net.dice.one_of((1, 1, 2))
    many = net.dice.one_of((1, 1, 1, 2))
    padding = "VALID" if min(height, width) >= size and net.dice.chance(0.4) else "SAME"
    places = [window(side, size, stride, 1, padding).output for side in (height, width)]
    filters, scales = net.weights((1, size, size, depth * many), x, 3, per_channel=x.is_float)
    bias = net.bias(depth * many, x, scales)
    out = net.made((n, *places, depth * many), x.dtype, x.limit)
    options = {"padding": padding, "stride_h": stride, "stride_w": stride, "depth_multiplier": many}
    activation = net.dice.one_of(ACTIVATIONS)
    operands = _operands(x, filters, bias)
    net.op("DEPTHWISE_CONV_2D", operands, out, fused_activation_function=activation, **options)
    return True


def transposed(net: Net) -> bool:
    x = net.pick(lambda v: v.rank == 4 and v.shape[1] * v.shape[2] <= 64)
    if x is None or net.kind.weights == "int4":  # which LiteRT refuses
        return False
    n, height, width, depth = x.shape
    size, stride, channels = (
        net.dice.one_of((2, 3)),
        net.dice.one_of((1, 2)),
        net.dice.one_of((3, 8, depth)),
    )
    padding = net.dice.one_of(("SAME", "VALID"))
    places = [s * stride if padding == "SAME" else (s - 1) * stride + size for s in (height, width)]
    shape = (n, *places, channels)
    if np.prod(shape) > MOST:
        return False
    filters, scales = net.weights((channels, size, size, depth), x, 0)
    bias = net.bias(channels, x, scales)
    operands: list[NetValue | Tensor | None] = [net.ints(shape), filters, x]
    operands += [] if bias is None else [bias]
    out = net.made(shape, x.dtype, x.limit)
    net.op("TRANSPOSE_CONV", operands, out, padding=padding, stride_h=stride, stride_w=stride)
    return True


def connected(net: Net) -> bool:
    x = net.pick(lambda v: v.rank > 1 and v.shape[-1] <= 256)
    if x is None:
        return False
    _connected(net, x, net.dice.one_of((1, 5, 8, 16, x.shape[-1])), net.dice.one_of(ACTIVATIONS))
    return True


def _connected(net: Net, x: NetValue, n: int, activation: str = "NONE") -> NetValue:
    weights, scales = net.weights((n, x.shape[-1]), x, 0)
    keep = x.rank > 2
    out = net.made((*x.shape[:-1], n), x.dtype, x.limit)
    options = {"keep_num_dims": keep, "fused_activation_function": activation}
    net.op("FULLY_CONNECTED", [x, weights, net.bias(n, x, scales)], out, **options)
    return out


def product(net: Net) -> bool:
    """BATCH_MATMUL of a value with itself or with another one."""
    x = net.pick(lambda v: v.rank in (2, 3, 4) and v.dtype in SIGNED and max(v.shape) <= 64)
    if x is None:
        return False
    y = _same(net, x) if net.dice.chance(0.5) else x
    y = x if y is None else y
    rows, depth = x.shape[-2:]
    turn = net.dice.chance(0.7) or rows != depth
    shape = (*x.shape[:-2], rows, rows if turn else depth)
    if np.prod(shape) > MOST or (x.is_float and x.limit * y.limit * depth > LARGEST):
        return False
    out = net.made(shape, x.dtype, min(x.limit * y.limit * depth, LARGEST))
    net.op("BATCH_MATMUL", [x, y], out, adj_x=False, adj_y=turn)
    return True


def pool(net: Net) -> bool:
    x = net.pick(lambda v: v.rank == 4)
    if x is None:
        return False
    n, height, width, depth = x.shape
    size, stride = net.dice.one_of((2, 3)), net.dice.one_of((1, 2))
    padding = "VALID" if min(height, width) >= size and net.dice.chance(0.5) else "SAME"
    places = [window(side, size, stride, 1, padding).output for side in (height, width)]
    options = {"padding": padding, "stride_h": stride, "stride_w": stride}
    options |= {"filter_height": size, "filter_width": size}
    options |= {"fused_activation_function": net.dice.one_of(ACTIVATIONS)}
    name = net.dice.one_of(("AVERAGE_POOL_2D", "MAX_POOL_2D"))
    net.op(name, [x], net.like(x, (n, *places, depth)), **options)
    return True


# Rows and reductions.


def rows(net: Net) -> bool:
    x = net.pick(lambda v: v.rank > 0)
    if x is None:
        return False
    names = [("SOFTMAX", UNIT), ("L2_NORMALIZATION", SIGNED_UNIT), ("LOG_SOFTMAX", LOGS)]
    name, stored = net.dice.one_of(names[: 1 if x.dtype == "int16" else 3])
    if name == "L2_NORMALIZATION" and (x.rank < 2 or x.shape[-1] == 1):
        return False
    limit = 16.0 if name == "LOG_SOFTMAX" else 1.0
    options = {"beta": 1.0} if name == "SOFTMAX" else {}
    net.op(name, [x], net.made(x.shape, x.dtype, limit, fixed(stored, x.dtype)), **options)
    return True


def reduction(net: Net) -> bool:
    x = net.pick(lambda v: v.rank > 1)
    if x is None:
        return False
    axes = sorted(net.dice.shuffled(range(x.rank))[: net.dice.one_of((1, 1, 2))])
    keep = net.dice.chance(0.6)
    shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keep or i not in axes]
    name = net.dice.one_of(("MEAN", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "SUM"))
    many = int(np.prod([x.shape[a] for a in axes]))
    if name == "SUM":
        if x.dtype not in ("float32", *WHOLE) or _grows(x, x.limit * many):
            return False
        out = net.made(shape, x.dtype, x.limit * many)
    else:
        out = (
            net.made(shape, x.dtype, x.limit)
            if name == "MEAN" and net.dice.chance(0.5)
            else net.like(x, shape)
        )
    net.op(name, [x, net.ints(axes)], out, keep_dims=keep)
    return True


# Movement.


def view(net: Net) -> bool:
    """RESHAPE, SQUEEZE, EXPAND_DIMS: other axes, the same numbers."""
    x = net.pick()
    assert x is not None
    name = net.dice.one_of(("RESHAPE", "RESHAPE", "SQUEEZE", "EXPAND_DIMS"))
    if name == "SQUEEZE" and 1 in x.shape:
        axis = x.shape.index(1)
        net.op("SQUEEZE", [x], net.like(x, _without(x.shape, axis)), squeeze_dims=(axis,))
    elif name == "EXPAND_DIMS" and x.rank < 5:
        axis = net.dice.below(x.rank + 1)
        shape = (*x.shape[:axis], 1, *x.shape[axis:])
        net.op("EXPAND_DIMS", [x, net.ints(axis)], net.like(x, shape))
    else:
        shape = net.dice.one_of(_shapes(int(np.prod(x.shape, dtype=np.int64))))
        net.op("RESHAPE", [x, net.ints(shape)], net.like(x, shape), new_shape=shape)
    return True


def _without(shape: Sequence[int], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


def _shapes(size: int) -> list[tuple[int, ...]]:
    """Return shapes of so many elements."""
    found = [(size,), (1, size), (1, 1, 1, size)]
    for a in (2, 3, 4, 8):
        if size % a == 0:
            found += [(a, size // a), (1, a, size // a)]
            found += [(1, a, b, size // a // b) for b in (2, 3, 4, 8) if size // a % b == 0] * 2
    return found


def split(net: Net) -> bool:
    """SPLIT, SPLIT_V or UNPACK; of some parts nobody may ever want anything."""
    x = net.pick(lambda v: v.rank > 0)
    if x is None:
        return False
    axis = net.dice.below(x.rank)
    n = x.shape[axis]
    name = net.dice.one_of(("SPLIT", "SPLIT", "SPLIT_V", "UNPACK"))
    if name == "UNPACK" and 1 < n <= 5 and x.rank > 1 and x.dtype != "int64":
        outs = [net.like(x, _without(x.shape, axis)) for _ in range(n)]
        _dropped(net, net.op("UNPACK", [x], *outs, num=n, axis=axis))
    elif name == "SPLIT_V" and n > 2:
        first = 1 + net.dice.below(n - 1)
        sizes = (first, n - first)
        outs = [net.like(x, _resized(x.shape, axis, s)) for s in sizes]
        _dropped(net, net.op("SPLIT_V", [x, net.ints(sizes), net.ints(axis)], *outs, num_splits=2))
    else:
        parts = [p for p in (2, 3, 4) if n % p == 0]
        if not parts:
            return False
        many = net.dice.one_of(parts)
        outs = [net.like(x, _resized(x.shape, axis, n // many)) for _ in range(many)]
        _dropped(net, net.op("SPLIT", [net.ints(axis), x], *outs, num_splits=many))
    return True


def _dropped(net: Net, parts: Sequence[NetValue]) -> None:
    """Let nobody read some of the parts."""
    for part in net.dice.shuffled(parts)[1:]:
        if net.dice.chance(0.25):
            net.values.remove(part)


def _resized(shape: Sequence[int], axis: int, n: int) -> tuple[int, ...]:
    return (*shape[:axis], n, *shape[axis + 1 :])


def joined(net: Net) -> bool:
    """CONCATENATION or PACK of values of one kind, some of them made for it."""
    x = net.pick(lambda v: v.rank > 0)
    if x is None:
        return False
    axis = net.dice.one_of((x.rank - 1, net.dice.below(x.rank)))
    parts = [x]
    for _ in range(net.dice.one_of((1, 1, 2, 3))):
        y = net.pick(lambda v: _joins(v, x, axis))
        if y is not None and not x.is_float and y.quantization != x.quantization:
            (y,) = net.op("QUANTIZE", [y], net.like(x, y.shape))
        parts += [] if y is None else [y]
    parts = net.dice.shuffled(parts)
    total = sum(p.shape[axis] for p in parts)
    if total * np.prod(_without(x.shape, axis)) > MOST:
        return False
    if x.rank < 5 and all(p.shape == x.shape for p in parts) and net.dice.chance(0.2):
        shape = (*x.shape[:axis], len(parts), *x.shape[axis:])
        net.op("PACK", parts, net.like(x, shape), values_count=len(parts), axis=axis)
        return True
    limit = max(p.limit for p in parts)
    out = net.made(_resized(x.shape, axis, total), x.dtype, limit, x.quantization)
    net.op("CONCATENATION", parts, out, axis=axis - x.rank if net.dice.chance(0.3) else axis)
    return True


def _joins(v: NetValue, x: NetValue, axis: int) -> bool:
    same = v.rank == x.rank and _without(v.shape, axis) == _without(x.shape, axis)
    return same and v.dtype == x.dtype


def branches(net: Net) -> bool:
    """Convolutions of one value, each with its own activation, joined along the channels."""
    x = net.pick(lambda v: v.rank == 4)
    if x is None or np.prod(x.shape) > MOST // 8:
        return False
    parts: list[NetValue] = []
    for _ in range(net.dice.one_of((2, 2, 3))):
        filters, scales = net.weights((net.dice.one_of((1, 4, 8, 5)), 1, 1, x.shape[-1]), x, 0)
        c = filters.shape[0] if filters.shape else 1
        out = net.made((*x.shape[:-1], c), x.dtype, x.limit, parts[0].quantization if parts else None)
        operands = _operands(x, filters, net.bias(c, x, scales, always=True))
        net.op("CONV_2D", operands, out, padding="SAME", stride_h=1, stride_w=1)
        if net.dice.chance(0.3):
            (out,) = net.op("RELU", [out], net.like(out))
        parts.append(out)
    shape = (*x.shape[:-1], sum(p.shape[-1] for p in parts))
    net.op("CONCATENATION", parts, net.like(parts[0], shape), axis=3)
    return True


def sliced(net: Net) -> bool:
    x = net.pick(lambda v: 0 < v.rank < 5)
    if x is None:
        return False
    begin = [net.dice.below(n) if net.dice.chance(0.4) else 0 for n in x.shape]
    size = [
        1 + net.dice.below(n - b) if net.dice.chance(0.4) else n - b
        for n, b in zip(x.shape, begin, strict=True)
    ]
    if net.dice.chance(0.5):
        net.op("SLICE", [x, net.ints(begin), net.ints(size)], net.like(x, size))
        return True
    end = [b + s for b, s in zip(begin, size, strict=True)]
    strides = [2 if s > 1 and net.dice.chance(0.3) else 1 for s in size]
    shape = [-(-s // t) for s, t in zip(size, strides, strict=True)]
    net.op("STRIDED_SLICE", [x, net.ints(begin), net.ints(end), net.ints(strides)], net.like(x, shape))
    return True


def turned(net: Net) -> bool:
    x = net.pick(lambda v: 1 < v.rank < 5)
    if x is None:
        return False
    order = net.dice.shuffled(range(x.rank))
    net.op("TRANSPOSE", [x, net.ints(order)], net.like(x, [x.shape[i] for i in order]))
    return True


def padded(net: Net) -> bool:
    x = net.pick(lambda v: 0 < v.rank < 5)
    if x is None:
        return False
    pads = [[net.dice.below(3), net.dice.below(3)] if net.dice.chance(0.5) else [0, 0] for _ in x.shape]
    name = net.dice.one_of(("PAD", "PAD", "MIRROR_PAD"))
    if name == "MIRROR_PAD":
        pads = [[min(a, n - 1), min(b, n - 1)] for (a, b), n in zip(pads, x.shape, strict=True)]
    shape = [a + n + b for (a, b), n in zip(pads, x.shape, strict=True)]
    if np.prod(shape) > MOST:
        return False
    net.op(name, [x, net.ints(pads)], net.like(x, shape), **({"mode": "REFLECT"} if name != "PAD" else {}))
    return True


def padded_convolution(net: Net) -> bool:
    """A PAD of zeros before a convolution: its output may be read by others, too."""
    x = net.pick(lambda v: v.rank == 4)
    if x is None or np.prod(x.shape) > MOST // 4:
        return False
    n, height, width, depth = x.shape
    (p,) = net.op(
        "PAD",
        [x, net.ints([[0, 0], [1, 1], [0, 2], [0, 0]])],
        net.like(x, (n, height + 2, width + 2, depth)),
    )
    _convolved(net, p, net.dice.one_of((4, 8, depth)), 3, net.dice.one_of(ACTIVATIONS))
    return True


def resized(net: Net) -> bool:
    x = net.pick(lambda v: v.rank == 4)
    if x is None:
        return False
    n, height, width, depth = x.shape
    new = net.dice.one_of([(height * 2, width * 2), (height, width), (max(height // 2, 1), width + 1)])
    if n * new[0] * new[1] * depth > MOST:
        return False
    name = net.dice.one_of(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"))
    options = {"align_corners": False, "half_pixel_centers": net.dice.chance(0.5)}
    net.op(name, [x, net.ints(new)], net.like(x, (n, *new, depth)), **options)
    return True


def gathered(net: Net) -> bool:
    x = net.pick(lambda v: 0 < v.rank < 5)
    if x is None:
        return False
    axis = net.dice.below(x.rank)
    indices = [net.dice.below(x.shape[axis]) for _ in range(net.dice.one_of((1, 2, 4)))]
    net.op("GATHER", [x, net.ints(indices)], net.like(x, _resized(x.shape, axis, len(indices))), axis=axis)
    return True


def blocks(net: Net) -> bool:
    """SPACE_TO_DEPTH, DEPTH_TO_SPACE, TILE."""
    x = net.pick(lambda v: v.rank == 4)
    if x is None:
        return False
    n, height, width, depth = x.shape
    if x.dtype != "int16" and height % 2 == 0 and width % 2 == 0 and net.dice.chance(0.5):
        shape = (n, height // 2, width // 2, depth * 4)
        net.op("SPACE_TO_DEPTH", [x], net.like(x, shape), block_size=2)
    elif depth % 4 == 0 and x.dtype != "int16":
        net.op("DEPTH_TO_SPACE", [x], net.like(x, (n, height * 2, width * 2, depth // 4)), block_size=2)
    elif np.prod(x.shape) * 2 <= MOST:
        net.op("TILE", [x, net.ints([1, 1, 2, 1])], net.like(x, (n, height, width * 2, depth)))
    else:
        return False
    return True


# Other types.


def changed(net: Net) -> bool:
    """QUANTIZE to another scale; to or from floats, where the kind has both; CAST of whole numbers."""
    x = net.pick()
    assert x is not None
    if x.is_whole:
        net.op("CAST", [x], net.made(x.shape, "float32", x.limit))
        return True
    if net.kind.changes and net.dice.chance(0.7):
        if x.is_float:
            net.op("QUANTIZE", [x], net.made(x.shape, net.kind.dtype, x.limit))
        else:
            net.op("DEQUANTIZE", [x], net.made(x.shape, "float32", x.limit))
        return True
    if x.is_float:
        return False
    net.op("QUANTIZE", [x], net.made(x.shape, x.dtype, x.limit * net.dice.one_of((1.0, 0.6, 1.5))))
    return True


# Flags: comparisons of whole numbers, since those of floats turn over with a last bit.

COMPARISONS = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")


def _flag(net: Net, shape: Sequence[int]) -> NetValue:
    return net.made(shape, "bool", 1.0)


def compared(net: Net) -> bool:
    x = net.pick(lambda v: v.is_whole)
    y = None if x is None else net.dice.one_of((_same, _constant))(net, x)
    if x is None or y is None:
        return False
    net.op(net.dice.one_of(COMPARISONS), [x, y], _flag(net, np.broadcast_shapes(x.shape, y.shape)))
    return True


def logic(net: Net) -> bool:
    """LOGICAL_NOT of a flag, AND and OR of two of one shape, or of one with itself."""
    x = net.pick(flags=True)
    if x is None:
        return False
    if net.dice.chance(0.3):
        net.op("LOGICAL_NOT", [x], _flag(net, x.shape))
        return True
    y = net.pick(lambda v: v.shape == x.shape, flags=True)
    assert y is not None
    net.op(net.dice.one_of(("LOGICAL_AND", "LOGICAL_OR")), [x, y], _flag(net, x.shape))
    return True


def chosen(net: Net) -> bool:
    """SELECT_V2 or SELECT by a flag that others may read, too."""
    x = net.pick(lambda v: v.is_whole)
    c = None if x is None else net.pick(lambda v: v.shape == x.shape, flags=True)
    if x is None or c is None:
        return False
    y = _same(net, x) or x
    limit = max(x.limit, y.limit)
    net.op(net.dice.one_of(("SELECT", "SELECT_V2")), [c, x, y], net.made(x.shape, x.dtype, limit))
    return True


def moved_flags(net: Net) -> bool:
    x = net.pick(lambda v: 1 < v.rank < 5, flags=True)
    if x is None:
        return False
    if net.dice.chance(0.5):
        order = net.dice.shuffled(range(x.rank))
        net.op("TRANSPOSE", [x, net.ints(order)], net.like(x, [x.shape[i] for i in order]))
    else:
        shape = net.dice.one_of(_shapes(int(np.prod(x.shape, dtype=np.int64))))
        net.op("RESHAPE", [x, net.ints(shape)], net.like(x, shape), new_shape=shape)
    return True


def cast(net: Net) -> bool:
    """CAST between whole numbers and flags, and of both to floats, from which there is no way back."""
    x = net.pick(lambda v: v.is_whole, flags=False) if net.dice.chance(0.5) else net.pick(flags=True)
    if x is None:
        return False
    to = net.dice.one_of([t for t in ("int32", "int64", "bool", "float32") if t != x.dtype])
    net.op("CAST", [x], net.made(x.shape, to, 1.0 if to == "bool" else x.limit))
    return True


MOVES: Sequence[tuple[Move, float]] = (
    (unary, 5),
    (binary, 6),
    (gate, 4),
    (convolution, 4),
    (view, 2),
    (joined, 2),
    (branches, 1),
    (split, 2),
    (depthwise, 1.5),
    (connected, 1.5),
    (rows, 1.2),
    (reduction, 1.2),
    (pool, 1),
    (squeeze_excite, 1),
    (sliced, 1.2),
    (padded_convolution, 0.7),
    (exponential, 0.7),
    (quotient, 0.5),
    (selected, 0.5),
    (prelu, 0.5),
    (product, 0.6),
    (transposed, 0.6),
    (turned, 0.7),
    (padded, 0.6),
    (resized, 0.6),
    (gathered, 0.5),
    (blocks, 0.5),
    (changed, 0.8),
)

_OF_WHOLE = (
    unary, binary, gate, view, joined, split, reduction, sliced, selected, turned, padded, gathered, blocks,
)  # fmt: skip
WHOLE_MOVES: Sequence[tuple[Move, float]] = (*(r for r in MOVES if r[0] in _OF_WHOLE), (changed, 0.1))
LOGIC_MOVES: Sequence[tuple[Move, float]] = (
    *WHOLE_MOVES,
    (compared, 5),
    (logic, 4),
    (chosen, 4),
    (cast, 4),
    (moved_flags, 1.5),
)


def moves_of(kind: Kind) -> Sequence[tuple[Move, float]]:
    """Return what graphs of a kind are made of."""
    if kind.inputs:
        return LOGIC_MOVES
    return WHOLE_MOVES if kind.dtype in WHOLE else MOVES
