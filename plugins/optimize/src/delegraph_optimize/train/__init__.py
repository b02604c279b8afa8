"""Models trained from the .tflite file: with quantization, or in floats; see :mod:`.constraints` for
what their weights may have to be like.
"""

from __future__ import annotations

from .constraints import WeightConstraint

__all__ = ["WeightConstraint"]
