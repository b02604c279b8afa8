"""STABLEHLO_REDUCE_WINDOW: one int16 value for each place of a sliding window; sums wrap.

Source: tflite/kernels/stablehlo_reduce_window.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("STABLEHLO_REDUCE_WINDOW", "int8 int8 -> int8")]
