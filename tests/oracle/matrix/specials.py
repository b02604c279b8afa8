"""A cell once more, on infinities, NaN, signed zeros, the smallest and the largest floats.

The op's operands get them, its float constants, and what its fused activations see. Ordinary values come
once more, too, with a scale and a zero point on every float, as some converters leave them. Which answers
of LiteRT are not to be reproduced, and why, stands in ``exemptions.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs
import litert
import numpy as np
import special
from attrs import frozen
from delegraph.errors import InputError
from delegraph.file import write_model
from delegraph.model import Graph, Model, Op, Quantization, Tensor
from delegraph_conformance.draft import Draft
from one_op import FLOAT_RTOL, difference

from .exemptions import ALL, SIGNS, special_exemption

ACTIVATIONS = ("RELU", "RELU6", "RELU_N1_TO_1")
ACTIVATED = ("zeros", "infinities", "nan")  # moods that an activation tells apart
EACH_RTOL = 1e-4  # LOGISTIC of -9.5 in LiteRT is off by 8e-5
RANDOM = ("MULTINOMIAL", "RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL")  # a run leaves another state behind

Values = dict[int, np.ndarray]  # of the op's operands, by tensor
Kernel = Callable[[Draft, Model, "list[np.ndarray] | None"], list[np.ndarray]]


@frozen
class Variation:
    """The cell's model, or one with another activation or other constants, and what it is fed."""

    name: str  # "", "RELU6 ", "constants "
    model: Model
    feeds: tuple[tuple[str, Values], ...]  # what each is called, and its values


def differing(
    draft: Draft,
    model: Model,
    types: str,
    resolver: str,
    labelled: Callable[[Model], Model],
    ours: Kernel,
    each: bool,
) -> str | None:
    """Return in words on which special values LiteRT and delegraph differ, or None.

    :param resolver: LiteRT's, which runs the cell on ordinary values
    :param labelled: gives a model the version of the op that the resolver knows
    :param ours: runs the op in delegraph: raises InputError for values that it refuses
    :param each: a value of the output depends on few others, and each has to be right by itself
    """
    if draft.name in RANDOM:
        return None
    found = []
    for variation in variations(draft, model):
        batches = [draft.fed(values) for _, values in variation.feeds]
        answers = litert_answers(write_model(labelled(variation.model)), batches, resolver)
        if answers is None:
            continue
        for (name, values), theirs in zip(variation.feeds, answers, strict=True):
            label = f"{variation.name}{name}"
            exempt = special_exemption(draft.name, types, label)
            problem = _problem(draft.with_values(values), variation.model, exempt, theirs, ours, each)
            found += [f"{label}: {problem}"] if problem else []
    return f"{len(found)} feeds differ; {found[0]}" if found else None


def variations(draft: Draft, model: Model) -> Iterator[Variation]:
    """Yield the models to run and their feeds; nothing where no operand is a float."""
    free = {i: a for i, a in draft.values.items() if i not in draft.given}
    dtypes = {t.index: t.dtype for t in model.subgraphs[0].tensors}
    kinds = [dtypes[i] for i in free]
    constants = _float_constants(draft.op_of(model.subgraphs[0]))
    if not {*kinds, *(t.dtype for t in constants)} & {*special.FLOATS}:
        return

    def fed(**choice: Sequence) -> tuple[tuple[str, Values], ...]:
        all_feeds = special.feeds(kinds, list(free.values()), **choice)
        return tuple((f.name, draft.values | dict(zip(free, f.arrays, strict=True))) for f in all_feeds)

    yield Variation("", model, fed())
    yield Variation("quantized ", with_quantization(model, draft), (("alone", draft.values),))
    options = draft.op_of(model.subgraphs[0]).options
    if "fused_activation_function" in options:
        for name in ACTIVATIONS:
            yield Variation(f"{name} ", activated(model, draft, name), fed(moods=ACTIVATED, shares=(2,)))
    for mood in special.MOODS if constants else ():
        changed = with_constants(model, draft, mood)
        yield Variation(
            f"constants {mood} ", changed, (("alone", draft.values), *fed(moods=[mood], shares=[9]))
        )


def activated(model: Model, draft: Draft, name: str) -> Model:
    """Return the model with another fused activation of its op."""
    return changed_op(
        model,
        draft,
        lambda op: attrs.evolve(op, options=op.options.replace(fused_activation_function=name)),
    )


