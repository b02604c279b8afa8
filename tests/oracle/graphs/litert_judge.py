"""LiteRT as the judge of random graphs."""

from __future__ import annotations

from contextlib import AbstractContextManager

import litert
from delegraph.file import write_model
from delegraph.model import Model
from delegraph_conformance.graphs.moves import LACKING


def judge(model: Model) -> AbstractContextManager[litert.Loaded]:
    """Return LiteRT with the model, every tensor kept."""
    return litert.loaded(write_model(model), resolver_of(model), preserve=True)


def resolver_of(model: Model) -> str:
    """Return the resolver that knows a graph's ops; for integers the reference kernels are asked."""
    lacking = any(op.name in LACKING for op in model.subgraphs[0].ops)
    return "BUILTIN_WITHOUT_DEFAULT_DELEGATES" if lacking else "BUILTIN_REF"
