"""The STABLEHLO_* ops, and the twins DILATE and REDUCE_WINDOW of two of them.

Source: the shape functions of tflite/kernels/stablehlo_*.cc; StableHLO's specification for the ops that
LiteRT does not run.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model import Shape
from ..text import shape_text
from ._rule import Dims, Inputs, product
from .elementwise import as_first


def pad(inputs: Inputs) -> list[Shape]:
    """STABLEHLO_PAD: edges may be cropped (negative), ``interior_padding`` goes between values.

    Where nothing is left along one axis, LiteRT makes all sizes 0.
    """
    shape = inputs.shape(0)
    names = ("edge_padding_low", "edge_padding_high", "interior_padding")
    low, high, interior = (inputs.option(name, len(shape)) for name in names)
    if min(interior, default=0) < 0:
        inputs.fail("interior_padding of at least 0", f"{interior}")
    found = tuple(map(_padded, shape, low, high, interior))
    return [(0,) * len(shape) if 0 in found else found]


def _padded(size: int, low: int, high: int, interior: int) -> int:
    return max(size + max(size - 1, 0) * interior + low + high, 0)


def dilate(inputs: Inputs) -> list[Shape]:
    shape = inputs.shape(0)
    dilations = inputs.ints(1, len(shape))
    return [tuple((d - 1) * n + 1 if d else 0 for d, n in zip(shape, dilations, strict=True))]


def reduce_window(inputs: Inputs) -> list[Shape]:
    """REDUCE_WINDOW: inputs 2, 3, 4 hold window, strides and dilations."""
    shape = inputs.shape(0)
    return [_windows(inputs, shape, *(inputs.ints(i, len(shape)) for i in (2, 3, 4)))]


def stablehlo_reduce_window(inputs: Inputs) -> list[Shape]:
    shape = inputs.shape(0)
    rank = len(shape)
    padded = _spread(inputs, shape, "base_dilations")
    window, strides, dilations = inputs.option("window_dimensions", rank), *_steps(inputs, rank)
    return [_windows(inputs, padded, window, strides, dilations)] * (len(inputs) // 2)


def _steps(inputs: Inputs, rank: int, dilations: str = "window_dilations") -> tuple[Dims, Dims]:
    return inputs.option("window_strides", rank, 1), inputs.option(dilations, rank, 1)


def _spread(inputs: Inputs, shape: Sequence[int], dilations: str) -> Dims:
    """Return sizes with gaps between the values, and ``padding``, which may cut, on both sides."""
    gaps = inputs.option(dilations, len(shape), 1)
    edges = inputs.option("padding", 2 * len(shape), 0)
    pairs = zip(shape, gaps, edges[::2], edges[1::2], strict=True)
    return tuple((max((d - 1) * n + 1, 0) if d else 0) + low + high for d, n, low, high in pairs)


def _windows(inputs: Inputs, shape: Dims, window: Dims, strides: Dims, dilations: Dims) -> Dims:
    if min((*window, *strides, *dilations), default=1) < 1:
        inputs.fail("windows, strides and dilations of at least 1", f"{window}, {strides} and {dilations}")
    spec = zip(shape, window, strides, dilations, strict=True)
    return tuple(max((d - ((k - 1) * n + 1)) // s + 1, 0) for d, k, s, n in spec)


def gather(inputs: Inputs) -> list[Shape]:
    """STABLEHLO_GATHER: batch axes come from the indices, offset axes from the slices."""
    o, indices = inputs.options, list(inputs.shape(1))
    if not 0 <= o.index_vector_dim <= len(indices):
        inputs.fail(f"an index_vector_dim from 0 to {len(indices)}", f"{o.index_vector_dim}")
    if o.index_vector_dim < len(indices):
        del indices[o.index_vector_dim]
    collapsed = set(_ints(o.collapsed_slice_dims))
    offsets = [s for a, s in enumerate(_ints(o.slice_sizes)) if a not in collapsed]
    offset_axes = set(_ints(o.offset_dims))
    rank = len(indices) + len(offsets)
    if len(offset_axes & set(range(rank))) != len(offsets):
        inputs.fail(f"{len(offsets)} offset_dims from 0 to {rank - 1}", f"{_ints(o.offset_dims)}")
    batch, offset = iter(indices), iter(offsets)
    return [tuple(next(offset if a in offset_axes else batch) for a in range(rank))]


def rng_bit_generator(inputs: Inputs) -> list[Shape]:
    """STABLEHLO_RNG_BIT_GENERATOR: the state's shape, and whatever shape the file gives the numbers."""
    if len(inputs.op.outputs) != 2:
        inputs.fail("two outputs", f"{len(inputs.op.outputs)}")
    return [inputs.shape(0), inputs.op.outputs[1].shape]


