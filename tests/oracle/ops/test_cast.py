"""CAST against LiteRT."""

from __future__ import annotations

import litert
import numpy as np
import pytest
from delegraph.file import write_model
from delegraph.model import DTYPES, Builder
from elementwise import SPECIAL, check_op
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, difference, random_array, run_op
from strategies import SEEDS, shapes

TYPES = "float32 float16 float64 int8 uint8 int16 uint16 int32 uint32 int64 bool complex64".split()
FLOATS = ("float32", "float16", "float64")
EDGES = [2.0**k + d for k in (7, 8, 15, 16, 31, 32, 63) for d in (-1, -0.5, 0, 1)]


@settings(max_examples=150, deadline=None)
@given(source=st.sampled_from(TYPES), target=st.sampled_from(TYPES), shape=shapes(0, 4, 0, 5), seed=SEEDS)
def test_every_pair_of_types_converts(source: str, target: str, shape: tuple[int, ...], seed: int) -> None:
    check_op("CAST", [random_array(source, shape, seed)], target, version=5, rtol=0)


@pytest.mark.parametrize("source", FLOATS)
@pytest.mark.parametrize("target", TYPES)
def test_floats_saturate_where_a_type_ends(source: str, target: str) -> None:
    with np.errstate(over="ignore"):
        x = np.array([*SPECIAL, *EDGES, *(-e for e in EDGES)]).astype(source)
    check_op("CAST", [x], target, version=5, rtol=0)


@pytest.mark.parametrize("target", ["int4", "uint4", "int2"])
def test_floats_become_narrow_integers(target: str) -> None:
    x = np.append(SPECIAL, np.arange(-20, 20, 0.5).astype(np.float32))
    check_op("CAST", [x], target, version=8)


@pytest.mark.parametrize("source", ["int4", "uint4", "int2"])
def test_narrow_integers_become_floats(source: str) -> None:
    g = Builder()
    x = g.constant(random_array(source, (50,), seed=1), source)
    check(g.model([g.op("CAST", [x], [g.tensor((50,), "float32")], version=8)]), [])


@pytest.mark.parametrize("source", TYPES)
@pytest.mark.parametrize("target", TYPES)
def test_bfloat16_stands_between_any_two_types(source: str, target: str) -> None:
    g = Builder()
    x = g.input((80,), source)
    narrow = g.op("CAST", [x], [g.tensor((80,), "bfloat16")], version=7)
    model = g.model([g.op("CAST", [narrow], [g.tensor((80,), target)], version=7)])
    values = random_array(source, (80,), 3, **({"special": True} if source in FLOATS else {}))
    (theirs,) = litert.run(write_model(model), [values])
    first, second = model.subgraphs[0].ops
    (bits,) = run_op(first, model.subgraphs[0], [values])
    assert bits.dtype == DTYPES["bfloat16"].numpy
    (ours,) = run_op(second, model.subgraphs[0], [bits])
    assert difference(ours, theirs, rtol=0) is None
