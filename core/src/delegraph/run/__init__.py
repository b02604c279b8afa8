"""From a plan to values: the interpreter, its state, what runs each partition, and what fails in it."""

from __future__ import annotations

from .device_values import Expected, as_array, taken_from
from .failures import where
from .input_values import stored
from .interpreter import Interpreter
from .named_arguments import Argument, Interface, described, interface_of, planned
from .partition_run import prepared
from .signature import SignatureRunner

__all__ = [
    "Argument",
    "Expected",
    "Interface",
    "Interpreter",
    "SignatureRunner",
    "as_array",
    "described",
    "interface_of",
    "planned",
    "prepared",
    "stored",
    "taken_from",
    "where",
]
