"""Ops that move values about: reshape, slice, join, pad, transpose."""

from __future__ import annotations

from ..model import Shape
from ..text import shape_text
from ._rule import Dims, Inputs, product


def reshape(inputs: Inputs) -> list[Shape]:
    """RESHAPE: the new shape is input 1, if that is int32, or the option ``new_shape``; one -1 is free."""
    given = inputs.op.inputs[1] if inputs.has(1) else None
    by_input = given is not None and given.dtype == "int32"
    shape = inputs.shape(0)
    wanted = inputs.ints(1) if by_input else tuple(inputs.options.get("new_shape") or ())
    if wanted == (0,) and product(shape) == 1 and not by_input:
        wanted = ()  # how old converters wrote a scalar
    if wanted.count(-1) > 1:
        inputs.fail("at most one -1 in the new shape", f"{wanted}")
    known = product([d for d in wanted if d != -1])
    stretched = product(shape) // known if known else 0
    found = tuple(stretched if d == -1 else d for d in wanted)
    if product(found) != product(shape):
        inputs.fail(f"a new shape of {product(shape)} values", f"{wanted} for input {shape_text(shape)}")
    return [found]


def squeeze(inputs: Inputs) -> list[Shape]:
    shape, given = inputs.shape(0), inputs.options.squeeze_dims
    axes = {inputs.axis(int(a), len(shape)) for a in (() if given is None else given)}
    axes = axes or {a for a, d in enumerate(shape) if d == 1}
    if any(shape[a] != 1 for a in axes):
        inputs.fail("axes of size 1 to squeeze", f"axes {sorted(axes)} of {shape_text(shape)}")
    return [tuple(d for a, d in enumerate(shape) if a not in axes)]


def expand_dims(inputs: Inputs) -> list[Shape]:
    shape = inputs.shape(0)
    axis = inputs.axis(inputs.scalar(1), len(shape) + 1)
    return [(*shape[:axis], 1, *shape[axis:])]


def transpose(inputs: Inputs) -> list[Shape]:
    shape = inputs.shape(0)
    order = [inputs.axis(a, len(shape)) for a in inputs.ints(1)]
    if sorted(order) != list(range(len(shape))):
        inputs.fail(f"a permutation of {len(shape)} axes", f"{tuple(order)}")
    return [tuple(shape[a] for a in order)]


def slice_(inputs: Inputs) -> list[Shape]:
    """SLICE: a size of -1 reaches to the end."""
    shape, begin, size = inputs.shape(0), inputs.ints(1), inputs.ints(2)
    if not len(shape) == len(begin) == len(size):
        inputs.fail(f"{len(shape)} begins and sizes", f"{len(begin)} and {len(size)}")
    found = tuple(d - b if s == -1 else s for d, b, s in zip(shape, begin, size, strict=True))
    if any(b < 0 or n < 0 or b + n > d for d, b, n in zip(shape, begin, found, strict=True)):
        inputs.fail(f"a slice inside shape {shape_text(shape)}", f"begin {begin}, size {size}")
    return [found]


def strided_slice(inputs: Inputs) -> list[Shape]:
    return [strided_slice_spans(inputs)[0]]


def strided_slice_spans(inputs: Inputs) -> tuple[Dims, list[slice | int | None]]:
    """Return the output's shape and, per entry of the spec, what numpy would be indexed with."""
    shape = inputs.shape(0)
    counts = [product(inputs.shape(i)) for i in (1, 2, 3)]  # known before the values are
    if len(set(counts)) > 1:
        inputs.fail("begins, ends and strides that are equally many", "{}, {} and {}".format(*counts))
    begin, end, strides = inputs.ints(1), inputs.ints(2), inputs.ints(3)
    index = _expand(inputs, shape, begin, end, strides)
    found: list[int] = []
    axis = 0
    for entry in index:
        if entry is None:
            found.append(1)
            continue
        if isinstance(entry, slice):
            found.append(len(range(*entry.indices(shape[axis]))))
        axis += 1
    return (*found, *shape[axis:]), index


