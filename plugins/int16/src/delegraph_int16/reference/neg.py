"""NEG: -x of stored int16 values; the smallest wraps. Scale and zero point have no say.

Source: tflite/kernels/neg.cc.
"""

from __future__ import annotations

from ._like import like

SUPPORT = [like("NEG", "int8 -> int8")]
