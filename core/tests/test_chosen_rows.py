"""A partition carries the row that each op was accepted by: nobody looks for it again."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder, Delegate, OpSupport, SupportTable, UnsupportedOps, needs, run_op_by_op
from delegraph.interpreter import Interpreter
from delegraph.partition import partition, specialize
from delegraph.plugins import Plugins


def rows(asked):
    """Return two rows of NEG, for few and for many values; ``asked`` hears of each op that they judge."""

    @needs("at most 3 values")
    def few(op):
        asked.append(op.index)
        return None if op.inputs[0].size <= 3 else f"{op.inputs[0].size}"

    def small(op):
        return lambda x: (-x,)

    def large(op):
        return lambda x: (np.negative(x),)

    types = "float32 -> float32"
    return [OpSupport("NEG", (1, 2), types, (few,), small), OpSupport("NEG", (1, 2), types, (), large)]


class Chip(Delegate):
    name = "chip"
    dynamic = True

    def __init__(self, found):
        super().__init__()
        self.table = SupportTable(self.name, found)

    def prepare(self, partition):
        return run_op_by_op(partition, lambda op: partition.rows[op.index].kernel(op))


def negations(*sizes):
    g = Builder()
    for n in sizes:
        g.op("NEG", [g.input((n,), "float32")], [g.tensor((n,), "float32")])
    return g.model()


def test_each_op_has_the_row_that_accepted_it():
    found = rows([])
    plan = partition(specialize(negations(2, 5, 3)), [Chip(found)], plugins=Plugins())
    (part,) = plan.partitions

    assert part.rows == {0: found[0], 1: found[1], 2: found[0]}
    assert part.of_op(part.ops[1]).rows == {1: found[1]}


def test_a_constraint_is_asked_once_per_op_and_plan():
    asked = []
    i = Interpreter(model=negations(2, 5, 3), delegates=[Chip(rows(asked))], plugins=Plugins())
    i.allocate_tensors()
    i.invoke()
    assert asked == [0, 1, 2]

    i.resize_tensor_input(0, (4,))
    i.allocate_tensors()
    assert asked == [0, 1, 2] * 2


def test_the_row_of_an_op_whose_shape_a_run_decides_is_chosen_in_the_run():
    asked, seen = [], []

    class Telling(Chip):
        def prepare(self, partition):
            seen.extend(partition.rows.values())
            return super().prepare(partition)

    odd = OpSupport(
        "Odd",
        (1, 1),
        "float32 -> float32",
        kernel=lambda op: lambda x: (x[x > 0],),
        shapes=lambda op, given: [None],
    )
    g = Builder()
    some = g.op("Odd", [g.input((5,), "float32")], [g.tensor((), "float32")])
    g.op("NEG", [some], [g.tensor((), "float32")])
    found = rows(asked)
    i = Interpreter(model=g.model(), delegates=[Telling([odd, *found])], plugins=Plugins())
    i.allocate_tensors()
    assert asked == []
    for x in ([1, 1, 1, 1, 0], [1, 1, 0, 0, 0], [1, 1, 0, 0, 0]):
        i(np.float32(x))
    assert asked == [1, 1]
    assert [row for row in seen if row is not odd] == [found[1], found[0]]


def test_a_partition_moves_to_another_delegate_by_that_ones_rows():
    plan = partition(specialize(negations(2)), [Chip(rows([]))], plugins=Plugins())
    other = rows([])
    moved = plan.partitions[0].on(Chip(other))
    assert (moved.label, moved.rows) == ("chip", {0: other[0]})

    with pytest.raises(UnsupportedOps, match=r"op #0 NEG v1 cannot be handled by chip") as caught:
        moved.on(Chip([]))
    (fallback,) = caught.value.fallbacks
    assert (fallback.op.index, fallback.delegate) == (0, "chip")
