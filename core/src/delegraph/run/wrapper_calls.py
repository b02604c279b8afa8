"""``interpreter._interpreter``: the calls of LiteRT's private wrapper that tools make, answered.

Source: tflite/python/interpreter_wrapper/interpreter_wrapper.cc, interpreter_wrapper_pybind11.cc.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import InputError
from ..text import did_you_mean

Answer = Callable[..., Any]  # takes the interpreter, then what the call takes


class WrapperCalls:
    """Stands in for the object in native code that LiteRT's interpreter wraps."""

    def __init__(self, interpreter: Any) -> None:
        self._of = interpreter

    def __getattr__(self, name: str) -> Callable[..., Any]:
        answer = _ANSWERS.get(name)
        if answer is None:
            raise AttributeError(
                f"interpreter._interpreter.{name} is part of LiteRT's native code, and there is none here; "
                f"the interpreter's own methods do the same. Answered are: {', '.join(sorted(_ANSWERS))}"
            )
        return lambda *args: answer(self._of, *args)

    def __dir__(self) -> list[str]:
        return sorted(_ANSWERS)


def _detail(key: str) -> Answer:
    return lambda it, tensor, subgraph=0: it._get_tensor_details(tensor, subgraph)[key]


def _op(key: str) -> Answer:
    return lambda it, op: it._get_op_details(op)[key]


def _parameters(it: Any, tensor: int, subgraph: int = 0) -> tuple[Any, ...]:
    found = it._get_tensor_details(tensor, subgraph)["quantization_parameters"]
    return tuple(found[key] for key in ("scales", "zero_points", "quantized_dimension", "block_size"))


def _indices(details: list[dict[str, Any]]) -> np.ndarray:
    return np.array([d["index"] for d in details], np.int32)


def _subgraph_of(it: Any, key: str) -> int:
    found = {s.key: s.subgraph for s in it.model.signatures}
    if key not in found:
        known = ", ".join(found) or "none"
        raise InputError(f"no signature {key!r}{did_you_mean(key, found)}; the model has: {known}")
    return int(found[key])


_ANSWERS: dict[str, Answer] = {
    "AllocateTensors": lambda it, *_: it.allocate_tensors(),
    "GetSignatureDefs": lambda it: it._get_full_signature_list(),
    "GetSubgraphIndexFromSignature": _subgraph_of,
    "GetTensor": lambda it, *args: it.get_tensor(*args),
    "InputIndices": lambda it: _indices(it.get_input_details()),
    "Invoke": lambda it, *_: it.invoke(),
    "NodeInputs": _op("inputs"),
    "NodeName": _op("op_name"),
    "NodeOutputs": _op("outputs"),
    "NumNodes": lambda it: len(it._get_ops_details()),
    "NumSubgraphs": lambda it: it.num_subgraphs(),
    "NumTensors": lambda it, subgraph=0: len(it.get_tensor_details(subgraph)),
    "OutputIndices": lambda it: _indices(it.get_output_details()),
    "ResetVariableTensors": lambda it: it.reset_all_variables(),
    "ResizeInputTensor": lambda it, index, size, strict=False, *_: it.resize_tensor_input(
        index, size, strict
    ),
    "SetTensor": lambda it, index, value, *_: it.set_tensor(index, value),
    "TensorName": _detail("name"),
    "TensorQuantization": _detail("quantization"),
    "TensorQuantizationParameters": _parameters,
    "TensorSize": _detail("shape"),
    "TensorSizeSignature": _detail("shape_signature"),
    "TensorSparsityParameters": _detail("sparsity_parameters"),
    "TensorType": _detail("dtype"),
    "tensor": lambda it, base, index, *_: it.tensor(index)(),
    "interpreter": lambda it: it._native_handle(),
}
