"""How far two sets of delegates are apart on one input, and the first op that breaks a delegate's claim.

Each tensor that both compute is compared as the two runs left it; there, differences of earlier ops add up.
What a support row claims (``steps``, ``rtol``) is about one op, so each op is judged alone: on the inputs
that the first run gave it, the second's delegate computes it again.

Keeping every tensor keeps a delegate from fusing ops. So the model is also run as it is really run, and its
outputs are judged by how far those of the runs that keep every tensor are apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ..contract import Delegate, Partition, Plan
from ..errors import DelegateFailed, InputError, StateError
from ..model import DTYPES, Graph, Op, Tensor
from ..numbers import is_quantized, real_from_stored
from ..plugins import REFERENCE
from ..run import Interface, Interpreter, planned, run_once
from ..run.state import initial
from ..text import plural
from ..values import evolve, frozen
from .prepared_model import PreparedModel

Outputs = Mapping[str, np.ndarray]  # of one run, by name
SLACK = 10  # an output of the real run may be so many times as far apart as where every tensor is kept


@frozen
class Difference:
    """Between two arrays of one tensor."""

    max_abs: float  # largest difference of real values; infinite where one is not a number
    max_rel: float  # that, relative to the largest value of the tensor
    steps: int | None  # largest difference of the stored integers; None for other types

    @property
    def is_none(self) -> bool:
        return self.max_abs == 0

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.max_abs))


@frozen
class Claim:
    """How far one op may be apart, by its support rows."""

    steps: int
    rtol: float

    def covers(self, found: Difference) -> bool:
        if found.steps is not None:
            return found.steps <= self.steps
        return found.max_rel <= self.rtol


@frozen(hash=False)
class Compared:
    """One tensor in two runs."""

    tensor: Tensor
    op: Op  # what computes it
    labels: tuple[str, str]  # which delegate runs the op in the first run, in the second
    apart: Difference  # of the runs; differences of earlier ops are part of it
    alone: Difference | None = None  # of the op on equal inputs; None if the second cannot run it alone
    claim: Claim | None = None  # None where no row says anything: ops that core runs
    subgraph: int = 0

    @property
    def is_beyond(self) -> bool:
        """Whether the op by itself is further apart than its rows claim."""
        return self.alone is not None and self.claim is not None and not self.claim.covers(self.alone)


@frozen(hash=False)
class Output:
    """One output of the model as it is really run."""

    tensor: Tensor
    real: Difference  # of the two runs
    kept: Difference  # of the two runs that keep every tensor
    claim: Claim  # the widest of any op of the model

    @property
    def is_off(self) -> bool:
        """Whether the real runs are much further apart than those that keep every tensor."""
        allowed = Claim(
            self.claim.steps + SLACK * (self.kept.steps or 0), self.claim.rtol + SLACK * self.kept.max_rel
        )
        return not (self.real.is_finite and allowed.covers(self.real))


@frozen(hash=False)
class Comparison:
    """What :func:`compare` found."""

    outputs: Mapping[str, Output]  # by name
    tensors: tuple[Compared, ...]  # all that both runs have, in the order in which ops compute them
    nothing: str | None = None  # why there is nothing to compare: both sides run every op alike

    def __repr__(self) -> str:
        beyond = sum(c.is_beyond for c in self.tensors)
        sizes = f"{plural(len(self.outputs), 'output')}, {plural(len(self.tensors), 'tensor')}"
        return f"<Comparison of {sizes}: {plural(len(self.off), 'output')} off, {beyond} ops beyond claims>"

    def __str__(self) -> str:
        from .compare_text import parts
        from .terminal import report_text

        return "\n\n".join(map(report_text, parts(self)))

    def _repr_html_(self) -> str:
        from .compare_text import parts
        from .notebook import report_html

        return "".join(map(report_html, parts(self)))

    @property
    def exit_code(self) -> int:
        """0: all is well; 1: an op or an output is off; 2: nothing was compared."""
        if self.nothing is not None:
            return 2
        return int(self.first_beyond is not None or bool(self.off))

    @property
    def off(self) -> dict[str, Output]:
        """The outputs that only the real runs have wrong, or that are no numbers on one side alone."""
        return {name: output for name, output in self.outputs.items() if output.is_off}

    @property
    def first_beyond(self) -> Compared | None:
        """The first op beyond its claim; None if every op is within."""
        return next((c for c in self.tensors if c.is_beyond), None)

    @property
    def unjudged(self) -> tuple[Compared, ...]:
        """Tensors that differ but whose op could not be run alone."""
        return tuple(c for c in self.tensors if c.alone is None and not c.apart.is_none)


def compare(
    first: Interpreter,
    second: Interpreter,
    interface: Interface,
    inputs: Mapping[str, np.ndarray],
    real: tuple[Outputs, Outputs],
) -> Comparison:
    """Run a model in two interpreters and compare every tensor that they compute.

    :param first: whose claims are judged; both need ``experimental_preserve_all_tensors=True``.
    :param inputs: an array for each input, by name.
    :param real: what :func:`outputs_of` gives for the same delegates and inputs without that setting.
    """
    kept = outputs_of(first, interface, inputs), outputs_of(second, interface, inputs)
    reached = [
        interface.subgraph,
        *(s.graph.index for s in first.plan.reached if s.graph.index != interface.subgraph),
    ]
    given = {a.tensor.index: inputs[a.name] for a in interface.inputs}
    pairs = (_Pair(first, second, i, given if i == interface.subgraph else None) for i in reached)
    found = tuple(c for pair in pairs for c in pair.compared())
    widest = widest_claim([c.claim for c in found if c.claim is not None])
    outputs = {}
    for a in planned(interface, first.plan).outputs:
        of_real, of_kept = (difference(x[a.name], y[a.name], a.tensor) for x, y in (real, kept))
        outputs[a.name] = Output(a.tensor, of_real, of_kept, widest)
    return Comparison(outputs, found, _why_nothing(first, second))


def outputs_of(interpreter: Interpreter, interface: Interface, inputs: Mapping[str, np.ndarray]) -> Outputs:
    """Run a model once; return its outputs by name."""
    running = PreparedModel(interpreter, interface, inputs)
    running.prepare()
    running.invoke()
    return running.outputs()


def difference(found: np.ndarray, expected: np.ndarray, tensor: Tensor) -> Difference:
    """Return how far two arrays of a tensor are apart."""
    if found.shape != expected.shape:
        return Difference(np.inf, np.inf, None)
    if DTYPES[tensor.dtype].values in ("string", "handle") or not found.size:  # strings
        return (
            Difference(0.0, 0.0, None)
            if np.array_equal(found, expected)
            else Difference(np.inf, np.inf, None)
        )
    steps = _steps(found, expected) if found.dtype.kind in "iub" else None
    if is_quantized(tensor):
        found, expected = real_from_stored(found, tensor), real_from_stored(expected, tensor)
    max_abs = _max_abs(found, expected)
    largest = max(_largest(found), _largest(expected))
    return Difference(max_abs, max_abs / largest if max_abs else 0.0, steps)


def to_json(found: Comparison) -> dict[str, Any]:
    """Return the comparison as values that ``json.dumps`` takes; infinite differences as null."""
    first = found.first_beyond
    return {
        "exit_code": found.exit_code,
        "nothing_to_compare": found.nothing,
        "within_claims": first is None,
        "first_beyond": None if first is None else _compared_json(first),
        "outputs": {name: _output_json(output) for name, output in found.outputs.items()},
        "tensors": [_compared_json(c) for c in found.tensors],
    }


class _Pair:
    """Two interpreters after their run."""

    def __init__(
        self,
        first: Interpreter,
        second: Interpreter,
        subgraph: int,
        given: Mapping[int, np.ndarray] | None = None,
    ) -> None:
        self.first = first
        self.second = second
        self.subgraph = subgraph
        self.given = given  # its inputs by tensor, where it is what is run; None where ops call it
        plans = [i.plan.subgraphs[subgraph] for i in (first, second)]
        self.graph: Graph = plans[0].graph
        self.runs_on = [{op.index: p for p in plan.partitions for op in p.ops} for plan in plans]

    def compared(self) -> Iterator[Compared]:
        """Yield every tensor that both runs computed, in the order of the first's ops.

        Of a subgraph that ops call, values are those of the last call, if there was one.
        """
        second_ops = self.runs_on[1]
        for op in self.graph.ops:
            if op.index in second_ops and self.ran(op):
                alone = self.alone(op)
                for i, t in enumerate(op.outputs):
                    yield self.one(op, t, None if alone is None else alone[i])

    def one(self, op: Op, tensor: Tensor, alone: np.ndarray | None) -> Compared:
        found, expected = self.value(self.first, tensor), self.value(self.second, tensor)
        return Compared(
            tensor,
            op,
            (self.runs_on[0][op.index].label, self.runs_on[1][op.index].label),
            difference(found, expected, tensor),
            None if alone is None else difference(found, alone, tensor),
            self.claim(op),
            self.subgraph,
        )

    def ran(self, op: Op) -> bool:
        try:
            for interpreter in (self.first, self.second):
                for t in (*op.inputs, *op.outputs):
                    if t is not None and not t.is_constant:
                        self.value(interpreter, t)
        except (InputError, StateError):
            return False
        return True

    def value(self, interpreter: Interpreter, tensor: Tensor) -> np.ndarray:
        return np.asarray(interpreter.get_tensor(tensor.index, self.subgraph))

    def alone(self, op: Op) -> list[np.ndarray] | None:
        """Return what the second's delegate gives for the op on the first's values; None if it cannot."""
        planned = self.runs_on[1][op.index]
        if planned.delegate is None or not self.knows_state(op):  # core's ops need the whole run
            return None
        tensors = (t for t in (*op.inputs, *op.outputs) if t is not None and not t.is_constant)
        values = {t.index: self.before(t) for t in tensors}
        partition = planned.of_op(shaped_as(op, values))
        given = [values[t.index] for t in partition.inputs]
        try:
            return run_once(partition, given)
        except DelegateFailed:
            return None

    def before(self, tensor: Tensor) -> np.ndarray:
        """Return what an op of the first run found in a tensor: in a state, what callers gave."""
        if not tensor.is_variable:
            return self.value(self.first, tensor)
        given = self.given or {}
        return given[tensor.index] if tensor.index in given else initial(tensor)

    def knows_state(self, op: Op) -> bool:
        """Say whether it is known what the op found as its state: it runs once, and no other has it."""
        state = {t.index for t in (*op.inputs, *op.outputs) if t is not None and t.is_variable}
        others = (
            t for o in self.graph.ops if o is not op for t in (*o.inputs, *o.outputs) if t is not None
        )
        return not state or (self.given is not None and not any(t.index in state for t in others))

    def claim(self, op: Op) -> Claim | None:
        """Return what the rows of both delegates allow together."""
        pairs = [self.runs_on[side][op.index] for side in (0, 1)]
        judged = [p for p in pairs if p.delegate is not None and p.delegate.name != REFERENCE]
        # The reference defines what is right: its rows say how far it is from LiteRT, not from others.
        claims = [_claim(p, op) for p in judged or pairs[:1]]
        known = [c for c in claims if c is not None]
        if len(known) < len(claims):
            return None
        return Claim(sum(c.steps for c in known), sum(c.rtol for c in known))


def _why_nothing(first: Interpreter, second: Interpreter) -> str | None:
    """Return why the two sides compute the same in the same way; None if they do not."""
    if _who_runs(first.plan) != _who_runs(second.plan):
        return None
    busy = {p.label for sub in first.plan.reached for p in sub.partitions}
    idle = [d for d in first.plan.delegates if d.label not in busy]
    return (
        "; ".join(map(_why_idle, idle))
        or "both sides run every op on the same delegate with the same options"
    )


def _why_idle(delegate: Delegate) -> str:
    if delegate.out_of_use is None:
        return f"{delegate.label} takes none of the ops"
    return f"{delegate.label} cannot work here: {delegate.out_of_use}"


def _who_runs(plan: Plan) -> list[tuple[Any, ...]]:
    """Return what runs each op: its place, and the delegate's name and options."""
    parts = [p for sub in plan.reached for p in sub.partitions]
    return sorted((p.subgraph, op.index, *_kind(p.delegate)) for p in parts for op in p.ops)


