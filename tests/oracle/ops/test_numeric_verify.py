"""NumericVerify against LiteRT: both give the differences, or both find one too large."""

from __future__ import annotations

from typing import Any

import litert
import numpy as np
import pytest
from delegraph import InputError
from delegraph.file import write_model
from delegraph.model import Builder, Model
from delegraph_reference.kernels import numeric_verify
from flatbuffers import flexbuffers
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, difference, inputs_for, prepared, random_array
from strategies import SEEDS, quantizations


@settings(max_examples=60, deadline=None)
@given(dtype=st.sampled_from(["int8", "uint8", "int16"]), data=st.data(), seed=SEEDS)
def test_both_find_the_same_differences_too_large(dtype: str, data: Any, seed: int) -> None:
    quantization = data.draw(quantizations(dtype, 1e-3, 10))
    tolerance = data.draw(st.sampled_from([0.05, 0.5, 1.0, 3.0]))
    off = data.draw(st.sampled_from([0.0, 0.4, 0.99, 1.01, 2.5, 4.0]))  # steps
    stored = random_array(dtype, (2, 5), seed, -100 if dtype == "int16" else None, 100)
    real = (stored.astype(np.float64) - quantization["zero_point"] + off) * quantization["scale"]
    model, inputs = verifier(dtype, tolerance, True, quantization), [stored, real.astype(np.float32)]
    try:
        (theirs,) = litert.run(write_model(model), inputs)
    except litert.LiteRTError:
        with pytest.raises(InputError, match="needs values within"):
            run(model, inputs)
    else:
        assert difference(run(model, inputs), theirs) is None


@settings(max_examples=30, deadline=None)
@given(dtype=st.sampled_from(["int8", "uint8", "int16", "float16"]), data=st.data(), seed=SEEDS)
def test_differences_of_any_size_are_given_where_none_is_an_error(dtype: str, data: Any, seed: int) -> None:
    model = verifier(dtype, 1.0, False, data.draw(quantizations(dtype)))
    check(model, [inputs_for(t, seed + i) for i, t in enumerate(model.subgraphs[0].inputs)], kernels=rows)


def test_the_message_names_the_largest_difference() -> None:
    model = verifier("int8", 1.0, True, {"scale": 0.5, "zero_point": 0})
    reference = np.array([[0, 0, 0, 0, 0], [0, 0, 9, 2, 0]], np.float32)
    with pytest.raises(
        InputError, match=r"within 0.5 \(1 steps\) .* found one that is off by -9 at \[1, 2\]"
    ):
        run(model, [np.zeros((2, 5), np.int8), reference])


def run(model: Model, inputs: list[np.ndarray]) -> np.ndarray:
    graph = model.subgraphs[0]
    (result,) = prepared(graph.ops[0], graph, rows)(*inputs)
    return result


def verifier(dtype: str, tolerance: float, fails: bool, quantization: dict[str, Any]) -> Model:
    g = Builder()
    x, reference = g.input((2, 5), dtype, **quantization), g.input((2, 5), "float32")
    options = bytes(flexbuffers.Dumps({"tolerance": tolerance, "log_if_failed": fails}))
    return g.model(
        [g.op("NumericVerify", [x, reference], [g.tensor((2, 5), "float32")], custom_options=options)]
    )


def rows(op: str) -> Any:
    return numeric_verify.SUPPORT
