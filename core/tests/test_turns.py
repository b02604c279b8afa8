"""Ctrl-C at every call of a method: no turn and no ``running()`` is left, its traceback held or not."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager

import pytest
from delegraph import Builder

# Where Python looks for signals: when a function begins, and when one written in C has returned.
PLACES = ("call", "c_return")


def resumed(frame):
    """Say whether a generator goes on where Python 3.10 would end it without what its finally does.

    A signal's handler does not: it runs inside.
    """
    return sys.version_info < (3, 11) and frame.f_lasti >= 0


def interrupted(work, at):
    """Do some work, interrupted at its n-th call; return what came out."""
    left = at

    def count(frame, event, argument):
        nonlocal left
        if event in PLACES and not (event == "call" and resumed(frame)):
            left -= 1
            if left == 0:
                sys.setprofile(None)
                raise KeyboardInterrupt

    gc.disable()  # it calls what hypothesis measures it with, where an interrupt is lost
    sys.setprofile(count)
    try:
        work()
    except KeyboardInterrupt as e:
        return e
    finally:
        sys.setprofile(None)
        gc.enable()
    return None


@pytest.fixture
def negated():
    g = Builder()
    x = g.input((2,), "float32")
    return g.model(outputs=[g.op("NEG", [x], [g.tensor((2,), "float32")])])


@pytest.mark.parametrize(
    "method", ["invoke", "allocate_tensors", "set_tensor", "get_tensor", "get_input_details"]
)
def test_no_interrupt_leaves_a_turn(interpret, toy, negated, method):
    i = interpret(negated, toy())
    i([1, 2])
    arguments = {"set_tensor": (0, i.get_tensor(0)), "get_tensor": (0,)}.get(method, ())
    kept = []
    for at in range(1, 10_000):
        out = interrupted(lambda: getattr(i, method)(*arguments), at)
        if out is None:
            break
        kept.append(out)  # with its traceback, and so with every frame
        i.allocate_tensors()
        assert i([3, 4]).tolist() == [-3, -4], at
    assert len(kept) > 5


def test_ctrl_c_at_the_end_of_running_passes(interpret, toy, negated):
    class Interrupted(toy):
        armed = False

        @contextmanager
        def running(self):
            yield
            if self.armed:
                raise KeyboardInterrupt

    delegate = Interrupted()
    i = interpret(negated, delegate)
    i([1, 2])
    delegate.armed = True
    with pytest.raises(KeyboardInterrupt):
        i([3, 4])
    delegate.armed = False
    assert i([5, 6]).tolist() == [-5, -6]


class Counted:
    """A context that counts who is in it."""

    def __init__(self, inside, number):
        self.inside, self.number = inside, number

    def __enter__(self):
        self.inside.add(self.number)

    def __exit__(self, *exc):
        self.inside.discard(self.number)


@pytest.mark.parametrize("is_generator", [False, True])
@pytest.mark.parametrize("delegates", [1, 2])
def test_no_interrupt_leaves_a_delegate_running(interpret, toy, negated, delegates, is_generator):
    inside = set()

    class Scoped(toy):
        @contextmanager
        def generated(self):
            try:
                inside.add(self.label)
                yield
            finally:
                inside.discard(self.label)

        def running(self):
            return self.generated() if is_generator else Counted(inside, self.label)

        def step(self, op, values):
            assert len(inside) == delegates
            super().step(op, values)

    g = Builder()
    x = g.input((2,), "float32")
    y = g.op("NEG", [x], [g.tensor((2,), "float32")])
    model = g.model(outputs=[g.op("ADD", [x, y], [g.tensor((2,), "float32")])])
    ops = [["NEG", "ADD"]] if delegates == 1 else [["NEG"], ["ADD"]]
    i = interpret(model, *(Scoped(*taken, label=taken[0]) for taken in ops))
    i([1, 2])
    kept = []
    for at in range(1, 10_000):
        out = interrupted(i.invoke, at)
        if out is None:
            break
        kept.append(out)
        assert not inside, at
    assert len(kept) > 20
    assert i([3, 4]).tolist() == [0, 0]
