"""The STABLEHLO_* ops, and the twins DILATE and REDUCE_WINDOW of two of them.

Source: the shape functions of tflite/kernels/stablehlo_*.cc; StableHLO's specification for the ops that
LiteRT does not run.
"""

from __future__ import annotations

from ..model import Shape
from ._rule import Dims, Inputs, product
from .elementwise import as_first


def pad(inputs: Inputs) -> list[Shape]:
    """STABLEHLO_PAD: edges may be cropped (negative), ``interior_padding`` goes between values."""
    shape, o = inputs.shape(0), inputs.options
    spec = zip(shape, o.edge_padding_low, o.edge_padding_high, o.interior_padding, strict=True)
    return [tuple(_padded(d, int(lo), int(hi), int(inner)) for d, lo, hi, inner in spec)]


def _padded(size: int, low: int, high: int, interior: int) -> int:
    return max(size + max(size - 1, 0) * interior + low + high, 0)


def dilate(inputs: Inputs) -> list[Shape]:
    shape = inputs.shape(0)
    return [tuple((d - 1) * n + 1 if d else 0 for d, n in zip(shape, inputs.ints(1), strict=True))]


def reduce_window(inputs: Inputs) -> list[Shape]:
    """REDUCE_WINDOW: inputs 2, 3, 4 hold window, strides and dilations."""
    return [_windows(inputs.shape(0), inputs.ints(2), inputs.ints(3), inputs.ints(4))]


def stablehlo_reduce_window(inputs: Inputs) -> list[Shape]:
    shape, o = inputs.shape(0), inputs.options
    ones = (1,) * len(shape)
    base = _ints(o.base_dilations) or ones
    paddings = _ints(o.padding) or (0,) * (2 * len(shape))
    padded = tuple(
        (d - 1) * b + 1 + lo + hi if d else lo + hi
        for d, b, lo, hi in zip(shape, base, paddings[::2], paddings[1::2], strict=True)
    )
    window = _ints(o.window_dimensions)
    found = _windows(padded, window, _ints(o.window_strides) or ones, _ints(o.window_dilations) or ones)
    return [found] * (len(inputs) // 2)


def _windows(shape: Dims, window: Dims, strides: Dims, dilations: Dims) -> Dims:
    spec = zip(shape, window, strides, dilations, strict=True)
    return tuple(max((d - ((k - 1) * n + 1)) // s + 1, 0) for d, k, s, n in spec)


def gather(inputs: Inputs) -> list[Shape]:
    """STABLEHLO_GATHER: batch axes come from the indices, offset axes from the slices."""
    o, indices = inputs.options, list(inputs.shape(1))
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
    return [inputs.shape(0), inputs.op.outputs[1].shape]


def as_declared(inputs: Inputs) -> list[Shape]:
    """IOTA, BROADCAST_IN_DIM: the shape is the output's in the file."""
    return [inputs.op.outputs[0].shape]


def reshape(inputs: Inputs) -> list[Shape]:
    shape, declared = inputs.shape(0), inputs.op.outputs[0].shape
    if declared is None or product(shape) != product(declared):
        inputs.fail("an output of as many values", f"{declared} for {shape}")
    return [declared]


def as_second(inputs: Inputs) -> list[Shape]:
    """SELECT, CLAMP: the operands beside may be scalars."""
    return [inputs.shape(1)]


def compare(inputs: Inputs) -> list[Shape]:
    x, y = inputs.shape(0), inputs.shape(1)
    if x != y:
        inputs.fail("operands of one shape", f"{x} and {y}")
    return [x]


def concatenate(inputs: Inputs) -> list[Shape]:
    shapes = inputs.shapes()
    axis = inputs.axis(inputs.options.dimension, len(shapes[0]))
    rests = {(*s[:axis], *s[axis + 1 :]) for s in shapes}
    if len(rests) > 1:
        inputs.fail(f"shapes that differ along axis {axis} alone", " and ".join(map(str, shapes)))
    return [(*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])]


def transpose(inputs: Inputs) -> list[Shape]:
    shape, order = inputs.shape(0), _ints(inputs.options.permutation)
    if sorted(order) != list(range(len(shape))):
        inputs.fail(f"a permutation of {len(shape)} axes", f"{order}")
    return [tuple(shape[a] for a in order)]


def slices(inputs: Inputs) -> list[Shape]:
    """STABLEHLO_SLICE: from ``start_indices`` to before ``limit_indices``, which lie inside."""
    shape, o = inputs.shape(0), inputs.options
    starts, limits, strides = _ints(o.start_indices), _ints(o.limit_indices), _ints(o.strides)
    spec = list(zip(shape, starts, limits, strides, strict=True))
    if not all(0 <= begin <= end <= d and step > 0 for d, begin, end, step in spec):
        inputs.fail(f"slices inside of {shape}", f"{starts} to {limits} in steps of {strides}")
    return [tuple(-((begin - end) // step) for _, begin, end, step in spec)]


def dynamic_slice(inputs: Inputs) -> list[Shape]:
    shape, sizes = inputs.shape(0), _ints(inputs.options.slice_sizes)
    if len(sizes) != len(shape) or not all(0 <= n <= d for n, d in zip(sizes, shape, strict=True)):
        inputs.fail(f"slice_sizes inside of {shape}", f"{sizes}")
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
    batch, other_batch = _ints(o.lhs_batching_dimensions), _ints(o.rhs_batching_dimensions)
    summed, other_summed = _ints(o.lhs_contracting_dimensions), _ints(o.rhs_contracting_dimensions)
    if [x[a] for a in (*batch, *summed)] != [y[a] for a in (*other_batch, *other_summed)]:
        inputs.fail("equal sizes of the axes that go together", f"{x} and {y} with {o}")
    return [
        (*(x[a] for a in batch), *_without(x, *batch, *summed), *_without(y, *other_batch, *other_summed))
    ]


def convolution(inputs: Inputs) -> list[Shape]:
    o, x, kernel = inputs.options, inputs.shape(0), inputs.shape(1)
    spatial = _ints(o.input_spatial_dimensions)
    ones = (1,) * len(spatial)
    paddings = _ints(o.padding) or (0,) * (2 * len(spatial))
    spread = [
        max((x[a] - 1) * n + 1, 0) + low + high
        for a, n, low, high in zip(
            spatial, _ints(o.lhs_dilation) or ones, paddings[::2], paddings[1::2], strict=True
        )
    ]
    sizes = tuple(kernel[a] for a in _ints(o.kernel_spatial_dimensions))
    strides, dilations = _ints(o.window_strides) or ones, _ints(o.rhs_dilation) or ones
    positions = _windows(tuple(max(n, 0) for n in spread), sizes, strides, dilations)
    shape = dict(zip(_ints(o.output_spatial_dimensions), positions, strict=True))
    shape[o.output_batch_dimension] = x[o.input_batch_dimension] // max(o.batch_group_count, 1)
    shape[o.output_feature_dimension] = kernel[o.kernel_output_feature_dimension]
    return [tuple(shape[a] for a in range(len(x)))]


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
