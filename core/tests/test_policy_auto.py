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
from delegraph.partition.measured_choice import choice_of, fastest, is_decided, keep_choice
from delegraph.plugins import Plugins
from delegraph.report import measure_plans


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


def steady(**seconds):
    """Runs of plans that take ``seconds`` each, half of the time 1 % more."""
    return {name: [each * (1 + 0.01 * (i % 2)) for i in range(20)] for name, each in seconds.items()}


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
        ({"greedy": 1.0}, "greedy"),
    ],
)
def test_the_fastest_is_chosen_where_greedy_is_slower_by_more_than_noise(seconds, choice):
    keep_choice(MODEL, [A, B], steady(**seconds))

    assert choice_of(MODEL, [A, B]) == choice


def test_one_lucky_run_decides_nothing():
    times = {"greedy": [2.0] * 20, "cost": [2.5] * 19 + [1.5]}

    assert fastest(times) == "greedy"
    assert is_decided(times)


def test_neighbors_are_compared_however_slow_a_moment_was():
    slow = [1.0, 1.0, 7.0, 30.0, 1.0] * 4

    assert fastest({"greedy": [1.1 * s for s in slow], "b": slow}) == "b"


@pytest.mark.parametrize("runs", [1, 8])
def test_of_few_runs_nothing_is_sure(runs):
    times = {"greedy": [2.0] * runs, "b": [1.0] * runs}

    assert fastest(times) == "greedy"
    assert not is_decided(times)


def test_plans_run_in_turn_until_it_is_sure_which_is_the_fastest(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(measure_plans, "perf_counter", lambda: now[0])

    def taking(*seconds):
        calls = iter(range(10**6))
        return lambda: now.__setitem__(0, now[0] + seconds[next(calls) // 2 % len(seconds)])

    sure = measure_plans.times_in_turn({"greedy": taking(0.02), "b": taking(0.01)})
    assert len(sure["b"]) == 10  # 0.3 s for each
    unsure = measure_plans.times_in_turn({"greedy": taking(0.01), "b": taking(0.008, 0.012)})
    assert len(unsure["b"]) == pytest.approx(90, abs=1)  # 1.8 s for each


def test_a_delegate_that_was_the_fastest_comes_before_all_others_and_the_others_say_why():
    keep_choice(MODEL, [A, B], steady(greedy=2.0, b=1.0))
    found, plan = owners()

    assert found == "b b b"
    (refusal,) = plan.subgraphs[0].refusals[1]["a"]
    assert refusal.kind == "cost"
    assert refusal.found.startswith("left to b: ")


def test_the_choice_is_of_these_ops_shapes_and_delegates():
    keep_choice(MODEL, [A, B], steady(greedy=2.0, b=1.0))

    assert choice_of(chain("NEG", "ABS", "NEG", size=5), [A, B]) == "greedy"
    assert choice_of(chain("NEG", "ABS"), [A, B]) == "greedy"
    assert choice_of(MODEL, [B, A]) == "greedy"


@pytest.mark.parametrize("text", ["", "{}", '{"key": [], "choice": "b", "seconds": {}}', "[" * 10_000])
def test_a_damaged_file_is_left_out_with_a_warning(text, caplog):
    caplog.set_level(logging.WARNING, "delegraph")
    keep_choice(MODEL, [A, B], steady(greedy=2.0, b=1.0)).write_text(text)

    assert choice_of(MODEL, [A, B]) == "greedy"
    assert "are left out" in caplog.text


@pytest.mark.parametrize("choice", [1.0, None, ["b"]])
def test_a_choice_that_is_no_name_is_left_out(choice):
    path = keep_choice(MODEL, [A, B], steady(greedy=2.0, b=1.0))
    path.write_text(json.dumps({**json.loads(path.read_text()), "choice": choice}))

    assert choice_of(MODEL, [A, B]) == "greedy"


@pytest.mark.parametrize("choice", ["auto", "nosuch", ""])
def test_a_choice_of_nothing_that_there_is_is_greedy(choice):
    path = keep_choice(MODEL, [A, B], steady(greedy=2.0, b=1.0))
    path.write_text(json.dumps({**json.loads(path.read_text()), "choice": choice}))

    assert owners()[0] == owners(policy="greedy")[0]


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
