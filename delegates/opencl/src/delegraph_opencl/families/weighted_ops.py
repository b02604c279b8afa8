"""The rows of ops with weights, and what they need."""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Constraint, Op, OpSupport, Tensor, fused_activation, needs

from ..options import Options
from ..program.epilogue import LIMITS
from ..program.node import Kernel
from .support_rows import STORED_AS_HALF, one_scale


def weighted_rows(
    op: str,
    kernel: Kernel,
    options: Options,
    where: Iterable[Constraint],
    *,
    types: str = "{0} {1} {2}? -> {0}",
    first: int = 1,
    last: int,
    weights: int = 1,
    bias: int = 2,
    axis: int = 0,
) -> list[OpSupport]:
    """Return the rows of an op with weights.

    :param types: of the operands: ``{0}`` the values, ``{1}`` the weights, ``{2}`` the bias.
    :param first: the last version with ``quantized=False``.
    :param last: the last version otherwise.
    :param weights, bias: numbers of the inputs.
    :param axis: of the weights, along which the output channels lie.
    """
    where = (*where, dense(weights))
    fixed = (*where, constant(weights, "weights"), constant(bias, "bias"), scales_along(weights, axis))
    versions = (1, last if options.quantized else first)
    rtol = STORED_AS_HALF if options.precision == "float16" else 1e-5
    rows = [
        OpSupport(op, versions, types.format("float32", w, "float32"), rules, kernel, rtol=rtol)
        for w, rules in (("float32", where), ("float16", (*where, constant(weights, "weights"))))
    ]
    if options.quantized:
        for values, w in (("int8", "int8|int4"), ("uint8", "uint8")):
            listed = types.format(values, w, "int32")
            rules = (*fixed, one_scale)
            rows.append(OpSupport(op, versions, listed, rules, kernel, steps=1))
        listed = types.format("float32", "int8|uint8|int4", "float32")
        rows.append(OpSupport(op, versions, listed, fixed, kernel, rtol=hybrid_rtol(options)))
    return rows


def hybrid_rtol(options: Options) -> float:
    """Return what a row claims that rounds activations to 8 bits: of halves, some to another step."""
    return 2e-2 if options.precision == "float16" else 1e-5


@needs(f"a fused activation among NONE, {', '.join(LIMITS)} and TANH")
def any_activation(op: Op) -> str | None:
    name = fused_activation(op)
    return None if name in ("NONE", "TANH", *LIMITS) else name


@needs("channels in whole groups")
def whole_groups(op: Op) -> str | None:
    channels, (out, *_, depth) = shape_of(op, 0)[-1], shape_of(op, 1)
    if channels % max(depth, 1) or out % max(channels // max(depth, 1), 1):
        return f"{channels} channels and {out} filters of depth {depth}"
    return None


@needs("strides and dilations of at least 1")
def real_windows(op: Op) -> str | None:
    names = (
        "stride_h",
        "stride_w",
        "dilation_h_factor",
        "dilation_w_factor",
        "filter_height",
        "filter_width",
    )
    low = [f"{name} = {op.options.get(name)}" for name in names if op.options.get(name, 1) < 1]
    return ", ".join(low) or None


def nonempty(*indices: int) -> Constraint:
    """Return the constraint that neither image nor filters are empty."""

    @needs("an image, channels and a filter that are not empty")
    def found(op: Op) -> str | None:
        shapes = [shape_of(op, i) for i in indices]
        return f"{' and '.join(map(str, shapes))}" if any(0 in s[-3:] for s in shapes) else None

    return found


def bias_along(weights: int, bias: int, axis: int) -> Constraint:
    """Return the constraint that a bias has one number per output channel."""

    @needs("a bias with a value for each output channel")
    def found(op: Op) -> str | None:
        b, channels = tensor_of(op, bias), shape_of(op, weights)[axis]
        if b is None or b.shape is None or (b.shape[-1:] == (channels,) and set(b.shape[:-1]) <= {1}):
            return None
        return f"shape {b.shape} for {channels} channels"

    return found


def dense(weights: int) -> Constraint:
    @needs("dense weights")
    def found(op: Op) -> str | None:
        t = tensor_of(op, weights)
        return None if t is None or t.sparsity is None else "sparse weights"

    return found


def constant(index: int, what: str) -> Constraint:
    @needs(f"constant {what}")
    def found(op: Op) -> str | None:
        t = tensor_of(op, index)
        return None if t is None or t.is_constant else f"input {index} {t.name!r} that is computed"

    return found


def scales_along(weights: int, axis: int) -> Constraint:
    """Return the constraint that weights have one scale, or one for each output channel."""

    @needs("weights with one scale, or one for each output channel")
    def found(op: Op) -> str | None:
        t, channels = tensor_of(op, weights), shape_of(op, weights)[axis]
        q = None if t is None else t.quantization
        scales = 0 if q is None else len(q.scale)
        return None if scales == 1 or scales == channels else f"{scales} scales for {channels} channels"

    return found


def tensor_of(op: Op, index: int) -> Tensor | None:
    return op.inputs[index] if index < len(op.inputs) else None


def shape_of(op: Op, index: int) -> tuple[int, ...]:
    t = op.inputs[index]
    assert t is not None
    assert t.shape is not None
    return t.shape
