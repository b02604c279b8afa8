"""Every tensor in the middle of a random graph, read after the run, has the values that LiteRT computed.

``DELEGRAPH_GRAPHS=10`` tries ten times as many graphs.
"""

from __future__ import annotations

import os

import litert
import numpy as np
import pytest
from compiled_quickly import compiled_quickly
from delegraph import Interpreter, write_model
from delegraph_conformance.graphs.case import Case
from graphs.check import cases

TIMES = int(os.environ.get("DELEGRAPH_GRAPHS", "1"))
COUNTS = (("float32", "reference", 8), ("int8", "reference", 6), ("float32", "opencl", 2))
MOST = {"opencl": 2}  # tensors of a graph: for each the model is compiled again
RESOLVERS = {"f": "BUILTIN_WITHOUT_DEFAULT_DELEGATES"}  # the exact one lacks ops of floats
CLOSE = 1e-3  # of the largest value


def wrong(case: Case, delegate: str) -> list[str]:
    """Read tensors that ops compute, one after the other in some order; say what is wrong."""
    graph, inputs = case.model.subgraphs[0], case.batches[0]
    computed = [t for op in graph.ops for t in op.outputs]
    indices = [t.index for t in computed]
    resolver = RESOLVERS.get(inputs[0].dtype.kind, "BUILTIN_REF")
    try:
        expected = litert.run(write_model(case.model), inputs, resolver, indices, preserve=True)
    except litert.LiteRTCrashed:
        return []  # it dies of some graphs when it preserves all tensors
    interpreter = Interpreter(model=case.model, delegates=[delegate], keep_read_tensors=True)
    interpreter.allocate_tensors()
    for tensor, values in zip(graph.inputs, inputs, strict=True):
        interpreter.set_tensor(tensor.index, values)
    interpreter.invoke()
    order = np.argsort(np.random.PCG64(len(indices)).random_raw(len(indices)), kind="stable")
    chosen = order.tolist()[: MOST.get(delegate)]
    found = {i: np.asarray(interpreter.get_tensor(indices[i])) for i in chosen}
    pairs = ((computed[i], expected[i], values) for i, values in found.items())
    return [f"{case.name}, tensor {t.index}: {why}" for t, e, f in pairs if (why := _difference(e, f))]


def _difference(expected: np.ndarray, found: np.ndarray) -> str:
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return f"{expected.dtype} {expected.shape} in LiteRT, {found.dtype} {found.shape}"
    if expected.dtype.kind != "f":
        return "" if np.array_equal(expected, found) else "integers differ"
    finite = np.isfinite(expected)
    off = np.abs(np.where(finite, found, 0) - np.where(finite, expected, 0)).max(initial=0)
    largest = np.abs(expected[finite]).max(initial=1e-6)
    return "" if off <= CLOSE * largest else f"{off / largest:.2g} of the largest value off"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.skipif(litert.version() is None, reason="ai-edge-litert is not installed")
@pytest.mark.parametrize(("kind", "delegate", "count"), COUNTS)
def test_what_is_read_in_the_middle_is_what_litert_has_there(kind: str, delegate: str, count: int) -> None:
    first = 0 if TIMES == 1 else 30_000
    with compiled_quickly():
        found = [
            w for case in cases(kind, range(first, first + count * TIMES)) for w in wrong(case, delegate)
        ]
    assert not found, "\n".join(found)
