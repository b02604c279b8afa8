"""A partition as a file of its own: LiteRT computes from it what it computes in the whole model.

DELEGRAPH_PARTS=10 tries ten times as many random graphs, of other seeds, and all real models.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

import litert
import models
import numpy as np
import pytest
from delegraph import DelegraphError, Plan, load_delegate, read_model, write_model
from delegraph.contract import Refusal
from delegraph.model import Model, Tensor, same_value
from delegraph.partition import partition, specialize
from delegraph_conformance.graphs.dice import Dice
from delegraph_conformance.graphs.net import KINDS
from delegraph_conformance.graphs.random_graph import inputs_of, random_graph
from graphs.litert_judge import resolver_of
from matrix.recipe import Recipe, recipes
from one_op import random_array

TIMES = int(os.environ.get("DELEGRAPH_PARTS", "1"))
FIRST = 0 if TIMES == 1 else 10_000  # seed
GRAPHS = 12  # of each kind
MODELS = 1 if TIMES == 1 else None  # of each kind: the smallest

pytestmark = pytest.mark.skipif(litert.version() is None, reason="ai-edge-litert is not installed")


@pytest.mark.parametrize("kind", KINDS)
def test_litert_computes_the_same_from_the_parts_of_a_random_graph(kind: str) -> None:
    for seed in range(FIRST, FIRST + GRAPHS * TIMES):
        model = random_graph(seed, kind)
        given = dict(zip((t.index for t in model.subgraphs[0].inputs), inputs_of(model, seed), strict=True))
        check(model, write_model(model), given, seed, resolver_of(model))


@pytest.mark.parametrize("op", sorted(recipes()))
def test_litert_does_the_same_with_an_op_alone(op: str) -> None:
    """The outcome is the same, a refusal too: of each op in its types, with what it calls."""
    found = recipes()[op]
    for i, types in enumerate(found.types):
        if i % max(len(found.types) // TIMES, 1) == 0:
            model = _draft(found, types)
            parts = partition(specialize(model), []).partitions if model is not None else ()
            if len(parts) == 1 and len(parts[0].ops) == len(model.subgraphs[0].ops):
                given = {t.index: _values(t, 7 + t.index) for t in model.subgraphs[0].inputs}
                alone = {i: given[t.index] for i, t in enumerate(parts[0].inputs) if t.index in given}
                expected = _outcome(write_model(model), given)
                found_alone = _outcome(write_model(parts[0].as_model()), alone)
                assert found_alone[: len(expected)] == expected, types  # next values of state follow


@pytest.mark.parametrize("name", [p for kind in models.KINDS for p in models.parameters([kind])[:MODELS]])
def test_litert_computes_the_same_from_the_parts_of_a_real_model(name: str) -> None:
    path = models.path(name)
    model = read_model(path)
    inputs = model.subgraphs[0].inputs
    given = {t.index: _values(t, 7 + i) for i, t in enumerate(inputs)}
    check(model, path.read_bytes(), given, 7, "BUILTIN_REF")


def check(model: Model, file: bytes, given: Mapping[int, np.ndarray], seed: int, resolver: str) -> None:
    """Fail unless LiteRT computes from each part what it computes in the second run of the whole.

    What goes into a part is what LiteRT has computed there; state is what the first run has left.
    """
    state = [t.index for t in model.subgraphs[0].tensors if t.is_variable]
    try:
        with litert.loaded(file, resolver, preserve=True) as whole:
            whole.run(given)
            before = whole.tensors(state)
            whole.run(given)
            values = whole.tensors([t.index for t in model.subgraphs[0].tensors])
    except litert.LiteRTError:
        return  # the whole model does not run: nothing to compare with
    for part in randomly_cut(model, seed).partitions:
        said = f"seed {seed}, {[str(op) for op in part.ops]}"
        alone = part.as_model()
        data = write_model(alone)
        assert read_model(data) == alone, said
        inputs = {i: before.get(t.index, values[t.index]) for i, t in enumerate(part.inputs)}
        found = litert.run(data, inputs, resolver)
        for t, ours in zip((*part.outputs, *part.variables), found, strict=True):
            assert same_value(ours, values[t.index]), f"{said}: {t.name!r}"


def randomly_cut(model: Model, seed: int) -> Plan:
    """Return a plan in which each op goes to one of two delegates by chance."""
    both = [load_delegate("reference"), load_delegate("reference")]
    ready = specialize(model, delegates=both)
    dice = Dice(seed)
    kept_off = {(0, op.index): {"reference": [Refusal("luck", "none")]} for op in ready.subgraphs[0].ops}
    refused = {place: why for place, why in kept_off.items() if dice.chance(0.4)}
    return partition(ready, both, refused=refused)


def _values(t: Tensor, seed: int) -> np.ndarray:
    """Return values that any input can take: integers may be numbers of words."""
    low, high = (-1.0, 1.0) if t.dtype == "float32" else (0, 63)
    return random_array(t.dtype, t.shape or (), seed, low, high)


def _draft(found: Recipe, types: str) -> Model | None:
    """Return the model of an op in the first version that has one."""
    for version in (1, 2, 3, 4, 5):
        with suppress(DelegraphError, ValueError, KeyError, TypeError, AssertionError):
            return found.draft(version, types).model()
    return None


def _outcome(
    file: bytes, given: Mapping[int, np.ndarray]
) -> list[tuple[str, tuple[int, ...], bytes]] | str:
    """Return what LiteRT computes; where it refuses the model, that it does."""
    try:
        found = litert.run(file, given, "BUILTIN_WITHOUT_DEFAULT_DELEGATES")
    except litert.LiteRTError as e:
        return type(e).__name__
    return [(a.dtype.str, a.shape, _bits(a)) for a in map(np.asarray, found)]


def _bits(array: np.ndarray) -> bytes:
    return repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
