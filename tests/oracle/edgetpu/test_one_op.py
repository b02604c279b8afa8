"""Models of one op that the compiler maps: the compiled file gives LiteRT's bits for the source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import litert
import numpy as np
import pytest
from delegraph import Builder, Interpreter, read_model, write_model
from delegraph_edgetpu.compiler import compiled_together
from delegraph_edgetpu.cut import Settings
from one_op import random_array

STORED = {"scale": 0.05, "zero_point": -3}
UNIT = {"scale": 1 / 128, "zero_point": 0}

# op: shape of the output, its quantization, second operand, options
CASES: Mapping[str, tuple[tuple[int, ...], Mapping[str, Any], Any, Mapping[str, Any]]] = {
    "EXPAND_DIMS": ((1, 1, 4, 6, 8), STORED, np.array([1], np.int32), {}),
    "L2_NORMALIZATION": ((1, 4, 6, 8), UNIT, None, {"fused_activation_function": "NONE"}),
    "MINIMUM": ((1, 4, 6, 8), STORED, "input", {}),
    "MAXIMUM": ((1, 4, 6, 8), STORED, "input", {}),
    "RELU_N1_TO_1": ((1, 4, 6, 8), STORED, None, {}),
    "RELU": ((1, 4, 6, 8), STORED, None, {}),
    "RELU6": ((1, 4, 6, 8), STORED, None, {}),
    "SPACE_TO_DEPTH": ((1, 2, 3, 32), STORED, None, {"block_size": 2}),
    "TANH": ((1, 4, 6, 8), UNIT, None, {}),
    "LOGISTIC": ((1, 4, 6, 8), {"scale": 1 / 256, "zero_point": -128}, None, {}),
    "SLICE": (
        (1, 2, 3, 8),
        STORED,
        (np.array([0, 1, 2, 0], np.int32), np.array([1, 2, 3, 8], np.int32)),
        {},
    ),
}


@pytest.mark.parametrize("op", CASES)
def test_the_compiled_op_gives_litert_s_bits(op: str, tmp_path: Path) -> None:
    shape, stored, operands, options = CASES[op]
    g = Builder()
    x = g.input((1, 4, 6, 8), "int8", **STORED)
    others = []
    if isinstance(operands, str):
        others = [g.input((1, 4, 6, 8), "int8", **STORED)]
    elif operands is not None:
        others = [g.constant(c) for c in (operands if isinstance(operands, tuple) else (operands,))]
    g.op(op, [x, *others], [g.tensor(shape, "int8", **stored)], **options)
    source = tmp_path / "source.tflite"
    source.write_bytes(write_model(g.model()))
    inputs = [
        random_array("int8", t.shape, i) for i, t in enumerate(read_model(source).subgraphs[0].inputs)
    ]

    (compiled,) = compiled_together([source], Settings(), print)
    model = read_model(compiled.data)

    assert [o.name for o in model.subgraphs[0].ops] == ["edgetpu-custom-op"]
    with Interpreter(model=model, delegates=["edgetpu"]) as interpreter:
        names = [t.index for t in model.subgraphs[0].inputs]
        found = interpreter.run(dict(zip(names, inputs, strict=True)))
    (expected,) = litert.run(source.read_bytes(), inputs, "BUILTIN_REF")
    assert np.array_equal(next(iter(found.values())), expected)
