"""What integer ops with state share: weights of one scale, biases of 32 bits, a state of integers."""

from __future__ import annotations

import numpy as np
from delegraph import Quantization

from ..writer import GraphEdit
from .numbers import fixed_quantization, quantized_weights

_INT16 = 16  # bits


def int8_weights(graph: GraphEdit, index: int) -> int:
    """Return weights of one scale."""
    tensor = graph.tensors[index]
    assert tensor.data is not None
    stored, q = quantized_weights(tensor.data, None)
    return graph.add(f"{tensor.name}_int8", "int8", data=stored, quantization=q)


def int16_weights(graph: GraphEdit, index: int, bits: int = _INT16) -> int:
    """Return weights of one scale and of so many bits, in 16."""
    tensor = graph.tensors[index]
    assert tensor.data is not None
    high = (1 << (bits - 1)) - 1
    scale = float(np.float32(np.abs(tensor.data).max(initial=0.0) / high)) or 1 / high
    stored = np.clip(np.rint(tensor.data.astype(np.float64) / scale), -high, high).astype(np.int16)
    return graph.add(
        f"{tensor.name}_int16", "int16", data=stored, quantization=fixed_quantization(scale, 0)
    )


def int32_bias(graph: GraphEdit, index: int, scale: float) -> int:
    tensor = graph.tensors[index]
    assert tensor.data is not None
    stored = np.clip(np.rint(tensor.data.astype(np.float64) / scale), -(2.0**31) + 1, 2.0**31 - 1)
    q = fixed_quantization(scale, 0)
    return graph.add(f"{tensor.name}_int32", "int32", data=stored.astype(np.int32), quantization=q)


def integer_state(graph: GraphEdit, index: int, dtype: str, q: Quantization) -> int:
    tensor = graph.tensors[index]
    made = graph.add(f"{tensor.name}_{dtype}", dtype, tensor, quantization=q)
    graph.change(made, is_variable=True)
    return made
