"""What ``get_input_details`` and its kin say of a tensor or an op, as dictionaries with LiteRT's keys.

Source: tflite/python/interpreter.py (_get_tensor_details), interpreter_wrapper.cc
(TensorQuantizationParameters, PyDictFromSparsityParam).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..model import COMPOSITE, DTYPES, Op, Quantization, Record, Shape, Tensor

Details = dict[str, Any]


def tensor_details(tensor: Tensor, shape: Shape = None, compress_zero_points: bool = False) -> Details:
    """Return one tensor's details.

    :param tensor: the tensor as it is planned now, or as the file has it.
    :param shape: its shape now, where that is known better than ``tensor`` says.
    """
    if shape is None:
        shape = tensor.shape or ()
    scales, zero_points, axis, block_size = _quantization(tensor.quantization)
    if compress_zero_points and len(set(zero_points.tolist())) == 1:
        zero_points = zero_points[:1]
    single = len(scales) == 1 and len(zero_points) == 1 and not block_size
    return {
        "name": tensor.name,
        "index": tensor.index,
        "shape": np.array(shape, np.int32),
        "shape_signature": np.array(tensor.shape_signature or shape, np.int32),
        "dtype": DTYPES[tensor.dtype].numpy_class,
        "quantization": (float(scales[0]), int(zero_points[0])) if single else (0.0, 0),
        "quantization_parameters": {
            "scales": scales,
            "zero_points": zero_points,
            "quantized_dimension": axis,
            "block_size": block_size,
        },
        "sparsity_parameters": {} if tensor.sparsity is None else _sparsity(tensor.sparsity),
    }


def op_details(op: Op, tensors: Sequence[Tensor]) -> Details:
    """Return one op's details; -1 stands for an optional input that is left out.

    :param tensors: all of its subgraph, as they are planned now.
    """
    return {
        "index": op.index,
        "op_name": COMPOSITE if op.name.startswith(COMPOSITE) else op.name.removeprefix("CUSTOM:"),
        "inputs": _indices(op.inputs),
        "outputs": _indices(op.outputs),
        "operand_types": [_class(tensors[t.index]) for t in op.inputs if t is not None],
        "result_types": [_class(tensors[t.index]) for t in op.outputs],
    }


def _class(tensor: Tensor) -> type:
    return DTYPES[tensor.dtype].numpy_class


def _indices(tensors: Iterable[Tensor | None]) -> np.ndarray:
    return np.array([-1 if t is None else t.index for t in tensors], np.int32)


def _quantization(q: Quantization | None) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Return scales, zero points, axis and block size (0 where quantization is not blockwise)."""
    if q is not None and q.blocks is not None and q.blocks.axes is None:
        return (
            _values(q.blocks.scales, np.float16),
            _values(q.blocks.zero_points, np.int32),
            q.axis,
            q.blocks.size,
        )
    if q is None or not len(q.scale):
        return np.zeros(0, np.float32), np.zeros(0, np.int32), 0, 0
    return q.scale.astype(np.float32), q.zero_point.astype(np.int32), q.axis, 0


def _values(tensor: Tensor | None, dtype: type[np.generic]) -> np.ndarray:
    """Return a constant, flat; empty where there is none."""
    data = None if tensor is None else tensor.data
    return np.zeros(0, dtype) if data is None else data.ravel().astype(dtype)


def _sparsity(sparsity: Record) -> Details:
    found: Details = {"traversal_order": _int32(sparsity.traversal_order)}
    if len(_int32(sparsity.block_map)):
        found["block_map"] = _int32(sparsity.block_map)
    found["dim_metadata"] = [_dimension(d) for d in sparsity.dim_metadata or ()]
    return found


def _dimension(dim: Record) -> Details:
    if dim.format == "DENSE":
        return {"format": 0, "dense_size": int(dim.dense_size)}
    return {
        "format": 1,
        "array_segments": _index_vector(dim.array_segments),
        "array_indices": _index_vector(dim.array_indices),
    }


def _index_vector(vector: Record | None) -> np.ndarray:
    """Return the values of a SparseIndexVector (Int32Vector, Uint16Vector, Uint8Vector)."""
    return _int32(() if vector is None else vector.get("values"))


def _int32(values: Any) -> np.ndarray:
    return np.array(() if values is None else values, np.int32).ravel()
