"""What rows share: fused activations, whole numbers of tensors, padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from delegraph import Op, Window

from ..torch_extra import F, torch


def activated(op: Op, y: Any) -> Any:
    """Return what the op's fused activation makes of its output."""
    name = op.options.get("fused_activation_function", "NONE")
    return y if name == "NONE" else _ACTIVATIONS[name](y)


_ACTIVATIONS = {
    "RELU": lambda y: F.relu(y),
    "RELU_N1_TO_1": lambda y: y.clamp(-1.0, 1.0),
    "RELU6": lambda y: F.relu6(y),
    "TANH": lambda y: torch.tanh(y),
}


def ints(values: Any) -> list[int]:
    """Return the whole numbers that a tensor holds."""
    return [int(v) for v in values.reshape(-1).tolist()]


def times(op: Op, x: Any, place: int = 0) -> int:
    """Return how many times as many values an input has as it has in the model: those of a larger batch."""
    tensor = op.inputs[place]
    assert tensor is not None
    return int(x.numel() // tensor.size) if tensor.size else 1


def batched(op: Op, sizes: Sequence[int], many: int) -> list[int]:
    """Return sizes of an output, the first of which counts so many times."""
    return [many * sizes[0], *sizes[1:]] if sizes else []


def padded(x: Any, down: Window, across: Window, value: float = 0.0) -> Any:
    """Return images (batch, channels, height, width) with what a window needs around them."""
    sides = (across.before, across.after, down.before, down.after)
    return F.pad(x, sides, value=value) if any(sides) else x


def first(x: Any) -> Any:
    """Return images (batch, height, width, channels) with channels first: a view."""
    return x.permute(0, 3, 1, 2)


def last(x: Any) -> Any:
    return x.permute(0, 2, 3, 1)
