"""The delegate: takes what the Edge TPU compiler maps, and runs it bit for bit as the reference does."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal
from weakref import ref

from delegraph import (
    Delegate,
    Graph,
    ModelError,
    Op,
    Partition,
    Plan,
    Refusal,
    Run,
    Tensor,
    at_least,
    bytes_text,
    evolve,
    field,
    frozen,
    load_delegate,
    read_model,
    run_op_by_op,
    shape_text,
)

from .custom_op import CUSTOM_OP

if TYPE_CHECKING:
    from .payload import Header


@frozen
class Options:
    """Options of the Edge TPU delegate."""

    runtime_version: Literal[10, 11, 12, 13, 14] = 14  # of the device: which ops it has
    multiple_subgraphs: bool = False  # take every supported subset, not only the first
    num_threads: int | None = field(default=None, validator=at_least(1))  # of the CPU that runs it


class EdgeTpu(Delegate):
    """What the Edge TPU compiler accepts, cut where it cuts, run on the CPU by the reference delegate."""

    name = "edgetpu"
    Options = Options
    keep = "first"
    contiguous = False
    _seen: tuple[Any, bool] = (
        lambda: None,
        False,
    )  # the graph asked about last, and whether it is compiled

    def unavailable(self) -> str | None:
        if find_spec("delegraph_reference") is None:
            return "it runs its ops with the reference delegate; pip install delegraph-reference"
        return None

    def hint(self, op: Op) -> str:
        from .advice import advice

        return advice(op)

    def partition_limit(self, graph: Graph) -> int | None:
        """One, as the compiler by default; in a compiled graph every custom op runs, as on the device."""
        if self.max_partitions is not None:
            return self.max_partitions
        return None if self.options.multiple_subgraphs or self._is_compiled(graph) else 1

    def check(self, partition: Partition) -> Mapping[int, list[Refusal]]:
        """Refuse what the reference does: nothing could run it. Of a compiled graph, all that is left."""
        graph = partition.graph
        if graph is not None and self._is_compiled(graph):
            return {op.index: [_COMPILED] for op in partition.ops if op.name != CUSTOM_OP}
        if self.unavailable() is not None:
            return {}
        table = self._reference().table
        return {op.index: found for op in partition.ops if (found := table.refusals(op, graph))}

    def advise(self, plan: Plan) -> list[str]:
        from .estimate import co_compile
        from .loads import told, unloadable
        from .reasons import reasons
        from .status import operations

        if is_compiled(plan.subgraphs[0].graph):
            return []
        lines = [told(found)] if (found := unloadable(plan.model)) else []
        left = reasons(operations(plan, self.label))
        lines += [f"{r}; {r.way_out}" if r.way_out else str(r) for r in left]
        mapped = [p.ops for p in plan.partitions if p.label == self.label]
        if streamed := sum(e.streamed_bytes for e in co_compile(mapped)):
            lines.append(
                f"about {bytes_text(streamed)} of parameters do not fit the chip and are fetched in every "
                "run; make the model smaller, or compile it for several Edge TPUs with --num-segments"
            )
        return lines

    def mapping(self, plan: Plan, wished: Plan | None = None) -> str:
        """Return the compiler's table of a plan, and what keeps ops off the device.

        :param wished: the plan of the same model with integers in every op; where the first has floats
            instead, this one says why.
        """
        from .mapping import ALL_MAPPED, table, why
        from .status import operations

        reasons = why(operations(wished or plan, self.label))
        return f"{table(operations(plan, self.label))}\n\n{reasons or ALL_MAPPED}"

    def prepare(self, partition: Partition) -> Run:
        if any(op.name == CUSTOM_OP for op in partition.ops):
            return run_op_by_op(partition, self._compiled)
        return self._on_the_cpu(partition)

    def _is_compiled(self, graph: Graph) -> bool:
        """Say whether a graph is compiled, without looking through it again for each of its partitions."""
        if self._seen[0]() is not graph:
            self._seen = (ref(graph), is_compiled(graph))
        return self._seen[1]

    def _compiled(self, op: Op) -> Run:
        """Return run(*inputs) -> outputs and next values of variables, of one custom op."""
        from .payload import decoded

        payload = decoded(op.custom_options)
        graph = read_model(payload.model).subgraphs[0]
        inside = _inside(op, payload.header, graph)
        variables = [inside[t.index] for t in op.variables]
        partition = Partition(
            self,
            self.label,
            graph.ops,
            tuple(inside[t.index] for t in op.inputs if t is not None),
            tuple(inside[t.index] for t in op.outputs),
            tuple(variables),
            graph,
        )
        return self._on_the_cpu(partition)

    def _on_the_cpu(self, partition: Partition) -> Run:
        reference = self._reference()
        return reference.prepare(evolve(partition.on(reference), label=self.label))

    def _reference(self) -> Delegate:
        options = {} if self.options.num_threads is None else {"num_threads": self.options.num_threads}
        return load_delegate("reference", options)


def is_compiled(graph: Graph) -> bool:
    """Say whether a graph comes from a compiler: whether it has an edgetpu-custom-op."""
    return any(op.name == CUSTOM_OP for op in graph.ops)


_COMPILED = Refusal(
    f"a model that is not compiled, or {CUSTOM_OP}",
    "an op that the compiler left to the CPU",
)


def _inside(op: Op, header: Header, graph: Graph) -> dict[int, Tensor]:
    """Return the tensor of the model in the payload for each operand of the custom op, by its index."""
    outside = [*(t for t in op.inputs if t is not None), *op.outputs]
    indices = [*header.inputs, *header.outputs]
    if len(header.inputs) != len(op.inputs) or len(outside) != len(indices):
        raise ModelError(
            f"{op} needs {len(header.inputs)} inputs and {len(header.outputs)} outputs, as its payload "
            f"says, found {len(op.inputs)} and {len(op.outputs)}"
        )
    found: dict[int, Tensor] = {}
    for t, index in zip(outside, indices, strict=True):
        other = graph.tensors[index] if 0 <= index < len(graph.tensors) else None
        if other is None or (other.dtype, other.shape) != (t.dtype, t.shape):
            what = (
                "no such tensor" if other is None else f"{other.dtype} of shape {shape_text(other.shape)}"
            )
            raise ModelError(
                f"{op} needs tensor {index} of its payload as {t.dtype} of shape {shape_text(t.shape)}, "
                f"found {what}; "
                "a compiled model takes the shapes that it was compiled for"
            )
        found[t.index] = other
    return found
