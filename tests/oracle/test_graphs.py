"""Random graphs against LiteRT: a few of each kind in each way to run them.

``python tests/oracle/graphs --help`` runs as many as one likes; DELEGRAPH_GRAPHS=10 runs ten times as many
here, of other seeds.
"""

from __future__ import annotations

import os
from pathlib import Path

import litert
import numpy as np
import pytest
from compiled_quickly import compiled_quickly
from delegraph import Builder
from delegraph_conformance.graphs.case import Case
from delegraph_conformance.graphs.net import KINDS
from delegraph_conformance.graphs.shrink import shrunk
from graphs.check import cases, failures, problem
from graphs.litert_judge import judge
from graphs.report import smallest
from graphs.variants import VARIANTS

TIMES = int(os.environ.get("DELEGRAPH_GRAPHS", "1"))
FIRST = 0 if TIMES == 1 else 10_000  # seed

# kind, variant, graphs
OPENCL = (
    ("float32", "cpu", 16),
    ("float32", "gpu", 16),
    ("float32", "cpu half", 8),
    ("float32", "cpu cached", 8),
    ("float16", "cpu", 8),
    ("int8", "cpu", 16),
    ("int8", "gpu", 8),
    ("int8", "cpu apart", 8),
    ("uint8", "cpu", 8),
    ("int16", "cpu", 16),
    ("int16", "gpu", 8),
    ("hybrid", "cpu", 8),
    ("mixed", "cpu", 8),
)
LITERT = tuple((kind, "litert", 8) for kind in KINDS)
REFERENCE = tuple((kind, "reference", 40) for kind in KINDS)


@pytest.mark.skipif(litert.version() is None, reason="ai-edge-litert is not installed")
@pytest.mark.parametrize(("kind", "variant", "count"), [*OPENCL, *LITERT, *REFERENCE])
def test_a_random_graph_gives_what_litert_gives(
    kind: str, variant: str, count: int, tmp_path: Path
) -> None:
    some = list(cases(kind, range(FIRST, FIRST + count * TIMES)))
    with compiled_quickly():
        found = [smallest(failure, tmp_path) for failure in failures(some, variant)]
    assert not found, "\n\n".join(found)


def test_a_graph_that_comes_out_wrong_is_seen_and_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference delegate with a MUL that adds: of a chain, the MUL alone is left."""
    from delegraph_reference import Reference

    plain = Reference.prepare

    def lying(self: Reference, partition: object) -> object:
        run, muls = plain(self, partition), [op for op in partition.ops if op.name == "MUL"]
        return (lambda *arrays: tuple(a + 1 for a in run(*arrays))) if muls else run

    monkeypatch.setattr(Reference, "prepare", lying)
    g = Builder()
    x = g.input((4,), "float32")
    y = g.op("ABS", [x], [g.tensor((4,), "float32")])
    z = g.op("MUL", [y, y], [g.tensor((4,), "float32")])
    model = g.model([g.op("NEG", [z], [g.tensor((4,), "float32")])])
    batches = ([np.arange(4, dtype=np.float32)], [np.ones(4, np.float32)])
    case = Case("a chain", model, batches)
    variant = VARIANTS["reference"]
    said = problem(case, variant)
    assert said is not None
    assert "values differ" in said
    smaller = shrunk(case, lambda c: problem(c, variant) is not None, judge)
    assert [op.name for op in smaller.model.subgraphs[0].ops] == ["MUL"]
