"""The model inside a payload is a whole .tflite file: LiteRT runs it, and gives what edgetpu gives."""

from __future__ import annotations

import litert
import models
import numpy as np
import pytest
from delegraph import Interpreter, read_model
from delegraph_edgetpu.compiler import compiled_together
from delegraph_edgetpu.cut import Settings
from delegraph_edgetpu.payload import decoded

RUNS = 2
NAMES = (
    "uint8/mobilenet_v1_0.25_128_quant.tflite",
    "int8/kws_ref_model.tflite",
    "lstm/keras_lstm_mnist_ptq.tflite",
    "edgetpu/split_concat.tflite",
)


@pytest.mark.skipif(litert.version() is None, reason="LiteRT is not installed")
@pytest.mark.skipif(models.folder() is None, reason=models.NO_MODELS)
@pytest.mark.parametrize("name", NAMES)
def test_litert_runs_the_model_of_a_payload(name):
    (found,) = compiled_together([models.path(name)], Settings(), print)
    compiled = read_model(found.data)
    (op,) = compiled.subgraphs[0].ops
    inner = decoded(op.custom_options).model
    bits = np.random.PCG64(7)
    given = [
        [
            bits.random_raw(t.size).astype(np.uint8).reshape(t.shape).view(t.dtype)
            for t in read_model(inner).subgraphs[0].inputs
        ]
        for _ in range(RUNS)
    ]

    with litert.loaded(inner, "BUILTIN_REF") as loaded:
        theirs = [loaded.run(inputs) for inputs in given]

    interpreter = Interpreter(model=compiled, delegates=["edgetpu"])
    interpreter.allocate_tensors()
    for inputs, expected in zip(given, theirs, strict=True):
        for t, array in zip(compiled.subgraphs[0].inputs, inputs, strict=True):
            interpreter.set_tensor(t.index, array)
        interpreter.invoke()
        ours = {t.name: interpreter.get_tensor(t.index) for t in compiled.subgraphs[0].outputs}
        names = [t.name for t in read_model(inner).subgraphs[0].outputs]
        for output, array in zip(names, expected, strict=True):
            assert np.array_equal(ours[output], array)
