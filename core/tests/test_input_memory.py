"""A run function may have memory of its own for its inputs: the interpreter keeps them there."""

from __future__ import annotations

import random

import attrs
import numpy as np
import pytest
from delegraph import Builder, Signature


class Engine:
    """A run function that reads its inputs from its own memory, and copies in what is not there."""

    def __init__(self, partition, run, memory=None):
        self.run, self.copied = run, 0
        self.memory = (
            [np.empty(t.shape, t.dtype) for t in partition.inputs] if memory is None else memory(partition)
        )

    def __call__(self, *inputs):
        for own, value in zip(self.memory, inputs, strict=True):
            if value.base is not own:
                self.copied += 1
                own[...] = value
        return self.run(*self.memory)


@pytest.fixture
def engine(toy):
    class WithMemory(toy):
        name = "engine"
        memory = None
        runs = ()

        def prepare(self, partition):
            self.runs = [*self.runs, Engine(partition, super().prepare(partition), type(self).memory)]
            return self.runs[-1]

    return WithMemory


def sums(size=2):
    """Return -(x + y) and x * y; the engine takes ADD, another MUL."""
    g = Builder()
    x, y = g.input((size,), "int32", "x"), g.input((size,), "int32", "y")
    total = g.op("ADD", [x, y], [g.tensor((abs(size),), "int32")])
    negative = g.op("NEG", [total], [g.tensor((abs(size),), "int32")])
    return g.model([negative, g.op("MUL", [x, y], [g.tensor((abs(size),), "int32")])])


def test_inputs_of_the_model_lie_there_and_nothing_is_copied(engine, toy, interpret):
    delegate = engine("ADD")
    i = interpret(sums(), delegate, toy("NEG", "MUL"))
    assert [a.tolist() for a in i(np.int32([1, 2]), np.int32([3, 4]))] == [[-4, -6], [3, 8]]
    assert delegate.runs[0].copied == 0
    assert delegate.runs[0].memory[0].tolist() == [1, 2]


def test_what_core_calls_has_other_values_and_its_inputs_stay(engine, toy, interpret):
    g = Builder()
    x = g.input((2,), "int32", "x")
    body = g.subgraph("body")
    z = body.input((2,), "int32", "z")
    body.returns(body.op("ADD", [z, z], [body.tensor((2,), "int32")]))
    y = g.op("MUL", [x, x], [g.tensor((2,), "int32")])
    out = g.op("CALL", [y], [g.tensor((2,), "int32")], subgraph=body.index)
    signatures = (Signature("double", {"z": z.index}, {"twice": z.index + 1}, body.index),)
    i = interpret(attrs.evolve(g.model([out]), signatures=signatures), engine("ADD"), toy("MUL"))
    assert i.get_signature_runner("double")(z=np.int32([1, 2]))["twice"].tolist() == [2, 4]
    assert i(np.int32([3, 4])).tolist() == [18, 32]
    assert i.get_tensor(z.index, body.index).tolist() == [1, 2]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_called_inputs_keep_their_values(seed, engine, toy, interpret):
    """Values are set, or written through views; shapes change; a delegate fails or comes."""
    choose = random.Random(seed)

    class Failing(engine):
        def prepare(self, partition):
            run = super().prepare(partition)
            return run if choose.random() < 0.8 else _raises

    first = Failing("ADD", "MUL") if seed % 2 else engine("ADD")
    i = interpret(sums(-1), first, engine("ADD", "MUL", label="more"), toy(), on_failure="fallback")
    i.allocate_tensors()
    values = [np.zeros(1, np.int32), np.zeros(1, np.int32)]

    def set_one(n):
        values[n] = np.int32([choose.randrange(99) for _ in values[n]])
        i.set_tensor(n, values[n])

    def write(n):
        values[n][:] = choose.randrange(99)
        i.tensor(n)()[...] = values[n]

    def resize(n):
        size = choose.randrange(1, 5)
        for k in (0, 1):
            i.resize_tensor_input(k, [size])
            if len(values[k]) != size:
                values[k] = np.zeros(size, np.int32)
        i.allocate_tensors()

    def add(n):
        i.modify_graph_with_delegate(engine("ADD"))

    for _ in range(12):
        choose.choice([set_one, set_one, write, resize, add])(choose.randrange(2))
        i.invoke()
        x, y = values
        assert [i.get_tensor(n).tolist() for n in (0, 1, 3, 4)] == [
            x.tolist(), y.tolist(), (-x - y).tolist(), (x * y).tolist()
        ]  # fmt: skip


def _raises(*inputs):
    raise ValueError("not today")


BAD = {
    "too few": lambda partition: [None],
    "another type": lambda partition: [np.zeros(2, np.int64), None],
    "another shape": lambda partition: [np.zeros(3, np.int32), None],
    "cannot be written": lambda partition: [np.broadcast_to(np.int32(0), 2), None],
    "gaps": lambda partition: [np.zeros(4, np.int32)[::2], None],
    "no arrays": lambda partition: ["x", "y"],
    "no list": lambda partition: 7,
}


@pytest.mark.parametrize("memory", BAD.values(), ids=BAD)
def test_memory_that_does_not_fit_is_a_problem_and_is_left_out(memory, toy, interpret):
    class Wrong(toy):
        def prepare(self, partition):
            run = super().prepare(partition)

            def found(*inputs):
                return run(*inputs)

            found.memory = memory(partition)
            return found

    delegate = Wrong()
    i = interpret(sums(), delegate)
    assert [a.tolist() for a in i(np.int32([1, 2]), np.int32([3, 4]))] == [[-4, -6], [3, 8]]
    (problem,) = delegate.problems
    assert "memory of what" in problem
