"""MAXIMUM: the larger of two broadcast operands. 8 bits are compared as stored.

Source: tflite/kernels/maximum_minimum.cc.
"""

from __future__ import annotations

import numpy as np

from ._extremum import extremum_rows

SUPPORT = extremum_rows("MAXIMUM", np.greater, np.maximum)
