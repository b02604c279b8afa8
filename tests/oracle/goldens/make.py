"""What LiteRT, or written-out arithmetic, makes of the catalogue's cases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import litert
import numpy as np
from delegraph import DTYPES, Delegate, DelegraphError, Model, Tensor, load_delegate, plan_model
from delegraph.contract.plan import NOBODY
from delegraph.errors import InputError
from delegraph_conformance.draft import Draft
from delegraph_conformance.goldens import Golden
from delegraph_conformance.recipe import PLAIN_VARIANT, Recipe
from matrix.exemptions import exemption
from matrix.facts import deaths, facts
from matrix.run import DIED, Answer, Cell, _theirs

from .moved import moved
from .rational import rational
from .wider import WIDER, widened

# Exempt only because LiteRT takes types that mean nothing, which the reference delegate refuses.
READ_ANYHOW = {"LSH_PROJECTION", "HASHTABLE_LOOKUP", "EMBEDDING_LOOKUP"}
# LiteRT has no int8 there, or reads its values as uint8 anyhow.
READ_AS_UINT8 = {"SUM": "int8.*", "TFLite_Detection_PostProcess": "int8:int8:int8"}


def goldens_of(recipe: Recipe) -> Iterator[Golden]:
    """Yield the goldens of an op: for each model that versions make of a choice of types, and variants."""
    for types in (*recipe.types, *recipe.also):
        found = list(_of_every_version(recipe, types))
        yield from found
        last = versions_of(recipe, types)[1]
        for variant in list(recipe.variants_of(types))[1:]:
            if variant in recipe.in_every_version:
                yield from _of_every_version(recipe, types, variant)
            elif found:
                golden = _golden(recipe, types, variant, last)
                yield from [golden] if golden else []


def versions_of(recipe: Recipe, types: str) -> tuple[int, int]:
    """Return the first and the last version of an op with these types."""
    fact = facts().get(recipe.op)
    first, last = (fact.first, fact.last) if fact else recipe.versions
    return first, recipe.beyond.get(types, last)


def _of_every_version(recipe: Recipe, types: str, variant: str = PLAIN_VARIANT) -> Iterator[Golden]:
    for first, last in _ranges(recipe, types, *versions_of(recipe, types)):
        golden = _golden(recipe, types, variant, last, first)
        yield from [golden] if golden else []


def _ranges(recipe: Recipe, types: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of versions that have one model, the last one first."""
    end, same = last, _options(recipe, types, last)
    for version in range(last - 1, first - 1, -1):
        options = _options(recipe, types, version)
        if options != same:
            yield version + 1, end
            end, same = version, options
    yield first, end


def _options(recipe: Recipe, types: str, version: int) -> object:
    draft = recipe.draft(version, types)
    op = draft.op_of(draft.model().subgraphs[0])
    return dict(op.options), op.custom_options


def _golden(
    recipe: Recipe, types: str, variant: str, version: int, first: int | None = None
) -> Golden | None:
    draft = recipe.draft(version, types, variant)
    if first is None:
        first = next(a for a, b in _ranges(recipe, types, versions_of(recipe, types)[0], version))
    if not _is_claimed(draft):
        return None
    source, outputs = _answer(recipe, draft, types, variant, version)
    if outputs is None:
        return None
    dtypes = tuple(t.dtype for t in draft.outputs)
    return Golden(types, variant, (first, version), source, dtypes, tuple(map(np.asarray, outputs)))


def _is_claimed(draft: Draft) -> bool:
    """Say whether a delegate of this repository takes the op: the catalogue holds what these claim."""
    return any(_takes(delegate, draft.model(), draft) for delegate in _own_delegates())


def _takes(delegate: Delegate, model: Model, draft: Draft) -> bool:
    index = draft.op_of(model.subgraphs[0]).index
    try:
        plan = plan_model(model, [delegate])
    except DelegraphError:
        return False
    return plan.subgraphs[0].labels.get(index) != NOBODY


