"""From a plan to values: the interpreter, its state, what runs each partition, and what fails in it."""

from __future__ import annotations

from .input_values import stored
from .interpreter import Interpreter
from .named_arguments import Argument, Interface, described, interface_of, planned
from .partition_run import run_once
from .signature import SignatureRunner

__all__ = [
    "Argument",
    "Interface",
    "Interpreter",
    "SignatureRunner",
    "described",
    "interface_of",
    "planned",
    "run_once",
    "stored",
]
