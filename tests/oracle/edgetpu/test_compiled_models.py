"""Compiled files of real models give bit for bit what the reference delegate gives for the sources."""

from __future__ import annotations

import logging

import models
import numpy as np
import pytest
from delegraph import Interpreter, Model, read_model
from delegraph_edgetpu.compiler import compiled_together
from delegraph_edgetpu.cut import CompilationFailed, Settings

RUNS = 2  # with the state of the first carried on
FLOAT = {"float32", "float16", "dynamic_range"}


def given(model: Model, seed: int) -> list[np.ndarray]:
    bits = np.random.PCG64(seed)
    found = []
    for t in model.subgraphs[0].inputs:
        raw = bits.random_raw(t.size).astype(np.uint8).reshape(t.shape)
        found.append(raw.view(t.dtype) if t.dtype in ("int8", "uint8") else raw.astype(t.dtype) / 255)
    return found


def results(model: Model, delegates: list[str]) -> list[bytes]:
    with Interpreter(model=model, delegates=delegates) as interpreter:
        interpreter.allocate_tensors()
        found = []
        for seed in range(RUNS):
            for t, array in zip(model.subgraphs[0].inputs, given(model, seed), strict=True):
                interpreter.set_tensor(
                    t.index, array.astype(array.dtype if array.dtype.kind != "f" else "f4")
                )
            interpreter.invoke()
            found += [interpreter.get_tensor(t.index).tobytes() for t in model.subgraphs[0].outputs]
        return found


@pytest.mark.parametrize("name", models.parameters(("int8", "uint8", "lstm")))
@pytest.mark.parametrize("multiple_subgraphs", [False, True], ids=["first", "all"])
def test_source_and_compiled_file_give_the_references_bits(name, multiple_subgraphs, caplog):
    caplog.set_level(logging.ERROR, logger="delegraph")
    path = models.path(name)
    source = read_model(path)
    settings = Settings(multiple_subgraphs=multiple_subgraphs)
    if all(t.dtype == "float32" for t in source.subgraphs[0].tensors if t.dtype != "int32"):
        pytest.skip("a float model among the LSTMs")
    if "mnist_vit" in name:
        with pytest.raises(CompilationFailed, match="cannot load GELU in version 2"):
            list(compiled_together([path], settings, print))
        return
    (compiled,) = compiled_together([path], settings, print)
    expected = results(source, ["reference"])

    assert results(read_model(compiled.data), ["edgetpu", "reference"]) == expected
    if not multiple_subgraphs:
        assert results(source, ["edgetpu", "reference"]) == expected


@pytest.mark.parametrize("name", models.parameters(sorted(FLOAT)))
def test_float_models_are_to_be_quantized_or_have_shapes_of_a_run(name):
    reasons = r"quantize it first|depends on the values it reads|cannot load .*GELU in version 1"
    with pytest.raises(CompilationFailed, match=reasons):
        list(compiled_together([models.path(name)], Settings(), print))
