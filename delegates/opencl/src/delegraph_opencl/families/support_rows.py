"""The support rows of ops that are alike: float, the quantized types of ``quantized=True``, integers."""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Constraint, Op, OpSupport, needs
from delegraph.rules import axis_scales_found, parameters_of, scaled, scales_found

from ..options import Options
from ..program.node import Kernel
from .reach import within_reach

EIGHT_BIT = "int8 uint8"
ONE_HALF = 2.0**-10  # how far a float16 output may be off: its own rounding, and LiteRT's
AS_BFLOAT16 = 1e-2  # weights and what they are multiplied with, with precision="bfloat16"
STORED_AS_HALF = 4e-3  # and any output with precision="float16": inputs are rounded, too


def float_support(
    op: str,
    kernel: Kernel,
    options: Options,
    types: str = "T T -> T",
    first: tuple[int, int] = (1, 1),
    last: int = 2,
    constraints: Iterable[Constraint] = (),
    rtol: float = 1e-6,
    *,
    half_rtol: float = STORED_AS_HALF,
    quantized: str = EIGHT_BIT,
    quantized_constraints: Iterable[Constraint] = (),
    steps: int = 1,
) -> list[OpSupport]:
    """Return the support rows of an op of real numbers.

    :param types: of the operands, ``T`` for the numbers.
    :param first: the versions for float32, with ``quantized=False``, too.
    :param last: the last version with quantized types.
    :param constraints: constraints of every row; ``quantized_constraints``: of those with quantized types.
    :param rtol: what is claimed of float32; ``half_rtol``: of numbers stored with ``precision="float16"``.
    :param quantized: the quantized types that LiteRT has, too; "" for none.
    """
    versions = (1, max(first[1], last)) if options.quantized else first
    rtol = half_rtol if options.precision == "float16" else rtol
    rows = [OpSupport(op, versions, types, constraints, kernel, rtol=rtol, T="float32")]
    if options.quantized:
        rtol = max(rtol, ONE_HALF)
        rows.append(OpSupport(op, versions, types, constraints, kernel, rtol=rtol, T="float16"))
    if options.quantized and quantized:
        all_constraints = (*constraints, one_scale, within_reach, *quantized_constraints)
        rows.append(OpSupport(op, (1, last), types, all_constraints, kernel, steps=steps, T=quantized))
    return rows


def plain_support(
    op: str,
    kernel: Kernel,
    options: Options,
    types: str = "T T -> T",
    last: int = 2,
    constraints: Iterable[Constraint] = (),
    T: str = "int32 int64",
) -> list[OpSupport]:
    """Return the support row of an op of integers or bools, which are exact."""
    return [OpSupport(op, (1, last if options.quantized else 1), types, constraints, kernel, T=T)]


@needs("one scale and zero point on each 8-bit tensor")
def one_scale(op: Op) -> str | None:
    """A constant may have one per slice: it is dequantized once."""
    for tensor in (*op.inputs, *op.outputs):
        if tensor is not None and tensor.dtype in EIGHT_BIT.split():
            if not scaled(tensor):
                return f"{scales_found(tensor)} on {tensor.name!r}"
            if not tensor.is_constant and (found := axis_scales_found(tensor)):
                return found
    return None


@needs("one quantization for all 8-bit tensors")
def same_quantization(op: Op) -> str | None:
    """For ops that LiteRT computes on stored numbers as if scales and zero points were alike."""
    eight = [t for t in (*op.inputs, *op.outputs) if t is not None and t.dtype in EIGHT_BIT.split()]
    found = dict.fromkeys(map(parameters_of, eight))
    return None if len(found) == 1 else " and ".join(found)


@needs("a constant divisor without 0 and -1")
def safe_divisor(op: Op) -> str | None:
    """A CPU stops at a division of integers by 0, and at its lowest number divided by -1."""
    divisor = op.inputs[1]
    if divisor is None or divisor.data is None:
        return "a computed one"
    return "one of them" if ((divisor.data == 0) | (divisor.data == -1)).any() else None


@needs("a divisor without 0, where it is constant")
def nonzero_divisor(op: Op) -> str | None:
    """LiteRT refuses FLOOR_DIV by 0 of floats, too; by a computed one it is infinite or NaN here."""
    divisor = op.inputs[1]
    return "one" if divisor is not None and divisor.data is not None and not divisor.data.all() else None
