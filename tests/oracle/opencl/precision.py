"""How far results with ``precision="float16"`` are from LiteRT's: measured, then written as a page.

``python tests/oracle/opencl/precision.py measure FILE ["gpu float16"]`` measures, on the device at hand,
every case of the op tests in this folder and some models below DELEGRAPH_MODELS, in one variant of
``one_op_opencl``; five minutes on two cores. ``precision.py page STORED COMPUTED`` prints the page
docs/opencl-precision.md from two such files: one of a device without ``cl_khr_fp16`` (PoCL), one of a
device with it (Intel's runtime, with OCL_ICD_VENDORS set to its ``libintelocl.so``, and "gpu float16").
``precision.py models`` prints that page's table of models with ``precision="bfloat16"``, on a CPU that has
it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

LEFT_OUT = ("accuracy", "gpu_kernels", "models", "rewrites")  # tests of more than an op
FLOATS = "not int8 and not uint8 and not integers"
MODELS = (
    "float16/hand_landmark_lite",
    "float16/mlperf_ad01_fp16",
    "float16/mlperf_resnet8_fp16",
    "float16/mnist_lstm2_fp16",
    "float16/pose_landmark_lite",
    "float16/selfie_segmentation",
    "float32/deeplabv3_257_mv_gpu",
    "float32/face_detection_front",
    "float32/hair_segmentation",
    "float32/mnist_vit_fp32",
    "float32/mobilenet_v1_1.0_224_random_fp32",
    "float32/mobilenet_v2_1.0_224_float_from_ptq",
    "float32/pose_detection",
    "float32/pretrainedResnet",
    "float32/vww_96_float",
)
VARIANTS = 2  # photographs, recordings or samples per model


def measure(file: Path, variant: str = "float16") -> None:
    os.environ |= {"OPENCL_MEASURE": "1", "OPENCL_VARIANTS": variant}
    import one_op_opencl
    import pytest

    computing = [test for test in sorted(HERE.glob("test_*.py")) if _is_of_floats(test)]
    pytest.main(["-q", "-p", "no:cacheprovider", "--tb=line", "-k", FLOATS, *map(str, computing)])
    device = one_op_opencl.loaded().device  # type: ignore[attr-defined]
    found: dict[str, Any] = {
        "device": f"{device.name}, {device.found.platform}",
        "computes": bool(device.has_fp16),
        "variant": variant,
        "ops": one_op_opencl.differences(),
        "models": _models({**one_op_opencl.VARIANTS, **one_op_opencl.OTHERS}[variant]),
    }
    file.write_text(json.dumps(found, indent=1))


def _is_of_floats(test: Path) -> bool:
    """Say whether a file of tests has ops whose results are computed: what is only moved is exact."""
    return not any(word in test.name for word in LEFT_OUT) and "check_moves" not in test.read_text()


def _models(options: Any) -> dict[str, list[Any]]:
    """Return for each model the largest difference, relative to its output's largest value, and top-1."""
    found = {}
    for name in (f"{name}.tflite" for name in MODELS):
        try:
            found[name] = _model(name, options)
        except Exception as e:  # LiteRT, or the delegate, does not run it
            print(f"{name}: {type(e).__name__}: {e}", file=sys.stderr)
    return found


def print_models() -> None:
    """Print what bfloat16 costs models, row by row."""
    print("| model | bfloat16 | top-1 |\n|---|---:|---|")
    for name, found in _models({"precision": "bfloat16"}).items():
        print(f"| {name.removesuffix('.tflite')} | {_model_cells(found)} |", flush=True)


