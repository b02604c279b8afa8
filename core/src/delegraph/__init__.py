"""Delegates for .tflite models, as plugins.

What a program needs is here: ``Interpreter``, ``load_delegate``, ``read_model``, ``write_model``; and what
a plugin may use: the values of a model, support rows, the arithmetic that kernels share.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import profile
from .activation import float_range, fused_activation, stored_range, stored_value
from .delegate import Delegate, NoOptions, Run
from .dtypes import DTYPES, DType, dtype_of
from .errors import (
    DelegateFailed,
    DelegateUnavailable,
    DelegraphError,
    InputError,
    ModelError,
    OptionError,
    PluginError,
    StateError,
    SupportConflict,
    UnknownDelegate,
    UnsupportedOps,
)
from .fixedpoint import quantize_multiplier, quantize_multipliers, rescale, round_half_away
from .hookspecs import hookimpl
from .model import Graph, Metadata, Model, Op, Quantization, Record, Signature, Tensor
from .padding import Window, window
from .partition import Partition, Plan, SubgraphPlan
from .support import Constraint, OpSupport, Refusal, Shape, SupportTable, needs

if TYPE_CHECKING:
    from .build import Builder
    from .interpreter import Interpreter, SignatureRunner
    from .op_modules import rows_of_modules
    from .planning import plan_model
    from .plugins import load_delegate
    from .reader import read_model
    from .writer import write_model

__version__ = "0.1.0"
__all__ = [
    "DTYPES",
    "Builder",
    "Constraint",
    "DType",
    "Delegate",
    "DelegateFailed",
    "DelegateUnavailable",
    "DelegraphError",
    "Graph",
    "InputError",
    "Interpreter",
    "Metadata",
    "Model",
    "ModelError",
    "NoOptions",
    "Op",
    "OpSupport",
    "OptionError",
    "Partition",
    "Plan",
    "PluginError",
    "Quantization",
    "Record",
    "Refusal",
    "Run",
    "Shape",
    "Signature",
    "SignatureRunner",
    "StateError",
    "SubgraphPlan",
    "SupportConflict",
    "SupportTable",
    "Tensor",
    "UnknownDelegate",
    "UnsupportedOps",
    "Window",
    "__version__",
    "dtype_of",
    "float_range",
    "fused_activation",
    "hookimpl",
    "load_delegate",
    "needs",
    "plan_model",
    "profile",
    "quantize_multiplier",
    "quantize_multipliers",
    "read_model",
    "rescale",
    "round_half_away",
    "rows_of_modules",
    "stored_range",
    "stored_value",
    "window",
    "write_model",
]

# Imported when first asked for: what only lists plugins or prints a table does without.
_LATER = {
    "Builder": "build",
    "Interpreter": "interpreter",
    "SignatureRunner": "interpreter",
    "load_delegate": "plugins",
    "plan_model": "planning",
    "read_model": "reader",
    "rows_of_modules": "op_modules",
    "write_model": "writer",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LATER[name]}", __name__), name)
