"""A partition as a file of its own: LiteRT computes from it what it computes in the whole model.

DELEGRAPH_PARTS=10 tries ten times as many random graphs, of other seeds, and all real models.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import litert
import models
import numpy as np
import pytest
from delegraph import Plan, load_delegate, read_model, write_model
from delegraph.contract import Refusal
from delegraph.model import Model, Tensor, same_value
from delegraph.partition import partition, specialize
from graphs.dice import Dice
from graphs.judge import resolver_of
from graphs.net import KINDS
from graphs.random_graph import inputs_of, random_graph
from one_op import initial_value, random_array

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


@pytest.mark.parametrize("name", [p for kind in models.KINDS for p in models.parameters([kind])[:MODELS]])
def test_litert_computes_the_same_from_the_parts_of_a_real_model(name: str) -> None:
    path = models.path(name)
    model = read_model(path)
    inputs = model.subgraphs[0].inputs
    given = {t.index: _values(t, 7 + i) for i, t in enumerate(inputs)}
    check(model, path.read_bytes(), given, 7, "BUILTIN_REF")


def check(model: Model, file: bytes, given: Mapping[int, np.ndarray], seed: int, resolver: str) -> None:
    """Fail unless LiteRT computes from each part of a model what it computes in the whole.

    What goes into a part is what LiteRT has computed there.
    """
    try:
        with litert.loaded(file, resolver, preserve=True) as whole:
            whole.run(given)
            values = whole.tensors([t.index for t in model.subgraphs[0].tensors])
    except litert.LiteRTError:
        return  # the whole model does not run: nothing to compare with
    before = {t.index: initial_value(t) for t in model.subgraphs[0].tensors if t.is_variable}
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
