"""A partition carries the row that each op was accepted by: nobody looks for it again."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder, Delegate, OpSupport, SupportTable, UnsupportedOps, needs, run_op_by_op
from delegraph.interpreter import Interpreter
from delegraph.partition import partition, plan_model, specialize
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


class Reference(Chip):
    name = "reference"  # the one that computes ops of constants


def judged(asked, *ops):
    """Return rows that take some ops and refuse ABS; ``asked`` hears of each op that they judge."""

    @needs("no ABS")
    def luck(op):
        asked.append(op.name)
        return "one" if op.name == "ABS" else None

    types = "float32 -> float32"
    return [OpSupport(op, (1, 2), types, (luck,), lambda op: lambda x: (-x,)) for op in ops]


def of_constants(b):
    """Add NEG of a constant, which is folded, and ABS of that, which is not."""
    x = b.constant(np.float32([1, 2]))
    for op in ("NEG", "ABS"):
        x = b.op(op, [x], [b.tensor((2,), "float32")])
    return x


def plain():
    g = Builder()
    return g.model([of_constants(g)])


def in_a_loop():
    """``i, x = 0, 0; while i < 3: i, x = i + 1, abs(-constant)``."""
    g = Builder()
    cond, body = g.subgraph("cond"), g.subgraph("body")
    (n, _), (i, _) = ([b.input((), "int32"), b.input((2,), "float32")] for b in (cond, body))
    cond.returns(cond.op("LESS", [n, cond.constant(np.int32(3))], [cond.tensor((), "bool")]))
    after = body.op("ADD", [i, body.constant(np.int32(1))], [body.tensor((), "int32")])
    body.returns(after, of_constants(body))
    start = [g.input((), "int32"), g.input((2,), "float32")]
    ends = [g.tensor((), "int32"), g.tensor((2,), "float32")]
    called = {"cond_subgraph_index": cond.index, "body_subgraph_index": body.index}
    return g.model(list(g.op("WHILE", start, ends, **called)))


@pytest.mark.parametrize("model", [plain(), in_a_loop()], ids=["plain", "in a loop"])
@pytest.mark.parametrize("by", ["plan_model", "Interpreter"])
def test_a_constraint_is_asked_once_of_an_op_of_constants_that_is_not_folded(model, by):
    asked, others = [], []
    counting = [
        OpSupport("LESS", (1, 1), "int32 int32 -> bool"),
        OpSupport("ADD", (1, 1), "T T -> T", T="int32"),
    ]
    first, last = Reference([*judged(asked, "NEG", "ABS"), *counting]), Chip(judged(others, "NEG"))
    if by == "plan_model":
        plan = plan_model(model, [first, last], warn=False)
    else:
        plan = Interpreter(model=model, delegates=[first, last], plugins=Plugins()).plan

    assert [op.name for sub in plan.subgraphs for op in sub.folded] == ["NEG"]
    assert [str(f.op.name) for f in plan.fallbacks if f.delegate == "reference"] == ["ABS"]
    assert (asked, others) == (["NEG", "ABS"], [])


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
