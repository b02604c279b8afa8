"""The reference delegate: every op in numpy, exact, and the definition of what is right."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from delegraph import Delegate, OpSupport, hookimpl

from .delegate import Reference

if TYPE_CHECKING:
    from .convolution import convolve, multiply, packed_filters
    from .depthwise import convolve_depthwise, repeated_weights
    from .elementwise import activation, by_formula, quietly
    from .hybrid import in_rows, quantized_rows
    from .kernel import Finish, Kernel, Prepare
    from .kernels import row_of
    from .kernels._comparison import small_scales, to_comparable
    from .kernels._movement import along, axis_of, check_indices, ints, once, scalar
    from .kernels.conv_2d import CONV_2D_RULES, conv_2d_with
    from .kernels.depthwise_conv_2d import DEPTHWISE_CONV_2D_RULES, depthwise_conv_2d_with
    from .kernels.div import check_divisor, fitting_output, stored_quotient
    from .kernels.fully_connected import FULLY_CONNECTED_RULES, fully_connected_with
    from .kernels.mean import divided
    from .kernels.resize_bilinear import integer_taps
    from .kernels.rsqrt import refusing_negatives
    from .kernels.svdf import prepare_cell
    from .kernels.transpose_conv import TRANSPOSE_CONV_RULES, transpose_conv_with
    from .lut import Formula, by_value, clipped, dequantized, stored_values, within
    from .pooling import pool_kernel, pool_windows, window_counts
    from .products import exact_type, exact_weights, largest_magnitude, largest_sums
    from .recurrent import contiguous, made_of, padded, time_first, wrong_size
    from .requantize import DoubleRequantizer, Requantizer
    from .threads import each, on_threads, thread_count
    from .transcendental import exp, gelu, gelu_by_tanh, log
    from .transposed import output_windows, spread
    from .weights import (
        Arithmetic,
        FloatFinish,
        centered,
        scaled,
        single_scale,
        sum_offset,
        sum_scales,
        weight_scales,
        with_weights,
    )
    from .windows import Windows, windows_of

DELEGRAPH_API = 1
__version__ = "0.1.0"
__all__ = [
    "CONV_2D_RULES",
    "DEPTHWISE_CONV_2D_RULES",
    "FULLY_CONNECTED_RULES",
    "TRANSPOSE_CONV_RULES",
    "Arithmetic",
    "DoubleRequantizer",
    "Finish",
    "FloatFinish",
    "Formula",
    "Kernel",
    "Prepare",
    "Reference",
    "Requantizer",
    "Windows",
    "activation",
    "along",
    "axis_of",
    "by_formula",
    "by_value",
    "centered",
    "check_divisor",
    "check_indices",
    "clipped",
    "contiguous",
    "conv_2d_with",
    "convolve",
    "convolve_depthwise",
    "depthwise_conv_2d_with",
    "dequantized",
    "divided",
    "each",
    "exact_type",
    "exact_weights",
    "exp",
    "fitting_output",
    "fully_connected_with",
    "gelu",
    "gelu_by_tanh",
    "in_rows",
    "integer_taps",
    "ints",
    "largest_magnitude",
    "largest_sums",
    "log",
    "made_of",
    "multiply",
    "on_threads",
    "once",
    "output_windows",
    "packed_filters",
    "padded",
    "pool_kernel",
    "pool_windows",
    "prepare_cell",
    "quantized_rows",
    "quietly",
    "refusing_negatives",
    "repeated_weights",
    "row_of",
    "scalar",
    "scaled",
    "single_scale",
    "small_scales",
    "spread",
    "stored_quotient",
    "stored_values",
    "sum_offset",
    "sum_scales",
    "thread_count",
    "time_first",
    "to_comparable",
    "transpose_conv_with",
    "weight_scales",
    "window_counts",
    "windows_of",
    "with_weights",
    "within",
    "wrong_size",
]

# Imported when first asked for: what only lists plugins does without.
_LATER = {
    "Arithmetic": "weights",
    "CONV_2D_RULES": "kernels.conv_2d",
    "DEPTHWISE_CONV_2D_RULES": "kernels.depthwise_conv_2d",
    "DoubleRequantizer": "requantize",
    "FULLY_CONNECTED_RULES": "kernels.fully_connected",
    "Finish": "kernel",
    "FloatFinish": "weights",
    "Formula": "lut",
    "Kernel": "kernel",
    "Prepare": "kernel",
    "Requantizer": "requantize",
    "TRANSPOSE_CONV_RULES": "kernels.transpose_conv",
    "Windows": "windows",
    "activation": "elementwise",
    "along": "kernels._movement",
    "axis_of": "kernels._movement",
    "by_formula": "elementwise",
    "by_value": "lut",
    "centered": "weights",
    "check_divisor": "kernels.div",
    "check_indices": "kernels._movement",
    "clipped": "lut",
    "contiguous": "recurrent",
    "conv_2d_with": "kernels.conv_2d",
    "convolve": "convolution",
    "convolve_depthwise": "depthwise",
    "depthwise_conv_2d_with": "kernels.depthwise_conv_2d",
    "dequantized": "lut",
    "divided": "kernels.mean",
    "each": "threads",
    "exact_type": "products",
    "exact_weights": "products",
    "exp": "transcendental",
    "fitting_output": "kernels.div",
    "fully_connected_with": "kernels.fully_connected",
    "gelu": "transcendental",
    "gelu_by_tanh": "transcendental",
    "in_rows": "hybrid",
    "integer_taps": "kernels.resize_bilinear",
    "ints": "kernels._movement",
    "largest_magnitude": "products",
    "largest_sums": "products",
    "log": "transcendental",
    "made_of": "recurrent",
    "multiply": "convolution",
    "on_threads": "threads",
    "once": "kernels._movement",
    "output_windows": "transposed",
    "packed_filters": "convolution",
    "padded": "recurrent",
    "pool_kernel": "pooling",
    "pool_windows": "pooling",
    "prepare_cell": "kernels.svdf",
    "quantized_rows": "hybrid",
    "quietly": "elementwise",
    "refusing_negatives": "kernels.rsqrt",
    "repeated_weights": "depthwise",
    "row_of": "kernels",
    "scalar": "kernels._movement",
    "scaled": "weights",
    "single_scale": "weights",
    "small_scales": "kernels._comparison",
    "spread": "transposed",
    "stored_quotient": "kernels.div",
    "stored_values": "lut",
    "sum_offset": "weights",
    "sum_scales": "weights",
    "thread_count": "threads",
    "time_first": "recurrent",
    "to_comparable": "kernels._comparison",
    "transpose_conv_with": "kernels.transpose_conv",
    "weight_scales": "weights",
    "window_counts": "pooling",
    "windows_of": "windows",
    "with_weights": "weights",
    "within": "lut",
    "wrong_size": "recurrent",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LATER[name]}", __name__), name)


@hookimpl
def delegraph_delegates() -> Iterable[type[Delegate]]:
    return [Reference]


@hookimpl
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:
    if delegate.name != Reference.name:
        return []
    from .kernels import rows

    return rows()
