"""Where the Edge TPU compiler cuts a model, and which models it cannot compile at all.

Source: coral.ai/docs/edgetpu/compiler (what the options mean); the compiler's own messages, as its users
post them in github.com/google-coral/edgetpu/issues (222, 313, 479, 586, 718).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from attrs import frozen
from delegraph import (
    Graph,
    InputError,
    Model,
    Op,
    Partition,
    Plan,
    Refusal,
    UnsupportedOps,
    escaped,
    load_delegate,
    plan_model,
    read_model,
)

from .custom_op import CUSTOM_OP
from .delegate import is_compiled
from .loads import told, unloadable
from .payload import described
from .status import Operation, operations

Say = Callable[[str], None]

_NOT_RUN = """\
Compilation failed: Model failed in Tflite interpreter. Please ensure model can be loaded/run in Tflite \
interpreter."""
_NOT_STATIC = """\
ERROR: Attempting to use a delegate that only supports static-sized tensors with a graph that has \
dynamic-sized tensors.
"""
_FLEX = """\
ERROR: Regular TensorFlow ops are not supported by this interpreter. Make sure you apply/link the Flex \
delegate before inference.
ERROR: Node number {op.index} ({op.name}) failed to prepare.

"""


@frozen
class Settings:
    """What the command's options say."""

    runtime_version: int = 14
    multiple_subgraphs: bool = False
    search: bool = False  # where compiling fails, retry with fewer ops
    search_step: int = 1  # how many fewer
    num_segments: int = 1
    made_by: str = ""  # package and version, for the payload


@frozen(hash=False)
class Cut:
    """A model, and where it is cut."""

    source: Model
    plan: Plan
    label: str  # of the delegate
    seconds: float  # that it took

    @property
    def graph(self) -> Graph:
        return self.plan.subgraphs[0].graph

    @property
    def mapped(self) -> list[Partition]:
        return [p for p in self.plan.partitions if p.label == self.label]

    @property
    def operations(self) -> list[Operation]:
        return operations(self.plan, self.label)

    @property
    def named(self) -> list[int]:
        """The tensors that signatures name as results: they may leave the model besides its outputs."""
        results = (s.outputs.values() for s in self.source.signatures if not s.subgraph)
        return [index for indices in results for index in indices]


class CompilationFailed(UnsupportedOps):
    """A model cannot be compiled. ``log`` is what the Edge TPU compiler says of such a model."""

    def __init__(self, path: Path, message: str, log: str, told: Sequence[Operation] = ()) -> None:
        super().__init__(f"{escaped(path)}: {message}")
        self.path = path
        self.log = log
        self.operations = tuple(told)


def cut(path: Path, settings: Settings, say: Say) -> Cut:
    """Read a model and decide what is mapped.

    :param say: told what a search tries.
    :raises CompilationFailed: the compiler's TFLite cannot load or run it, it is not quantized, a shape
        depends on values, or no op can be mapped.
    :raises InputError: it is compiled already.
    """
    start = perf_counter()
    source = read_model(path)
    _check_source(path, source)
    _check_loads(path, source)
    _check_flex(path, source)
    options = {
        "runtime_version": settings.runtime_version,
        "multiple_subgraphs": settings.multiple_subgraphs,
    }
    delegate = load_delegate("edgetpu", options)
    plan = plan_model(source, [delegate], warn=False)
    count = len(plan.subgraphs[0].graph.ops)
    if settings.search:
        count = _searched(plan, settings.search_step, say)
        plan = plan_model(source, [delegate], warn=False, refused=_beyond(plan, count, delegate.label))
    found = Cut(source, plan, delegate.label, perf_counter() - start)
    _check_shapes(path, found, count)
    _check_mapped(path, found)
    return found


def _check_source(path: Path, source: Model) -> None:
    main = source.subgraphs[0]
    if is_compiled(main):
        op = next(op for op in main.ops if op.name == CUSTOM_OP)
        raise InputError(f"{escaped(path)} is compiled already: {op} holds {described(op.custom_options)}")


def _check_loads(path: Path, source: Model) -> None:
    if found := unloadable(source):
        log = f"{found[0].said}\nInvalid model: {escaped(path)}\nModel could not be parsed"
        raise CompilationFailed(path, told(found), log)


