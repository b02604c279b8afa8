"""The suite is tested: delegates that lie fail it, and the message names the lie; an honest one passes."""

from __future__ import annotations

from pathlib import Path

import pytest
from delegraph_conformance.behaviour.checks import CHECKS
from delegraph_conformance.child import Child, Died
from delegraph_conformance.graphs import findings as graphs
from delegraph_conformance.graphs.dying import smallest_that_dies
from delegraph_conformance.test_graphs import _found
from delegraph_conformance.test_table import _claims
from liars import Liar

GRAPHS = 12

# What the graphs of floats say of each liar.
SAID_BY_GRAPHS = {
    "coarse": "ADD claims steps=0, rtol=1e-05; measured: 0.001 of the largest value",
    "wrong-type": "float64",
    "writes": "read-only",
    "refuses": "it claims every op of this graph, but: DelegateFailed, from a bare NotImplementedError",
    "ignores": "it ignores fused_activation_function=",
    "one-shape": "MUL is wrong at ",
    "idle": "but none is delegated; the first one: op #",
    "raises": "DelegateFailed, from a bare KeyError",
    "unstored": "reads a tensor that it no longer stores",
}

# The check of behaviour that finds each liar, and what it says.
SAID_BY_CHECKS = {
    "writes": ("inputs_stay", "run writes into its inputs, which are read-only"),
    "writes-behind": ("inputs_stay", "run writes into its inputs: "),
    "reuses": ("results_stay", "in a buffer that is used again"),
    "remembers": ("runs_are_alike", "run keeps something"),
    "closes-twice": ("destroyed_in_any_order", "close() a second time raises RuntimeError"),
    "one-scratch": ("in_threads", "in 4 threads, an instance each: "),
    "own-scratch": ("shared_in_threads", "in 4 threads, one instance for all: "),
    "ignores-strides": ("strides_count", "ignores strides"),
    "shares": ("prepared_twice", "one run function changes what the other one returns"),
    "closes-all": ("two_instances", "once another instance is closed"),
    "stays-busy": ("interrupted", "after a run that was interrupted"),
    "swallows": ("interrupted", "an interrupt during run comes out as"),
    "own-state": ("state", "state is not kept from one run to the next"),
    "first-shape": ("dynamic_shapes", "rows: "),
    "alone": ("split_and_rejoined", "with every second op elsewhere"),
    "raises-options": ("garbage_options", "raises a bare KeyError instead of OptionError"),
    "free": ("costs", "needs to return seconds, finite and not below 0, or None, found nan"),
    "leaks": ("made_often", "it leaks: 5"),
}


@pytest.mark.parametrize("name", SAID_BY_GRAPHS)
def test_graphs_name_the_lie(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "MOST", 1)
    said = _of_graphs(name, tmp_path)
    assert SAID_BY_GRAPHS[name] in said, said
    if name != "idle":
        assert "again: pytest --pyargs delegraph_conformance" in said
        assert list(tmp_path.glob("float32-graph-*.tflite"))


@pytest.mark.parametrize("name", SAID_BY_CHECKS)
def test_a_check_names_the_lie(name: str) -> None:
    check, text = SAID_BY_CHECKS[name]
    said = "\n".join(CHECKS[check](Liar(name, {})))
    assert text in said, said


def test_a_process_that_dies_is_named_with_the_graph_which_is_shrunk(tmp_path: Path) -> None:
    with Child(Liar("kills", {})) as child:
        with pytest.raises(Died, match="died of SIGSEGV") as e:
            child.call(_found, "float32", GRAPHS, str(tmp_path))
        assert "float32 graph " in str(e.value)
        said = smallest_that_dies(tmp_path, child.call)
    assert said.count("g.op(") == said.count("g.op('MUL'") == 1, said


def test_a_process_that_hangs_is_named_with_the_graph(tmp_path: Path) -> None:
    with Child(Liar("hangs", {})) as child:
        assert child.call(_claims) > 0  # it has started
        with pytest.raises(pytest.fail.Exception, match="was killed after 5 s") as e:
            child.call(_found, "float32", GRAPHS, str(tmp_path), seconds=5)
    assert "float32 graph " in str(e.value)


def test_an_honest_delegate_passes(tmp_path: Path) -> None:
    assert _of_graphs("honest", tmp_path) == ""
    assert {
        name: found for name, check in CHECKS.items() if (found := list(check(Liar("honest", {}))))
    } == {}


def _of_graphs(name: str, folder: Path) -> str:
    subject = Liar(name, {})
    run, found = graphs.findings(subject, "float32", range(GRAPHS), folder, lambda text: None)
    assert run == GRAPHS
    return "\n".join(found)


def test_every_check_has_a_liar() -> None:
    assert set(CHECKS) - {check for check, _ in SAID_BY_CHECKS.values()} == set()
