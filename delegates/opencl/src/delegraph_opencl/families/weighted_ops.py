"""The support rows of ops with weights, and what they need."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from delegraph import Constraint, Op, OpSupport, fused_activation, needs, shape_text
from delegraph.rules import (
    axis_scales_found,
    constant,
    dense,
    fitting_bias_scale,
    given,
    one_scale_at_most,
    operand,
    operand_shape,
    scales_along,
    zero_point_found,
)

from ..options import Options
from ..program.epilogue import LIMITS
from ..program.node import Kernel
from .reach import weighted_reach
from .support_rows import AS_BFLOAT16, STORED_AS_HALF, one_scale

_BY_BFLOAT16 = ("CONV_2D", "FULLY_CONNECTED")


def weighted_support(
    op: str,
    kernel: Kernel,
    options: Options,
    constraints: Iterable[Constraint],
    *,
    types: str = "{0} {1} {2}? -> {0}",
    first: int = 1,
    last: int,
    x: int = 0,
    weights: int = 1,
    bias: int = 2,
    axis: int = 0,
    integers: str = "int8|uint8|int4|int2",
    hybrid: Iterable[Constraint] = (),
) -> list[OpSupport]:
    """Return the support rows of an op with weights.

    :param types: of the operands: ``{0}`` the values, ``{1}`` the weights, ``{2}`` the bias.
    :param first: the last version with ``quantized=False``.
    :param last: the last version otherwise.
    :param x, weights, bias: numbers of the inputs.
    :param axis: of the weights, along which the output channels lie.
    :param integers: types of weights of floats.
    :param hybrid: what is asked of integer weights of floats, instead of scales along that axis.
    """
    constraints = (*constraints, dense)
    fixed = (*constraints, constant("weights and bias", weights, bias))
    symmetric, reach = symmetric_operands(weights, bias), weighted_reach(x, weights, bias, axis)
    along = scales_along(axis, weights)
    versions = (1, last if options.quantized else first)
    rounding = {"float16": STORED_AS_HALF, "bfloat16": AS_BFLOAT16 if op in _BY_BFLOAT16 else 1e-5}
    rtol = rounding.get(options.precision, 1e-5)
    rows = [
        OpSupport(op, versions, types.format("float32", w, "float32"), rules, kernel, rtol=rtol)
        for w, rules in (
            ("float32", constraints),
            ("float16", (*constraints, constant("weights", weights))),
        )
    ]
    if options.quantized:
        for values, w, rules in (
            ("int8", "int8|int4|int2", (along, symmetric)),
            (
                "uint8",
                "uint8",
                (one_scale_at_most, symmetric_operands(bias), fitting_bias_scale(x, weights, bias)),
            ),
        ):
            listed = types.format(values, w, "int32")
            rows.append(
                OpSupport(op, versions, listed, (*fixed, *rules, one_scale, reach), kernel, steps=1)
            )
        listed = types.format("float32", integers, "float32")
        asked = (*fixed, *(tuple(hybrid) or (along,)), one_scale_of_bytes(weights), symmetric, reach)
        rows.append(OpSupport(op, versions, listed, asked, kernel, rtol=max(rtol, hybrid_rtol(options))))
    return rows


def symmetric_operands(*indices: int) -> Constraint:
    """Return the constraint that inputs, where they are given, have no zero point."""

    @needs("zero points of 0 on weights and bias")
    def found(op: Op) -> str | None:
        tensors = (given(op, i) for i in indices)
        return next(filter(None, (zero_point_found(t) for t in tensors if t is not None)), None)

    return found


def one_scale_of_bytes(weights: int) -> Constraint:
    """Return the constraint on weights whose bits of int8 the file calls uint8."""

    @needs("one scale for uint8 weights")
    def found(op: Op) -> str | None:
        t = operand(op, weights)
        return axis_scales_found(t) if t.dtype == "uint8" else None

    return found


def hybrid_rtol(options: Options) -> float:
    """Return what is claimed where activations are rounded to 8 bits: of halves, some to another step."""
    return 2e-2 if options.precision == "float16" else 1e-5


@needs(f"a fused activation among NONE, {', '.join(LIMITS)} and TANH")
def any_activation(op: Op) -> str | None:
    name = fused_activation(op)
    return None if name in ("NONE", "TANH", *LIMITS) else name


def nonempty(*indices: int) -> Constraint:
    """Return the constraint that neither image nor filters are empty."""

    @needs("an image, channels and a filter that are not empty")
    def found(op: Op) -> str | None:
        shapes = [operand_shape(op, i) for i in indices]
        return f"{' and '.join(map(shape_text, shapes))}" if any(0 in s[-3:] for s in shapes) else None

    return found


@needs("finite weights under windows that reach beyond the image")
def finite_weights(op: Op) -> str | None:
    """Kernels multiply them by zeros there, which LiteRT passes over."""
    weights = operand(op, 1)
    reaches = op.name == "TRANSPOSE_CONV" or op.options.padding == "SAME"
    if not reaches or weights.dtype not in ("float32", "float16") or operand_shape(op, 1)[1:3] == (1, 1):
        return None
    values = weights.data
    if values is None or not values.size or np.isfinite([values.min(), values.max()]).all():
        return None
    return f"{np.count_nonzero(~np.isfinite(values))} infinite or NaN"
