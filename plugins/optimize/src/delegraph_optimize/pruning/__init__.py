"""Weights become zeros: the smallest ones, or those that the others make up for."""

from __future__ import annotations

from .constraint import PruningConstraint, pruning_constraints
from .pattern import Pattern
from .pruned import by_size, prune
from .scan import PruningScan, scan
from .stored_sparse import store_sparse, store_sparse_integers

__all__ = [
    "Pattern",
    "PruningConstraint",
    "PruningScan",
    "by_size",
    "prune",
    "pruning_constraints",
    "scan",
    "store_sparse",
    "store_sparse_integers",
]
