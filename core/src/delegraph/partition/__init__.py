"""From a model to a plan: shapes filled in, constants folded, the graph cut up among delegates."""

from __future__ import annotations

from .budget import DEFAULT_BUDGET, DEFAULT_MAX_TENSOR_BYTES, DEFAULT_MAX_TOTAL_BYTES, Budget, held
from .decisions import Decisions
from .memory_estimate import MemoryEstimate, nbytes
from .partition import partition
from .plan_model import adapted, plan_model
from .specialize import specialize

__all__ = [
    "DEFAULT_BUDGET",
    "DEFAULT_MAX_TENSOR_BYTES",
    "DEFAULT_MAX_TOTAL_BYTES",
    "Budget",
    "Decisions",
    "MemoryEstimate",
    "adapted",
    "held",
    "nbytes",
    "partition",
    "plan_model",
    "specialize",
]
