"""AVERAGE_POOL_2D: the mean of what a window covers of the image; padding does not count.

Source: tflite/kernels/pooling.cc; internal/reference/integer_ops/pooling.h.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("AVERAGE_POOL_2D", "int8 -> int8")]
