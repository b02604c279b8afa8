"""Every op of the table in every scheme: LiteRT runs it, near the floats; integers equal ours."""

from __future__ import annotations

from collections.abc import Iterator

import litert
import numpy as np
import pytest
from delegraph import Interpreter, Tensor, write_model
from delegraph_conformance.graphs.copies import joined
from delegraph_optimize import quantize
from delegraph_optimize.spec import SPECS
from optimize.one_op_models import MODELS, OneOpModel

LEAST = {"float16": 45.0, "weights": 30.0, "dynamic": 25.0, "int8": 20.0, "int16x8": 30.0}  # decibels
TYPES = {"int8": "int8", "int16x8": "int16"}
# In the default resolver of LiteRT 2.3.0 alone; its reference kernel of SUM reads another type.
NOT_IN_REFERENCE = frozenset(("DEPTH_TO_SPACE", "ELU", "GELU", "SUM", "TILE"))
TOGETHER = 34  # ops in a model


def decibels(want: np.ndarray, found: np.ndarray) -> float:
    """Return how far signal is above noise; 200 where there is none."""
    signal, noise = np.square(want, dtype=np.float64).sum(), np.square(found - want, dtype=np.float64).sum()
    return 200.0 if noise == 0 else float(10 * np.log10(max(signal, 1e-30) / noise))


def real(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    if tensor.dtype not in ("int8", "uint8", "int16"):
        return values.astype(np.float64)
    return (values.astype(np.float64) - tensor.zero_point) * tensor.scale


def stored(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    if tensor.dtype == "float32":
        return values
    limits = np.iinfo(tensor.dtype)
    numbers = np.rint(values / tensor.scale) + tensor.zero_point
    return np.clip(numbers, limits.min, limits.max).astype(tensor.dtype)


def groups() -> Iterator[list[OneOpModel]]:
    """Yield the ops that run side by side in one model: starting LiteRT takes longer than running them."""
    usual = [case for case in MODELS if case.op not in NOT_IN_REFERENCE]
    yield [case for case in MODELS if case.op in NOT_IN_REFERENCE]
    yield from (usual[i : i + TOGETHER] for i in range(0, len(usual), TOGETHER))


@pytest.mark.parametrize("scheme", ["dynamic", "weights", "int8", "int16x8"])
def test_litert_runs_weights_of_4_bits(scheme: str) -> None:
    cases = [case for case in MODELS if case.op in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")]
    model, rows = joined([case.model() for case in cases]), [case.samples(4) for case in cases]
    data = [tuple(a for row in rows for a in row[i]) for i in range(4)]
    dtype = TYPES.get(scheme)
    samples = data if dtype else None
    found = quantize(model, scheme, data=samples, inputs=dtype or "float", least=1, weights="int4")
    graph = found.model.subgraphs[0]
    assert any(t.dtype == "int4" for t in graph.tensors)
    inputs = [stored(v, t) for v, t in zip(data[0], graph.inputs, strict=True)]
    wanted, outputs = litert.run(write_model(model), data[0]), litert.run(found.content, inputs)
    for case, want, got, tensor in zip(cases, wanted, outputs, graph.outputs, strict=True):
        assert decibels(want, real(got, tensor)) > 10, case
    if dtype:
        with Interpreter(model=found.model) as interpreter:
            ours = interpreter.run({t.index: v for t, v in zip(graph.inputs, inputs, strict=True)}).values()
        for case, got, own in zip(cases, outputs, ours, strict=True):
            np.testing.assert_array_equal(own, got, str(case))


@pytest.mark.parametrize("scheme", list(LEAST))
@pytest.mark.parametrize("cases", list(groups()), ids=lambda cases: f"{cases[0].op}..{cases[-1].op}")
def test_litert_runs_it_near_the_floats(cases: list[OneOpModel], scheme: str) -> None:
    model = joined([case.model() for case in cases])
    rows = [case.samples(4) for case in cases]
    data = [tuple(a for row in rows for a in row[i]) for i in range(4)]
    dtype = TYPES.get(scheme)
    found = quantize(model, scheme, data=data if dtype else None, inputs=dtype or "float", least=1)
    graph = found.model.subgraphs[0]
    inputs = [stored(v, t) for v, t in zip(data[0], graph.inputs, strict=True)]
    odd = cases[0].op in NOT_IN_REFERENCE
    resolver = "BUILTIN_WITHOUT_DEFAULT_DELEGATES" if odd else "BUILTIN_REF"
    wanted = litert.run(write_model(model), data[0], resolver)
    outputs = litert.run(found.content, inputs, resolver)
    of = [str(case) for case in cases for _ in case.outputs]
    for case, want, got, tensor in zip(of, wanted, outputs, graph.outputs, strict=True):
        if want.dtype == np.float32:
            assert decibels(want, real(got, tensor)) > LEAST[scheme], case
        else:
            assert np.mean(want == got) > 0.8, case
    if dtype:
        became = {o.op: o.scheme for o in found.report.outcomes}
        expected = {case.op: scheme if SPECS[case.op].takes(dtype) else "float32" for case in cases}
        assert {op: became[op] for op in expected} == expected
        with Interpreter(model=found.model) as interpreter:
            ours = interpreter.run({t.index: v for t, v in zip(graph.inputs, inputs, strict=True)}).values()
        for case, got, own, tensor in zip(of, outputs, ours, graph.outputs, strict=True):
            if tensor.dtype != "float32" and not case.startswith("SUM"):
                np.testing.assert_array_equal(own, got, case)


def test_the_table_has_no_op_that_is_not_tried() -> None:
    recurrent = {"LSTM", "RNN", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN"}
    assert set(SPECS) - {case.op for case in MODELS} == recurrent | {"EMBEDDING_LOOKUP"}
