"""What makes a quantized model better than its first ranges and the nearest integers do."""

from __future__ import annotations

from .best_method import BEST, FirstSamples, best_method
from .equalize import EQUALIZED, equalized
from .improved import improve
from .kept_samples import KeptSamples
from .weights import Told
from .wishes import EFFORTS, ROUNDINGS, Wishes

__all__ = [
    "BEST",
    "EFFORTS",
    "EQUALIZED",
    "ROUNDINGS",
    "FirstSamples",
    "KeptSamples",
    "Told",
    "Wishes",
    "best_method",
    "equalized",
    "improve",
]
