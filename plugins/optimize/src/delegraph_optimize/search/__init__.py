"""Which ops to quantize, so that a model loses no more than is allowed, or is no larger."""

from __future__ import annotations

from .found import SearchResult, Sensitivity, Tried
from .search import search_schemes

__all__ = ["SearchResult", "Sensitivity", "Tried", "search_schemes"]