def _check_flex(path: Path, source: Model) -> None:
    ops = [op for graph in source.subgraphs for op in graph.ops]
    code = {i for i, code in enumerate(source.operator_codes) if code.name == "CUSTOM"}
    flex = next((op for op in ops if op.code in code and op.name.startswith("Flex")), None)
    if flex is not None:
        raise CompilationFailed(
            path,
            f"{flex} is a TensorFlow op, which the TFLite inside the Edge TPU compiler does not run; "
            "convert without SELECT_TF_OPS, and replace or take out what the converter then refuses",
            _FLEX.format(op=flex) + _NOT_RUN,
        )


def _check_shapes(path: Path, found: Cut, count: int) -> None:
    dynamic = _first_dynamic(found.plan)
    if dynamic is None or not any(op is dynamic for op in found.graph.ops[:count]):
        return
    raise CompilationFailed(
        path,
        f"the shape of what {dynamic} gives depends on the values it reads, and the Edge TPU takes fixed "
        "shapes only; take the op out of the model, or compile what comes before it with --search-delegate",
        _NOT_STATIC + _NOT_RUN,
    )


def _check_mapped(path: Path, found: Cut) -> None:
    if found.mapped:
        return
    if (dtype := _unquantized(found.graph)) is not None:
        raise CompilationFailed(
            path,
            _to_quantize(dtype),
            f"Invalid model: {escaped(path)}\nModel not quantized",
        )
    told = found.operations
    first = f"; the first: {told[0].op}, {told[0].why}" if told else ""
    raise CompilationFailed(
        path,
        f"none of the {len(told)} ops can be mapped to the Edge TPU{first}",
        "Compilation failed: no operation can be mapped to the Edge TPU",
        told,
    )


def _to_quantize(dtype: str) -> str:
    if dtype in _QUANTIZABLE:
        return f"this model is {dtype}; quantize it first (weights and activations to int8 or uint8)"
    return (
        f"this model works on {dtype}, and there is nothing in it to quantize: the Edge TPU takes int8 and "
        "uint8 alone; do this part outside, and compile what computes on numbers"
    )


def _searched(plan: Plan, step: int, say: Say) -> int:
    """Return how many of the first ops to compile: as many as compiling works with."""
    say(f"Searching for valid delegate with step {step}")
    dynamic = _first_dynamic(plan)
    ops = plan.subgraphs[0].graph.ops
    for count in range(len(ops), 0, -step):
        say(f"Try to compile segment with {count} ops")
        if not any(op is dynamic for op in ops[:count]):
            return count
    return 0


def _beyond(plan: Plan, count: int, label: str) -> dict[tuple[int, int], dict[str, tuple[Refusal, ...]]]:
    """Return refusals of the ops that a search leaves out."""
    needed = f"a place among the first {count} ops, with which compiling works"
    why = Refusal(needed, "a later op", kind="limit")
    return {(0, op.index): {label: (why,)} for op in plan.subgraphs[0].graph.ops[count:]}


def _first_dynamic(plan: Plan) -> Op | None:
    """Return the first op with known inputs whose outputs have shapes that only a run shows.

    A custom op is none: nothing may be known of its shapes.
    """
    custom = {i for i, code in enumerate(plan.model.operator_codes) if code.name == "CUSTOM"}
    for op in plan.subgraphs[0].graph.ops:
        known = all(t.shape is not None for t in op.inputs if t is not None)
        if known and op.code not in custom and any(t.shape is None for t in op.outputs):
            return op
    return None


def _unquantized(graph: Graph) -> str | None:
    """Return the type that most activations have, those that can be quantized first, if none has 8 bits."""
    operands = (t for op in graph.ops for t in (*op.inputs, *op.outputs))
    found = Counter(t.dtype for t in operands if t is not None and not t.is_constant)
    if not found or found.keys() & {"int8", "uint8"}:
        return None
    return max(found, key=lambda dtype: (dtype in _QUANTIZABLE, found[dtype]))


_QUANTIZABLE = ("float32", "float16", "float64", "bfloat16", "int16")
