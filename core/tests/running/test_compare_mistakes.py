"""Whatever mistake a delegate makes in whatever op of whatever graph, compare says that it is off.

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
from delegraph.report.compare import compare, outputs_of
from delegraph.run import interface_of

EXAMPLES = int(os.environ.get("DELEGRAPH_EXAMPLES", "12"))  # graphs for each kind of mistake


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


@pytest.mark.parametrize("always", [False, True], ids=["where fused", "always"])
@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_is_found(kind: str, always: bool, plugins: Any, fuser: Any) -> None:
    for seed in range(EXAMPLES):
        model = graph(random.Random(seed))
        ops = len(model.subgraphs[0].ops)
        fuser(MISTAKES[kind], at=seed % ops, always=always)
        assert compared(model, plugins) == 1, f"seed {seed}"


def test_without_a_mistake_nothing_is_found(plugins: Any) -> None:
    for seed in range(5 * EXAMPLES):
        assert compared(graph(random.Random(seed)), plugins) == 0, f"seed {seed}"


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


def compared(model: Model, plugins: Any) -> int:
    """Return compare's exit code for ``fuser`` against ``exact``."""
    interface = interface_of(model)
    inputs = {"x": np.float32([[1.5, 0.75, 1.25, 0.5, 2], [0.625, 1.75, 0.875, 1.125, 1.375]])}
    settings: dict[str, Any] = {"model": model, "plugins": plugins}
    real = []
    for name in ("fuser", "exact"):
        with Interpreter(delegates=[name], **settings) as i, np.errstate(invalid="ignore"):
            real.append(outputs_of(i, interface, inputs))
    settings["experimental_preserve_all_tensors"] = True
    a, b = (Interpreter(delegates=[name], **settings) for name in ("fuser", "exact"))
    with a, b, np.errstate(invalid="ignore"):
        return compare(a, b, interface, inputs, (real[0], real[1])).exit_code
