"""The schemes: what each does to the ops that are to have it."""

from __future__ import annotations

from .borders import INTEGERS, integer_inputs, integer_outputs
from .dynamic import make_dynamic
from .integer import ACTIVATIONS, Groups, Range, Ranges, make_integer
from .stored import Verdict, store_smaller

__all__ = [
    "ACTIVATIONS",
    "INTEGERS",
    "Groups",
    "Range",
    "Ranges",
    "Verdict",
    "integer_inputs",
    "integer_outputs",
    "make_dynamic",
    "make_integer",
    "store_smaller",
]