def _expand(inputs: Inputs, shape: Dims, begin: Dims, end: Dims, strides: Dims) -> list[slice | int | None]:
    """Resolve the masks: a slice or an index per axis, None for a new one."""
    o = inputs.options
    index: list[slice | int | None] = []
    axis = 0
    new = o.new_axis_mask & ~o.ellipsis_mask  # where both are set, LiteRT takes the ellipsis
    new_axes = sum(new >> i & 1 for i in range(len(begin)))
    for i, (b, e, s) in enumerate(zip(begin, end, strides, strict=True)):
        if o.ellipsis_mask >> i & 1:
            rest = len(shape) - (len(begin) - new_axes - 1)
            index += [slice(None)] * max(rest, 1)
            axis += max(rest, 1)
        elif new >> i & 1:
            index.append(None)
        else:
            if axis >= len(shape) or s == 0:
                inputs.fail(f"strides that are not 0, at most {len(shape)} of them", f"{strides}")
            index.append(_one_axis(inputs, i, shape[axis], b, e, s))
            axis += 1
    return index


def _one_axis(inputs: Inputs, i: int, size: int, b: int, e: int, s: int) -> slice | int:
    o = inputs.options
    if o.shrink_axis_mask >> i & 1:
        start = (0 if s > 0 else size - 1) if o.begin_mask >> i & 1 else b
        if not -size <= start < size:
            inputs.fail(f"an index from {-size} to {size - 1}", f"{start}")
        return start % size
    if o.get("offset", False):
        e += b
    begin = None if o.begin_mask >> i & 1 else b
    end = None if o.end_mask >> i & 1 else e
    return slice(begin, end, s)


