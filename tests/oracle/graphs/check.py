"""Whether random graphs come out as LiteRT says, several in one model: compiling takes longest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from attrs import frozen
from delegraph import DelegraphError, OpSupport, plan_model
from delegraph.model import Model, Op
from delegraph_conformance.graphs.case import BATCHES, Case
from delegraph_conformance.graphs.copies import joined
from delegraph_conformance.graphs.judge import TRIALS, TRIALS_OF_DOUBT, Answer, answers, differences
from delegraph_conformance.graphs.random_graph import inputs_of, random_graph

from .litert_judge import judge
from .variants import VARIANTS, Variant, loaded, runs

TOGETHER = 8  # graphs in one model


@frozen(eq=False)
class Failure:
    """A graph that came out otherwise."""

    case: Case
    variant: str
    problem: str


def cases(kind: str, seeds: Iterable[int]) -> Iterator[Case]:
    """Yield the graphs of these seeds."""
    for seed in seeds:
        model = random_graph(seed, kind)
        batches = tuple(inputs_of(model, 100 * seed + 10 * i) for i in range(BATCHES))
        yield Case(f"{kind} graph {seed}", model, batches)


def answered(case: Case, variant: Variant, trials: int = TRIALS) -> list[Answer]:
    """Return LiteRT's answers, and what this variant may be off.

    :param trials: runs with noise for each batch.
    :raises litert.LiteRTError: it does not run the graph.
    """
    claim = partial(_claim, _rows(case.model, variant))
    return answers(case.model, case.batches, claim, judge, variant.rounding, trials)


def _rows(model: Model, variant: Variant) -> dict[int, OpSupport]:
    """Return the rows by which the variant's delegate takes ops, by index: constants are folded before."""
    delegate = loaded(variant.delegate, tuple(variant.options.items()))
    plan = plan_model(model, [delegate], warn=False)
    parts = [part for part in plan.subgraphs[0].partitions if part.delegate is delegate]
    return {index: row for part in parts for index, row in part.rows.items()}


def _claim(rows: Mapping[int, OpSupport], op: Op) -> tuple[int, float]:
    row = rows.get(op.index)
    steps, rtol = (0, 1e-5) if row is None else (row.steps, row.rtol)
    # Floats that differ in their last bits become integers that differ by one, now and then.
    rounds = op.name == "QUANTIZE" and op.inputs[0] is not None and op.inputs[0].dtype == "float32"
    return max(steps, int(rounds)), rtol


def problem(case: Case, variant: Variant) -> str | None:
    """Return in words what is wrong with a graph run on its own; None where nothing is.

    :raises litert.LiteRTError: it does not run the graph.
    """
    return next(_problems([case], [answered(case, variant)], variant))


def failures(some: Sequence[Case], name: str) -> Iterator[Failure]:
    """Yield which of these graphs come out wrong; those that LiteRT refuses raise."""
    variant = VARIANTS[name]
    expected = [answered(case, variant) for case in some]
    for i in range(0, len(some), TOGETHER):
        chunk, wanted = some[i : i + TOGETHER], expected[i : i + TOGETHER]
        for case, said in zip(chunk, _problems(chunk, wanted, variant), strict=True):
            if said is not None:
                yield Failure(case, name, said)


def _problems(
    some: Sequence[Case], expected: Sequence[Sequence[Answer]], variant: Variant
) -> Iterator[str | None]:
    try:
        found = _outputs(some, variant)
    except DelegraphError as e:
        if len(some) == 1:
            yield f"{type(e).__name__}: {e}"
        else:
            for case, wanted in zip(some, expected, strict=True):
                yield from _problems([case], [wanted], variant)
        return
    for case, ours, wanted in zip(some, found, expected, strict=True):
        said = _difference(ours, wanted, case)
        if said is not None:
            said = _difference(ours, answered(case, variant, TRIALS_OF_DOUBT), case)
        yield said


def _outputs(some: Sequence[Case], variant: Variant) -> list[list[list[np.ndarray]]]:
    """Return the outputs by case and by run."""
    batches = [[a for case in some for a in case.batches[i]] for i in range(BATCHES)]
    together = runs(joined([c.model for c in some]) if some[1:] else some[0].model, batches, variant)
    found: list[list[list[np.ndarray]]] = []
    at = 0
    for case in some:
        n = len(case.model.subgraphs[0].outputs)
        found.append([outputs[at : at + n] for outputs in together])
        at += n
    return found


def _difference(found: Sequence[list[np.ndarray]], expected: Sequence[Answer], case: Case) -> str | None:
    outputs = case.model.subgraphs[0].outputs
    for run, ours in enumerate(found):
        for i, said in differences(ours, expected[run % len(expected)]).items():
            return f"run {run + 1}, output {i} ({outputs[i].name}): {said}"
    return None
