"""What the LiteRT delegate costs beside LiteRT itself: the same model in both, in one process, run in turn.

What is added to LiteRT's ``invoke`` is measured apart, with an ``invoke`` that does nothing: a busy machine
hides it in the time of a whole run.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

import models
import numpy as np
import pytest
from delegraph import Interpreter, load_delegate
from turns import seconds

lite = pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")

RUNS = 100
IDLE_RUNS = 2000

pytestmark = pytest.mark.slow

Record = Callable[[str, Any], None]


@pytest.mark.parametrize("name", models.parameters())
def test_overhead_over_litert(name: str, record_property: Record) -> None:
    path = str(models.path(name))
    theirs = lite.Interpreter(model_path=path)
    theirs.allocate_tensors()
    with load_delegate("litert") as delegate, Interpreter(path, delegates=[delegate]) as ours:
        ours.allocate_tensors()
        parts = [p.label for p in ours.plan.partitions]
        if parts != ["litert"]:
            pytest.skip(f"not one partition of litert: {', '.join(parts)}")
        arrays = [_values(d) for d in theirs.get_input_details()]
        (partition,) = ours.plan.partitions
        run = delegate.prepare(partition)
        entries = [d["index"] for d in theirs.get_input_details()]
        values = dict(zip(entries, arrays, strict=True))
        given = [  # variables are read, too
            values[t.index] if t.index in values else np.zeros(t.shape or (), t.dtype)
            for t in partition.inputs
        ]
        exits = [d["index"] for d in theirs.get_output_details()]

        def whole() -> None:
            for i, a in zip(entries, arrays, strict=True):
                theirs.set_tensor(i, a)
            theirs.invoke()
            for i in exits:
                theirs.get_tensor(i)

        for i, a in zip(entries, arrays, strict=True):
            ours.set_tensor(i, a)
        functions = {
            "LiteRT, invoke": theirs.invoke,
            "LiteRT, set, invoke, get": whole,
            "run of the delegate": lambda: run(*given),
            "delegraph, invoke": ours.invoke,
        }
        found: dict[str, list[float]] = {label: [] for label in functions}
        for _ in range(RUNS):
            for label, function in functions.items():
                found[label].append(seconds(function))
        (prepared, _) = (p() for p in delegate._prepared)
        added = _added(prepared, ours.invoke), _added(run, lambda: run(*given))
    times = {label: median(some) for label, some in found.items()}
    record_property(
        "litert",
        {"model": name.removesuffix(".tflite")}
        | {f"{label}, us": f"{s * 1e6:.0f}" for label, s in times.items()}
        | {"invoke beside LiteRT's, us": f"{added[0] * 1e6:.1f}"}
        | {"run, inputs copied in, us": f"{added[1] * 1e6:.1f}"},
    )


class _Idle:
    """An interpreter of LiteRT's that takes inputs and gives outputs, and computes nothing."""

    def __init__(self, interpreter: Any) -> None:
        self.set_tensor, self.get_tensor = interpreter.set_tensor, interpreter.get_tensor

    def invoke(self) -> None:
        """Do nothing."""


def _added(prepared: Any, function: Callable[[], Any]) -> float:
    """Return the median seconds that a function takes besides LiteRT's invoke."""
    prepared._interpreter = _Idle(prepared._interpreter)
    return median(seconds(function) for _ in range(IDLE_RUNS))


def _values(detail: dict[str, Any]) -> np.ndarray:
    bits = np.random.PCG64(1).random_raw(int(np.prod(detail["shape"])))
    return (bits % 200).astype(detail["dtype"]).reshape(detail["shape"])
