"""The questions that lead to a scheme: which hardware, what data is there, which loss is allowed."""

from __future__ import annotations

import os
import shlex

from attrs import frozen
from delegraph import InputError, InputNotFound, Model

from ..real import is_quantized
from ..spec import SPECS

HARDWARE = ("cpu", "gpu", "edgetpu", "microcontroller")
NOT_COVERED = ("nnapi", "hexagon")
SAMPLES = "samples/"  # stands in a command for data that are still to be collected
_RECURRENT = "LSTM"
_KNOWN = {*SPECS, "QUANTIZE", "DEQUANTIZE"}


@frozen
class Situation:
    """What is known before."""

    path: str  # of the model
    hardware: str = "cpu"
    data: str | None = None  # samples of its inputs
    labels: str | None = None  # a class for each
    max_drop: float = 1.0  # points that may be lost; 0: nothing
    mean: str | None = None  # of the pixels of images
    std: str | None = None


@frozen
class Advice:
    """The command to run, and why."""

    command: str
    check: str  # the command that measures the result; "" where that needs samples that are not there
    reasons: tuple[str, ...]  # a sentence for each step on the way


def advise(model: Model, known: Situation) -> Advice:
    """Walk from what is known to a command.

    :raises InputError: the hardware is none of those that are covered, the drop is below 0, or there are no
        such data.
    """
    if known.hardware in NOT_COVERED:
        raise InputError(f"{known.hardware} is not covered: hardware needs one of {', '.join(HARDWARE)}")
    if known.hardware not in HARDWARE:
        raise InputError(f"hardware needs one of {', '.join(HARDWARE)}, found {known.hardware!r}")
    if not known.max_drop >= 0:
        raise InputError(f"a drop needs to be 0 or more, found {known.max_drop}")
    if known.data is not None and not os.path.exists(known.data):
        raise InputNotFound(f"no file or folder {known.data!r} with samples")
    reasons = _of_the_model(model)
    options, why = _BY_HARDWARE[known.hardware](model, known)
    reasons += why
    out = f"{os.path.splitext(known.path)[0]}_small.tflite"
    command = ["delegraph", "quantize", known.path, "-o", out, *options]
    labels = ["--labels", known.labels] if known.labels else []
    check = ["delegraph", "report", known.path, out, *_samples(known), *labels] if known.data else []
    return Advice(shlex.join(command), shlex.join(check), tuple(reasons))


def _of_the_model(model: Model) -> list[str]:
    found = []
    tensors = [t for graph in model.subgraphs for t in graph.tensors]
    if any(is_quantized(t) for t in tensors):
        found.append(
            "The model is quantized already: its float view is what is quantized, so loss adds up."
        )
    lacking = sorted({op.name for graph in model.subgraphs for op in graph.ops if op.name not in _KNOWN})
    if lacking:
        found.append(f"These ops stay as they are under int8 and int16x8: {', '.join(lacking)}.")
    return found


def _for_cpu(model: Model, known: Situation) -> tuple[list[str], list[str]]:
    if known.max_drop == 0:
        return ["--scheme", "float16"], [
            "Nothing may be lost: float16 halves the file and changes hardly a class."
        ]
    if known.data is None:
        return ["--scheme", "dynamic"], [
            "There are no samples: dynamic needs none. Weights are int8; kernels quantize activations."
        ]
    if any(_RECURRENT in op.name for graph in model.subgraphs for op in graph.ops):
        why = "It is recurrent: int16x8 has no such op, so what int8 loses too much in goes back to floats."
    else:
        why = "There are samples: int8 makes weights and activations integers, about a quarter of the size."
    return ["--scheme", "int8", *_samples(known), *_drop(known)], [why, _drop_text(known)]


def _for_gpu(model: Model, known: Situation) -> tuple[list[str], list[str]]:
    return ["--scheme", "float16"], [
        "GPUs compute in floats: float16 halves the file, and weights are floats again when it is loaded."
    ]


def _for_edgetpu(model: Model, known: Situation) -> tuple[list[str], list[str]]:
    options = ["--scheme", "int8", *_samples(known), "--target", "edgetpu", "--inputs", "uint8"]
    return options, [
        "The Edge TPU runs integers alone: int8, with integers at the border, and no search, for what went "
        "back to floats would leave the device.",
        *_no_samples(known),
    ]


def _for_microcontroller(model: Model, known: Situation) -> tuple[list[str], list[str]]:
    options = ["--scheme", "int8", *_samples(known), "--inputs", "int8"]
    return options, [
        "Microcontrollers have kernels for int8, and mostly none for floats.",
        *_no_samples(known),
    ]


def _no_samples(known: Situation) -> list[str]:
    if known.data is not None:
        return []
    return [f"int8 needs samples of the model's inputs, about a hundred: put them into {SAMPLES}."]


def _samples(known: Situation) -> list[str]:
    found = ["--data", known.data or SAMPLES]
    for option, value in (("--mean", known.mean), ("--std", known.std)):
        found += [] if value is None else [option, value]
    return found


def _drop(known: Situation) -> list[str]:
    metric = ["--labels", known.labels, "--metric", "top1"] if known.labels else ["--metric", "agreement"]
    return ["--max-drop", f"{known.max_drop:g}", *metric]


def _drop_text(known: Situation) -> str:
    of = "of the labels that are right" if known.labels else "of the classes that the model of floats gives"
    return f"Ops go back to int16x8 or floats until no more than {known.max_drop:g} points {of} are lost."


_BY_HARDWARE = {
    "cpu": _for_cpu,
    "gpu": _for_gpu,
    "edgetpu": _for_edgetpu,
    "microcontroller": _for_microcontroller,
}
