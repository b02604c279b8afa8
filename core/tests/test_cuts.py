"""A check may cut a group: partitions that fit a memory, in any graph, at any op, with the same results."""

from __future__ import annotations

import random

import numpy as np
import pytest
from delegraph import Builder, CutHere, Model, Partition, Plan, Refusal
from delegraph.partition import partition, specialize
from delegraph.plugins import Plugins

MIB = 1 << 20


def planned(model: Model, *delegates) -> Plan:
    return partition(specialize(model), delegates, plugins=Plugins())


def weights(part: Partition) -> int:
    return sum(t.nbytes for op in part.ops for t in op.inputs if t.is_constant)


def random_graph(draw: random.Random, ops: int) -> Model:
    """Return a graph whose ops read what others have computed: chains, diamonds, dead ends, state."""
    g = Builder()
    values = [g.input((2,), "float32") for _ in range(draw.randrange(1, 4))]
    total = g.variable((2,), "float32")
    for _ in range(ops):
        name = draw.choice(("ADD", "ADD", "NEG", "NEG", "Sum"))
        given = [draw.choice(values[-6:]) for _ in range(1 if name in ("NEG", "Sum") else 2)]
        g.op(name, [*given, *([total] if name == "Sum" else [])], [g.tensor((2,), "float32")])
        values.append(g._tensors[-1])
    g.returns(*draw.sample(values, min(len(values), 3)), values[-1])
    return g.model()


def checked(plan: Plan) -> None:
    """Fail unless all ops are placed once and partitions can run in their order."""
    graph = plan.subgraphs[0].graph
    placed = [op.index for part in plan.partitions for op in part.ops]
    assert sorted(placed) == [op.index for op in graph.ops]
    known = {t.index for t in graph.tensors if t.is_constant or t.is_variable} | {
        t.index for t in graph.inputs
    }
    for part in plan.partitions:
        assert {t.index for t in part.inputs} <= known
        for op in part.ops:
            assert {t.index for t in op.inputs} <= known | {t.index for t in part.inputs}
            known |= {t.index for t in op.outputs}
    assert {t.index for t in graph.outputs} <= known


def test_a_delegate_with_1_mib_gets_several_partitions_of_a_4_mib_model(toy, interpret):
    class Small(toy):
        def check(self, part):
            found, held = {}, 0
            for op in part.ops:
                size = sum(t.nbytes for t in op.inputs if t.is_constant)
                held += size
                if held > MIB:
                    found[op.index], held = CutHere(), size
            return found

    g = Builder()
    y = x = g.input((1 << 16,), "float32")
    for i in range(16):
        y = g.op("ADD", [y, g.constant(np.full(1 << 16, i, np.float32))], [g.tensor((1 << 16,), "float32")])
    delegate = Small()
    plan = planned(g.model([y]), delegate)
    checked(plan)
    assert [weights(p) for p in plan.partitions] == [MIB] * 4
    assert plan.fallbacks == ()
    with interpret(g.model([y]), Small()) as interpreter:
        assert interpreter(np.ones(x.shape, np.float32))[0] == 1 + sum(range(16))


@pytest.mark.parametrize("seed", range(60))
def test_any_graph_cut_anywhere_computes_the_same(seed, toy, interpret):
    """Half of the ops are another delegate's; the check cuts and refuses by chance, in several rounds."""
    draw = random.Random(seed)
    model = random_graph(draw, draw.randrange(1, 40))
    chance = {op.index: draw.random() for op in model.subgraphs[0].ops}

    class Cutting(toy):
        def __init__(self):
            super().__init__(label="cutting")
            self.wanted = set()

        def check(self, part):
            indices = [op.index for op in part.ops]
            cuts = [i for i in indices[1:] if draw.random() < 0.2]
            refused = [i for i in indices if i not in cuts and draw.random() < 0.05]
            self.wanted.update(cuts)
            return {i: CutHere() for i in cuts} | {i: [Refusal("luck", "none")] for i in refused}

        def decide(self, op, graph=None):
            row, refusals = super().decide(op, graph)
            return (row, refusals) if chance[op.index] < 0.6 else (None, [Refusal("luck", "none")])

    cutting = Cutting()
    plan = planned(model, cutting, toy(label="rest"))
    checked(plan)
    begins = {p.ops[0].index for p in plan.partitions if p.label == "cutting"}
    kept = {op.index for p in plan.partitions if p.label == "cutting" for op in p.ops}
    assert cutting.wanted & kept <= begins
    arrays = [np.float32([draw.choice((-1, 0, 1)), i]) for i in range(len(model.subgraphs[0].inputs))]
    with interpret(model, Cutting(), toy(label="rest")) as cut, interpret(model) as plain:
        for _ in range(2):  # state is carried on
            found, expected = ({k: v.tolist() for k, v in i.run(_by_index(model, arrays)).items()}
                               for i in (cut, plain))  # fmt: skip
            assert found == expected


def _by_index(model: Model, arrays: list[np.ndarray]) -> dict[int, np.ndarray]:
    return {t.index: a for t, a in zip(model.subgraphs[0].inputs, arrays, strict=True)}


def test_a_graph_cut_at_every_op_is_looked_at_twice(toy):
    seen = 0

    class Crumbs(toy):
        def check(self, part):
            nonlocal seen
            seen += len(part.ops)
            return {op.index: CutHere() for op in part.ops}

    g = Builder()
    y = g.input((1,), "float32")
    for _ in range(500):
        y = g.op("NEG", [y], [g.tensor((1,), "float32")])
    plan = planned(g.model([y]), Crumbs())
    assert [len(p.ops) for p in plan.partitions] == [1] * 500
    assert seen == 2 * 500


def test_parts_that_are_too_small_go_to_the_next_delegate(toy):
    class Cutting(toy):
        min_ops = 2

        def check(self, part):
            return {part.ops[-1].index: CutHere()}

    g = Builder()
    y = g.input((1,), "float32")
    for _ in range(3):
        y = g.op("NEG", [y], [g.tensor((1,), "float32")])
    plan = planned(g.model([y]), Cutting(label="a"), toy(label="b"))
    assert [(p.label, len(p.ops)) for p in plan.partitions] == [("b", 3)]


def test_an_answer_that_is_neither_refuses_the_partition(toy):
    class Wrong(toy):
        def check(self, part):
            return {part.ops[0].index: CutHere}

    g = Builder()
    y = g.op("NEG", [g.input((1,), "float32")], [g.tensor((1,), "float32")])
    (fallback,) = planned(g.model([y]), Wrong(label="a"), toy(label="b")).fallbacks
    assert fallback.refusals[0].rule == "a check of the partition"
