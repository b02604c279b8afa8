"""Changes of quantization parameters and of biases, one tensor at a time: what LiteRT and we make of each.

The models are the matrix's, on the reference delegate (with delegraph-int16) and on OpenCL. A parameter is
consumed, so that the numbers are LiteRT's, or refused: never read and left aside where it would matter.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import islice
from typing import Any

import attrs
import litert
import numpy as np
from attrs import frozen
from delegraph import Quantization, write_model
from delegraph.errors import DelegraphError, InputError, ModelError
from delegraph.file import check_model
from delegraph.model import DTYPES, Graph, Model, Op, Tensor
from delegraph_conformance.draft import Draft
from one_op import difference

from .exemptions import exemption
from .facts import deaths
from .recipe import recipes
from .run import DIED, Refused, compute, fact_of, relabelled

_TYPES = 3  # of an op, where not all changes are made

Run = Callable[[Draft, Model], "tuple[list[np.ndarray], int, float]"]  # outputs, and what the rows claim
Takes = Callable[[Op, Graph], bool]


@frozen
class Change:
    """Another quantization of one tensor of an op, or other values."""

    tensor: Tensor  # as it was
    place: str  # "input 1", "output 0"
    what: str
    after: Tensor
    is_extreme: bool = False  # sums, or their multiples, come near the ends of int32 or leave it


@frozen
class Found:
    """What came of a change."""

    op: str
    types: str
    change: Change
    problem: str | None  # None: consumed as LiteRT does, or refused

    def __str__(self) -> str:
        return f"{self.op} {self.types}: {self.change.what} on {self.change.place}: {self.problem}"


def changes(op: Op) -> Iterator[Change]:
    """Yield the changes of each tensor of an op."""
    places = [(f"input {i}", t) for i, t in enumerate(op.inputs)]
    places += [(f"output {i}", t) for i, t in enumerate(op.outputs)]
    for place, t in places:
        if t is not None and (DTYPES[t.dtype].is_integer or t.dtype.startswith("float")):
            for is_extreme, found in ((False, _others(t)), (True, _extremes(t))):
                yield from (Change(t, place, what, new, is_extreme) for what, new in found)


def _extremes(t: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Yield scales far from the others, and biases of the ends of int32."""
    if t.scale > 0:
        for power in (-40, -26, -14, 14, 40):
            far = _quantized([t.scale * 2.0**power], [t.zero_point])
            yield f"a scale 2**{power} times as large", attrs.evolve(t, quantization=far)
    if t.is_constant and t.dtype in ("int32", "int64") and t.scale > 0 and t.size:
        ends = np.iinfo(np.int32)
        for what, first in (("highest", ends.max), ("lowest", ends.min)):
            values = np.array(t.data)
            values.flat[0] = first
            yield f"the {what} int32", attrs.evolve(t, data=values)


def _others(t: Tensor) -> Iterator[tuple[str, Tensor]]:
    return ((what, attrs.evolve(t, quantization=q)) for what, q in _parameters(t))


def _parameters(t: Tensor) -> Iterator[tuple[str, Quantization | None]]:
    is_scaled = t.quantization is not None and len(t.quantization.scale) > 0
    scale, low = t.scale or 0.03, 100 if t.dtype.startswith("u") else 0
    if is_scaled:
        yield "no parameters", None
        yield "a scale of 0", _quantized([0.0], [t.zero_point])
        yield "another scale", _quantized([1.7 * scale], [t.zero_point])
        yield "a scale and no zero point", _quantized([scale], [])
    else:
        yield "a scale", _quantized([scale], [0])
    if t.quantization is None or len(t.quantization.scale) < 2:
        other = 1 if DTYPES[t.dtype].bits < 8 else low + 7
        yield "another zero point", _quantized([scale], [other if other != t.zero_point else low + 9])
    for axis, n in enumerate(t.shape or ()):
        if n > 1:
            scales, points = scale * np.linspace(1, 2, n), low + np.arange(n) % 2
            yield f"scales along axis {axis}", _quantized(scales, [t.zero_point] * n, axis)
            yield f"scales and zero points along axis {axis}", _quantized(scales, points, axis)
            yield f"zero points along axis {axis}", _quantized([scale] * n, points, axis)


def _quantized(scales: Any, points: Any, axis: int = 0) -> Quantization:
    return Quantization(np.asarray(scales, np.float32), np.asarray(points, np.int64), axis)


