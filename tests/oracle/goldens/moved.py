"""Ops that only move values: LiteRT shows with int32 where values go, and those of every type go there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import litert
import numpy as np
from delegraph import DTYPES
from delegraph.file import write_model
from delegraph_conformance.draft import Draft
from delegraph_conformance.recipe import Recipe
from matrix.run import fact_of, relabelled

MOVERS = set(
    "RESHAPE TRANSPOSE SQUEEZE EXPAND_DIMS SLICE STRIDED_SLICE GATHER GATHER_ND CONCATENATION PACK UNPACK"
    " SPLIT SPLIT_V TILE PAD PADV2 MIRROR_PAD REVERSE_V2 REVERSE_SEQUENCE BROADCAST_TO SPACE_TO_DEPTH"
    " DEPTH_TO_SPACE SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND SELECT SELECT_V2 FILL MATRIX_DIAG MATRIX_SET_DIAG"
    " ONE_HOT DYNAMIC_UPDATE_SLICE STABLEHLO_PAD DILATE SPARSE_TO_DENSE STABLEHLO_GATHER"
    " HASHTABLE_LOOKUP RESIZE_NEAREST_NEIGHBOR".split()
)


def moved(recipe: Recipe, types: str, variant: str, version: int) -> list[np.ndarray] | None:
    """Return the outputs of an op that moves values of a type that LiteRT does not move; None otherwise."""
    if recipe.op not in MOVERS:
        return None
    draft = recipe.draft(version, types, variant, bare=True)
    for other in _with_int32(types):
        shown = recipe.draft(version, other, variant, bare=True)
        if _has_constants(draft, shown):
            continue
        places = _places(draft, shown)
        try:
            label = min(version, fact_of(recipe.op).last_of_ref or version)
            file = write_model(relabelled(shown.model(), recipe.op, label))
            found = litert.run(file, places)
        except litert.LiteRTError:
            continue
        return [
            _values(draft, a, t.dtype) if t.dtype != s.dtype else a
            for a, t, s in zip(found, draft.outputs, shown.outputs, strict=True)
        ]
    return None


def _with_int32(types: str) -> Iterator[str]:
    """Yield the types with int32 in place of one of them."""
    marks = re.split("([:>])", types)
    for place in range(0, len(marks), 2):
        if marks[place] != "int32":
            yield "".join([*marks[:place], "int32", *marks[place + 1 :]])


def _has_constants(draft: Draft, shown: Draft) -> bool:
    """Say whether constants, too, have another type than those of the model that LiteRT runs."""
    ops = [d.op_of(d.model().subgraphs[0]) for d in (draft, shown)]
    pairs = zip(ops[0].inputs, ops[1].inputs, strict=True)
    return any(a.is_constant and a.dtype != b.dtype for a, b in pairs if a is not None and b is not None)


def _places(draft: Draft, shown: Draft) -> list[np.ndarray]:
    """Return the inputs of the model that LiteRT runs: for data, 1 and on, for others their own values."""
    inputs, count = [], 0
    pairs = zip(draft.values.values(), shown.values.values(), _dtypes(draft), _dtypes(shown), strict=True)
    for ours, theirs, dtype, other in pairs:
        if dtype != other:
            inputs.append(np.arange(count + 1, count + ours.size + 1, dtype=np.int32).reshape(ours.shape))
            count += ours.size
        else:
            inputs.append(theirs)
    return inputs


def _values(draft: Draft, places: np.ndarray, dtype: str) -> np.ndarray:
    data = [a.reshape(-1) for a, t in zip(draft.values.values(), _dtypes(draft), strict=True) if t == dtype]
    kind = DTYPES[dtype].numpy
    zero = np.array([b""], object) if dtype == "string" else np.zeros(1, kind)
    return np.concatenate([zero, *data])[places].astype(kind)


def _dtypes(draft: Draft) -> list[str]:
    return [t.dtype for t in draft.model().subgraphs[0].inputs]
