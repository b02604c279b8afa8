"""Ops that move values, and those that say shapes.

Where a model's constants say sizes of its own batch, those of a larger one are meant.

Source: tflite/kernels, the file that is named as the op.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Op

from ..torch_extra import F, torch
from .common import batched, ints, times


def reshape(op: Op, x: Any, shape: Any = None) -> Any:
    out, given = op.outputs[0].shape, op.inputs[1] if len(op.inputs) > 1 else None
    if (given is None or given.is_constant) and out is not None:
        return x.reshape(batched(op, out, times(op, x)) if times(op, x) != 1 else list(out))
    return x.reshape(ints(shape))


def squeeze(op: Op, x: Any) -> Any:
    axes = [int(a) % x.dim() for a in np.asarray(op.options.squeeze_dims).reshape(-1)]
    if not axes:  # all axes of size 1 in the model
        tensor = op.inputs[0]
        axes = [i for i, n in enumerate((tensor and tensor.shape) or ()) if n == 1]
    return x.squeeze(tuple(axes))


def expand_dims(op: Op, x: Any, axis: Any) -> Any:
    return x.unsqueeze(ints(axis)[0])


def transpose(op: Op, x: Any, order: Any) -> Any:
    return x.permute(ints(order))


def pad(op: Op, x: Any, paddings: Any, value: Any = None) -> Any:
    sides = ints(paddings)
    pairs = [sides[i : i + 2] for i in range(0, len(sides), 2)]
    flat = [side for pair in reversed(pairs) for side in pair]
    return F.pad(x, flat, value=0.0 if value is None else value.item())


def mirror_pad(op: Op, x: Any, paddings: Any) -> Any:
    sides, offset = ints(paddings), int(op.options.mode == "REFLECT")
    for axis in range(x.dim()):
        before, after = sides[2 * axis : 2 * axis + 2]
        if before or after:
            x = x.index_select(axis, _mirrored(x.shape[axis], before, after, offset))
    return x


def _mirrored(size: int, before: int, after: int, offset: int) -> Any:
    front = np.arange(before - 1, -1, -1) + offset
    return torch.from_numpy(
        np.concatenate([front, np.arange(size), size - 1 - offset - np.arange(after)]).astype(np.int64)
    )


def concatenation(op: Op, *values: Any) -> Any:
    axis = op.options.axis
    return torch.cat(_of_one_batch(values, axis), axis)


def _of_one_batch(values: Any, axis: int) -> list[Any]:
    """Return tensors, constants of the model's own batch repeated for that of the others."""
    most = max(v.shape[0] if v.dim() else 1 for v in values)
    return [
        v.repeat(most // v.shape[0], *(1,) * (v.dim() - 1))
        if v.dim() and axis % v.dim() and v.shape[0] != most
        else v
        for v in values
    ]


def split(op: Op, axis: Any, x: Any) -> Any:
    along = ints(axis)[0]
    return torch.split(x, x.shape[along] // op.options.num_splits, along)


def split_v(op: Op, x: Any, sizes: Any, axis: Any) -> Any:
    along, wanted = ints(axis)[0], ints(sizes)
    rest = x.shape[along] - sum(n for n in wanted if n != -1)
    return torch.split(x, [rest if n == -1 else n for n in wanted], along)


def slice_(op: Op, x: Any, begin: Any, size: Any) -> Any:
    shape = _shape(op, x)
    for axis, (b, n) in enumerate(zip(ints(begin), ints(size), strict=True)):
        whole = b == 0 and n in (-1, shape[axis])
        x = x if whole else x.narrow(axis, b, x.shape[axis] - b if n == -1 else n)
    return x


def strided_slice(op: Op, x: Any, begin: Any, end: Any, strides: Any) -> Any:
    """Bit i of a mask is about entry i, as in TensorFlow."""
    o, entries = op.options, list(zip(ints(begin), ints(end), ints(strides), strict=True))
    shape = _shape(op, x)
    added = sum((o.new_axis_mask & ~o.ellipsis_mask) >> i & 1 for i in range(len(entries)))
    index: list[Any] = []
    axis = 0
    for i, entry in enumerate(entries):
        if o.ellipsis_mask >> i & 1:
            spread = max(1, len(shape) + added - len(entries) + 1)
            index += [slice(None)] * spread
            axis += spread
        elif o.new_axis_mask >> i & 1:
            index.append(None)
        elif axis < len(shape):
            index.append(_along(shape[axis], entry, i, o))
            axis += 1
    return _picked(x, index)


def _along(size: int, entry: tuple[int, int, int], i: int, options: Any) -> Any:
    begin, end, stride = entry
    low, high = (0, size) if stride > 0 else (-1, size - 1)
    begin = min(max(begin + size if begin < 0 else begin, low), high)
    if options.begin_mask >> i & 1:
        begin = 0 if stride > 0 else size - 1
    if options.shrink_axis_mask >> i & 1:
        return begin
    end += begin if options.get("offset", False) else 0
    end = min(max(end + size if end < 0 else end, low), high)
    if options.end_mask >> i & 1:
        end = high if stride > 0 else -1
    if stride == 1:
        return slice(None) if (begin, end) == (0, size) else slice(begin, max(begin, end))
    return torch.from_numpy(np.arange(begin, end, stride, dtype=np.int64))


def _picked(x: Any, index: list[Any]) -> Any:
    """Return what an index takes; places in a list are taken along their own axis."""
    axis = 0
    for entry in index:
        if entry is None:
            x, axis = x.unsqueeze(axis), axis + 1
        elif isinstance(entry, int):
            x = x.select(axis, entry)
        elif isinstance(entry, slice):
            begin, end, _ = entry.indices(x.shape[axis])
            x, axis = x.narrow(axis, begin, max(end - begin, 0)), axis + 1
        else:
            x, axis = x.index_select(axis, entry), axis + 1
    return x


def pack(op: Op, *values: Any) -> Any:
    return torch.stack(values, op.options.axis)


def unpack(op: Op, x: Any) -> Any:
    return torch.unbind(x, op.options.axis)


def gather(op: Op, x: Any, indices: Any) -> Any:
    axis = op.options.axis % max(x.dim(), 1)
    batch = op.options.get("batch_dims", 0)
    batch += indices.dim() if batch < 0 else 0
    if not batch:
        picked = x.index_select(axis, indices.reshape(-1).long())
        return picked.reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    rows = [
        torch.arange(n).reshape(-1, *(1,) * (indices.dim() - 1 - i)) for i, n in enumerate(x.shape[:batch])
    ]
    places = (*rows, indices.long())
    moved = torch.movedim(x, axis, batch)[places]
    outer = list(range(indices.dim(), indices.dim() + axis - batch))
    return torch.movedim(moved, outer, list(range(batch, axis)))


def gather_nd(op: Op, x: Any, indices: Any) -> Any:
    return x[tuple(indices.long().unbind(-1))]


def embedding_lookup(op: Op, indices: Any, table: Any) -> Any:
    return F.embedding(indices.long(), table)


def tile(op: Op, x: Any, counts: Any) -> Any:
    return x.repeat(ints(counts))


def broadcast_to(op: Op, x: Any, shape: Any) -> Any:
    wanted, own = ints(shape), op.outputs[0].shape
    if own is not None and x.dim() == len(wanted) and wanted and x.shape[0] not in (1, wanted[0]):
        wanted[0] = x.shape[0]
    return x.expand(wanted)


def shape_of(op: Op, x: Any) -> Any:
    return torch.tensor(x.shape, dtype=getattr(torch, op.outputs[0].dtype))


def fill(op: Op, sizes: Any, value: Any) -> Any:
    return value.reshape(()).expand(ints(sizes))


def reverse(op: Op, x: Any, axes: Any) -> Any:
    return torch.flip(x, ints(axes))


def space_to_depth(op: Op, x: Any) -> Any:
    n, (b, h, w, c) = op.options.block_size, x.shape
    cut = x.reshape(b, h // n, n, w // n, n, c)
    return cut.permute(0, 1, 3, 2, 4, 5).reshape(b, h // n, w // n, n * n * c)


def depth_to_space(op: Op, x: Any) -> Any:
    n, (b, h, w, c) = op.options.block_size, x.shape
    cut = x.reshape(b, h, w, n, n, c // (n * n))
    return cut.permute(0, 1, 3, 2, 4, 5).reshape(b, h * n, w * n, c // (n * n))


def space_to_batch(op: Op, x: Any, blocks: Any, paddings: Any) -> Any:
    sizes, sides = ints(blocks), ints(paddings)
    around = [0, 0] * (x.dim() - 1 - len(sizes))
    x = F.pad(x, around + [s for i in reversed(range(len(sizes))) for s in sides[2 * i : 2 * i + 2]])
    batch, inner = x.shape[0], x.shape[1 + len(sizes) :]
    each = [n for size, block in zip(x.shape[1:], sizes, strict=False) for n in (size // block, block)]
    count = len(sizes)
    order = [2 + 2 * i for i in range(count)] + [0] + [1 + 2 * i for i in range(count)]
    moved = x.reshape(batch, *each, *inner).permute(
        *order, *range(1 + 2 * count, 1 + 2 * count + len(inner))
    )
    return moved.reshape(-1, *each[::2], *inner)


def batch_to_space(op: Op, x: Any, blocks: Any, crops: Any) -> Any:
    sizes, cut, count = ints(blocks), ints(crops), len(ints(blocks))
    batch, inner = x.shape[0] // int(np.prod(sizes)), x.shape[1 + count :]
    shape = x.shape[1 : 1 + count]
    order = [count] + [n for i in range(count) for n in (count + 1 + i, i)]
    x = x.reshape(*sizes, batch, *shape, *inner)
    x = x.permute(*order, *range(2 * count + 1, 2 * count + 1 + len(inner)))
    x = x.reshape(batch, *(n * block for n, block in zip(shape, sizes, strict=True)), *inner)
    for axis in range(count):
        before, after = cut[2 * axis : 2 * axis + 2]
        x = x.narrow(1 + axis, before, x.shape[1 + axis] - before - after)
    return x


def _shape(op: Op, x: Any) -> tuple[int, ...]:
    """Return the shape that a slice's numbers are about: the model's own, but for a larger batch."""
    tensor = op.inputs[0]
    own = None if tensor is None or tensor.shape is None else tensor.shape
    return tuple(x.shape) if own is None or len(own) != x.dim() else tuple(own)


ROWS = {
    "BATCH_TO_SPACE_ND": batch_to_space,
    "BROADCAST_TO": broadcast_to,
    "CONCATENATION": concatenation,
    "DEPTH_TO_SPACE": depth_to_space,
    "EMBEDDING_LOOKUP": embedding_lookup,
    "EXPAND_DIMS": expand_dims,
    "FILL": fill,
    "GATHER": gather,
    "GATHER_ND": gather_nd,
    "MIRROR_PAD": mirror_pad,
    "PACK": pack,
    "PAD": pad,
    "PADV2": pad,
    "RESHAPE": reshape,
    "REVERSE_V2": reverse,
    "SHAPE": shape_of,
    "SLICE": slice_,
    "SPACE_TO_BATCH_ND": space_to_batch,
    "SPACE_TO_DEPTH": space_to_depth,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "SQUEEZE": squeeze,
    "STRIDED_SLICE": strided_slice,
    "TILE": tile,
    "TRANSPOSE": transpose,
    "UNPACK": unpack,
}
