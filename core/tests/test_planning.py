"""Planning without running: for commands and plugins that only look."""

from __future__ import annotations

import numpy as np
from delegraph import Interpreter, plan_model
from delegraph.model import Builder


def model(*names):
    g = Builder()
    x = g.input((1, 4), "float32")
    for name in names:
        x = g.op(name, [x], [g.tensor((1, 4), "float32")])
    return g.model()


def test_a_plan_may_leave_ops_to_nobody(toy, caplog):
    plan = plan_model(model("ABS", "Mine"), [toy("ABS")])

    assert plan.subgraphs[0].labels[0] == "toy"
    assert [op.name for _, op in plan.unsupported] == ["Mine"]
    assert "op #1 Mine v1 cannot be handled by toy" in caplog.text


def test_a_plan_can_be_made_without_a_word(toy, caplog):
    plan_model(model("Mine"), [toy("ABS")], warn=False)

    assert caplog.text == ""


def test_limits_are_those_of_partitioning(toy):
    plan = plan_model(model("ABS", "Mine", "ABS"), [toy("ABS"), toy("Odd")], max_partitions=1, warn=False)

    assert [p.label for p in plan.partitions].count("toy") == 1


def test_a_delegate_may_adapt_the_model_before_it_is_planned(toy):
    """In the order of preference: each gets what the one before made of it."""
    seen = []

    def adapting(delegate, *names):
        delegate.adapted = lambda given: seen.append(names_of(given)) or model(*names)
        return delegate

    plan = plan_model(
        model("ABS"), [adapting(toy("ABS"), "NEG", "ABS"), adapting(toy("Mine"), "ABS", "Mine")], warn=False
    )

    assert seen == [["ABS"], ["NEG", "ABS"]]
    assert [op.name for p in plan.partitions for op in p.ops] == ["ABS", "Mine"]


def test_an_interpreter_runs_the_adapted_model(toy):
    delegate = toy()
    delegate.adapted = lambda given: wider()

    with Interpreter(model=model("NEG"), delegates=[delegate]) as interpreter:
        assert interpreter.get_input_details()[0]["shape"].tolist() == [1, 8]
        assert np.array_equal(interpreter(np.full((1, 8), -2, np.float32)), np.full((1, 8), 2))


def test_a_delegate_leaves_the_model_as_it_is_by_default(toy):
    given = model("ABS")

    assert toy("ABS").adapted(given) is given


def names_of(given):
    return [op.name for op in given.subgraphs[0].ops]


def wider():
    g = Builder()
    x = g.input((1, 8), "float32")
    return g.model(outputs=[g.op("NEG", [x], [g.tensor((1, 8), "float32")])])