def split(inputs: Inputs) -> list[Shape]:
    """SPLIT: input 0 is the axis, input 1 the tensor."""
    shape, count = inputs.shape(1), inputs.options.num_splits
    axis = inputs.axis(inputs.scalar(0), len(shape))
    if count < 1 or shape[axis] % count:
        inputs.fail(f"an axis that {count} splits divide", f"size {shape[axis]}")
    return [(*shape[:axis], shape[axis] // count, *shape[axis + 1 :])] * count


def split_v(inputs: Inputs) -> list[Shape]:
    """SPLIT_V: inputs are the tensor, the sizes (one may be -1) and the axis."""
    shape, sizes = inputs.shape(0), inputs.ints(1)
    axis = inputs.axis(inputs.scalar(2), len(shape))
    rest = shape[axis] - sum(s for s in sizes if s != -1)
    found = [rest if s == -1 else s for s in sizes]
    if sum(found) != shape[axis] or min(found, default=0) < 0 or sizes.count(-1) > 1:
        inputs.fail(f"sizes that add up to {shape[axis]}", f"{sizes}")
    return [(*shape[:axis], s, *shape[axis + 1 :]) for s in found]


def dynamic_update_slice(inputs: Inputs) -> list[Shape]:
    """DYNAMIC_UPDATE_SLICE: the update, input 1, fits into input 0."""
    shape, update = inputs.shape(0), inputs.shape(1)
    if len(update) != len(shape) or any(n > d for n, d in zip(update, shape, strict=True)):
        inputs.fail(f"an update inside of shape {shape_text(shape)}", f"shape {shape_text(update)}")
    return [shape]


def concatenation(inputs: Inputs) -> list[Shape]:
    shapes = inputs.shapes()
    axis = inputs.axis(inputs.options.axis, len(shapes[0]))
    rests = {(len(s), *s[:axis], *s[axis + 1 :]) for s in shapes}
    if len(rests) > 1:
        inputs.fail(f"shapes equal but for axis {axis}", " and ".join(map(shape_text, shapes)))
    return [(*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])]


def pack(inputs: Inputs) -> list[Shape]:
    shapes = inputs.shapes()
    axis = inputs.axis(inputs.options.axis, len(shapes[0]) + 1)
    if len(set(shapes)) > 1:
        inputs.fail("inputs of one shape", " and ".join(map(shape_text, shapes)))
    return [(*shapes[0][:axis], len(shapes), *shapes[0][axis:])]


def unpack(inputs: Inputs) -> list[Shape]:
    shape, count = inputs.shape(0), inputs.options.num
    axis = inputs.axis(inputs.options.axis, len(shape))
    if shape[axis] != count:
        inputs.fail(f"{count} slices along axis {axis}", f"shape {shape_text(shape)}")
    return [(*shape[:axis], *shape[axis + 1 :])] * count


def pad(inputs: Inputs) -> list[Shape]:
    """PAD, PADV2, MIRROR_PAD: input 1 holds (before, after) for each axis."""
    shape, paddings = inputs.shape(0), inputs.ints(1, kinds="iub")
    if len(paddings) != 2 * len(shape) or min(paddings, default=0) < 0:
        inputs.fail(f"{len(shape)} pairs of paddings of at least 0", f"{paddings}")
    return [tuple(d + b + a for d, b, a in zip(shape, paddings[::2], paddings[1::2], strict=True))]


def tile(inputs: Inputs) -> list[Shape]:
    shape = inputs.shape(0)
    return [tuple(d * n for d, n in zip(shape, inputs.ints(1, len(shape)), strict=True))]


def broadcast_to(inputs: Inputs) -> list[Shape]:
    shape, wanted = inputs.shape(0), inputs.ints(1)
    tail = wanted[len(wanted) - len(shape) :]
    if len(wanted) < len(shape) or any(d not in (1, w) for d, w in zip(shape, tail, strict=True)):
        inputs.fail(f"a shape that {shape_text(shape)} broadcasts to", f"{wanted}")
    return [wanted]


def space_to_batch_nd(inputs: Inputs) -> list[Shape]:
    shape, blocks, paddings = _blocks(inputs)
    n = len(blocks)
    padded = [d + b + a for d, b, a in zip(shape[1 : n + 1], paddings[::2], paddings[1::2], strict=True)]
    if any(d % b for d, b in zip(padded, blocks, strict=True)):
        inputs.fail(f"padded sizes that blocks {blocks} divide", f"shape {shape_text(padded)}")
    spatial = (d // b for d, b in zip(padded, blocks, strict=True))
    return [(shape[0] * product(blocks), *spatial, *shape[n + 1 :])]


def batch_to_space_nd(inputs: Inputs) -> list[Shape]:
    shape, blocks, crops = _blocks(inputs)
    n = len(blocks)
    if shape[0] % product(blocks):
        inputs.fail(f"a batch that blocks {blocks} divide", f"{shape[0]}")
    cut = zip(shape[1 : n + 1], blocks, crops[::2], crops[1::2], strict=True)
    spatial = (d * b - before - after for d, b, before, after in cut)
    return [(shape[0] // product(blocks), *spatial, *shape[n + 1 :])]


def _blocks(inputs: Inputs) -> tuple[Dims, Dims, Dims]:
    """Return a shape, the blocks of some axes behind the batch, and two edges for each of these."""
    shape, blocks, edges = inputs.shape(0), inputs.ints(1), inputs.ints(2)
    if len(blocks) >= len(shape) or min(blocks, default=1) < 1:
        inputs.fail(f"blocks of at least 1 for axes of {shape_text(shape)} behind the first", f"{blocks}")
    if len(edges) != 2 * len(blocks) or min(edges, default=0) < 0:
        inputs.fail(f"{len(blocks)} pairs of edges of at least 0", f"{edges}")
    return shape, blocks, edges


RULES = {
    "BATCH_TO_SPACE_ND": batch_to_space_nd,
    "BROADCAST_TO": broadcast_to,
    "CONCATENATION": concatenation,
    "DYNAMIC_UPDATE_SLICE": dynamic_update_slice,
    "EXPAND_DIMS": expand_dims,
    "MIRROR_PAD": pad,
    "PACK": pack,
    "PAD": pad,
    "PADV2": pad,
    "RESHAPE": reshape,
    "SLICE": slice_,
    "SPACE_TO_BATCH_ND": space_to_batch_nd,
    "SPLIT": split,
    "SPLIT_V": split_v,
    "SQUEEZE": squeeze,
    "STRIDED_SLICE": strided_slice,
    "TILE": tile,
    "TRANSPOSE": transpose,
    "UNPACK": unpack,
}