def _kind(delegate: Delegate | None) -> tuple[str, str]:
    return ("", "") if delegate is None else (delegate.name, repr(delegate.options))


def _claim(partition: Partition, op: Op) -> Claim | None:
    row = partition.rows.get(op.index)
    return None if row is None else Claim(row.steps, row.rtol)


def widest_claim(claims: Sequence[Claim]) -> Claim:
    """Return what covers all that any of the claims covers."""
    return Claim(max((c.steps for c in claims), default=0), max((c.rtol for c in claims), default=0.0))


def shaped_as(op: Op, values: Mapping[int, np.ndarray]) -> Op:
    """Return the op with the shapes its tensors had in the run."""

    def shaped(t: Tensor) -> Tensor:
        return t if t.is_constant else evolve(t, shape=values[t.index].shape)

    return evolve(
        op,
        inputs=tuple(None if t is None else shaped(t) for t in op.inputs),
        outputs=tuple(map(shaped, op.outputs)),
    )


def _steps(found: np.ndarray, expected: np.ndarray) -> int:
    if np.array_equal(found, expected):
        return 0
    return max(int(np.abs(found.astype(np.float64) - expected.astype(np.float64)).max()), 1)


def _max_abs(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference; equal infinities are equal, and so are two NaN."""
    wide = np.complex128 if found.dtype.kind == "c" else np.float64
    a, b = found.astype(wide), expected.astype(wide)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(a - b))
    return float(np.where(np.isnan(apart), np.inf, apart).max())


def _largest(array: np.ndarray) -> float:
    """Return the largest finite magnitude; the smallest normal float32 where all is 0."""
    magnitudes = np.abs(array.astype(np.complex128 if array.dtype.kind == "c" else np.float64))
    finite = magnitudes[np.isfinite(magnitudes)]
    return max(float(finite.max()) if finite.size else 0.0, float(np.finfo(np.float32).tiny))


def _output_json(output: Output) -> dict[str, Any]:
    return {
        "tensor": output.tensor.index,
        "name": output.tensor.name,
        "dtype": output.tensor.dtype,
        "apart": difference_json(output.real),
        "apart_with_every_tensor_kept": difference_json(output.kept),
        "off": output.is_off,
    }


def _compared_json(c: Compared) -> dict[str, Any]:
    return {
        "subgraph": c.subgraph,
        "tensor": c.tensor.index,
        "name": c.tensor.name,
        "dtype": c.tensor.dtype,
        "op": {"index": c.op.index, "name": c.op.name, "version": c.op.version},
        "delegates": list(c.labels),
        "apart": difference_json(c.apart),
        "alone": None if c.alone is None else difference_json(c.alone),
        "claim": None if c.claim is None else attrs.asdict(c.claim),
        "beyond": c.is_beyond,
    }


def difference_json(d: Difference) -> dict[str, Any]:
    values = attrs.asdict(d)
    return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in values.items()}
