"""Images of four channels for models of three: what ``input_channels=4`` makes of a model.

Cameras and graphics interfaces give RGBA, and a device reads four numbers at once more easily than three.
The fourth channel meets weights of zero, so its values do not matter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Graph, Model, Op, Tensor, evolve, frozen

RGB = 3
# Ops that compute each channel alike, whose output may have another channel, too.
_THROUGH = ("ADD", "CAST", "DEQUANTIZE", "DIV", "MUL", "PAD", "QUANTIZE", "SUB")


def with_channels(model: Model, channels: int) -> Model:
    """Return ``model`` with ``channels`` in each image input of three that convolutions read.

    A model without such an input is returned as it is.
    """
    graphs = (_widened(model.subgraphs[0], channels), *model.subgraphs[1:])
    return model if graphs[0] is model.subgraphs[0] else evolve(model, subgraphs=graphs)


def image_inputs(graph: Graph) -> list[Tensor]:
    """Return the inputs of three channels that can take more: CONV_2D ops with constant filters read them.

    Ops that compute each channel alike may stand between.
    """
    return [t for t in graph.inputs if _path(graph, t)]


@frozen
class Path:
    """What changes with an image's channels: the image as it goes from op to op, and filters."""

    images: tuple[Tensor, ...]
    filters: tuple[Tensor, ...]


def _path(graph: Graph, t: Tensor) -> Path | None:
    """Return the way of an image to its convolutions; None where something else reads it."""
    if t.shape is None or len(t.shape) != 4 or t.shape[3] != RGB or any(o is t for o in graph.outputs):
        return None
    images, filters = [t], []
    for op in (op for op in graph.ops if _reads(op, t)):
        if op.name == "CONV_2D" and op.inputs[0] is t and _own_filters(graph, op):
            filters.append(op.inputs[1])
        elif op.name in _THROUGH and op.inputs[0] is t and _same_for_all(op):
            further = _path(graph, op.outputs[0])
            if further is None:
                return None
            images += further.images
            filters += further.filters
        else:
            return None
    return Path(tuple(images), tuple(f for f in filters if f is not None)) if filters else None


def _own_filters(graph: Graph, op: Op) -> bool:
    """Say whether a convolution has constant filters of three channels that no other op reads."""
    filters = op.inputs[1]
    if filters is None or not filters.is_constant or not filters.shape or filters.shape[3] != RGB:
        return False
    return not any(_reads(other, filters) for other in graph.ops if other is not op)


def _same_for_all(op: Op) -> bool:
    """Say whether an op's other operands are constants that do not depend on the channel."""
    if op.name == "PAD":
        pads = op.inputs[1]
        return pads is not None and pads.data is not None and not pads.data[-1].any()
    return all(t is not None and t.is_constant and t.size == 1 for t in op.inputs[1:])


def _reads(op: Op, t: Tensor) -> bool:
    return any(source is t for source in op.inputs)


def _widened(graph: Graph, channels: int) -> Graph:
    paths = [path for t in graph.inputs if (path := _path(graph, t))]
    if not paths:
        return graph
    changed = {t.index: _with_shape(t, channels) for path in paths for t in path.images}
    changed |= {f.index: _with_zeros(f, channels) for path in paths for f in path.filters}

    def now(t: Tensor) -> Tensor:
        return changed.get(t.index, t)

    return evolve(
        graph,
        tensors=tuple(map(now, graph.tensors)),
        inputs=tuple(map(now, graph.inputs)),
        ops=tuple(_with_tensors(op, now) for op in graph.ops),
    )


def _with_shape(t: Tensor, channels: int) -> Tensor:
    assert t.shape is not None
    signature = t.shape_signature
    return evolve(
        t,
        shape=(*t.shape[:3], channels),
        shape_signature=None if signature is None else (*signature[:3], channels),
    )


def _with_zeros(filters: Tensor, channels: int) -> Tensor:
    """Return filters whose further channels are zero (stored as their zero point)."""
    assert filters.data is not None
    more = ((0, 0),) * 3 + ((0, channels - RGB),)
    data = np.pad(filters.data, more, constant_values=filters.zero_point)
    return evolve(filters, shape=data.shape, data=data, buffer=0)


def _with_tensors(op: Op, now: Callable[[Tensor], Tensor]) -> Op:
    inputs = tuple(None if t is None else now(t) for t in op.inputs)
    return evolve(op, inputs=inputs, outputs=tuple(map(now, op.outputs)))
