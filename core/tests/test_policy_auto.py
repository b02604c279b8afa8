"""The policy ``auto``: what was the fastest when the plans of a model were measured."""

from __future__ import annotations

import json
import logging

import pytest
from click.testing import CliRunner
from delegraph import Delegate, OpSupport, SupportTable, write_model
from delegraph.cli import main
from delegraph.model import Builder
from delegraph.partition import partition
from delegraph.partition.measured_choice import choice_of, keep_choice
from delegraph.plugins import Plugins


class Timed(Delegate):
    name = "timed"

    def __init__(self, label, *ops):
        super().__init__(label=label)
        self.name = label
        self.table = SupportTable(label, [OpSupport(op, (1, 9), "any* -> any*") for op in ops])

    def prepare(self, partition):
        raise AssertionError("nothing runs")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    return tmp_path


def chain(*names, size=4):
    g = Builder()
    x = g.input((1, size), "float32")
    for name in names:
        x = g.op(name, [x], [g.tensor((1, size), "float32")])
    return g.model()


A, B = Timed("a", "ABS"), Timed("b", "ABS", "NEG")
MODEL = chain("NEG", "ABS", "NEG")


def owners(model=MODEL, policy="auto"):
    plan = partition(model, [A, B], plugins=Plugins(), policy=policy)
    labels = plan.subgraphs[0].labels
    return " ".join(labels[i] for i in sorted(labels)), plan


def test_a_model_that_was_not_measured_is_cut_up_as_greedy_does_it():
    assert owners()[0] == owners(policy="greedy")[0] == "b a b"


@pytest.mark.parametrize(
    ("seconds", "choice"),
    [
        ({"greedy": 2.0, "b": 1.0}, "b"),
        ({"greedy": 2.0, "b": 1.5, "cost": 1.4}, "cost"),
        ({"greedy": 1.0, "b": 2.0}, "greedy"),
        ({"greedy": 1.02, "b": 1.0}, "greedy"),  # no faster than what measurements are off
    ],
)
def test_the_fastest_is_chosen_where_greedy_is_slower_by_more_than_noise(seconds, choice):
    keep_choice(MODEL, [A, B], seconds)

    assert choice_of(MODEL, [A, B]) == choice


def test_a_delegate_that_was_the_fastest_comes_before_all_others_and_the_others_say_why():
    keep_choice(MODEL, [A, B], {"greedy": 2.0, "b": 1.0})
    found, plan = owners()

    assert found == "b b b"
    (refusal,) = plan.subgraphs[0].refusals[1]["a"]
    assert refusal.kind == "cost"
    assert refusal.found.startswith("left to b: ")


def test_the_choice_is_of_these_ops_shapes_and_delegates():
    keep_choice(MODEL, [A, B], {"greedy": 2.0, "b": 1.0})

    assert choice_of(chain("NEG", "ABS", "NEG", size=5), [A, B]) == "greedy"
    assert choice_of(chain("NEG", "ABS"), [A, B]) == "greedy"
    assert choice_of(MODEL, [B, A]) == "greedy"


@pytest.mark.parametrize("text", ["", "{}", '{"key": [], "seconds": {}}', "[" * 10_000])
def test_a_damaged_file_is_left_out_with_a_warning(text, caplog):
    caplog.set_level(logging.WARNING, "delegraph")
    keep_choice(MODEL, [A, B], {"greedy": 2.0, "b": 1.0}).write_text(text)

    assert choice_of(MODEL, [A, B]) == "greedy"
    assert "are left out" in caplog.text


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), "long", 0.0, None])
def test_times_that_are_none_are_left_out(seconds, caplog):
    path = keep_choice(MODEL, [A, B], {"greedy": 2.0, "b": 1.0})
    written = json.loads(path.read_text())
    path.write_text(json.dumps({**written, "seconds": {"greedy": 2.0, "b": seconds}}))

    assert choice_of(MODEL, [A, B]) == "greedy"


def test_the_command_measures_plans_and_keeps_the_fastest(tmp_path):
    pytest.importorskip("delegraph_reference")
    path = tmp_path / "m.tflite"
    path.write_bytes(write_model(chain("NEG", "ABS")))
    found = CliRunner().invoke(main, ["calibrate-costs", str(path), "-d", "reference", "--csv"])

    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines()[0] == "model,plan,seconds"
    assert f"{path},greedy," in found.stdout
    assert len(list(tmp_path.rglob("plans/*.json"))) == 1
    found = CliRunner().invoke(main, ["calibrate-costs", str(path)])
    assert found.exit_code == 2
    assert "plans of a model need delegates" in found.output
