"""The conformance suite's goldens are what LiteRT, or written-out arithmetic, says today."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from delegraph_conformance.goldens import Golden, goldens
from delegraph_conformance.recipe import recipes
from goldens.make import goldens_of

# Of each source: LiteRT, int32's places, written-out arithmetic.
OPS = ("NEG", "PACK", "SQUEEZE", "STABLEHLO_OR", "TransformLandmarks", "RNN")


@pytest.mark.parametrize("op", OPS)
def test_a_golden_is_what_its_source_says(op: str) -> None:
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)  # refusals are part of it
    made = {_key(g): g for g in goldens_of(recipes()[op])}
    stored = {_key(g): g for g in goldens(op)}
    assert made.keys() == stored.keys()
    for key, golden in stored.items():
        assert [a.tolist() for a in made[key].outputs] == [a.tolist() for a in golden.outputs], key
        assert made[key].source == golden.source


def test_every_op_but_those_of_core_has_goldens() -> None:
    without = {op for op, made in recipes().items() if made.family != "control" and not goldens(op)}
    assert without == set()


def test_goldens_have_no_values_that_nothing_can_be_compared_with() -> None:
    empty = {
        op
        for op in recipes()
        for g in goldens(op)
        if g.variant == "" and not any(np.asarray(a).size for a in g.outputs)
    }
    assert empty == set()


def _key(golden: Golden) -> tuple[str, str, tuple[int, int]]:
    return golden.types, golden.variant, golden.versions
