"""SUM against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, inputs_for, run_op
from reductions import reduction, reductions
from strategies import SEEDS, quantizations


@settings(max_examples=60, deadline=None)
@given(case=reductions(min_side=0), seed=SEEDS)
def test_floats_are_added_up(case: dict[str, Any], seed: int) -> None:
    model, axes = reduction("SUM", case, "float32")
    gone = tuple({axis % len(case["shape"]) for axis in case["axes"]})

    def exact(x: np.ndarray, *rest: np.ndarray) -> np.ndarray:
        return np.asarray(x.sum(gone, np.float64, keepdims=case["keep_dims"]))

    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed, low=0), *axes], exact64=exact)


@settings(max_examples=60, deadline=None)
@given(case=reductions(min_side=0), seed=SEEDS, dtype=st.sampled_from(["int32", "int64", "bool"]))
def test_integers_wrap(case: dict[str, Any], seed: int, dtype: str) -> None:
    model, axes = reduction("SUM", case, dtype)
    check(model, [inputs_for(model.subgraphs[0].inputs[0], seed), *axes])


@settings(max_examples=150, deadline=None)
@given(case=reductions(min_side=0), data=st.data(), seed=SEEDS)
def test_quantized_sums_are_bit_for_bit(case: dict[str, Any], data: Any, seed: int) -> None:
    stored, out = data.draw(quantizations("uint8", 1e-3, 10)), data.draw(quantizations("uint8", 1e-3, 10))
    model, axes = reduction("SUM", case, "uint8", 2, stored, out)
    values = inputs_for(model.subgraphs[0].inputs[0], seed)
    sums = check(model, [values, *axes])
    assert sums is not None
    # LiteRT's BUILTIN_REF reads int8 as uint8 here and clips to 0..255, which is a mistake of its own:
    # so int8 must give what LiteRT gives for the same real values stored as uint8.
    model, axes = reduction("SUM", case, "int8", 2, _signed(stored), _signed(out))
    graph = model.subgraphs[0]
    constants = axes or [graph.ops[0].inputs[1].data]
    (ours,) = run_op(graph.ops[0], graph, [(values.astype(int) - 128).astype(np.int8), *constants])
    if values.size:
        assert ours.tolist() == (sums[0].astype(int) - 128).tolist()


def _signed(stored: dict[str, Any]) -> dict[str, Any]:
    return {"scale": stored["scale"], "zero_point": stored["zero_point"] - 128}


def test_int8_without_a_scale_is_refused() -> None:
    case = {"shape": (3,), "axes": [0], "keep_dims": False, "computed": False}
    model, _ = reduction("SUM", case, "int8")
    check(model, [np.zeros(3, np.int8)], expect_refusal="needs a scale on input and output, found")
