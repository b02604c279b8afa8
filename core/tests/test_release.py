"""release() of a run function: called once, when core has dropped it, not while it may still be run."""

from __future__ import annotations

import random

import numpy as np
import pytest
from delegraph import Builder


class Runs:
    """What was prepared: each is live until it is released, and must not be run or released after that."""

    def __init__(self):
        self.live, self.released = set(), 0

    def of(self, run):
        return _Run(self, run)


class _Run:
    def __init__(self, runs, run):
        self.runs, self.run = runs, run
        runs.live.add(self)

    def __call__(self, *arrays):
        assert self in self.runs.live
        return self.run(*arrays)

    def release(self):
        self.runs.live.remove(self)
        self.runs.released += 1


@pytest.fixture
def counting(toy):
    class Counting(toy):
        def __init__(self, *ops, **settings):
            super().__init__(*ops, **settings)
            self.runs = Runs()

        def prepare(self, part):
            return self.runs.of(super().prepare(part))

    return Counting


def chain():
    g = Builder()
    x = g.input((-1,), "int32", "x")
    y = g.op("NEG", [x], [g.tensor((1,), "int32")])
    z = g.op("Odd", [y], [g.tensor((1,), "int32")])  # only a run shows its shape
    g.op("ADD", [z, z], [g.tensor((1,), "int32")])
    return g.model()


def test_a_resize_lets_go_of_what_no_longer_fits(counting, interpret):
    delegate = counting()
    with interpret(chain(), delegate) as interpreter:
        for size in (3, 5):
            interpreter(np.arange(size, dtype=np.int32))
            assert len(delegate.runs.live) == 3
        assert delegate.runs.released == 3
    assert delegate.runs.live == set()


def test_variants_that_are_kept_no_longer_are_let_go(counting, interpret, monkeypatch):
    monkeypatch.setattr("delegraph.run.partition_run.KEPT_LIGHT", 2)
    delegate = counting()
    with interpret(chain(), delegate) as interpreter:
        for odds in (1, 2, 3, 4):
            interpreter(np.int32([1] * odds + [2] * (4 - odds)))
        assert delegate.runs.released == 2  # of the ADD; NEG, the one shape of Odd's input and 2 ADDs live
        assert len(delegate.runs.live) == 4


def test_one_that_raises_is_a_problem_and_the_others_are_let_go(counting, interpret, monkeypatch):
    def release(self):
        self.runs.live.remove(self)
        raise SystemExit("no")

    monkeypatch.setattr(_Run, "release", release)
    delegate = counting()
    with interpret(chain(), delegate) as interpreter:
        interpreter(np.int32([1, 2]))
    assert delegate.runs.live == set()
    assert any("release() of what delegate 'toy'" in problem for problem in delegate.problems)


def test_a_run_function_need_not_have_one(toy, interpret):
    delegate = toy()
    with interpret(chain(), delegate) as interpreter:
        interpreter(np.int32([1]))
    assert delegate.problems == ()


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_all_is_let_go_once_and_in_time(seed, counting, interpret):
    """Resizes, runs, allocations that fail and signatures in any order; what is run is live."""
    draw = random.Random(seed)

    class Failing(counting):
        def prepare(self, part):
            if draw.random() < 0.1:
                raise RuntimeError("luck")
            return super().prepare(part)

    delegates = [Failing("NEG", "ADD", label="a"), counting(label="b")]
    with interpret(chain(), *delegates, on_failure=draw.choice(("raise", "fallback"))) as interpreter:
        for _ in range(12):
            size = draw.randrange(1, 5)
            try:
                if draw.random() < 0.5:
                    interpreter.resize_tensor_input(0, [size])
                    interpreter.allocate_tensors()
                else:
                    interpreter(np.arange(size, dtype=np.int32))
            except RuntimeError:
                assert interpreter is not None
            assert sum(len(d.runs.live) for d in delegates) <= 8
    assert all(d.runs.live == set() for d in delegates)
    assert any(d.runs.released for d in delegates)
