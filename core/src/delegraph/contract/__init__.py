"""What an author of a delegate reads: the delegate, its support rows and options, the hooks, the plan."""

from __future__ import annotations

import numpy  # noqa: F401  # where few calls are under way: see ``later.names``

from .conflicts import Conflict, without_conflicts
from .delegate import Delegate, NoOptions, Run
from .hookspecs import hookimpl
from .op_by_op import run_op_by_op
from .op_modules import rows_of_modules
from .operand_types import types_of
from .options import describe_options
from .packages import (
    HANDS_ON,
    PACKAGES,
    Package,
    delegate_name,
    hint_for_command,
    is_library,
    options_here,
    package_of,
)
from .plan import CORE, NOBODY, Fallback, Partition, Plan, SubgraphPlan
from .slots import Instruction, Slots
from .support_row import (
    Constraint,
    CutHere,
    OpSupport,
    Refusal,
    RefusalKind,
    has_unknown_input,
    has_unknown_shape,
    needs,
    with_origin,
)
from .support_table import RowsByOp, SupportTable, shapes_by_rows

__all__ = [
    "CORE",
    "HANDS_ON",
    "NOBODY",
    "PACKAGES",
    "Conflict",
    "Constraint",
    "CutHere",
    "Delegate",
    "Fallback",
    "Instruction",
    "NoOptions",
    "OpSupport",
    "Package",
    "Partition",
    "Plan",
    "Refusal",
    "RefusalKind",
    "RowsByOp",
    "Run",
    "Slots",
    "SubgraphPlan",
    "SupportTable",
    "delegate_name",
    "describe_options",
    "has_unknown_input",
    "has_unknown_shape",
    "hint_for_command",
    "hookimpl",
    "is_library",
    "needs",
    "options_here",
    "package_of",
    "rows_of_modules",
    "run_op_by_op",
    "shapes_by_rows",
    "types_of",
    "with_origin",
    "without_conflicts",
]
