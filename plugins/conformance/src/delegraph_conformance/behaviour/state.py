"""State lives in the interpreter: kept from run to run, reset, handed over to another interpreter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np
import pytest
from attrs import frozen
from delegraph import Builder, Delegate, Interpreter, Model, Tensor

from ..graphs.claims import Claims, NotClaimed
from ..graphs.dice import Dice
from ..graphs.judge import Answer, differences
from ..graphs.reference_judge import reference
from ..random_values import random_array
from ..subject import Subject
from .samples import interpreter
from .steps import NAMES, step

SHAPE = (1, 4)
RUNS = 4


@frozen(eq=False)
class Stateful:
    """A model with one input, one variable and one output."""

    name: str
    model: Model
    variable: Tensor

    @property
    def dtype(self) -> str:
        return self.model.subgraphs[0].inputs[0].dtype


def state(subject: Subject) -> Iterator[str]:
    """A variable that an op has, or writes: its values are kept, reset and handed over."""
    made = list(_all(subject.delegate))
    if not made:
        two = [name for name, reads in NAMES if reads == 2]
        pytest.skip(f"the table takes none of {', '.join((*two, 'RNN', 'SVDF'))}")
    for stateful in made:
        yield from _checked(stateful, subject)


def _checked(made: Stateful, subject: Subject) -> Iterator[str]:
    low, high = (-1.0, 1.0) if made.dtype == "float32" else (0, 9)
    inputs = [random_array(made.dtype, SHAPE, i, low, high) for i in range(RUNS)]
    with interpreter(made.model) as it:
        wanted = [_run(it, x) for x in inputs]
    with interpreter(made.model, subject.delegate) as it:
        yield from _wrong(it, inputs, wanted, made, "state is not kept from one run to the next")
        it.reset_all_variables()
        yield from _wrong(it, inputs[:2], wanted[:2], made, "state is not reset")
        held = it.get_tensor(made.variable.index)
    with subject.load() as other, interpreter(made.model, other) as it:
        it.allocate_tensors()
        it.set_tensor(made.variable.index, held)
        yield from _wrong(it, inputs[2:], wanted[2:], made, "state is not handed over to another instance")


def _all(delegate: Delegate) -> Iterator[Stateful]:
    with suppress(pytest.skip.Exception):
        yield _accumulator(delegate)
    claims = Claims((delegate, reference()))
    for made in (_rnn, _svdf):
        with suppress(NotClaimed):
            yield made(claims)


def _accumulator(delegate: Delegate) -> Stateful:
    """Return a model whose variable becomes what an op makes of it and the input, twice."""
    made, g = step(delegate, SHAPE, reads=2), Builder()
    x = g.input(SHAPE, made.dtype, **made.stored)
    variable = g.variable(SHAPE, made.dtype, **made.stored)
    once = made.add(g, [variable, x], made.tensor(g, SHAPE))
    made.add(g, [once, x], variable)
    return Stateful(f"{made.name} of {made.dtype} that writes a variable", g.model([once]), variable)


def _rnn(claims: Claims) -> Stateful:
    """Return an RNN: next state = tanh(W x + R state + b), which is the output, too."""
    g = Builder()
    x, hidden = g.input(SHAPE, "float32"), g.variable((1, 3), "float32")
    weights = [g.constant(_floats(shape, i)) for i, shape in enumerate([(3, 4), (3, 3), (3,)])]
    return _of_op(claims, g, "RNN", [x, *weights, hidden], hidden, fused_activation_function="TANH")


def _svdf(claims: Claims) -> Stateful:
    """Return an SVDF of rank 1: each unit filters the last 5 of what the features make of the input."""
    g = Builder()
    x, held = g.input(SHAPE, "float32"), g.variable((1, 15), "float32")
    features, times = (g.constant(_floats(shape, i)) for i, shape in enumerate([(3, 4), (3, 5)]))
    options = {"rank": 1, "fused_activation_function": "NONE"}
    return _of_op(claims, g, "SVDF", [x, features, times, None, held], held, **options)


def _of_op(
    claims: Claims,
    g: Builder,
    name: str,
    reads: Sequence[Tensor | None],
    variable: Tensor,
    **options: object,
) -> Stateful:
    out = g.tensor((1, 3), "float32")
    version = claims.version(name, reads, [out], options, {}, Dice(0))
    all_options: dict[str, object] = {**options, "version": version}
    g.op(name, reads, [out], **all_options)  # type: ignore[arg-type]
    return Stateful(f"{name} v{version}", g.model([out]), variable)


def _floats(shape: Sequence[int], seed: int) -> np.ndarray:
    return Dice(seed).floats(shape, -1.0, 1.0).astype(np.float32)


def _run(it: Interpreter, x: np.ndarray) -> np.ndarray:
    graph = it.model.subgraphs[0]
    it.run({graph.inputs[0].index: x})
    return np.asarray(it.get_tensor(graph.outputs[0].index))


def _wrong(
    it: Interpreter, inputs: Sequence[np.ndarray], wanted: Sequence[np.ndarray], made: Stateful, what: str
) -> Iterator[str]:
    for i, (x, right) in enumerate(zip(inputs, wanted, strict=True)):
        size = float(np.abs(right.astype(np.float64)).max())
        allowed = 1e-2 * size if right.dtype.kind == "f" else 2.0
        for said in differences([_run(it, x)], Answer((right,), (allowed,), (allowed,))).values():
            yield f"{made.name}: {what} (run {i + 1}): {said}"
            return
