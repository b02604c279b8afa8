"""The schemes: what each does to the ops that are to have it."""

from __future__ import annotations

from .dynamic import make_dynamic
from .numbers import quantized_blocks, quantized_weights
from .stored import store_smaller

__all__ = ["make_dynamic", "quantized_blocks", "quantized_weights", "store_smaller"]
