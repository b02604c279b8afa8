"""Shapes that callers or values choose: taken and right, or refused and run elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from delegraph import Builder, DelegraphError, Interpreter, Model

from ..graphs.judge import Answer, differences
from ..random_values import random_array
from ..subject import Subject
from .samples import interpreter
from .steps import Step, step

SIZES = (1, 3, 2, 5, 1)


def dynamic_shapes(subject: Subject) -> Iterator[str]:
    """The batch is what a caller gives, another one each time; a shape is what a value says."""
    made = step(subject.delegate, (1, 6))
    models = {"an open batch": _open_batch(made), "a shape that a value says": _by_value(made)}
    for name, model in models.items():
        with interpreter(model, subject.delegate) as ours, interpreter(model) as right:
            for n in SIZES:
                said = _wrong(ours, right, made, n)
                if said is not None:
                    yield f"{name}, {made.name} of {made.dtype} with {n} rows: {said}"
                    break


def _open_batch(made: Step) -> Model:
    g = Builder()
    x = g.input((-1, 6), made.dtype, **made.stored)
    y = made.add(g, [x, x], g.tensor((1, 6), made.dtype, **made.stored))
    return g.model([made.add(g, [y, x], g.tensor((1, 6), made.dtype, **made.stored))])


def _by_value(made: Step) -> Model:
    """Return a model whose second input says how the first is cut into rows."""
    g = Builder()
    x = g.input((-1, 6), made.dtype, **made.stored)
    shape = g.input((2,), "int32")
    y = g.op("RESHAPE", [x, shape], [made.tensor(g, (1, 6))])
    z = made.add(g, [y, y], made.tensor(g, (1, 6)))
    return g.model([made.add(g, [z, y], made.tensor(g, (1, 6)))])


def _wrong(ours: Interpreter, right: Interpreter, made: Step, n: int) -> str | None:
    graph = ours.model.subgraphs[0]
    low, high = (-2.0, 2.0) if made.dtype == "float32" else (0, 20)
    given: dict[str | int, np.ndarray] = {
        graph.inputs[0].index: random_array(made.dtype, (n, 6), n, low, high)
    }
    if len(graph.inputs) > 1:
        given[graph.inputs[1].index] = np.array([2 * n, 3], np.int32)
    (wanted,) = right.run(given).values()
    try:
        (found,) = ours.run(given).values()
    except DelegraphError as e:
        return f"{type(e).__name__}: {e}"
    size = float(np.abs(wanted.astype(np.float64)).max(initial=0))
    allowed = 1e-2 * size if made.dtype == "float32" else 2.0
    return next(iter(differences([found], Answer((wanted,), (allowed,), (allowed,))).values()), None)
