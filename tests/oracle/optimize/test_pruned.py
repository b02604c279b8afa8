"""Pruned graphs in LiteRT and on the reference delegate: sparse tensors compute what dense ones do.

DELEGRAPH_GRAPHS=10 runs ten times as many, of other seeds.
"""

from __future__ import annotations

import os

import litert
import numpy as np
import pytest
from delegraph import Builder, Interpreter, Model, write_model
from delegraph_optimize import LayerRule, prune, quantize
from delegraph_optimize.pruning import neighbours
from optimize.test_random_graphs import models

PATTERNS = {"unstructured": 0.8, "block:1x4": 0.75, "block:4x4": 0.75, "2:4": None, "7:8": None}
TIMES = int(os.environ.get("DELEGRAPH_GRAPHS", "1"))
EVERYWHERE = [LayerRule(op="DEPTHWISE_CONV_2D", sparsity=0.75, pattern="unstructured")]


def ours(model: Model, inputs: list[np.ndarray]) -> list[np.ndarray]:
    with Interpreter(model=model, delegates=["reference"]) as interpreter:
        tensors = model.subgraphs[0].inputs
        return list(interpreter.run({t.index: v for t, v in zip(tensors, inputs, strict=True)}).values())


@pytest.mark.parametrize("pattern", list(PATTERNS))
def test_sparse_tensors_compute_what_dense_ones_do(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "_SHUFFLES", 0)  # any order of the channels will do
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


@pytest.mark.parametrize("seed", range(3 * TIMES))
def test_sparse_integers_compute_what_dense_ones_do(seed: int) -> None:
    """Products beside each other; LiteRT runs those sparse whose inputs are whole blocks of 16."""
    rng = np.random.default_rng(seed)
    model, rows = _products(rng)
    data = [{f"x{i}": v for i, v in enumerate(_inputs(rng, rows))} for _ in range(8)]
    pruned = prune(model, float(rng.choice([0.3, 0.6, 0.9])), pattern="block:1x16").model
    dense, sparse = (quantize(pruned, "int8", data=data, effort="fast", sparse=s) for s in (False, True))
    graph, inputs = sparse.model.subgraphs[0], _inputs(rng, rows)
    assert any(t is not None and t.sparsity is not None for op in graph.ops for t in op.inputs)
    steps = {op.outputs[0].index: op.inputs[0].scale for op in graph.ops if op.name == "DEQUANTIZE"}
    wanted, found = (litert.run(m.content, inputs, "BUILTIN_REF") for m in (dense, sparse))
    others = litert.run(sparse.content, inputs, "BUILTIN"), wanted
    for tensor, got, own, *rest in zip(
        graph.outputs, found, ours(sparse.model, inputs), *others, strict=True
    ):
        step = steps.get(tensor.index, 1e-3)  # where an op stayed in floats
        assert np.array_equal(got, own) or tensor.index not in steps
        for other in (own, *rest):  # dense sums are rounded once, sparse ones twice
            assert np.abs(got - other).max() <= 1.01 * step


def _products(rng: np.random.Generator) -> tuple[Model, list[tuple[int, int]]]:
    """Return a model, and the shapes that it reads."""
    g, made, rows = Builder(), [], []
    for number in range(8):
        depth, units, batch = (int(rng.choice(c)) for c in ([16, 32, 80, 24, 4096], [1, 3, 8, 17], [1, 3]))
        x = g.input((batch, depth), "float32", f"x{number}")
        w = g.constant(rng.normal(size=(units, depth)).astype(np.float32))
        bias = g.constant(rng.normal(size=units).astype(np.float32)) if rng.integers(2) else None
        y = g.tensor((batch, units), "float32", f"y{number}")
        fused = str(rng.choice(["NONE", "RELU", "RELU6"]))
        made.append(g.op("FULLY_CONNECTED", [x, w, bias], [y], fused_activation_function=fused))
        rows.append((batch, depth))
    return g.model(made), rows


def _inputs(rng: np.random.Generator, rows: list[tuple[int, int]]) -> list[np.ndarray]:
    return [rng.normal(size=shape).astype(np.float32) for shape in rows]


def _same(wanted: list[np.ndarray], found: list[np.ndarray]) -> None:
    for want, got in zip(wanted, found, strict=True):
        if want.dtype == np.float32:
            largest = max(float(np.abs(want).max(initial=0)), 1.0)
            assert np.allclose(want, got, rtol=1e-4, atol=1e-4 * largest, equal_nan=True)
        else:
            assert np.mean(want != got) < 0.05
