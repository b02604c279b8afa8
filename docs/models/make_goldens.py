"""Runs the digits models in LiteRT and keeps what it answered as goldens, digits_golden.npz.

A maker's tool, run by hand after make_digits.py (README.md has the commands and the names of the
arrays). Prints the README's table of models.
"""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

FOLDER = Path(__file__).parent
KINDS = ["float32", "float16", "dynamic_range", "int8", "int16x8"]
GOLDEN_IMAGES = 32  # of the held-out set, from its beginning
OP_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items()}
Array = np.ndarray[Any, np.dtype[Any]]


def main() -> None:
    test = np.load(FOLDER / "digits_test.npz")
    goldens: dict[str, Any] = {"source": f"litert {version('ai-edge-litert')} BUILTIN_REF"}
    print("| model | bytes | input, output | accuracy | ops |\n|---|---|---|---|---|")
    for kind in KINDS:
        path = FOLDER / f"digits_{kind}.tflite"
        inputs, outputs = inputs_and_outputs(path, test["x"])
        accuracy = np.mean(outputs.argmax(axis=1) == test["y"])
        goldens[f"{path.stem}.inputs"] = inputs[:GOLDEN_IMAGES]
        goldens[f"{path.stem}.outputs"] = outputs[:GOLDEN_IMAGES]
        goldens[f"{path.stem}.accuracy"] = accuracy
        print(table_row(path, inputs.dtype, accuracy))
    np.savez_compressed(FOLDER / "digits_golden.npz", **goldens)


def inputs_and_outputs(path: Path, x: Array) -> tuple[Array, Array]:
    """What the model was given, (image, 8, 8, 1), and what it answered, (image, 10)."""
    resolver = OpResolverType.BUILTIN_REF
    interpreter = Interpreter(str(path), experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    inputs = model_inputs(x, interpreter.get_input_details()[0])
    return inputs, np.concatenate([answer(interpreter, image) for image in inputs])


def model_inputs(x: Array, details: dict[str, Any]) -> Array:
    """0..16 pixels as the model wants them: 0..1, quantized if the model's input is.

    stored = round(real / scale) + zero_point, in float32, ties to even.
    """
    real = (x / 16).astype(np.float32)
    dtype = details["dtype"]
    if dtype == np.float32:
        return real
    scale, zero_point = details["quantization"]
    stored: Array = np.rint(real / np.float32(scale)) + zero_point
    limits = np.iinfo(dtype)
    return stored.clip(limits.min, limits.max).astype(dtype)


def answer(interpreter: Interpreter, image: Array) -> Array:
    """(1, 10), in the model's output type."""
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[np.newaxis])
    interpreter.invoke()
    output: Array = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return output


def table_row(path: Path, dtype: np.dtype[Any], accuracy: float) -> str:
    ops = ", ".join(f"{count} {op}" for op, count in op_counts(path).items())
    return f"| `{path.name}` | {path.stat().st_size:,} | {dtype} | {accuracy:.2%} | {ops} |"


def op_counts(path: Path) -> Counter[str]:
    """How often the model has each op, as NAME@version, in the model's order."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
    codes = [model.operatorCodes[op.opcodeIndex] for op in model.subgraphs[0].operators]
    return Counter(f"{OP_NAMES[code.builtinCode]}@{code.version}" for code in codes)


if __name__ == "__main__":
    main()
