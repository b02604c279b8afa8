"""Whether a graph comes out right on a delegate, as it is really run and with every tensor kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from attrs import evolve, frozen
from delegraph import Delegate, DelegraphError, Graph, Interpreter, Model, Op, Tensor

from .case import BATCHES, Case
from .claims import Claims
from .judge import TRIALS, TRIALS_OF_DOUBT, Answer, answers, differences
from .random_graph import MOST, claimed_graph, inputs_of
from .reference_judge import judge, reference

BEYOND_DOUBT = 10.0  # times what is allowed: no more trials are made
HALF = 2.0**-11  # what rounding to half floats changes, relatively

Problem = str  # what is wrong, in words
_CLAIMED = "it claims every op of this graph"


@frozen
class Ways:
    """What came of a graph: None where all is well."""

    run: Problem | None  # as a model is run
    kept: Problem | None  # with experimental_preserve_all_tensors

    @property
    def problem(self) -> Problem | None:
        if self.run is None and self.kept is not None:
            return f"with every tensor kept: {self.kept}"
        return self.run

    @property
    def is_numbers(self) -> bool:
        """Whether other numbers came out; otherwise an error was raised."""
        return self.problem is not None and not self.problem.startswith(_CLAIMED)

    def is_like(self, other: Ways) -> bool:
        """Say whether a graph fails as another does: in the same way of running, by numbers or an error."""
        failed = [w.run is None for w in (self, other)], [w.kept is None for w in (self, other)]
        return all(a == b for a, b in failed) and self.is_numbers == other.is_numbers


def cases(kind: str, seeds: Sequence[int], delegate: Delegate, most: int = MOST) -> Iterator[Case]:
    """Yield graphs of ops that the delegate takes; none where it takes no op of this kind.

    :param most: ops that are wanted in each.
    """
    claims = Claims((delegate, reference()))
    for seed in seeds:
        model = claimed_graph(seed, kind, claims, most)
        if model is not None:
            batches = tuple(inputs_of(model, 100 * seed + 10 * i) for i in range(BATCHES))
            yield Case(f"{kind} graph {seed}", model, batches)


def ways(case: Case, delegate: Delegate) -> Ways:
    """Run a graph in both ways, and judge what comes out."""
    whole = evolve(case, model=_all_read(case.model))
    wanted = answered(whole, delegate)

    @cache
    def more_trials() -> list[Answer]:  # few miss what seldom happens
        return answered(whole, delegate, TRIALS_OF_DOUBT)

    def problem(keep: bool) -> Problem | None:
        try:
            found = outputs(whole if keep else case, delegate, keep)
        except DelegraphError as e:
            return _failure(e)
        said = difference(found, wanted, whole)
        if said is None or difference(found, wanted, whole, BEYOND_DOUBT) is not None:
            return said
        return difference(found, more_trials(), whole)

    return Ways(problem(False), problem(True))


def _failure(e: DelegraphError) -> Problem:
    """Return what is said of an error; of a bare one that core had to wrap, its type, too."""
    cause = e.__cause__
    ours = cause is None or isinstance(cause, DelegraphError)
    bare = "" if ours else f", from a bare {type(cause).__name__}"
    return f"{_CLAIMED}, but: {type(e).__name__}{bare}: {e}"


def answered(whole: Case, delegate: Delegate, trials: int = TRIALS) -> list[Answer]:
    """Return the right outputs of a graph, and how far off the delegate may be by its claims."""
    graph = whole.model.subgraphs[0]

    def claim(op: Op) -> tuple[int, float]:
        row = delegate.decide(op, graph)[0]
        steps, rtol = (0, 0.0) if row is None else (row.steps, row.rtol)
        # Floats that differ in their last bits become integers that differ by one, now and then.
        rounds = op.name == "QUANTIZE" and op.inputs[0] is not None and op.inputs[0].dtype == "float32"
        return max(steps, int(rounds)), rtol

    coarse = any(claim(op)[1] >= HALF for op in graph.ops)
    return answers(whole.model, whole.batches, claim, judge, HALF if coarse else 0.0, trials)


def _all_read(model: Model) -> Model:
    """Return a model whose outputs are followed by all else that its ops compute of the inputs."""
    graph = model.subgraphs[0]
    known = {t.index for t in graph.outputs}
    more = [t for t in _computed(graph) if t.index not in known]
    return evolve(model, subgraphs=(evolve(graph, outputs=(*graph.outputs, *more)), *model.subgraphs[1:]))


def _computed(graph: Graph) -> list[Tensor]:
    fixed: set[int] = set()
    found: list[Tensor] = []
    for op in graph.ops:
        if all(t is None or t.is_constant or t.index in fixed for t in op.inputs):
            fixed |= {t.index for t in op.outputs}
        else:
            found += op.outputs
    return found


def outputs(case: Case, delegate: Delegate, keep: bool = False) -> list[list[np.ndarray]]:
    """Return the outputs for each of the batches, and for the first one again."""
    graph = case.model.subgraphs[0]
    with Interpreter(
        model=case.model, delegates=[delegate, reference()], experimental_preserve_all_tensors=keep
    ) as it:
        found = []
        for batch in (*case.batches, case.batches[0]):
            it.run({t.index: a for t, a in zip(graph.inputs, batch, strict=True)})
            found.append([np.asarray(it.get_tensor(t.index)) for t in graph.outputs])
    return found


def difference(
    found: Sequence[Sequence[np.ndarray]], wanted: Sequence[Answer], whole: Case, slack: float = 1.0
) -> Problem | None:
    """Return in words what is further from the right outputs than it may be."""
    tensors = whole.model.subgraphs[0].outputs
    for run, ours in enumerate(found):
        for i, said in differences(ours, wanted[run % len(wanted)], slack).items():
            return f"run {run + 1}, tensor {tensors[i].name}: {said}"
    return None
