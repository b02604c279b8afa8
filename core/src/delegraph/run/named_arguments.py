"""What of a model is run: its main subgraph or the one a signature names, with the names people use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..contract import Plan
from ..errors import InputError
from ..model import Graph, Model, Op, Record, Signature, Tensor
from ..text import did_you_mean, escaped, shape_text
from ..values import evolve, frozen


@frozen(hash=False)
class Argument:
    """One input or output."""

    name: str  # the signature's, else the tensor's
    tensor: Tensor
    metadata: Record | None = None  # the table TensorMetadata; filled in by ``described``
    quantized_as: Tensor | None = None  # what the QUANTIZE writes that reads a float input; likewise
    readers: tuple[Op, ...] = ()  # of an input: the ops that compute with it; likewise

    @property
    def text(self) -> str:
        """The argument for people: ``image 1×8×8×1 float32``."""
        return f"{escaped(self.name)} {self.shape_text} {self.tensor.dtype}"

    @property
    def shape_text(self) -> str:
        """Its shape, with ``?`` where callers may choose the size."""
        return shape_text(self.tensor.shape_signature or self.tensor.shape)


@frozen(hash=False)
class Interface:
    """The inputs and outputs of what is run."""

    inputs: tuple[Argument, ...]
    outputs: tuple[Argument, ...]
    subgraph: int = 0
    signature: str | None = None  # None: the main subgraph, by the names of its tensors


def interface_of(model: Model, signature: str | None = None) -> Interface:
    """Return what to run: the signature asked for; else the main subgraph.

    The main subgraph's arguments have the names of its signature, if the model has exactly one.

    :raises InputError: there is no such signature; the message lists those there are.
    """
    chosen = _signature(model, signature)
    graph = model.subgraphs[0 if chosen is None else chosen.subgraph]
    if chosen is None:
        return Interface(_by_tensor(graph.inputs), _by_tensor(graph.outputs))
    return Interface(_named(chosen.inputs, graph), _named(chosen.outputs, graph), graph.index, chosen.key)


def described(interface: Interface, model: Model) -> Interface:
    """Return an interface with what the model says of its inputs and outputs beyond their types.

    That is its metadata, and how it quantizes float inputs at once.
    """
    from ..file import tensor_metadata

    graph = model.subgraphs[interface.subgraph]
    inputs, outputs = tensor_metadata(model, graph.index)
    pairs = zip((*graph.outputs, *graph.inputs), (*outputs, *inputs), strict=True)
    about = {t.index: table for t, table in pairs}
    quantized = {x.index: y for op in graph.ops if op.name == "QUANTIZE" for x, y in _ends(op)}
    readers = _readers(graph)

    def described_argument(a: Argument) -> Argument:
        index = a.tensor.index
        return evolve(
            a,
            metadata=about.get(index),
            quantized_as=quantized.get(index),
            readers=tuple(readers.get(index, ())),
        )

    return evolve(
        interface,
        inputs=tuple(map(described_argument, interface.inputs)),
        outputs=tuple(map(described_argument, interface.outputs)),
    )


def _readers(graph: Graph) -> dict[int, list[Op]]:
    """Return the ops that compute with each input; what only changes its type is looked through."""
    source = {t.index: t.index for t in graph.inputs}
    found: dict[int, list[Op]] = {}
    for op in graph.ops:
        for t in op.inputs:
            if t is None or t.index not in source:
                continue
            if op.name in ("QUANTIZE", "DEQUANTIZE", "CAST") and op.outputs:
                source[op.outputs[0].index] = source[t.index]
            else:
                found.setdefault(source[t.index], []).append(op)
    return found


def _ends(op: Op) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield what the op reads and writes; an op that no row has looked at may lack either."""
    if op.inputs and op.inputs[0] is not None and op.outputs:
        yield op.inputs[0], op.outputs[0]


def planned(interface: Interface, plan: Plan) -> Interface:
    """Return an interface with its outputs as they are planned: ops set types, whatever the file says."""
    tensors = plan.subgraphs[interface.subgraph].graph.tensors
    outputs = (evolve(a, tensor=tensors[a.tensor.index]) for a in interface.outputs)
    return evolve(interface, outputs=tuple(outputs))


def _signature(model: Model, key: str | None) -> Signature | None:
    if key is None:
        (only,) = model.signatures if len(model.signatures) == 1 else (None,)
        return only if only is not None and _covers(model.subgraphs[0], only) else None
    found = next((s for s in model.signatures if s.key == key), None)
    if found is None:
        known = ", ".join(repr(s.key) for s in model.signatures) or "none"
        close = did_you_mean(key, [s.key for s in model.signatures])
        raise InputError(f"no signature {key!r} in {model.source}{close}; it has: {known}")
    return found


def _covers(graph: Graph, signature: Signature) -> bool:
    """Say whether a signature names each input and output of a subgraph."""
    return (
        signature.subgraph == graph.index
        and set(signature.inputs.values()) == {t.index for t in graph.inputs}
        and set(signature.outputs.values()) >= {t.index for t in graph.outputs}
    )


def _named(names: Mapping[str, int], graph: Graph) -> tuple[Argument, ...]:
    return tuple(Argument(name, graph.tensors[index]) for name, index in names.items())


def _by_tensor(tensors: tuple[Tensor, ...]) -> tuple[Argument, ...]:
    """Name tensors by their names; one without a name, or with another's, with its index."""
    taken: set[str] = set()
    named = []
    for t in tensors:
        name = t.name if t.name and t.name not in taken else f"{t.name}#{t.index}"
        taken.add(name)
        named.append(Argument(name, t))
    return tuple(named)