def with_constants(model: Model, draft: Draft, mood: str) -> Model:
    """Return the model with special values in one of nine places of its op's float constants."""

    def changed(tensor: Tensor | None) -> Tensor | None:
        if tensor is None or tensor.data is None or tensor.dtype not in special.FLOATS:
            return tensor
        return attrs.evolve(tensor, data=special.strewn(tensor.data, tensor.dtype, mood, 9, tensor.index))

    return changed_op(model, draft, lambda op: attrs.evolve(op, inputs=tuple(map(changed, op.inputs))))


def with_quantization(model: Model, draft: Draft) -> Model:
    """Return the model with a scale and a zero point on its op's floats, which mean nothing there."""
    leftover = Quantization(np.full(1, 0.1, np.float32), np.full(1, 3, np.int64), 0)

    def changed(tensor: Tensor | None) -> Tensor | None:
        is_float = tensor is not None and tensor.dtype in special.FLOATS
        return attrs.evolve(tensor, quantization=leftover) if is_float else tensor

    def quantized(op: Op) -> Op:
        return attrs.evolve(
            op, inputs=tuple(map(changed, op.inputs)), outputs=tuple(map(changed, op.outputs))
        )

    return changed_op(model, draft, quantized)


def litert_answers(
    file: bytes, batches: Sequence[Sequence[np.ndarray]], resolver: str
) -> list[list[np.ndarray] | None] | None:
    """Return LiteRT's outputs of each batch; None for what it refuses, when it loads or while it runs."""
    try:
        with litert.loaded(file, resolver) as it:
            return _sampled(it, batches)
    except litert.LiteRTCrashed:
        raise
    except litert.LiteRTError:
        return None


def _sampled(it: litert.Loaded, batches: Sequence[Sequence[np.ndarray]]) -> list[list[np.ndarray] | None]:
    try:
        return list(it.sample(batches))
    except litert.LiteRTCrashed:
        raise
    except litert.LiteRTError:
        return [_answer(it, batch) for batch in batches]


def _answer(it: litert.Loaded, batch: Sequence[np.ndarray]) -> list[np.ndarray] | None:
    try:
        return it.sample([batch])[0]
    except litert.LiteRTCrashed:
        raise
    except litert.LiteRTError:
        return None


def _problem(
    draft: Draft,
    model: Model,
    exempt: str | None,
    theirs: list[np.ndarray] | None,
    ours: Kernel,
    each: bool,
) -> str | None:
    if exempt == ALL:
        return None
    expected = None if theirs is None else draft.carried_back(theirs)
    try:
        found = ours(draft, model, expected)
    except InputError as e:
        return None if expected is None else f"refuses: {e}"
    if expected is None:
        return "LiteRT refuses, delegraph runs"
    pairs = zip(draft.outputs, found, expected, strict=True)
    return next((p for t, a, b in pairs if (p := _unlike(t, a, b, exempt, each))), None)


def _unlike(
    tensor: Tensor, ours: np.ndarray, theirs: np.ndarray, exempt: str | None, each: bool
) -> str | None:
    if tensor.dtype == "bfloat16":
        ours, theirs = (widened(a) for a in (ours, theirs))
    rtol = EACH_RTOL if each else FLOAT_RTOL
    problem = difference(ours, theirs, rtol=rtol, each=each, zero_signs=exempt != SIGNS)
    return f"{tensor.name}: {problem}" if problem else None


def widened(bits: np.ndarray) -> np.ndarray:
    """Return bfloat16 values as float32."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)


def _float_constants(op: Op) -> list[Tensor]:
    return [t for t in op.inputs if t is not None and t.is_constant and t.dtype in special.FLOATS]


def changed_op(model: Model, draft: Draft, change: Callable[[Op], Op]) -> Model:
    graph = model.subgraphs[0]
    op = draft.op_of(graph)
    new = change(op)
    data = {t.index: t for t in (*new.inputs, *new.outputs) if t is not None}

    def known(tensors: Iterable[Tensor | None]) -> tuple[Tensor | None, ...]:
        return tuple(t if t is None else data.get(t.index, t) for t in tensors)

    def with_op(g: Graph) -> Graph:
        others = [attrs.evolve(o, inputs=known(o.inputs), outputs=known(o.outputs)) for o in g.ops]
        ops = tuple(new if o is op else other for o, other in zip(g.ops, others, strict=True))
        borders = {"inputs": known(g.inputs), "outputs": known(g.outputs), "tensors": known(g.tensors)}
        return attrs.evolve(g, ops=ops, **borders)

    return attrs.evolve(model, subgraphs=(with_op(graph), *model.subgraphs[1:]))
