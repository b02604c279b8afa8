"""State lives in the interpreter: kept from run to run, reset, handed over to another interpreter."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from delegraph import Builder, Interpreter, Model, Tensor

from ..graphs.judge import Answer, differences
from ..random_values import random_array
from ..subject import Subject
from .samples import interpreter
from .steps import Step, step

SHAPE = (1, 4)
RUNS = 4


def state(subject: Subject) -> Iterator[str]:
    """A variable that an op writes: its values are kept, reset and handed over."""
    made = step(subject.delegate, SHAPE, reads=2)
    model, variable = _accumulator(made)
    inputs = [random_array(made.dtype, SHAPE, i, *_limits(made.dtype)) for i in range(RUNS)]
    with interpreter(model) as it:
        wanted = [_run(it, x) for x in inputs]
    with interpreter(model, subject.delegate) as it:
        yield from _wrong(it, inputs, wanted, made, "state is not kept from one run to the next")
        it.reset_all_variables()
        yield from _wrong(it, inputs[:2], wanted[:2], made, "state is not reset")
        held = it.get_tensor(variable.index)
    with interpreter(model, subject.load()) as it:
        it.allocate_tensors()
        it.set_tensor(variable.index, held)
        yield from _wrong(it, inputs[2:], wanted[2:], made, "state is not handed over to another instance")


def _accumulator(made: Step) -> tuple[Model, Tensor]:
    """Return a model whose variable becomes what the op makes of it and the input, twice."""
    g = Builder()
    x = g.input(SHAPE, made.dtype, **made.stored)
    variable = g.variable(SHAPE, made.dtype, **made.stored)
    once = made.add(g, [variable, x], made.tensor(g, SHAPE))
    made.add(g, [once, x], variable)
    return g.model([once]), variable


def _limits(dtype: str) -> tuple[float, float]:
    return (-1.0, 1.0) if dtype == "float32" else (0, 9)


def _run(it: Interpreter, x: np.ndarray) -> np.ndarray:
    graph = it.model.subgraphs[0]
    it.run({graph.inputs[0].index: x})
    return np.asarray(it.get_tensor(graph.outputs[0].index))


def _wrong(
    it: Interpreter, inputs: list[np.ndarray], wanted: list[np.ndarray], made: Step, what: str
) -> Iterator[str]:
    for i, (x, right) in enumerate(zip(inputs, wanted, strict=True)):
        size = float(np.abs(right.astype(np.float64)).max())
        allowed = 1e-2 * size if made.dtype == "float32" else 2.0
        for said in differences([_run(it, x)], Answer((right,), (allowed,), (allowed,))).values():
            yield f"a variable that {made.name} of {made.dtype} writes: {what} (run {i + 1}): {said}"
            return