def _model(name: str, options: Any) -> list[Any]:
    import litert
    import models
    import numpy as np
    from delegraph import Interpreter, load_delegate
    from inputs import inputs_of

    path = models.path(name)
    resolver = "BUILTIN_REF"
    try:
        details = litert.details(path, resolver)
    except litert.LiteRTError:
        resolver = "BUILTIN"
        details = litert.details(path, resolver)
    interpreter = Interpreter(model_path=str(path), delegates=[load_delegate("opencl", dict(options))])
    interpreter.allocate_tensors()
    off, same = 0.0, 0
    for variant in range(VARIANTS):
        given = inputs_of(name, details["inputs"], variant)
        theirs = litert.run(path, given, resolver)
        indices = [d["index"] for d in interpreter.get_input_details()]
        for index, array in zip(indices, given, strict=True):
            interpreter.set_tensor(index, array)
        interpreter.reset_all_variables()
        interpreter.invoke()
        ours = [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
        for a, b in zip(ours, theirs, strict=True):
            if b.dtype.kind == "f" and b.size:
                off = max(off, float(np.abs(a.astype(np.float64) - b).max() / max(np.abs(b).max(), 1e-30)))
        same += int(ours[0].argmax() == theirs[0].argmax())
    return [off, f"{same} of {VARIANTS}"]


INTRODUCTION = """# What half precision costs

Made by `tests/oracle/opencl/precision.py`, whose first lines say how. With `precision="float16"` real
numbers are stored in half precision. A device without `cl_khr_fp16` computes with float32 between load and
store. A device with it computes in half precision; in the kernels for GPUs it adds up at most 16 products
of a convolution that way, and adds these sums up in float32. Tensors of 8-bit models hold integers, which
halves store exactly, and their sums are always float32: where all tensors are integers, results are those
of `float32`.

An error is the largest difference from LiteRT's reference kernels, relative to the output's largest value.
What a support row claims with `precision="float16"` is no less than the errors of its op. Of several types
and shapes in an op's tests the worst counts; inputs are float32 and are rounded on the way in, which is a
part of the error. Weights in 8 bits with float inputs are in it: the inputs are rounded to 8 bits, some of
the halves to another step than LiteRT's floats. That is the error of CONV_2D, DEPTHWISE_CONV_2D,
FULLY_CONNECTED and TRANSPOSE_CONV. The error of LSTMs grows from step to step: they run several times, in
sizes that are drawn.

**Neither device is a GPU: no GPU has been measured.**
"""

SPECIAL_TEXT = """
## Infinities, NaN and zeros

Every op is run on infinities, NaN, zeros of both signs, the smallest and the largest floats, and has to
give what LiteRT gives (`tests/oracle/opencl/test_special_values.py`). An op that can have a fused
activation ends at the largest number: 3.4e38, with `precision="float16"` 65504. What is not promised:

- Sums and products that leave the range of floats in one order of adding and not in another.
- A MUL or ADD of constants that becomes part of a convolution's weights, where sums are beyond the
  largest number.
- NaN among floats that are rounded to 8 bits for integer weights: here all of the row is NaN, in LiteRT
  that depends on its place.
- QUANTIZE of numbers beyond int32: the nearest number of the type; LiteRT's cast is undefined in C++.
- The sign of a zero in RESIZE_BILINEAR, and on GPUs in MAX_POOL_2D of large windows that work-items
  share.
- The sign of a zero that half precision makes of a number too small for it: activations keep it.
- Infinities and NaN among the weights of TRANSPOSE_CONV on GPUs, which multiply zeros around the image,
  too.
- Numbers below the smallest normal one: OpenCL lets a device take them for 0. PoCL does not.
"""

MODELS_TEXT = """
## Models

The largest error of any output, and how often the first output's largest value is at the same place.
In some models a small difference grows: masks have edges like steps, and one value of some 65,000 in a mask
counts here as much as all. LiteRT's own results of pose_landmark_lite move by 0.04 when only its inputs are
rounded to halves. The reference delegate's move by 0.2 when each op's result is.
"""


def page(stored: Path, computed: Path) -> None:
    both = [json.loads(path.read_text()) for path in (stored, computed)]
    print(INTRODUCTION)
    for title, measured in zip(("Stored in half", "Computed in half"), both, strict=True):
        print(f"- {title}: {measured['device']}; kernels of the variant “{measured['variant']}”.")
    print(SPECIAL_TEXT)
    print("## Ops\n\n| op | claimed | stored in half | computed in half |\n|---|---:|---:|---:|")
    ops = [_by_op(measured["ops"]) for measured in both]
    claims = _claims()
    for op in sorted(ops[0].keys() | ops[1].keys()):
        print(f"| {op} | {claims.get(op, 0):.1g} | {_cell(ops[0].get(op))} | {_cell(ops[1].get(op))} |")
    print(MODELS_TEXT)
    print("| model | stored in half | top-1 | computed in half | top-1 |\n|---|---:|---|---:|---|")
    for name in sorted(both[0]["models"].keys() | both[1]["models"].keys()):
        cells = [_model_cells(measured["models"].get(name)) for measured in both]
        print(f"| {name.removesuffix('.tflite')} | {' | '.join(cells)} |")


def _by_op(differences: dict[str, float]) -> dict[str, float]:
    """Return the largest difference of each op that is tested alone, in floats."""
    found: dict[str, float] = {}
    for what, off in differences.items():
        words = what.split()
        op, dtype = words[0], words[1]
        if dtype in ("float32", "float16"):
            found[op] = max(found.get(op, 0.0), off)
    return found


def _claims() -> dict[str, float]:
    from delegraph import load_delegate

    claims: dict[str, float] = {}
    for row in load_delegate("opencl", {"precision": "float16"}).table.rows:
        claims[row.op] = max(claims.get(row.op, 0.0), row.rtol)
    return claims


def _cell(off: float | None) -> str:
    return "—" if off is None else f"{off:.1e}"


def _model_cells(found: list[Any] | None) -> str:
    return "— | —" if found is None else f"{found[0]:.1e} | {found[1]}"


if __name__ == "__main__":
    command, *given = sys.argv[1:]
    if command == "measure":
        measure(Path(given[0]), *given[1:])
    elif command == "models":
        print_models()
    else:
        page(Path(given[0]), Path(given[1]))
