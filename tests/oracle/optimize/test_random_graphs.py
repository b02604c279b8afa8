"""Random graphs of floats in every scheme: LiteRT runs what is written, near the floats; integers equal
ours.

DELEGRAPH_GRAPHS=10 runs ten times as many, of other seeds.
"""

from __future__ import annotations

import os
from functools import cache

import litert
import numpy as np
import pytest
from delegraph import Interpreter, Model, write_model
from delegraph_conformance.graphs.copies import joined
from delegraph_conformance.graphs.random_graph import inputs_of, random_graph
from delegraph_optimize import dequantize, quantize
from optimize.test_every_op import decibels, real, stored

TIMES = int(os.environ.get("DELEGRAPH_GRAPHS", "1"))
FIRST = 0 if TIMES == 1 else 10_000  # seed
GRAPHS = 16 * TIMES
TOGETHER = 16  # graphs in a model
SAMPLES = 4

# What the median output keeps, and the share of outputs below 10 decibels: FLOOR, comparisons and EXP make
# much of little.
KEEPS = {
    "float16": (60, 0.02),
    "weights": (35, 0.05),
    "dynamic": (35, 0.05),
    "int8": (30, 0.15),
    "int16x8": (45, 0.1),
}
TYPES = {"int8": "int8", "int16x8": "int16"}


@cache
def models(kind: str) -> list[tuple[Model, list[list[np.ndarray]]]]:
    """Return graphs side by side in one model, with samples."""
    found = []
    for first in range(FIRST, FIRST + GRAPHS, TOGETHER):
        some = [(seed, random_graph(seed, kind)) for seed in range(first, first + TOGETHER)]
        some = [(seed, model) for seed, model in some if _runs(model, seed)]
        rows = [[a for s, m in some for a in inputs_of(m, s + 1000 * i)] for i in range(SAMPLES)]
        found.append((joined([m for _, m in some]), rows))
    return found


def _runs(model: Model, seed: int) -> bool:
    """Say whether LiteRT runs the graph: some it refuses, of some it dies."""
    try:
        return all(np.isfinite(v).all() for v in litert.run(write_model(model), inputs_of(model, seed)))
    except litert.LiteRTError:
        return False


@pytest.mark.parametrize("scheme", list(KEEPS))
def test_quantized_graphs_are_near_the_floats(scheme: str) -> None:
    found: list[float] = []
    for model, rows in models("float32"):
        dtype = TYPES.get(scheme)
        data = [tuple(row) for row in rows] if dtype else None
        made = quantize(model, scheme, data=data, inputs=dtype or "float", least=1)
        graph = made.model.subgraphs[0]
        inputs = [stored(v, t) for v, t in zip(rows[0], graph.inputs, strict=True)]
        wanted = litert.run(write_model(model), rows[0])
        outputs = litert.run(made.content, inputs, "BUILTIN_WITHOUT_DEFAULT_DELEGATES")
        kept = zip(wanted, outputs, graph.outputs, strict=True)
        found += [decibels(w, real(o, t)) for w, o, t in kept if w.dtype == np.float32]
        if dtype:
            _same_as_ours(made.model, inputs)
    least, share = KEEPS[scheme]
    assert np.median(found) > least
    assert np.mean(np.array(found) < 10) <= share


def _same_as_ours(model: Model, inputs: list[np.ndarray]) -> None:
    """Compare integers bit for bit, where what they are made from is: SUM is not (see docs/numbers.md)."""
    graph = model.subgraphs[0]
    names = {t.name for t in graph.outputs if t.dtype != "float32"}
    if any(op.name in ("SUM", "DEPTH_TO_SPACE", "TILE", "GELU") for op in graph.ops):
        resolver = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
    else:
        resolver = "BUILTIN_REF"
    with Interpreter(model=model) as interpreter:
        ours = list(
            interpreter.run({t.index: v for t, v in zip(graph.inputs, inputs, strict=True)}).values()
        )
    theirs = litert.run(write_model(model), inputs, resolver)
    for own, their, tensor in zip(ours, theirs, graph.outputs, strict=True):
        if tensor.name in names:
            off = np.abs(own.astype(int) - their.astype(int)).max(initial=0)
            assert off <= (resolver != "BUILTIN_REF"), tensor.name


@pytest.mark.parametrize("kind", ["float32", "float16", "hybrid"])
def test_the_float_view_computes_what_the_model_does(kind: str) -> None:
    """A hybrid kernel quantizes what it reads while it runs; the view does not."""
    for model, rows in models(kind):
        wanted = litert.run(write_model(model), rows[0])
        outputs = litert.run(dequantize(model).content, rows[0])
        for want, got in zip(wanted, outputs, strict=True):
            if want.dtype == np.float32:
                assert decibels(want, got) > (25 if kind == "hybrid" else 90)
            else:
                assert np.mean(want != got) < 0.05
