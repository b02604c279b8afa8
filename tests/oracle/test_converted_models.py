"""Freshly converted models of many architectures and precisions, on random inputs: LiteRT's numbers.

They are in DELEGRAPH_MODELS/converted. Sizes that callers choose are filled in. Each runs on the reference
(with delegraph-int16) and on OpenCL, where two of an architecture are compiled as users have them, and its
other precisions quickly (POCL_EXTRA_BUILD_FLAGS= compiles all as users have them).
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import litert
import models
import numpy as np
import pytest
from attrs import evolve
from compiled_quickly import compiled_quickly
from delegraph import Interpreter, Model, Tensor, UnsupportedOps, read_model, write_model
from delegraph.rules import operand
from one_op import difference, random_array

UNKNOWN = 3  # what a size becomes that callers choose
RESOLVERS = ("BUILTIN_REF", "BUILTIN_WITHOUT_DEFAULT_DELEGATES")
AS_USERS_DO = ("_fp32", "_int8")  # compiled on OpenCL
RTOL = 1e-4  # of an output's largest value
# The default resolver rounds some kernels of 8 bits in another way; a chain of ops adds that up.
STEPS = {"style_reflect_in_int8": 6}
# BUILTIN_REF reads int8 as uint8 in SUM and finds no scales of blocks; the default resolver does.
NOT_REF = ("groupnorm_int8", "aeq_fc64_w4b32", "aeq_fc64_w8b32", "aeq_transformer_encoder_w4blockwise_32")


def folder() -> Path | None:
    return None if models.folder() is None else models.folder() / "converted"


def parameters() -> list[Any]:
    where = folder()
    if where is None or not where.is_dir():
        return [pytest.param("", marks=pytest.mark.skip(reason=models.NO_MODELS), id="no models")]
    return [pytest.param(f.stem, id=f.stem) for f in sorted(where.glob("*.tflite"))]


def shape_of(t: Tensor) -> tuple[int, ...]:
    return tuple(UNKNOWN if size < 0 else size for size in t.shape_signature or t.shape or ())


def values_of(t: Tensor, seed: int) -> np.ndarray:
    shape = shape_of(t)
    if t.dtype == "string":
        return np.full(shape, b"a text", object)
    low, high = {"float32": (-1, 1), "int32": (0, 8), "int64": (0, 8)}.get(t.dtype, (None, None))
    return random_array(t.dtype, shape, seed, low, high)


@cache
def _model(name: str) -> Model:
    where = folder()
    assert where is not None
    return read_model(where / f"{name}.tflite")


@cache
def theirs(name: str) -> tuple[str, list[np.ndarray]] | str:
    """Return a resolver of LiteRT that runs the model, and its outputs; or why none does."""
    model, refusal = _widened(_model(name)), ""
    inputs = model.subgraphs[0].inputs
    sizes = {t.index: shape_of(t) for t in inputs if shape_of(t) != t.shape}
    for resolver in RESOLVERS[name in NOT_REF :]:
        try:
            with litert.loaded(write_model(model), resolver, resize=sizes) as loaded:
                return resolver, loaded.run([values_of(t, i) for i, t in enumerate(inputs)])
        except litert.LiteRTError as e:
            refusal = str(e).splitlines()[0]
    return refusal


def _widened(model: Model) -> Model:
    """Return the model with int2 filters of CONV_2D as int8: LiteRT reads them as if they were bytes."""
    graph = model.subgraphs[0]
    convolutions = [op for op in graph.ops if op.name == "CONV_2D" and operand(op, 1).dtype == "int2"]
    if not convolutions:
        return model
    filters = [operand(op, 1) for op in convolutions]
    wide = {t.index: evolve(t, dtype="int8", data=t.data, buffer=0) for t in filters}
    tensors = tuple(wide.get(t.index, t) for t in graph.tensors)
    ops = tuple(
        evolve(op, inputs=tuple(t and tensors[t.index] for t in op.inputs)) if op.name == "CONV_2D" else op
        for op in graph.ops
    )
    return evolve(model, subgraphs=(evolve(graph, tensors=tensors, ops=ops), *model.subgraphs[1:]))


def ours(name: str, delegates: list[str], **options: Any) -> tuple[list[np.ndarray], list[str]]:
    """Return the outputs, and the labels of all partitions."""
    model = _model(name)
    graph = model.subgraphs[0]
    with Interpreter(model=model, delegates=delegates, **options) as interpreter:
        for t in graph.inputs:
            if shape_of(t) != t.shape:
                interpreter.resize_tensor_input(t.index, shape_of(t))
        interpreter.allocate_tensors()
        for i, t in enumerate(graph.inputs):
            interpreter.set_tensor(t.index, values_of(t, i))
        interpreter.invoke()
        outputs = [interpreter.get_tensor(t.index) for t in graph.outputs]
        return outputs, [p.label for s in interpreter.plan.subgraphs for p in s.partitions]


def skip_unless_run(name: str) -> None:
    """Skip a model that LiteRT does not run; delegraph has to run it, or to refuse it naming an op."""
    answer = theirs(name)
    if not isinstance(answer, str):
        return
    try:
        ours(name, ["reference"])
        outcome = "delegraph runs it"
    except UnsupportedOps as e:
        outcome = f"delegraph: {str(e).splitlines()[1].strip()[:80]}"
    pytest.skip(f"LiteRT does not run it: {answer}; {outcome}")


@pytest.mark.parametrize("name", parameters())
def test_the_reference_gives_what_litert_gives(name: str) -> None:
    skip_unless_run(name)
    found, _ = ours(name, ["reference"])
    rounded = theirs(name)[0] != "BUILTIN_REF" or _mixes_floats(_model(name))
    assert not disagreement(name, found, steps=STEPS.get(name, int(rounded)))


@pytest.mark.parametrize("name", parameters())
def test_opencl_gives_what_litert_gives(name: str) -> None:
    skip_unless_run(name)
    with nullcontext() if name.endswith(AS_USERS_DO) else compiled_quickly():
        found, labels = ours(name, ["opencl", "reference"])
    assert "opencl" in labels
    assert not disagreement(name, found, steps=STEPS.get(name, 2))


def disagreement(name: str, found: list[np.ndarray], steps: int) -> str:
    answer = theirs(name)
    assert not isinstance(answer, str)
    resolver, expected = answer
    problems = [difference(a, b, steps=steps, rtol=RTOL) for a, b in zip(found, expected, strict=True)]
    return "; ".join(f"output {i}, {resolver}: {p}" for i, p in enumerate(problems) if p)


def _mixes_floats(model: Model) -> bool:
    """Say whether integers are made of floats on the way: the last bit of these may decide a rounding."""
    return any(op.name == "QUANTIZE" and operand(op, 0).dtype == "float32" for op in model.subgraphs[0].ops)
