"""Whatever mistake a delegate makes in whatever op of whatever graph, compare finds it, and where it is.

DELEGRAPH_EXAMPLES makes more graphs.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from delegraph.interpreter import Interpreter
from delegraph.model import Builder, Model
from delegraph.report.compare import Comparison, compare, outputs_of
from delegraph.report.first_wrong import WrongPart, first_wrong
from delegraph.run import interface_of

EXAMPLES = int(os.environ.get("DELEGRAPH_EXAMPLES", "4"))  # graphs for each kind of mistake


def _element(change: Callable[[np.ndarray], Any]) -> Callable[[np.ndarray], np.ndarray]:
    def mistake(right: np.ndarray) -> np.ndarray:
        wrong = right.copy()
        wrong.flat[-1] = change(wrong.flat[-1])
        return wrong

    return mistake


MISTAKES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "NaN": lambda right: right * np.float32(np.nan),
    "one NaN": _element(lambda x: np.nan),
    "one infinity": _element(lambda x: -np.inf),
    "off by a percent": lambda right: right * np.float32(1.01),
    "one off": _element(lambda x: x * 2),
    "zeros": np.zeros_like,
    "reversed": lambda right: right[..., ::-1].copy(),
    "one more": lambda right: right + np.float32(1),
}


@pytest.mark.parametrize("when", ["always", "fused", "fed"])
@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_is_found_and_its_op_is_named(kind: str, when: str, plugins: Any, fuser: Any) -> None:
    for seed in range(EXAMPLES):
        model = graph(random.Random(seed))
        at = seed % len(model.subgraphs[0].ops)
        fuser(MISTAKES[kind], at, when)
        found, part = compared(model, plugins)
        if when == "fed" and found.exit_code == 0:
            continue  # nothing in the partition feeds it
        assert found.exit_code == 1, f"seed {seed}"
        assert part is not None, f"seed {seed}"
        assert part.off, f"seed {seed}"
        assert is_least(part, at, when), f"seed {seed}"


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_of_an_op_with_state_is_found(kind: str, plugins: Any, fuser: Any) -> None:
    g = Builder()
    x = g.input((2, 5), "float32", name="x")
    sums = g.op("Sum", [x, g.variable((2, 5), "float32")], [g.tensor((2, 5), "float32")])
    model = g.model([g.op("NEG", [sums], [g.tensor((2, 5), "float32")])])
    fuser(MISTAKES[kind], at=0, when="always")
    found, part = compared(model, plugins)
    assert found.exit_code == 1
    assert part is not None
    assert part.op.index == 0


def is_least(part: WrongPart, at: int, when: str) -> bool:
    """Say whether a part has the op that is wrong, and nothing that it could do without."""
    ops = {op.index: op for op in part.partition.ops}
    if when == "always":
        return list(ops) == [at] == [part.op.index]
    if when == "fused":  # two of which one feeds the other will do
        return at in ops and len(ops) <= 3
    if at not in ops:
        return False
    fed = {t.index for t in ops[at].inputs}  # by what makes it; what else reads it must be inside, too
    return all(fed & {t.index for t in (*op.inputs, *op.outputs)} for op in ops.values())


def test_without_a_mistake_nothing_is_found(plugins: Any) -> None:
    for seed in range(5 * EXAMPLES):
        found, part = compared(graph(random.Random(seed)), plugins)
        assert (found.exit_code, part) == (0, None), f"seed {seed}"


def graph(r: random.Random) -> Model:
    """Return a model of 2 to 12 ops on positive values, with outputs that depend on each of them."""
    g = Builder()
    x = g.input((2, 5), "float32", name="x")
    known, unread = [x], []
    for i in range(r.randint(2, 12)):
        name = r.choice(["ADD", "MUL"])
        operands = [unread.pop() if unread else r.choice(known), x if name == "MUL" else r.choice(known)]
        unread = [t for t in unread if t not in operands]
        known.append(g.op(name, operands, [g.tensor((2, 5), "float32", name=f"y{i}")]))
        unread.append(known[-1])
    some = (
        r.sample(known[1:], 1) if len(unread) + 1 < len(known) - 1 else []
    )  # never all: nothing is fused then
    return g.model(list({t.index: t for t in [*unread, *some]}.values()))


def compared(model: Model, plugins: Any) -> tuple[Comparison, WrongPart | None]:
    """Compare ``fuser`` with ``exact``, and find the part that is wrong."""
    interface = interface_of(model)
    inputs = {"x": np.float32([[1.5, 0.75, 1.25, 0.5, 2], [0.625, 1.75, 0.875, 1.125, 1.375]])}
    settings: dict[str, Any] = {"model": model, "plugins": plugins}
    keep = {"experimental_preserve_all_tensors": True}
    real, other = (Interpreter(delegates=[name], **settings) for name in ("fuser", "exact"))
    a, b = (Interpreter(delegates=[name], **settings, **keep) for name in ("fuser", "exact"))
    with real, other, a, b, np.errstate(invalid="ignore"):
        outputs = outputs_of(real, interface, inputs), outputs_of(other, interface, inputs)
        found = compare(a, b, interface, inputs, outputs)
        return found, first_wrong(real, a, b, found) if found.exit_code else None
