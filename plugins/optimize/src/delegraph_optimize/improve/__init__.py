"""What makes a quantized model better than its first ranges and the nearest integers do."""

from __future__ import annotations

from .best_method import BEST, CANDIDATES, best_method
from .engines import engines_of
from .equalize import EQUALIZED, equalized
from .gates import has_gates
from .improved import improve
from .kept_samples import KeptSamples, has_images, written_bytes
from .product import is_product
from .weights import Told
from .wishes import EFFORTS, ROUNDINGS, Wishes

__all__ = [
    "BEST",
    "CANDIDATES",
    "EFFORTS",
    "EQUALIZED",
    "ROUNDINGS",
    "KeptSamples",
    "Told",
    "Wishes",
    "best_method",
    "engines_of",
    "equalized",
    "has_gates",
    "has_images",
    "improve",
    "is_product",
    "written_bytes",
]
