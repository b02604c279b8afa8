"""Delegates for .tflite models, as plugins.

What a program needs is here: ``Interpreter``, ``load_delegate``, ``read_model``, ``write_model``; and what
a plugin may use: the values of a model, support rows, the arithmetic that kernels share.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import later

if TYPE_CHECKING:
    from . import batch as batch
    from . import compat as compat
    from . import compiled_model as compiled_model
    from . import interpreter as interpreter
    from . import profile as profile
    from . import rules as rules
    from .cli.common import budget_options, form_options
    from .cli.echo import echo, echo_csv, echo_json
    from .contract import (
        CORE,
        NOBODY,
        Conflict,
        Constraint,
        CutHere,
        Delegate,
        Fallback,
        NoOptions,
        OpSupport,
        Partition,
        Plan,
        Refusal,
        RefusalKind,
        RowsByOp,
        Run,
        SubgraphPlan,
        SupportTable,
        hookimpl,
        needs,
        rows_of_modules,
        run_op_by_op,
    )
    from .errors import (
        DelegateFailed,
        DelegateUnavailable,
        DelegraphError,
        InputError,
        InputNotFound,
        ModelError,
        OptionError,
        PluginError,
        StateError,
        UnknownDelegate,
        UnsupportedOps,
    )
    from .file import check_output, is_same_file, read_model, write_file, write_model
    from .inputs import model_inputs
    from .log import fallbacks_unsaid
    from .model import (
        DTYPES,
        OPERATORS,
        Blocks,
        Builder,
        DType,
        Graph,
        Metadata,
        Model,
        Op,
        OperatorCode,
        Quantization,
        Record,
        Shape,
        Signature,
        Tensor,
        called_subgraphs,
        dtype_of,
        options_record,
    )
    from .numbers import (
        Window,
        float_range,
        fused_activation,
        quantize_multiplier,
        quantize_multipliers,
        rescale,
        round_half_away,
        stored_range,
        stored_value,
        window,
    )
    from .partition import Budget, MemoryEstimate
    from .partition.plan_model import plan_model
    from .plugins import Offer, Plugin, Plugins, Problem, load_delegate
    from .profile import Event
    from .report.notebook import report_html
    from .report.terminal import report_table, report_text
    from .run import Interpreter, SignatureRunner
    from .text import bytes_text, escaped, html_text, shape_text
    from .values import at_least, define, evolve, field, frozen

__version__ = "0.1.0"
__all__ = [
    "CORE",
    "DTYPES",
    "NOBODY",
    "OPERATORS",
    "Blocks",
    "Budget",
    "Builder",
    "Conflict",
    "Constraint",
    "CutHere",
    "DType",
    "Delegate",
    "DelegateFailed",
    "DelegateUnavailable",
    "DelegraphError",
    "Event",
    "Fallback",
    "Graph",
    "InputError",
    "InputNotFound",
    "Interpreter",
    "MemoryEstimate",
    "Metadata",
    "Model",
    "ModelError",
    "NoOptions",
    "Offer",
    "Op",
    "OpSupport",
    "OperatorCode",
    "OptionError",
    "Partition",
    "Plan",
    "Plugin",
    "PluginError",
    "Plugins",
    "Problem",
    "Quantization",
    "Record",
    "Refusal",
    "RefusalKind",
    "RowsByOp",
    "Run",
    "Shape",
    "Signature",
    "SignatureRunner",
    "StateError",
    "SubgraphPlan",
    "SupportTable",
    "Tensor",
    "UnknownDelegate",
    "UnsupportedOps",
    "Window",
    "__version__",
    "at_least",
    "budget_options",
    "bytes_text",
    "called_subgraphs",
    "check_output",
    "define",
    "dtype_of",
    "echo",
    "echo_csv",
    "echo_json",
    "escaped",
    "evolve",
    "fallbacks_unsaid",
    "field",
    "float_range",
    "form_options",
    "frozen",
    "fused_activation",
    "hookimpl",
    "html_text",
    "is_same_file",
    "load_delegate",
    "model_inputs",
    "needs",
    "options_record",
    "plan_model",
    "profile",
    "quantize_multiplier",
    "quantize_multipliers",
    "read_model",
    "report_html",
    "report_table",
    "report_text",
    "rescale",
    "round_half_away",
    "rows_of_modules",
    "run_op_by_op",
    "shape_text",
    "stored_range",
    "stored_value",
    "window",
    "write_file",
    "write_model",
]

# Imported when first asked for: a program pays for what it uses.
_NAMES = {
    "cli.common": "budget_options form_options",
    "cli.echo": "echo echo_csv echo_json",
    "contract": (
        "CORE Conflict Constraint CutHere Delegate Fallback NOBODY NoOptions OpSupport Partition Plan "
        "Refusal RefusalKind RowsByOp Run SubgraphPlan SupportTable hookimpl needs rows_of_modules "
        "run_op_by_op"
    ),
    "errors": (
        "DelegateFailed DelegateUnavailable DelegraphError InputError InputNotFound ModelError "
        "OptionError PluginError StateError UnknownDelegate UnsupportedOps"
    ),
    "file": "check_output is_same_file read_model write_file write_model",
    "inputs": "model_inputs",
    "interpreter": "Interpreter SignatureRunner",
    "log": "fallbacks_unsaid",
    "model": (
        "Blocks DTYPES DType Graph Metadata Model OPERATORS Op OperatorCode Quantization Record Shape "
        "Signature Tensor called_subgraphs dtype_of options_record"
    ),
    "model.builder": "Builder",
    "numbers": (
        "Window float_range fused_activation quantize_multiplier quantize_multipliers rescale "
        "round_half_away stored_range stored_value window"
    ),
    "partition": "Budget MemoryEstimate",
    "partition.plan_model": "plan_model",
    "plugins": "Offer Plugin Plugins Problem load_delegate",
    "profile": "Event",
    "report.notebook": "report_html",
    "report.terminal": "report_table report_text",
    "text": "bytes_text escaped html_text shape_text",
    "values": "at_least define evolve field frozen",
}
_later = later.names(globals(), _NAMES)

# Modules that are public, too, see docs/compatibility.md.
_MODULES = ("batch", "compat", "compiled_model", "interpreter", "profile", "rules")

if not TYPE_CHECKING:  # else every name would pass a type checker

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return import_module(f".{name}", __name__)
        return _later(name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES})  # what plugins and programs may rely on, and no more
