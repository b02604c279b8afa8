"""Planning without running: for commands and plugins that only look."""

from __future__ import annotations

import itertools
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from delegraph import Interpreter, fallbacks_unsaid, plan_model
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
    assert "toy does not take 1 of 2 ops (Mine): no delegate does" in caplog.text


def test_a_plan_can_be_made_without_a_word(toy, caplog):
    plan_model(model("Mine"), [toy("ABS")], warn=False)

    assert caplog.text == ""


def test_fallbacks_are_unsaid_in_a_block_and_said_behind_it(toy, caplog):
    with fallbacks_unsaid():
        plan_model(model("Mine"), [toy("ABS")])
    assert caplog.text == ""

    plan_model(model("Mine"), [toy("ABS")])
    assert "toy does not take 1 of 1 op (Mine): no delegate does" in caplog.text


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


def _if(g, x, callee, other):
    c = g.constant(np.array(True))
    y = g.tensor((1,), "float32")
    g.op("IF", [c, x], [y], then_subgraph_index=callee, else_subgraph_index=other)
    return y


def _while(g, x, callee, other):
    y = g.tensor((1,), "float32")
    g.op("WHILE", [x], [y], cond_subgraph_index=g.subgraph_of_truth, body_subgraph_index=callee)
    return y


def _call(g, x, callee, other):
    y, z = g.tensor((1,), "float32"), g.tensor((1,), "float32")
    g.op("CALL", [x], [y], subgraph=callee)
    g.op("CALL", [y], [z], subgraph=other)
    return z


def _composite(g, x, callee, other):
    y, z = g.tensor((1,), "float32"), g.tensor((1,), "float32")
    g.op("STABLEHLO_COMPOSITE", [x], [y], name="a.b", decomposition_subgraph_index=callee)
    g.op("STABLEHLO_COMPOSITE", [y], [z], name="a.b", decomposition_subgraph_index=other)
    return z


def nested(calls, grows, depth=90):
    """Each of ``depth`` subgraphs calls the next twice; with ``grows`` for other shapes each time."""
    main = g = Builder()
    truth = main.subgraph("truth")
    truth.input((1,), "float32")
    truth.returns(truth.constant(np.array(False)))
    for level in range(depth):
        g.subgraph_of_truth = truth.index
        x = g.input((1,), "float32")
        below = main.subgraph(f"level{level}")
        y = calls(g, x, below.index, below.index)
        if grows and level < 60:
            more = g.constant(np.zeros(1 << min(level, 8), np.float32))
            longer = g.op("CONCATENATION", [x, more], [g.tensor((1,), "float32")], axis=0)
            calls(g, longer, below.index, below.index)
        g.returns(y)
        g = below
    x = g.input((1,), "float32")
    g.returns(g.op("NEG", [x], [g.tensor((1,), "float32")]))
    return main.model()


@pytest.mark.parametrize("grows", [False, True])
@pytest.mark.parametrize("calls", [_if, _while, _call, _composite])
def test_planning_does_not_walk_a_subgraph_anew_for_each_call(toy, calls, grows):
    given = nested(calls, grows)
    with at_most_calls(MOST_CALLS):
        i = Interpreter(model=given, delegates=[toy()])
        i.allocate_tensors()
        i.memory()


MOST_CALLS = 2_000_000  # of functions; the slowest takes a third of them, 2**90 walks would never end


@contextmanager
def at_most_calls(most):
    """Fail when one Python function too many is called; a clock would fail on a busy machine, too."""
    found = itertools.count(1)

    def count(frame, event, argument):
        if event == "call" and next(found) > most:
            sys.setprofile(None)
            pytest.fail(f"more than {most} calls of functions")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)
