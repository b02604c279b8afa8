"""Pruned graphs in LiteRT and on the reference delegate: sparse tensors compute what dense ones do.

DELEGRAPH_GRAPHS=10 runs ten times as many, of other seeds.
"""

from __future__ import annotations

import litert
import numpy as np
import pytest
from delegraph import Interpreter, Model, write_model
from delegraph_optimize import LayerRule, prune
from optimize.test_random_graphs import models

PATTERNS = {"unstructured": 0.8, "block:1x4": 0.75, "block:4x4": 0.75, "2:4": None, "7:8": None}
EVERYWHERE = [LayerRule(op="DEPTHWISE_CONV_2D", sparsity=0.75, pattern="unstructured")]


def ours(model: Model, inputs: list[np.ndarray]) -> list[np.ndarray]:
    with Interpreter(model=model, delegates=["reference"]) as interpreter:
        tensors = model.subgraphs[0].inputs
        return list(interpreter.run({t.index: v for t, v in zip(tensors, inputs, strict=True)}).values())


@pytest.mark.parametrize("pattern", list(PATTERNS))
def test_sparse_tensors_compute_what_dense_ones_do(pattern: str) -> None:
    stored = 0
    for model, rows in models("float32"):
        asked = {"sparsity": PATTERNS[pattern], "pattern": pattern, "rules": EVERYWHERE}
        dense, sparse = prune(model, **asked), prune(model, **asked, sparse=True)
        stored += sum(o.stored.startswith("sparse") for o in sparse.report.outcomes)
        wanted = litert.run(write_model(dense.model), rows[0], "BUILTIN_WITHOUT_DEFAULT_DELEGATES")
        for resolver in ("BUILTIN_WITHOUT_DEFAULT_DELEGATES", "BUILTIN"):
            _same(wanted, litert.run(sparse.content, rows[0], resolver))
        _same(wanted, ours(sparse.model, rows[0]))
    assert stored >= 4


def _same(wanted: list[np.ndarray], found: list[np.ndarray]) -> None:
    for want, got in zip(wanted, found, strict=True):
        if want.dtype == np.float32:
            largest = max(float(np.abs(want).max(initial=0)), 1.0)
            assert np.allclose(want, got, rtol=1e-4, atol=1e-4 * largest, equal_nan=True)
        else:
            assert np.mean(want != got) < 0.05
