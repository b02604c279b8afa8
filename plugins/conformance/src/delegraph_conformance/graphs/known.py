"""Graphs that other runtimes computed wrong without a word, as their users reported it.

Sources: google-ai-edge/LiteRT issues 8593, 8599, 8619, 8980, 9249, 9272, 9277; litert-samples pull request
307.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from delegraph import Tensor

from .case import BATCHES, Case
from .claims import Claims
from .copies import joined
from .dice import Dice
from .net import KINDS, Net, NetValue
from .random_graph import inputs_of

Situation = Callable[[Net], Sequence[NetValue]]  # adds inputs and ops, and returns the outputs


def known_case(name: str, kind: str, claims: Claims) -> Case:
    """Return a reported graph with numbers of a kind.

    :raises NotClaimed: the delegate does not take an op of it.
    """
    net = Net(Dice(0), KINDS[kind], claims)
    outputs = SITUATIONS[name](net)
    model = joined([net.g.model([value.tensor for value in outputs])])
    return Case(f"{name} of {kind}", model, tuple(inputs_of(model, 10 * i) for i in range(BATCHES)))


def sum_that_is_read_and_returned(net: Net) -> Sequence[NetValue]:
    """#8599: an ADD that is an output and is read again; what was returned was one of its operands."""
    x, y = _input(net, (1, 4, 4, 8)), _input(net, (1, 4, 4, 8))
    total = _add(net, x, y)
    return [*_reduced(net, total, [1, 2]), total]


def sum_that_is_read_twice(net: Net) -> Sequence[NetValue]:
    """The same, read by an ADD that has it on both sides, and by a second one."""
    x, y = _input(net, (1, 4, 4, 8)), _input(net, (1, 4, 4, 8))
    total = _add(net, x, y)
    return [total, _add(net, total, total), _add(net, x, total)]


def large_sums(net: Net) -> Sequence[NetValue]:
    """#9249: a mean as SUM and MUL, the sum beyond the largest half float on the way; it was NaN."""
    x = _input(net, (1, 32, 32, 8))
    (positive,) = net.op("ABS", [x], net.like(x))
    large = net.made(x.shape, x.dtype, 600.0)
    net.op("MUL", [positive, _scalar(net, 300.0)], large, fused_activation_function="NONE")
    (total,) = net.op(
        "SUM", [large, net.ints([1, 2])], net.made((1, 1, 1, 8), x.dtype, 1e6), keep_dims=True
    )
    mean = net.made(total.shape, x.dtype, 600.0)
    return net.op("MUL", [total, _scalar(net, 1 / 1024)], mean, fused_activation_function="NONE")


def rank_3_pads(net: Net) -> Sequence[NetValue]:
    """#9272: a PAD of three axes, not of the innermost one; its rows were shifted by one."""
    found: list[NetValue] = []
    for shape, pads in (
        ((16, 32, 1), [[0, 0], [0, 32], [0, 0]]),
        ((16, 32, 8), [[0, 4], [0, 0], [0, 0]]),
        ((3, 5, 4), [[1, 2], [3, 0], [0, 0]]),
    ):
        x = _input(net, shape)
        padded = [a + n + b for n, (a, b) in zip(shape, pads, strict=True)]
        found += net.op("PAD", [x, net.ints(pads)], net.like(x, padded))
    return found


def masked_attention(net: Net) -> Sequence[NetValue]:
    """#8593: softmax(q kᵀ scale + mask), the mask broadcast over heads; rows were wrong."""
    return _attention(net, (1, 2, 8, 4), (1, 1, 8, 8))


def attention_of_rank_3(net: Net) -> Sequence[NetValue]:
    """#8619: the same with three axes."""
    return _attention(net, (2, 8, 4), (1, 8, 8))


def mixed_ranks(net: Net) -> Sequence[NetValue]:
    """#8980: operands of fewer axes than the other side, aligned at the last ones."""
    x = _input(net, (2, 3, 4, 5))
    return [
        _add(net, *pair)
        for s in ((4, 5), (5,), (3, 1, 1))
        for y in [_input(net, s)]
        for pair in ((x, y), (y, x))
    ]


def residual_of_a_product(net: Net) -> Sequence[NetValue]:
    """#9277: x + FULLY_CONNECTED(x) of three axes."""
    x = _input(net, (1, 8, 16))
    weights, scales = net.weights((16, 16), x, 0)
    product = net.made(x.shape, x.dtype, x.limit)
    options = {"keep_num_dims": True, "fused_activation_function": "NONE"}
    net.op("FULLY_CONNECTED", [x, weights, net.bias(16, x, scales, always=True)], product, **options)
    return [_add(net, x, product)]


def _attention(net: Net, shape: tuple[int, ...], mask: tuple[int, ...]) -> Sequence[NetValue]:
    q, k, v = (_input(net, shape) for _ in range(3))
    scores = net.made((*shape[:-1], shape[-2]), q.dtype, 16.0)
    net.op("BATCH_MATMUL", [q, k], scores, adj_x=False, adj_y=True)
    scaled = net.made(scores.shape, q.dtype, 8.0)
    net.op("MUL", [scores, _scalar(net, 0.5)], scaled, fused_activation_function="NONE")
    masked = _add(net, scaled, net.constant(mask, q.dtype, 2.0))
    (shares,) = net.op(
        "SOFTMAX", [masked], net.made(scores.shape, q.dtype, 1.0, _UNIT.get(q.dtype)), beta=1.0
    )
    return [
        masked,
        *net.op("BATCH_MATMUL", [shares, v], net.made(shape, q.dtype, 2.0), adj_x=False, adj_y=False),
    ]


def _input(net: Net, shape: Sequence[int]) -> NetValue:
    return net.input(shape, net.kind.dtype, 2.0)


def _add(net: Net, x: NetValue, y: NetValue) -> NetValue:
    options = {"pot_scale_int16": False} if x.dtype == "int16" else {}
    out = net.made(np.broadcast_shapes(x.shape, y.shape), x.dtype, x.limit + y.limit)
    net.op("ADD", [x, y], out, fused_activation_function="NONE", **options)
    return out


def _reduced(net: Net, x: NetValue, axes: Sequence[int]) -> Sequence[NetValue]:
    name, limit = ("SUM", 64.0) if x.is_float else ("MEAN", x.limit)
    return net.op(
        name, [x, net.ints(axes)], net.made((1, 1, 1, x.shape[-1]), x.dtype, limit), keep_dims=True
    )


def _scalar(net: Net, value: float) -> Tensor | NetValue:
    return (
        net.floats((), value, value)
        if net.kind.dtype == "float32"
        else net.constant((), net.kind.dtype, value)
    )


_UNIT = {"int8": {"scale": 1 / 256, "zero_point": -128}, "uint8": {"scale": 1 / 256, "zero_point": 0}}
SITUATIONS: dict[str, Situation] = {
    make.__name__: make
    for make in (
        sum_that_is_read_and_returned,
        sum_that_is_read_twice,
        large_sums,
        rank_3_pads,
        masked_attention,
        attention_of_rank_3,
        mixed_ranks,
        residual_of_a_product,
    )
}
