"""RESIZE_BILINEAR: an int16 image of another size, each pixel mixed from the four nearest.

Source: tflite/kernels/resize_bilinear.cc, internal/reference/resize_bilinear.h (ResizeBilinearInteger).
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("RESIZE_BILINEAR", "int8 int32 -> int8")]