@cache
def _own_delegates() -> tuple[Delegate, ...]:
    return tuple(load_delegate(name) for name in ("reference", "opencl", "edgetpu"))


def _answer(
    recipe: Recipe, draft: Draft, types: str, variant: str, version: int
) -> tuple[str, list[np.ndarray] | None]:
    outputs = rational(recipe.op, types, recipe.draft(version, types, variant, bare=True))
    if outputs is not None:
        return "rational", outputs
    if re.fullmatch(READ_AS_UINT8.get(recipe.op, "-"), types):
        return f"litert {litert.version()} BUILTIN_REF, as uint8", _as_uint8(recipe, draft, types, variant)
    if _means_something(recipe, draft, types):
        found = _litert_s(recipe, draft, types, version)
        if found.outputs is not None:
            return f"litert {litert.version()} {found.resolver}", found.outputs
    outputs = moved(recipe, types, variant, version)
    if outputs is not None:
        return f"litert {litert.version()}, as int32", outputs
    return _in_wider_types(recipe, draft, types, variant, version)


def _in_wider_types(
    recipe: Recipe, draft: Draft, types: str, variant: str, version: int
) -> tuple[str, list[np.ndarray] | None]:
    for wider in widened(recipe, types, variant, version):
        if not _means_something(recipe, wider, _widened_names(types)):
            continue
        found = _litert_s(recipe, wider, f"{types}, as {type(wider).__name__}", version)
        if found.outputs is not None:
            pairs = zip(found.outputs, draft.outputs, strict=True)
            with np.errstate(over="ignore"):
                outputs = [a.astype(DTYPES[t.dtype].numpy) for a, t in pairs]
            return f"litert {litert.version()} {found.resolver}, in wider types", outputs
    return "", None


def _widened_names(types: str) -> str:
    return re.sub(r"\w+", lambda found: WIDER.get(found[0], found[0]), types)


def _as_uint8(recipe: Recipe, draft: Draft, types: str, variant: str) -> list[np.ndarray] | None:
    """Return what LiteRT gives for the same real values as uint8, in the output's type."""
    other = re.sub(r"\bint8\b", "uint8", types)
    shown = recipe.draft(draft.version, other, variant)
    graphs = [d.model().subgraphs[0] for d in (draft, shown)]
    steps = {a.index: _step(a, b) for a, b in zip(*(g.inputs for g in graphs), strict=True)}
    values = {i: (a.astype(np.int16) + steps[i]).astype(np.uint8) for i, a in draft.values.items()}
    found = _litert_s(recipe, shown.with_values(values), other, draft.version).outputs
    pairs = zip(found or (), draft.outputs, shown.outputs, strict=True)
    return found and [
        (a.astype(np.int16) - _step(t, s)).astype(np.int8) if t.dtype == "int8" else a for a, t, s in pairs
    ]


def _step(signed: Tensor, unsigned: Tensor) -> int:
    """Return how far values of int8 lie from those of uint8."""
    return unsigned.zero_point - signed.zero_point if signed.scale else 128


def _means_something(recipe: Recipe, draft: Draft, types: str) -> bool:
    """Say whether LiteRT's answer does: with an int32 bias beside int16 only if an option names it."""
    if (recipe.op, types) == ("FAKE_QUANT", "float32") or types.endswith(":basic"):
        return True
    if recipe.op in READ_ANYHOW or exemption(recipe.op, types) is None:
        return True
    options = dict(draft.op_of(draft.model().subgraphs[0]).options)
    return ":int32" in types and options.get("quantized_bias_type") == "INT32"


def _litert_s(recipe: Recipe, draft: Draft, types: str, version: int) -> Answer:
    refusals = {(d.op, d.types, d.resolver): f"{DIED}{d.signal}" for d in deaths()}
    try:
        return _theirs(Cell(recipe.op, version, types), draft, draft.model(), refusals)
    except InputError as e:
        return Answer(None, str(e))
