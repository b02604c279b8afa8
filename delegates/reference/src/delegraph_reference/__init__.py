"""The reference delegate: every op in numpy, exact, and the definition of what is right."""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Delegate, OpSupport, hookimpl

from .convolution import convolve, multiply, packed_filters
from .delegate import Reference
from .depthwise import convolve_depthwise, repeated_weights
from .hybrid import quantized_rows
from .kernel import Kernel, Prepare
from .pooling import pool_kernel, pool_windows, window_counts
from .products import exact_type, exact_weights, largest_magnitude, largest_sums
from .requantize import DoubleRequantizer, Finish, Requantizer
from .threads import each, on_threads, thread_count
from .transposed import output_windows, spread
from .weights import (
    FloatFinish,
    centered,
    filled,
    operand_shape,
    scaled,
    scales_along,
    scales_of,
    single_scale,
    sum_offset,
    sum_scales,
    symmetric_bias,
    symmetric_weights,
    weight_scales,
    with_weights,
)
from .windows import Windows, real_windows, windows_of

DELEGRAPH_API = 1
__version__ = "0.1.0"
__all__ = [
    "DoubleRequantizer",
    "Finish",
    "FloatFinish",
    "Kernel",
    "Prepare",
    "Reference",
    "Requantizer",
    "Windows",
    "centered",
    "convolve",
    "convolve_depthwise",
    "each",
    "exact_type",
    "exact_weights",
    "filled",
    "largest_magnitude",
    "largest_sums",
    "multiply",
    "on_threads",
    "operand_shape",
    "output_windows",
    "packed_filters",
    "pool_kernel",
    "pool_windows",
    "quantized_rows",
    "real_windows",
    "repeated_weights",
    "scaled",
    "scales_along",
    "scales_of",
    "single_scale",
    "spread",
    "sum_offset",
    "sum_scales",
    "symmetric_bias",
    "symmetric_weights",
    "thread_count",
    "weight_scales",
    "window_counts",
    "windows_of",
    "with_weights",
]


@hookimpl
def delegraph_delegates() -> Iterable[type[Delegate]]:
    return [Reference]


@hookimpl
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:
    if delegate.name != Reference.name:
        return []
    from .kernels import rows

    return rows()