def as_declared(inputs: Inputs) -> list[Shape]:
    """IOTA, BROADCAST_IN_DIM: the shape is the output's in the file."""
    return [inputs.op.outputs[0].shape]


def reshape(inputs: Inputs) -> list[Shape]:
    shape, declared = inputs.shape(0), inputs.op.outputs[0].shape
    if declared is None or product(shape) != product(declared):
        inputs.fail("an output of as many values", f"{shape_text(declared)} for {shape_text(shape)}")
    return [declared]


def as_second(inputs: Inputs) -> list[Shape]:
    """SELECT, CLAMP: the operands beside may be scalars."""
    return [inputs.shape(1)]


def compare(inputs: Inputs) -> list[Shape]:
    x, y = inputs.shape(0), inputs.shape(1)
    if x != y:
        inputs.fail("operands of one shape", f"{shape_text(x)} and {shape_text(y)}")
    return [x]


def concatenate(inputs: Inputs) -> list[Shape]:
    shapes = inputs.shapes()
    axis = inputs.axis(inputs.options.dimension, len(shapes[0]))
    rests = {(len(s), *s[:axis], *s[axis + 1 :]) for s in shapes}
    if len(rests) > 1:
        inputs.fail(f"shapes that differ along axis {axis} alone", " and ".join(map(shape_text, shapes)))
    return [(*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])]


def transpose(inputs: Inputs) -> list[Shape]:
    shape, order = inputs.shape(0), _ints(inputs.options.permutation)
    if sorted(order) != list(range(len(shape))):
        inputs.fail(f"a permutation of {len(shape)} axes", f"{order}")
    return [tuple(shape[a] for a in order)]


