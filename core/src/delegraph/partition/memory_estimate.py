"""How much memory a run takes, estimated from the plan before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

from ..contract import Plan
from ..model import DTYPES, Graph, Op, Tensor, called_by_ops, called_subgraphs, callers_first
from ..values import frozen


@frozen
class MemoryEstimate:
    """Bytes of tensors. What delegates and kernels use inside comes on top."""

    constants: int  # weights, and what was folded from them
    variables: int  # state that lives from one run to the next
    peak: int  # the most that inputs, intermediate tensors and outputs take at one time
    peak_op: Op | None  # the op of the subgraph during which that is; None if it has no ops
    unknown: int  # tensors whose size only a run shows; they count as 0


def estimate(plan: Plan, subgraph: int = 0, keep_all: bool = False) -> MemoryEstimate:
    """Return what a run of a subgraph takes, with all that it calls.

    Tensors live from the op that computes them to the last that reads them, in the order of the plan;
    inputs and outputs live all the time.
    """
    peak, op = _Estimate(plan, keep_all).peak(subgraph)
    graphs = [sub.graph for sub in plan.subgraphs]
    reached = callers_first([subgraph], lambda index: called_by_ops(graphs[index].ops))
    tensors = [t for index in reached for t in _used(graphs[index])]
    return MemoryEstimate(
        constants=sum(nbytes(t) for t in tensors if t.is_constant),
        variables=sum(nbytes(t) for t in tensors if t.is_variable),
        peak=peak,
        peak_op=op,
        unknown=sum(t.shape is None for t in tensors),
    )


def nbytes(tensor: Tensor) -> int:
    """Return the bytes of a tensor's values as an array holds them; strings count as their pointers."""
    return tensor.size * DTYPES[tensor.dtype].numpy.itemsize


class _Estimate:
    def __init__(self, plan: Plan, keep_all: bool) -> None:
        self.plan = plan
        self.keep_all = keep_all
        self._peaks: dict[int, tuple[int, Op | None]] = {}  # by subgraph; many ops may call one

    def peak(self, subgraph: int) -> tuple[int, Op | None]:
        if subgraph not in self._peaks:
            self._peaks[subgraph] = self._peak(subgraph)
        return self._peaks[subgraph]

    def _peak(self, subgraph: int) -> tuple[int, Op | None]:
        ops = list(self._ops(subgraph))
        graph = self.plan.subgraphs[subgraph].graph
        last = self._last_readers(graph, ops)
        live = {t.index: nbytes(t) for t in graph.inputs}
        now = sum(live.values())
        peak, peak_op = now, None
        for position, op in enumerate(ops):
            for t in op.outputs:
                if t.index not in live:
                    live[t.index] = nbytes(t)
                    now += live[t.index]
            inside = max((self._callee(i) for i in called_subgraphs(op)), default=0)
            if now + inside > peak:
                peak, peak_op = now + inside, op
            for index in {t.index for t in (*op.inputs, *op.outputs) if t is not None}:
                if last.get(index) == position:
                    now -= live.pop(index, 0)
        return peak, peak_op

    def _ops(self, subgraph: int) -> Iterator[Op]:
        for partition in self.plan.subgraphs[subgraph].partitions:
            yield from partition.ops

    def _callee(self, subgraph: int) -> int:
        """Return what a call adds: its inputs are values that the caller counts already."""
        inputs = self.plan.subgraphs[subgraph].graph.inputs
        return self.peak(subgraph)[0] - sum(map(nbytes, inputs))

    def _last_readers(self, graph: Graph, ops: list[Op]) -> dict[int, int]:
        """Return the position of the op after which each tensor is freed; {} where all are kept."""
        if self.keep_all:
            return {}
        last: dict[int, int] = {}
        for position, op in enumerate(ops):
            last |= {t.index: position for t in (*op.inputs, *op.outputs) if t is not None}
        for kept in (*graph.inputs, *graph.outputs):
            last.pop(kept.index, None)
        return last


def _used(graph: Graph) -> list[Tensor]:
    """Return the tensors that the graph's ops touch, each once."""
    tensors = (t for op in graph.ops for t in (*op.inputs, *op.outputs) if t is not None)
    return list({t.index: t for t in (*graph.inputs, *tensors, *graph.outputs)}.values())
