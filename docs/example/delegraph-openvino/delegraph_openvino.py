"""A delegate that hands partitions to OpenVINO, as .tflite files: for CPUs, GPUs and NPUs of Intel."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import attrs
import numpy as np
from delegraph import Delegate, Op, OpSupport, Partition, Run, hookimpl, needs, write_model

DELEGRAPH_API = 1


@attrs.frozen
class OpenVINOOptions:
    """What users may choose: ``delegraph run MODEL --option openvino.device=GPU``."""

    device: str = "CPU"


class OpenVINO(Delegate):
    """Compiles each partition as a whole."""

    name = "openvino"
    Options = OpenVINOOptions
    options: OpenVINOOptions

    def unavailable(self) -> str | None:
        if find_spec("openvino") is None:
            return "OpenVINO is not installed; pip install openvino"
        import openvino

        found = openvino.Core().available_devices
        return None if self.options.device in found else f"OpenVINO finds only {', '.join(found)}"

    def prepare(self, partition: Partition) -> Run:
        import openvino

        model = partition.as_model()
        graph = model.subgraphs[0]  # OpenVINO finds tensors by name: each gets one of its own
        named = attrs.evolve(
            graph, tensors=tuple(attrs.evolve(t, name=f"t{t.index}") for t in graph.tensors)
        )
        with tempfile.TemporaryDirectory() as folder:  # it reads files alone
            path = Path(folder, "partition.tflite")
            path.write_bytes(write_model(attrs.evolve(model, subgraphs=(named,))))
            exact = {"INFERENCE_PRECISION_HINT": "f32"}
            request = openvino.Core().compile_model(path, self.options.device, exact).create_infer_request()

        def run(*inputs: np.ndarray) -> tuple[np.ndarray, ...]:
            found = request.infer(dict(enumerate(inputs)))
            return tuple(np.array(found[output]) for output in request.model_outputs)  # its own memory

        return run


@needs("sizes, axes and paddings that are constant")
def constant_parameters(op: Op) -> str | None:
    return next((f"{t.name!r} is not" for t in op.inputs[1:] if t and not t.is_constant), None)


# OpenVINO says in no table what it reads of .tflite files: each row was tried.
ROWS = {
    "float32 -> float32": "ABS AVERAGE_POOL_2D CEIL COS ELU EXP FLOOR HARD_SWISH LOG LOGISTIC MAX_POOL_2D"
    " NEG RELU RELU6 RSQRT SIN SOFTMAX SQRT SQUARE TANH",
    "float32 float32 -> float32": "ADD DIV MAXIMUM MINIMUM MUL PRELU SQUARED_DIFFERENCE SUB",
    "float32 float32* -> float32": "CONCATENATION",
    "float32 float32 float32? -> float32": "CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED",
    "float32 int32? -> float32": "MEAN PAD REDUCE_MAX RESHAPE RESIZE_BILINEAR SUM TRANSPOSE",
}


@hookimpl
def delegraph_delegates() -> list[type[Delegate]]:
    return [OpenVINO]


@hookimpl
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:
    for types, names in ROWS.items() if delegate.name == "openvino" else ():
        limits = (constant_parameters,) if "int32" in types else ()
        yield from (OpSupport(name, (1, 4), types, limits, rtol=1e-4) for name in names.split())
