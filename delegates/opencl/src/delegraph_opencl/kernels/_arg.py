"""The rows of ARG_MAX and ARG_MIN: the first place along an axis where the extreme stands."""

from __future__ import annotations

from collections.abc import Iterator

from delegraph import Op, OpSupport, needs

from ..options import Options
from ..reduce import Reduction, constant_axes, reducing


def arg_rows(op: str, sign: str, lowest: str, options: Options) -> Iterator[OpSupport]:
    """Yield the rows of the op that finds the value that is ``sign`` all others.

    :param lowest: what every value is ``sign``, in C.
    """
    first = f"{{1}}.x {sign} {{0}}.x || ({{1}}.x == {{0}}.x && {{1}}.y < {{0}}.y) ? {{1}} : {{0}}"
    extreme = "LONG_MIN" if lowest else "LONG_MAX"
    # A result is a pair of the value and its place.
    for T, start in (
        ("float32 float16", f"(A)({lowest}INFINITY, {_FARTHEST})"),
        ("int32 bool", f"(A)({extreme}, {_FARTHEST})"),
        *([("int8 uint8", f"(A)({lowest}1000, {_FARTHEST})")] if options.quantized else []),
    ):
        kernel = reducing(Reduction(start, first, finds=True), fuses=False)
        where = [constant_axes, values_to_compare, declared_type]
        versions = (1, 3 if options.quantized else 1)
        yield OpSupport(op, versions, "T int32|int64 -> int32|int64", where, kernel, T=T)


@needs("axes that are not empty and shorter than 2**24")
def values_to_compare(op: Op) -> str | None:
    x = op.inputs[0]
    shape = None if x is None else x.shape
    return None if shape and min(shape) > 0 and max(shape) < 2**24 else f"shape {shape}"


@needs("an output of the type that output_type says")
def declared_type(op: Op) -> str | None:
    """LiteRT gives the type of the option, whatever the tensor's is."""
    said, dtype = op.options.output_type, op.outputs[0].dtype
    return None if said == dtype.upper() else f"{dtype} and output_type {said}"


_FARTHEST = 2**24  # up to here a float holds every place
