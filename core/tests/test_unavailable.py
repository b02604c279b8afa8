"""A delegate that was asked for and cannot work on this machine takes no op, and everybody says so."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import (
    Delegate,
    DelegateUnavailable,
    OpSupport,
    UnsupportedOps,
    hookimpl,
    plan_model,
)
from delegraph.cli import main
from delegraph.file import write_model
from delegraph.interpreter import Interpreter
from delegraph.model import Builder
from delegraph.plugins import Plugins, resolve_delegates
from delegraph.report.plan_text import report, to_json

CAUSE = "no NPU on this machine; plug one in"


@pytest.fixture
def plugins(monkeypatch, toy):
    """Let two delegates be installed: ``npu``, which has no device here, and ``reference``."""

    class NPU(toy):
        name = "npu"

        def __init__(self, options=None, label=None):
            super().__init__(label=label)
            self.__dict__.pop("table")

        def unavailable(self):
            return CAUSE

        def prepare(self, partition):
            raise AssertionError("nothing can be prepared without a device")

    class Reference(NPU):
        name = "reference"
        prepare = toy.prepare

        def unavailable(self):
            return None

    class Plugin:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_delegates(self) -> list[type[Delegate]]:
            return [NPU, Reference]

        @hookimpl
        def delegraph_op_support(self, delegate) -> list[OpSupport]:
            return [OpSupport(op, (1, 9), "any* -> any*") for op in ("NEG", "ADD", "RANGE", "LESS")]

    found = Plugins()
    found.register(Plugin(), "toys")
    monkeypatch.setattr(Plugins, "installed", staticmethod(lambda: found))
    return found


def model():
    """y = x + -x, and -range(n), whose shape only a run shows."""
    g = Builder()
    x, n = g.input((2,), "float32", name="x"), g.input((), "int32", name="n")
    y = g.op("NEG", [x], [g.tensor((2,), "float32")])
    zero, one = g.constant(np.int32(0)), g.constant(np.int32(1))
    many = g.op("RANGE", [zero, n, one], [g.tensor((1,), "int32")])
    negative = g.op("NEG", [many], [g.tensor((1,), "int32", name="negative")])
    return g.model([g.op("ADD", [x, y], [g.tensor((2,), "float32", name="sum")]), negative])


def plan_of(**settings):
    return plan_model(model(), ["npu", "reference"], **settings)


def test_it_refuses_every_op_in_the_plan(plugins):
    plan = plan_of()

    assert {f.op.index for f in plan.fallbacks if f.delegate == "npu"} == {0, 1, 2, 3}
    assert {p.label for p in plan.partitions} == {"reference"}
    assert all(CAUSE in str(f) for f in plan.fallbacks)
    assert {r.kind for f in plan.fallbacks for r in f.refusals} == {"unavailable"}


def test_an_interpreter_has_it_in_its_plan_and_runs_on_the_next(plugins, caplog):
    with Interpreter(model=model(), delegates=["npu"], plugins=plugins) as i:
        found = i.run({"x": np.float32([1, 2]), "n": np.int32(3)})
        assert len(i.plan.fallbacks) == 4

    assert found["sum"].tolist() == [0, 0]
    assert found["negative"].tolist() == [0, -1, -2]
    assert caplog.messages == [f"delegate 'npu' cannot work here: {CAUSE}; reference is used instead"]


@pytest.mark.parametrize("given", [["npu"], ["npu", "reference"]])
def test_full_delegation_to_it_is_refused(plugins, given):
    with (
        Interpreter(model=model(), delegates=given, plugins=plugins, require_full_delegation=True) as i,
        pytest.raises(UnsupportedOps) as e,
    ):
        i.allocate_tensors()

    assert str(e.value) == f"full delegation is required, but npu cannot work here: {CAUSE}"
    assert len(e.value.fallbacks) == 4


def test_full_delegation_is_refused_while_planning_too(plugins):
    with pytest.raises(UnsupportedOps, match="npu cannot work here: no NPU"):
        plan_of(require_full_delegation=True)


def test_the_report_says_it_once_and_json_for_the_delegate_and_each_op(plugins):
    plan = plan_of()

    assert report(plan).count(CAUSE) == 1
    assert f"npu cannot work here and takes no op: {CAUSE}" in report(plan)
    found = to_json(plan)
    assert [d["unavailable"] for d in found["delegates"]] == [CAUSE, None]
    assert [r["reasons"][0]["found"] for r in found["subgraphs"][0]["refusals"]] == [CAUSE] * 4


def test_commands_say_it(plugins, tmp_path):
    file = tmp_path / "model.tflite"
    file.write_bytes(write_model(model()))

    def run(*words):
        return CliRunner().invoke(main, [*words, "-q", "-d", "npu"])

    assert CAUSE in run("partition", str(file)).stdout
    assert f"needs a machine on which npu can work, found {CAUSE}" in run("why", str(file), "0").stdout
    assert json.loads(run("partition", str(file), "--json").stdout)["delegates"][0]["unavailable"] == CAUSE
    refused = run("partition", str(file), "--require-full-delegation")
    assert refused.exit_code != 0
    assert CAUSE in refused.output
    assert "npu, deferred" in run("partition", str(file), "--anywhere").stdout
    assert run("partition", str(file), "--anywhere", "--require-full-delegation").exit_code == 0


def test_a_plan_for_anywhere_is_that_of_a_machine_on_which_it_works(plugins):
    (npu, spare) = resolve_delegates(["npu"], plugins=plugins, must_run=True)
    plan = plan_model(model(), [npu, spare], anywhere=True)

    assert {p.label for p in plan.partitions} == {"npu"}
    assert plan.fallbacks == ()


def test_a_plan_may_be_made_although_no_delegate_can_work(plugins, caplog):
    (npu, _) = resolve_delegates(["npu"], plugins=plugins)
    plan = plan_model(model(), [npu, plugins.load("npu", label="npu:2")])

    assert len(plan.unsupported) in (0, 4)  # with the reference delegate as a spare, or without
    assert "npu:2" in " ".join(caplog.messages)


def test_it_cannot_be_added_to_an_interpreter(plugins):
    with (
        Interpreter(model=model(), plugins=plugins) as i,
        pytest.raises(DelegateUnavailable, match="no NPU"),
    ):
        i.modify_graph_with_delegate("npu")
