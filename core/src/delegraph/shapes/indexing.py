"""Ops that pick, scatter or look up values by index."""

from __future__ import annotations

import numpy as np

from ..model import Shape
from ..text import shape_text
from ._rule import Inputs, UnknownError


def gather(inputs: Inputs) -> list[Shape]:
    shape, indices = inputs.shape(0), inputs.shape(1)
    axis = inputs.axis(inputs.options.axis, len(shape))
    batch = inputs.options.batch_dims
    batch += len(indices) if batch < 0 else 0
    if not 0 <= batch <= min(axis, len(indices)) or shape[:batch] != indices[:batch]:
        inputs.fail(f"{batch} leading axes in common", f"{shape_text(shape)} and {shape_text(indices)}")
    return [(*shape[:axis], *indices[batch:], *shape[axis + 1 :])]


def gather_nd(inputs: Inputs) -> list[Shape]:
    shape, indices = inputs.shape(0), inputs.shape(1)
    if not indices or indices[-1] > len(shape):
        inputs.fail(f"indices of at most {len(shape)} numbers", f"shape {shape_text(indices)}")
    return [(*indices[:-1], *shape[indices[-1] :])]


def scatter_nd(inputs: Inputs) -> list[Shape]:
    indices, shape = inputs.shape(0), inputs.ints(2)
    if not indices or indices[-1] > len(shape):
        inputs.fail(f"indices of at most {len(shape)} numbers", f"shape {shape_text(indices)}")
    return [shape]


def sparse_to_dense(inputs: Inputs) -> list[Shape]:
    return [inputs.ints(1)]


def one_hot(inputs: Inputs) -> list[Shape]:
    shape, depth = inputs.shape(0), inputs.scalar(1)
    axis = inputs.axis(inputs.options.axis, len(shape) + 1)
    return [(*shape[:axis], depth, *shape[axis:])]


def top_k(inputs: Inputs) -> list[Shape]:
    shape, k = inputs.shape(0), inputs.scalar(1)
    if not shape or not 0 <= k <= shape[-1]:
        inputs.fail("a k no larger than the last axis", f"{k} for shape {shape_text(shape)}")
    return [(*shape[:-1], k)] * 2


def where(inputs: Inputs) -> list[Shape]:
    """WHERE: one row per value that is not zero."""
    return [(int(np.count_nonzero(inputs.values(0))), len(inputs.shape(0)))]


def unique(inputs: Inputs) -> list[Shape]:
    shape = inputs.shape(0)
    try:
        distinct = set(inputs.values(0).ravel().tolist())
    except UnknownError:
        return [None, shape]
    return [(len(distinct),), shape]


def non_max_suppression_v4(inputs: Inputs) -> list[Shape]:
    most = inputs.scalar(2)
    return [(most,), ()]


def non_max_suppression_v5(inputs: Inputs) -> list[Shape]:
    most = inputs.scalar(2)
    return [(most,), (most,), ()]


def segment_sum(inputs: Inputs) -> list[Shape]:
    ids = inputs.ints(1)
    return [((max(ids) + 1 if ids else 0), *inputs.shape(0)[1:])]


def unsorted_segment(inputs: Inputs) -> list[Shape]:
    return [(inputs.scalar(2), *inputs.shape(0)[len(inputs.shape(1)) :])]


def embedding_lookup(inputs: Inputs) -> list[Shape]:
    """EMBEDDING_LOOKUP: input 0 holds row numbers, input 1 the table."""
    return [(*inputs.shape(0, rank=1), *inputs.shape(1)[1:])]


def embedding_lookup_sparse(inputs: Inputs) -> list[Shape]:
    """EMBEDDING_LOOKUP_SPARSE: input 2 holds the dense shape of the ids, whose last axis is combined."""
    return [(*inputs.ints(2)[:-1], *inputs.shape(4)[1:])]


def hashtable_lookup(inputs: Inputs) -> list[Shape]:
    lookups = inputs.shape(0, rank=1)
    return [(*lookups, *inputs.shape(2)[1:]), lookups]


def lsh_projection(inputs: Inputs) -> list[Shape]:
    """LSH_PROJECTION: hash (functions, bits); SPARSE gives one number a function, DENSE one a bit."""
    functions, bits = inputs.shape(0, rank=2)
    return [(functions,) if inputs.options.type == "SPARSE" else (functions * bits,)]


def skip_gram(inputs: Inputs) -> list[Shape]:
    """SKIP_GRAM: how many grams there are, the words decide."""
    return [None]


RULES = {
    "EMBEDDING_LOOKUP": embedding_lookup,
    "EMBEDDING_LOOKUP_SPARSE": embedding_lookup_sparse,
    "GATHER": gather,
    "GATHER_ND": gather_nd,
    "HASHTABLE_LOOKUP": hashtable_lookup,
    "LSH_PROJECTION": lsh_projection,
    "NON_MAX_SUPPRESSION_V4": non_max_suppression_v4,
    "NON_MAX_SUPPRESSION_V5": non_max_suppression_v5,
    "ONE_HOT": one_hot,
    "SCATTER_ND": scatter_nd,
    "SEGMENT_SUM": segment_sum,
    "SKIP_GRAM": skip_gram,
    "SPARSE_TO_DENSE": sparse_to_dense,
    "TOPK_V2": top_k,
    "UNIQUE": unique,
    "UNSORTED_SEGMENT_MAX": unsorted_segment,
    "UNSORTED_SEGMENT_MIN": unsorted_segment,
    "UNSORTED_SEGMENT_PROD": unsorted_segment,
    "UNSORTED_SEGMENT_SUM": unsorted_segment,
    "WHERE": where,
}