def changed(model: Model, change: Change) -> Model:
    """Return a model with a change made."""
    graph = model.subgraphs[0]
    tensors = list(graph.tensors)
    tensors[change.tensor.index] = change.after

    def moved(found: Sequence[Tensor | None]) -> tuple[Any, ...]:
        return tuple(None if t is None else tensors[t.index] for t in found)

    ops = [attrs.evolve(op, inputs=moved(op.inputs), outputs=moved(op.outputs)) for op in graph.ops]
    ends = {"inputs": moved(graph.inputs), "outputs": moved(graph.outputs)}
    new = attrs.evolve(graph, tensors=tuple(tensors), ops=tuple(ops), **ends)
    return attrs.evolve(model, subgraphs=(new, *model.subgraphs[1:]))


def tried(op: str, run: Run, most: int | None, extreme: bool = False) -> Iterator[Found]:
    """Make changes of an op's models and say what came of each.

    :param run: who runs them; raises Refused
    :param most: so many changes, drawn evenly; None for all
    :param extreme: only such changes
    """
    chosen = islice(_types(op, run, random.Random(op)), None if most is None else _TYPES)
    pairs = [
        (types, change)
        for types in chosen
        for change in _changes_of(op, types)
        if change.is_extreme or not extreme
    ]
    if most is not None and len(pairs) > most:
        pairs = random.Random(op).sample(pairs, most)
    for types, change in pairs:
        yield Found(op, types, change, _problem(op, types, change, run))


def taken_by_one(op: str, ours: Takes, theirs: Takes, most: int | None) -> Iterator[Found]:
    """Make changes of the models of an op that two delegates take, and yield those that ours alone takes.

    :param most: so many changes, drawn evenly; None for all
    """
    pairs = [
        (types, change)
        for types in recipes()[op].types
        if len(_draft(op, types)[1].subgraphs) == 1
        and all(_takes(op, types, None, t) for t in (ours, theirs))
        for change in _changes_of(op, types)
    ]
    if most is not None and len(pairs) > most:
        pairs = random.Random(op).sample(pairs, most)
    for types, change in pairs:
        if _takes(op, types, change, ours) and not _takes(op, types, change, theirs):
            yield Found(op, types, change, "the other delegate refuses it")


def _takes(op: str, types: str, change: Change | None, takes: Takes) -> bool:
    draft, model = _draft(op, types)
    model = model if change is None else changed(model, change)
    try:
        check_model(model)
    except ModelError:
        return False
    graph = model.subgraphs[0]
    return takes(draft.op_of(graph), graph)


def _types(op: str, run: Run, order: random.Random) -> Iterator[str]:
    """Yield the types of an op's models that both sides run before anything is changed, in some order."""
    dead = {(d.op, d.types) for d in deaths()}
    meaningful = [t for t in recipes()[op].types if exemption(op, t) is None and (op, t) not in dead]
    for types in order.sample(meaningful, len(meaningful)):
        if _base(op, types, run) is not None and not isinstance(_litert_s(op, *_draft(op, types)), str):
            yield types


@cache
def _draft(op: str, types: str) -> tuple[Draft, Model]:
    draft = recipes()[op].draft(fact_of(op).last, types)
    return draft, draft.model()


def _changes_of(op: str, types: str) -> list[Change]:
    draft, model = _draft(op, types)
    return list(changes(draft.op_of(model.subgraphs[0])))


@cache
def _base(op: str, types: str, run: Run) -> list[np.ndarray] | None:
    """Return the outputs before a change; None where the model is refused."""
    draft, model = _draft(op, types)
    if len(model.subgraphs) > 1:
        return None
    try:
        return run(draft, model)[0]
    except (Refused, DelegraphError):
        return None


def _problem(op: str, types: str, change: Change, run: Run) -> str | None:
    draft, model = _draft(op, types)
    model = changed(model, change)
    try:
        check_model(model)
        ours, steps, rtol = run(draft, model)
    except (Refused, InputError, ModelError):
        return None
    except Exception as e:
        return f"fails: {type(e).__name__}: {e}"
    before = _base(op, types, run)
    assert before is not None
    is_same = all(a.tobytes() == b.tobytes() for a, b in zip(ours, before, strict=True))
    theirs = _litert_s(op, draft, model)
    if isinstance(theirs, str):
        return None if is_same and not _counts(change) else _unless_right(op, types, change, theirs)
    for a, b in zip(ours, theirs, strict=True):
        if found := difference(_wide(a), _wide(b), steps=steps, rtol=rtol):
            return _unless_right(op, types, change, found)
    if (
        not is_same or not _counts(change) or recipes()[op].family == "movement"
    ):  # which moves stored values
        return None
    if change.is_extreme or change.what == "another scale":  # what saturates stays the same
        return None
    return None if any(case.covers(op, types, change) for case in UNREAD) else "is left aside"


