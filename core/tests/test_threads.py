"""One interpreter serves one thread at a time; several may share a model."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from delegraph import StateError
from delegraph.model import Builder, Model


def summing() -> Model:
    g = Builder()
    x = g.input((1,), "float32", name="x")
    total = g.variable((1,), "float32")
    return g.model(outputs=[g.op("Sum", [x, total], [g.tensor((1,), "float32")])])


def test_a_second_thread_gets_a_clear_error_while_the_first_goes_on(interpret, toy):
    entered, leave = threading.Event(), threading.Event()

    class Slow(toy):
        def step(self, op, values):
            entered.set()
            assert leave.wait(10)
            super().step(op, values)

    i = interpret(summing(), Slow())
    i.allocate_tensors()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(i.invoke)
        assert entered.wait(10)
        for call in (
            i.invoke,
            i.allocate_tensors,
            lambda: i.set_tensor(0, np.zeros(1, np.float32)),
            i.close,
        ):
            with pytest.raises(StateError, match="needs the interpreter for itself"):
                call()
        leave.set()
        first.result(10)
    i.invoke()  # it is free again


def test_a_delegate_that_calls_back_into_its_interpreter_gets_the_same_error(interpret, toy):
    class Recursive(toy):
        def step(self, op, values):
            found.invoke()

    found = interpret(summing(), Recursive())
    found.allocate_tensors()
    with pytest.raises(RuntimeError, match="needs the interpreter for itself"):
        found.invoke()


def test_interpreters_in_several_threads_share_one_model(interpret):
    model = summing()

    def work(n: int) -> list[float]:
        i = interpret(model)
        return [i([n]).item() for _ in range(20)]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(1, 9)))
    assert results == [[n * k for k in range(1, 21)] for n in range(1, 9)]


def test_one_delegate_may_serve_interpreters_of_one_thread(interpret, toy):
    delegate = toy()
    first, second = interpret(summing(), delegate), interpret(summing(), delegate)
    assert [first([1]).item(), second([1]).item(), first([1]).item()] == [1, 1, 2]
