"""The support rows of comparisons: of numbers, and of quantized tensors that have one scale."""

from __future__ import annotations

from collections.abc import Iterator

from delegraph import Op, OpSupport, needs

from ..options import Options
from .elementwise import counted
from .support_rows import EIGHT_BIT, one_scale, plain_support, same_quantization

_LEAST_SCALE = 1 / 256


def comparison_support(
    op: str, sign: str, options: Options, last: int, T: str = "int32 int64"
) -> Iterator[OpSupport]:
    """Yield the support rows of a comparison, whose results are exact."""
    kernel, types = counted(f"{{0}} {sign} {{1}}"), "T T -> bool"
    floats = "float32 float16" if options.quantized else "float32"
    yield from plain_support(op, kernel, options, types, last, T=f"{floats} {T}")
    if options.quantized:
        constraints = (one_scale, same_quantization, told_apart)
        yield OpSupport(op, (1, last), types, constraints, kernel, T=EIGHT_BIT)


@needs("scales from 1 / 256 to below 1")
def told_apart(op: Op) -> str | None:
    """LiteRT compares real numbers cut to 1 / 256, and dies of scales from 1 on."""
    scale = max(t.scale for t in op.inputs if t is not None)
    return None if _LEAST_SCALE <= scale < 1 else f"{scale:g}"