def _litert_s(op: str, draft: Draft, model: Model) -> list[np.ndarray] | str:
    """Return LiteRT's outputs, or what it says."""
    why = ""
    for resolver, version in fact_of(op).answers(fact_of(op).last):
        try:
            found = litert.run(write_model(relabelled(model, op, version)), draft.feeds, resolver)
            return draft.carried_back(found)
        except litert.LiteRTCrashed as e:
            why = why or f"LiteRT {DIED}{e.signal}"
        except (litert.LiteRTError, DelegraphError) as e:
            why = why or f"LiteRT: {' '.join(str(e).split())[:200]}"
    return why


def _wide(a: np.ndarray) -> np.ndarray:
    return (a.astype(np.uint32) << 16).view(np.float32) if a.dtype == np.uint16 else a


def on_reference(draft: Draft, model: Model) -> tuple[list[np.ndarray], int, float]:
    """Run a model on the reference delegate's kernels."""
    return compute(draft, model, None), 0, 1e-5


def on_opencl(draft: Draft, model: Model, **options: Any) -> tuple[list[np.ndarray], int, float]:
    """Run a model whole on OpenCL."""
    from one_op_opencl import refusal, run

    if why := refusal(model, options):
        raise Refused(why)
    found, (steps, rtol) = run(model, draft.feeds, options)
    return draft.carried_back([np.asarray(a) for a in found]), steps, max(rtol, 1e-6)


on_gpu_kernels = partial(on_opencl, kernels="gpu")


def _counts(change: Change) -> bool:
    """Say whether parameters mean something on a tensor: it has integers that stand for real numbers."""
    return DTYPES[change.tensor.dtype].is_integer and change.tensor.scale > 0


def _unless_right(op: str, types: str, change: Change, problem: str) -> str | None:
    return None if any(case.covers(op, types, change) for case in RIGHT) else problem


@frozen
class Case:
    """Ops, and a pattern that "types|place|what" of a change fits as a whole."""

    ops: str
    pattern: str
    why: str

    def covers(self, op: str, types: str, change: Change) -> bool:
        text = f"{types}|{change.place}|{change.what}"
        return op in self.ops.split() and re.fullmatch(self.pattern, text) is not None


# LiteRT has another answer, or none, and delegraph's is right.
RIGHT = (
    Case(
        "DEPTHWISE_CONV_2D", "float32:int8.*input 1.a scale of 0", "LiteRT reads a scale for each channel"
    ),
    Case("QUANTIZE", r"float.*output 0.a scale 2\*\*-.*", "LiteRT casts what leaves int32 to its lowest"),
    Case("SQRT RSQRT", ".*input 0.another zero point", "LiteRT stops at values below 0"),
    Case("BATCH_MATMUL", "int16:int8:.*scales along axis 2", "a scale for each column: LiteRT gives zeros"),
    Case("BATCH_MATMUL DEQUANTIZE", "int16.*another zero point", "LiteRT refuses it; here it is taken off"),
)

# The numbers stay the same, as in LiteRT, and nothing is wrong with that.
_BIAS = ".*input {}.(a scale of 0|no parameters|scales along axis 0)"
_IMPLIED = "a bias has the scale of x times that of the weights"
_OF_STORED = (
    "ARG_MAX ARG_MIN AVERAGE_POOL_2D MAX_POOL_2D RESIZE_BILINEAR FLOOR_DIV FLOOR_MOD GREATER GREATER_EQUAL"
    " LESS LESS_EQUAL MAXIMUM MINIMUM NEG"
)
_WHOLE = ".*(a scale of 0|no parameters|another zero point)"
_SHIFTED = ".*another zero point"
UNREAD = (
    Case("CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED", _BIAS.format(2), _IMPLIED),
    Case("TRANSPOSE_CONV SVDF", _BIAS.format(3), _IMPLIED),
    Case("LSTM UNIDIRECTIONAL_SEQUENCE_LSTM", _BIAS.format("1[2-5]"), _IMPLIED),
    Case(
        "LSTM UNIDIRECTIONAL_SEQUENCE_LSTM", f".*(input 1[89]|output 0){_SHIFTED}", "the states are 0 there"
    ),
    Case("BATCH_MATMUL", "int8:int8:int32.*", "sums of stored values"),
    Case("DEPTHWISE_CONV_2D FULLY_CONNECTED", f"int8:int[24]:.*input 0{_SHIFTED}", "the outputs saturate"),
    Case("FULLY_CONNECTED", "int(8:int2|16:int16):.*input 1.scales along axis 0", "the outputs saturate"),
    Case(_OF_STORED, _WHOLE, "LiteRT defines it on stored values"),
    Case("EQUAL NOT_EQUAL GELU", _SHIFTED, "few values are equal, or many saturate"),
    Case(
        "SOFTMAX LOG_SOFTMAX RELU_0_TO_1", f".*input 0{_SHIFTED}", "differences of x, or its bounds, count"
    ),
)
