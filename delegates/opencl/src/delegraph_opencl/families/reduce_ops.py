"""The support rows of the reductions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from delegraph import Constraint, Op, OpSupport, needs, shape_text
from delegraph.rules import constant, operand_shape, same_quantization

from ..options import Options
from .reduce import Reduction, reducing
from .support_rows import STORED_AS_HALF, float_support, plain_support

_TYPES = "T int32 -> T"


def real_support(
    op: str,
    how: Reduction,
    options: Options,
    last: int,
    rtol: float = 1e-6,
    quantized_constraints: Iterable[Constraint] = (),
    quantized: str = "int8 uint8",
    half_rtol: float = STORED_AS_HALF,
) -> Iterator[OpSupport]:
    """Yield the support rows of a reduction of real numbers.

    :param rtol: of sums and products more than of others: the order in which thousands of values are added
        shows, and LiteRT's error is the larger one.
    """
    yield from float_support(
        op,
        reducing(how),
        options,
        _TYPES,
        last=last,
        constraints=[constant("axes", 1)],
        rtol=rtol,
        half_rtol=half_rtol,
        quantized=quantized,
        quantized_constraints=quantized_constraints,
    )


@needs("8-bit values to reduce")
def something_to_add(op: Op) -> str | None:
    """Of none LiteRT's sum is the stored 0, whatever the zero point."""
    shape, out = operand_shape(op, 0), op.outputs[0].shape
    return f"shape {shape_text(shape)}" if 0 in shape and (out is None or 0 not in out) else None


def whole_support(
    op: str,
    start: str | None,
    combine: str,
    options: Options,
    last: int,
    T: str = "int32 int64",
) -> Iterator[OpSupport]:
    """Yield a support row for each type of integers.

    :param start: the result of no values; None: of an extreme, the lowest or highest of each type.
    """
    for dtype in T.split():
        how = Reduction(_EXTREMES[dtype, combine] if start is None else start, combine)
        alike = [same_quantization(slice(1))] if start is None else []
        constraints = [constant("axes", 1), *alike]
        yield from plain_support(op, reducing(how, False), options, _TYPES, last, constraints, dtype)


_EXTREMES = {
    ("int32", "max({0}, {1})"): "INT_MIN",
    ("int64", "max({0}, {1})"): "LONG_MIN",
    ("bool", "max({0}, {1})"): "0",
    ("int32", "min({0}, {1})"): "INT_MAX",
    ("int64", "min({0}, {1})"): "LONG_MAX",
    ("bool", "min({0}, {1})"): "1",
}
