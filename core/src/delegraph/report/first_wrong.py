"""The first part of a model that a delegate gets wrong, cut down to the fewest ops that still show it.

Each partition is run as it is really run, on what the other side computed; so what an earlier one got wrong
does not matter. Of the first that is wrong, ops are left out at the end and at the start, by halves, and
then one by one, as long as the rest is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..contract import Partition
from ..errors import DelegateFailed, InputError, StateError
from ..model import Op, Tensor
from ..run import Interpreter, run_once
from ..run.state import initial
from ..values import evolve, frozen
from .compare import Comparison, Difference, Output, difference, shaped_as, widest_claim

_FEW = 32  # ops: of so many, each is tried to be left out
_NONE = Difference(0.0, 0.0, 0)

Off = tuple[tuple[Tensor, Difference], ...]  # outputs that are off, and how far


@frozen(hash=False)
class WrongPart:
    """Ops that a delegate gets wrong when it runs them together, on what the other side gives them."""

    partition: Partition  # of these ops alone
    whole: Partition  # that they are of
    number: int  # of that one in its subgraph
    op: Op  # what computes the first of them that is off
    given: tuple[np.ndarray, ...]  # values for the inputs of ``partition``
    off: Off  # its outputs that are wrong

    @property
    def inputs(self) -> dict[int, np.ndarray]:
        """What a run is given, by place; nothing for variables, which begin as a reset leaves them."""
        places = enumerate(zip(self.partition.inputs, self.given, strict=True))
        return {i: value for i, (t, value) in places if not t.is_variable}


def first_wrong(
    real: Interpreter, first: Interpreter, second: Interpreter, found: Comparison
) -> WrongPart | None:
    """Return the first part that is wrong; None if each partition by itself is right.

    :param real: the first side as it is really run, prepared.
    :param first: with ``second``, the interpreters that :func:`compare` has run.
    :param found: what it returned.
    """
    search = _Bisection(first, second, found)
    for sub in real.plan.reached:
        for number, whole in enumerate(sub.partitions):
            if whole.delegate is not None and (part := search.wrong_part(number, whole)) is not None:
                return part
    return None


class _Bisection:
    """Partitions, each judged on the values of the second side."""

    def __init__(self, first: Interpreter, second: Interpreter, found: Comparison) -> None:
        self.first = first
        self.second = second
        self.called = {
            i for sub in second.plan.reached for i in second.plan.called_by_core(sub.graph.index)
        }
        self.beyond = {(c.subgraph, c.op.index): c for c in found.tensors if c.is_beyond}
        self.apart = {(c.subgraph, c.tensor.index): c.apart for c in found.tensors}
        self.claims = {(c.subgraph, c.op.index): c.claim for c in found.tensors if c.claim is not None}

    def wrong_part(self, number: int, whole: Partition) -> WrongPart | None:
        for together in [[op] for op in whole.ops] if whole.deferred else [list(whole.ops)]:
            if self.is_wrong(whole, together):
                ops = self.without_end(whole, together)
                return self.of_ops(number, whole, self.without_rest(whole, ops))
        return None

    def of_ops(self, number: int, whole: Partition, ops: Sequence[Op]) -> WrongPart:
        source, off = self.second, self.off(_part(whole, ops))
        if not off:  # the op is off only on the values that the first side had
            source, one = self.first, self.beyond[whole.subgraph, ops[-1].index]
            assert one.alone is not None
            off = ((one.tensor, one.alone),)
        part = _shaped(_part(whole, ops), source)
        given = tuple(_value(source, part, t) for t in part.inputs)
        wrong = off[0][0].index
        op = next(o for o in part.ops if any(t.index == wrong for t in o.outputs))
        return WrongPart(part, whole, number, op, given, off)

    def without_end(self, whole: Partition, ops: Sequence[Op]) -> Sequence[Op]:
        """Return the ops up to one without which those before are right."""
        right, wrong = 0, len(ops)
        while wrong - right > 1:
            middle = (right + wrong) // 2
            if self.is_wrong(whole, ops[:middle]):
                wrong = middle
            else:
                right = middle
        return ops[:wrong]

    def without_rest(self, whole: Partition, ops: Sequence[Op]) -> Sequence[Op]:
        """Return fewer ops that are still wrong, the last one among them."""
        *others, last = ops
        if self.is_wrong(whole, [last]):
            return [last]
        needed = [*_needed(others, last), last]
        ops = needed if self.is_wrong(whole, needed) else ops
        least, most = 0, len(ops) - 1  # from which op on: wrong, right
        while most - least > 1:
            middle = (least + most) // 2
            if self.is_wrong(whole, ops[middle:]):
                least = middle
            else:
                most = middle
        ops = ops[least:]
        for op in ops[:-1] if len(ops) <= _FEW else ():
            fewer = [o for o in ops if o is not op]
            ops = fewer if self.is_wrong(whole, fewer) else ops
        return ops

    def is_wrong(self, whole: Partition, ops: Sequence[Op]) -> bool:
        if any((whole.subgraph, op.index) in self.beyond for op in ops):
            return True
        return bool(self.off(_part(whole, ops)))

    def off(self, part: Partition) -> Off:
        """Return the outputs that are off; none where the part cannot be run by itself."""
        if not self.begins_as_reset(part):
            return ()
        try:
            part = _shaped(part, self.second)
            results = run_once(part, [_value(self.second, part, t) for t in part.inputs])
            expected = [_after(self.second, part, t) for t in part.outputs]
        except (DelegateFailed, InputError, StateError):
            return ()
        far = [difference(*of) for of in zip(results, expected, part.outputs, strict=False)]
        return tuple((t, d) for t, d in zip(part.outputs, far, strict=True) if self.is_off(part, t, d))

    def begins_as_reset(self, part: Partition) -> bool:
        """Say whether a part found its state as a reset leaves it: it runs once, and nobody else has it."""
        state = {t.index for t in (*part.inputs, *part.outputs) if t.is_variable}
        if not state:
            return True
        assert part.graph is not None
        inside = {op.index for op in part.ops}
        others = (op for op in part.graph.ops if op.index not in inside)
        shared = (t for op in others for t in (*op.inputs, *op.outputs) if t is not None)
        return part.subgraph not in self.called and not any(t.index in state for t in shared)

    def is_off(self, part: Partition, tensor: Tensor, far: Difference) -> bool:
        """Judge an output as one of the model: by the claims, and by what runs op by op differ."""
        claims = [c for op in part.ops if (c := self.claims.get((part.subgraph, op.index))) is not None]
        widest = widest_claim(claims)
        several = self.apart.get((part.subgraph, tensor.index), _NONE)
        return Output(tensor, far, _NONE if len(part.ops) == 1 else several, widest).is_off


def _part(whole: Partition, ops: Sequence[Op]) -> Partition:
    """Return some ops of a partition as one, with all that is read of them outside."""
    if len(ops) == len(whole.ops):
        return whole
    assert whole.graph is not None
    inside = {op.index for op in ops}
    made = {t.index: t for op in ops for t in op.outputs}
    others = (t for op in whole.graph.ops if op.index not in inside for t in op.inputs if t is not None)
    read = {t.index for t in (*others, *whole.graph.outputs, *whole.outputs)}
    operands = {t.index: t for op in ops for t in op.inputs if t is not None}
    return evolve(
        whole,
        ops=tuple(ops),
        inputs=tuple(
            t for i, t in operands.items() if i not in made and (t.is_variable or not t.is_constant)
        ),
        outputs=tuple(t for i, t in made.items() if i in read),
        variables=tuple({t.index: t for op in ops for t in op.variables}.values()),
        rows={i: row for i, row in whole.rows.items() if i in inside},
    )


def _shaped(part: Partition, source: Interpreter) -> Partition:
    """Return a part whose shapes only a run shows with those of this run."""
    if not part.deferred:
        return part
    (op,) = part.ops
    operands = (t for t in (*op.inputs, *op.outputs) if t is not None and not t.is_constant)
    return part.of_op(shaped_as(op, {t.index: _value(source, part, t) for t in operands}))


def _value(source: Interpreter, part: Partition, tensor: Tensor) -> np.ndarray:
    """Return what a part is given."""
    if tensor.is_variable:
        return initial(tensor)
    return _after(source, part, tensor)


def _after(source: Interpreter, part: Partition, tensor: Tensor) -> np.ndarray:
    """Return what a tensor holds after the run."""
    return np.asarray(source.get_tensor(tensor.index, part.subgraph))


def _needed(ops: Sequence[Op], last: Op) -> Iterator[Op]:
    """Return those of the ops that the last one depends on, in their order."""
    wanted = {t.index for t in last.inputs if t is not None}
    found = []
    for op in reversed(ops):
        if any(t.index in wanted for t in op.outputs):
            found.append(op)
            wanted |= {t.index for t in op.inputs if t is not None}
    return reversed(found)
