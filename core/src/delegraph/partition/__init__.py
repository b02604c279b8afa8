"""From a model to a plan: shapes filled in, constants folded, the graph cut up among delegates."""

from __future__ import annotations

from .decisions import Decisions
from .memory_estimate import MemoryEstimate
from .partition import partition
from .plan_model import adapted, plan_model
from .specialize import DEFAULT_MAX_TENSOR_BYTES, specialize

__all__ = [
    "DEFAULT_MAX_TENSOR_BYTES",
    "Decisions",
    "MemoryEstimate",
    "adapted",
    "partition",
    "plan_model",
    "specialize",
]