def slices(inputs: Inputs) -> list[Shape]:
    """STABLEHLO_SLICE: from ``start_indices`` to before ``limit_indices``, which lie inside."""
    shape = inputs.shape(0)
    names = ("start_indices", "limit_indices", "strides")
    starts, limits, strides = (inputs.option(name, len(shape)) for name in names)
    spec = list(zip(shape, starts, limits, strides, strict=True))
    if not all(0 <= begin <= end <= d and step > 0 for d, begin, end, step in spec):
        inputs.fail(
            f"slices inside of shape {shape_text(shape)}", f"{starts} to {limits} in steps of {strides}"
        )
    return [tuple(-((begin - end) // step) for _, begin, end, step in spec)]


def dynamic_slice(inputs: Inputs) -> list[Shape]:
    shape, sizes = inputs.shape(0), _ints(inputs.options.slice_sizes)
    if len(sizes) != len(shape) or not all(0 <= n <= d for n, d in zip(sizes, shape, strict=True)):
        inputs.fail(f"slice_sizes inside of shape {shape_text(shape)}", f"{sizes}")
    return [sizes]


def reduce(inputs: Inputs) -> list[Shape]:
    """STABLEHLO_REDUCE: half of the inputs are initial values; each other one gives an output."""
    shape = inputs.shape(0)
    gone = {inputs.axis(a, len(shape)) for a in _ints(inputs.options.dimensions)}
    return [tuple(d for a, d in enumerate(shape) if a not in gone)] * (len(inputs) // 2)


def as_each(inputs: Inputs) -> list[Shape]:
    """STABLEHLO_SORT: all operands of one shape."""
    return list(inputs.shapes())


def dot_general(inputs: Inputs) -> list[Shape]:
    """Batch axes, then what is left of the one operand, then of the other."""
    o, x, y = inputs.options, inputs.shape(0), inputs.shape(1)
    batch, summed = _two_lists(inputs, x, "lhs")
    other_batch, other_summed = _two_lists(inputs, y, "rhs")
    pairs = zip((batch, summed), (other_batch, other_summed), strict=True)
    if any([x[a] for a in mine] != [y[a] for a in others] for mine, others in pairs):
        inputs.fail(
            "equal sizes of the axes that go together", f"{shape_text(x)} and {shape_text(y)} with {o}"
        )
    return [
        (*(x[a] for a in batch), *_without(x, *batch, *summed), *_without(y, *other_batch, *other_summed))
    ]


def _two_lists(inputs: Inputs, shape: Dims, side: str) -> tuple[Dims, Dims]:
    """Return the batch axes of an operand and those that are summed up."""
    names = (f"{side}_batching_dimensions", f"{side}_contracting_dimensions")
    batch, summed = (_ints(inputs.options.get(name)) for name in names)
    axes = (*batch, *summed)
    if len(set(axes)) != len(axes) or not all(0 <= a < len(shape) for a in axes):
        inputs.fail(f"axes of {shape_text(shape)}, each once", f"{batch} and {summed} as the {side}'s")
    return batch, summed


def convolution(inputs: Inputs) -> list[Shape]:
    o, x = inputs.options, inputs.shape(0)
    kernel, count = inputs.shape(1, rank=len(x)), len(x) - 2
    batch, *spatial, _ = _axes(inputs, len(x), "input_batch", "input_spatial", "input_feature")
    places = _axes(inputs, len(x), "output_batch", "output_spatial", "output_feature")
    out, *taps, _ = _axes(inputs, len(x), "kernel_output_feature", "kernel_spatial", "kernel_input_feature")
    spread = _spread(inputs, [x[a] for a in spatial], "lhs_dilation")
    seen = tuple(max(n, 0) for n in spread)
    steps = _steps(inputs, count, "rhs_dilation")
    positions = _windows(inputs, seen, tuple(kernel[a] for a in taps), *steps)
    sizes = (x[batch] // max(o.batch_group_count, 1), *positions, kernel[out])
    return [tuple(size for _, size in sorted(zip(places, sizes, strict=True)))]


def _axes(inputs: Inputs, rank: int, first: str, middle: str, last: str) -> Dims:
    """Return the axes that three options name: all of them, each once."""
    o = inputs.options
    axes = (
        getattr(o, f"{first}_dimension"),
        *_ints(getattr(o, f"{middle}_dimensions")),
        getattr(o, f"{last}_dimension"),
    )
    if sorted(axes) != list(range(rank)):
        inputs.fail(f"each of {rank} axes once as {first}, {middle} and {last}", f"{axes}")
    return axes


def _without(shape: Dims, *axes: int) -> Dims:
    return tuple(d for a, d in enumerate(shape) if a not in axes)


def _ints(values: object) -> Dims:
    return () if values is None else tuple(int(v) for v in values)  # type: ignore[attr-defined]


_ELEMENTWISE = """
ABS ADD AND CBRT CONVERT COSINE DIVIDE DYNAMIC_UPDATE_SLICE EXPONENTIAL FLOOR LOG LOGISTIC MAXIMUM MINIMUM
MULTIPLY NEGATE OR POWER REMAINDER RSQRT SCATTER SHIFT_LEFT SUBTRACT TANH
"""

RULES = {
    **dict.fromkeys([f"STABLEHLO_{name}" for name in _ELEMENTWISE.split()], as_first),
    "DILATE": dilate,
    "REDUCE_WINDOW": reduce_window,
    "STABLEHLO_BROADCAST_IN_DIM": as_declared,
    "STABLEHLO_CLAMP": as_second,
    "STABLEHLO_COMPARE": compare,
    "STABLEHLO_CONCATENATE": concatenate,
    "STABLEHLO_CONVOLUTION": convolution,
    "STABLEHLO_DOT_GENERAL": dot_general,
    "STABLEHLO_DYNAMIC_SLICE": dynamic_slice,
    "STABLEHLO_GATHER": gather,
    "STABLEHLO_IOTA": as_declared,
    "STABLEHLO_PAD": pad,
    "STABLEHLO_REDUCE": reduce,
    "STABLEHLO_REDUCE_WINDOW": stablehlo_reduce_window,
    "STABLEHLO_RESHAPE": reshape,
    "STABLEHLO_RNG_BIT_GENERATOR": rng_bit_generator,
    "STABLEHLO_SELECT": as_second,
    "STABLEHLO_SLICE": slices,
    "STABLEHLO_SORT": as_each,
    "STABLEHLO_TRANSPOSE": transpose,
}
