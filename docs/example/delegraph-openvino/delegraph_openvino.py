"""A delegate that hands partitions to OpenVINO, as .tflite files: for CPUs, GPUs and NPUs of Intel."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from attrs import frozen
from delegraph import Delegate, Op, OpSupport, Partition, Run, hookimpl, needs, write_model
from delegraph.rules import constant_ints

DELEGRAPH_API = 1


@frozen
class OpenVINOOptions:
    device: str = "CPU"  # delegraph run MODEL --option openvino.device=GPU


class OpenVINO(Delegate):
    """Compiles each partition as a whole."""

    name = "openvino"
    Options = OpenVINOOptions
    options: OpenVINOOptions

    def unavailable(self) -> str | None:
        if find_spec("openvino") is None:
            return "OpenVINO is not installed; pip install openvino"
        found = import_module("openvino").Core().available_devices
        return None if self.options.device in found else f"OpenVINO finds only {', '.join(found)}"

    def prepare(self, partition: Partition) -> Run:
        core, exact = import_module("openvino").Core(), {"INFERENCE_PRECISION_HINT": "f32"}
        with tempfile.TemporaryDirectory() as folder:  # it reads files alone
            path = Path(folder, "partition.tflite")
            path.write_bytes(write_model(partition.as_model()))
            request = core.compile_model(path, self.options.device, exact).create_infer_request()
        return lambda *inputs: request.infer(
            inputs
        ).to_tuple()  # copies: it computes into the same memory again


@needs("no state, and sizes, axes and paddings that are constants of some values")
def settled(op: Op) -> str | None:
    for i, t in enumerate(op.inputs):
        if t and (t.is_variable or (t.dtype == "int32" and not constant_ints(op, i))):
            return f"tensor {t.index} {t.name!r}"
    return None


# OpenVINO says in no table what it reads of .tflite files: each op was tried, up to this version.
ROWS = {
    "float32 -> float32": "ABS:4 AVERAGE_POOL_2D:3 CEIL:1 COS:2 ELU:1 EXP:2 FLOOR:1 HARD_SWISH:1 LOG:2"
    " LOGISTIC:3 MAX_POOL_2D:3 NEG:1 RELU:3 RELU6:3 RSQRT:3 SIN:2 SOFTMAX:4 SQRT:2 SQUARE:1 TANH:3",
    "float32 float32 -> float32": "ADD:4 DIV:2 MAXIMUM:4 MINIMUM:4 MUL:4 PRELU:1 SQUARED_DIFFERENCE:2"
    " SUB:4",
    "float32 float32* -> float32": "CONCATENATION:4",
    "float32 float32 float32? -> float32": "CONV_2D:4 DEPTHWISE_CONV_2D:4 FULLY_CONNECTED:4",
    "float32 int32 -> float32": "MEAN:3 PAD:4 REDUCE_MAX:3 RESIZE_BILINEAR:4 SUM:2 TRANSPOSE:4",
    "float32 int32? -> float32": "RESHAPE:1",
}


@hookimpl
def delegraph_delegates() -> list[type[Delegate]]:
    return [OpenVINO]


@hookimpl
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:
    for types, ops in ROWS.items() if delegate.name == "openvino" else ():
        for op, last in (claim.split(":") for claim in ops.split()):
            yield OpSupport(op, (1, int(last)), types, (settled,), rtol=1e-4)
