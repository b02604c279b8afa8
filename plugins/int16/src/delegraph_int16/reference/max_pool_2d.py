"""MAX_POOL_2D: the largest value that a window covers of the image, compared as stored.

Source: tflite/kernels/pooling.cc; internal/reference/integer_ops/pooling.h.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("MAX_POOL_2D", "int8 -> int8")]
