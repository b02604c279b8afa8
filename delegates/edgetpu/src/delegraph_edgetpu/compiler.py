"""Compile models as the Edge TPU compiler does: what is mapped becomes one custom op, the rest stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from attrs import frozen
from delegraph import InputError, Op, Tensor, escaped, write_model

from .assemble import Subset, custom_op, model_of, segment_of, subset
from .cut import Cut, Say, Settings, cut
from .estimate import Estimate, co_compile, estimate, segments
from .ops import first_runtime
from .status import Operation


@frozen(hash=False)
class CompiledFile:
    """One file that was compiled: a model, or a segment of one."""

    name: str  # the source's without its ending; a segment's says which it is
    source: Path
    data: bytes  # of the compiled file
    operations: tuple[Operation, ...]  # of the source, in its order
    folded: int  # ops of constants, computed while compiling
    estimates: tuple[Estimate, ...]  # one for each custom op
    seconds: float  # that compiling took


def compiled_together(paths: Sequence[Path], settings: Settings, say: Say) -> Iterator[CompiledFile]:
    """Compile models for one Edge TPU: their parameters share its cache in the order of the arguments."""
    cuts = [cut(path, settings, say) for path in paths]
    estimates = iter(co_compile([p.ops for found in cuts for p in found.mapped]))
    for path, found in zip(paths, cuts, strict=True):
        yield _compiled(path, settings, found, [next(estimates) for _ in found.mapped])


def compiled_in_segments(path: Path, settings: Settings, say: Say) -> Iterator[CompiledFile]:
    """Cut a model into files for as many Edge TPUs in a row, each of about the same estimated time.

    A segment reads tensors of the model and of earlier segments, by their names. What stays on the CPU is
    in the first segment if it comes before the mapped ops, else in the last.

    :raises InputError: a segment would need the state that another keeps, or ``settings`` ask for too many.
    """
    found = cut(path, settings, say)
    (mapped,) = found.mapped
    parts = found.plan.partitions
    at = parts.index(mapped)
    before, after = ([op for p in some for op in p.ops] for some in (parts[:at], parts[at + 1 :]))
    cuts = segments(mapped.ops, settings.num_segments)
    files = []
    for i, (name, ops) in enumerate(zip(segment_names(path, len(cuts)), cuts, strict=True)):
        first, last = i == 0, i == len(cuts) - 1
        files.append(_Segment(name, before * first, ops, after * last, last))
    _check_states(path, files)
    for segment in files:
        yield segment.compiled(path, settings, found)


def segment_names(path: Path, count: int) -> list[str]:
    """Return what the segments of a model are called."""
    return [f"{path.stem}_segment_{i}_of_{count}" for i in range(count)]


def _check_states(path: Path, files: Sequence[_Segment]) -> None:
    """Raise InputError where two files would need one variable tensor: each would have its own."""
    keepers: dict[int, _Segment] = {}
    for segment in files:
        for index, op in segment.states.items():
            keeper = keepers.setdefault(index, segment)
            if keeper is not segment:
                raise InputError(
                    f"{escaped(path)}: {escaped(keeper.name)} keeps the state in tensor {index}, "
                    f"and {op} of {escaped(segment.name)} needs it, too; compile without --num-segments"
                )


def _compiled(path: Path, settings: Settings, found: Cut, estimates: Sequence[Estimate]) -> CompiledFile:
    """Return a model whose mapped partitions are custom ops.

    :param estimates: one for each of them.
    """
    start = perf_counter()
    costs = iter(estimates)
    ops: list[Op] = []
    for p in found.plan.partitions:
        if p.label == found.label:
            part = Subset(p.ops, p.inputs, p.outputs)
            ops.append(custom_op(part, found.source, **_about(p.ops, settings, next(costs))))
        else:
            ops += p.ops
    data = write_model(model_of(found.source, ops, found.graph.inputs, found.graph.outputs))
    seconds = found.seconds + perf_counter() - start
    folded = len(found.graph.folded)
    return CompiledFile(path.stem, path, data, tuple(found.operations), folded, tuple(estimates), seconds)


@frozen(hash=False)
class _Segment:
    """The ops of one file of several."""

    name: str
    before: list[Op]  # on the CPU, before the mapped ones
    mapped: tuple[Op, ...]
    after: list[Op]  # on the CPU, after them
    is_last: bool

    def compiled(self, path: Path, settings: Settings, found: Cut) -> CompiledFile:
        start = perf_counter()
        cost = estimate(self.mapped)
        part = subset(self.mapped, found.graph, found.named)
        op = custom_op(part, found.source, **_about(self.mapped, settings, cost))
        whole = subset([*self.before, *self.mapped, *self.after], found.graph, found.named)
        inputs = [t for t in whole.inputs if not t.is_variable]
        outputs = self._in_order(whole.outputs, found)
        data = write_model(segment_of(found.source, [*self.before, op, *self.after], inputs, outputs))
        told = {o.op.index: o for o in found.operations}
        ours = tuple(told[op.index] for op in whole.ops)
        return CompiledFile(self.name, path, data, ours, 0, (cost,), perf_counter() - start)

    @property
    def states(self) -> dict[int, Op]:
        """The variable tensors that its ops use, by index, and an op that does."""
        ops = (*self.before, *self.mapped, *self.after)
        return {t.index: op for op in ops for t in (*op.inputs, *op.outputs) if t and t.is_variable}

    def _in_order(self, outputs: Sequence[Tensor], found: Cut) -> list[Tensor]:
        """Return what a segment gives, the model's outputs first and in their order."""
        given = {t.index for t in outputs} | self.states.keys()
        results = [t for t in found.graph.outputs if t.index in given or (self.is_last and t.is_constant)]
        return [*results, *(t for t in outputs if t not in results)]


def _about(ops: Sequence[Op], settings: Settings, cost: Estimate) -> dict[str, Any]:
    """Return what a payload's header says of mapped ops."""
    totals = {
        "parameter_bytes": cost.parameter_bytes,
        "cached_bytes": cost.cached_bytes,
        "streamed_bytes": cost.streamed_bytes,
        "narrow_memory_per_tile": cost.narrow_memory_per_tile,
        "cycles": cost.cycles,
    }
    runtime = max(first_runtime(op.name) for op in ops)
    return {"runtime_version": runtime, "estimate": totals, "made_by": settings.made_by}
