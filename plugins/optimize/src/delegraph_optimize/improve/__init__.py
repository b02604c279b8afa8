"""What makes a quantized model better than its first ranges do."""

from __future__ import annotations

from .best_method import BEST, FirstSamples, best_method

__all__ = ["BEST", "FirstSamples", "best_method"]
