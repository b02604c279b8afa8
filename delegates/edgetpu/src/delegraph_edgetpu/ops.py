"""The ops that the Edge TPU compiler maps: versions, types, first runtime version, limits.

Source: coral.ai/docs/edgetpu/models-intro, "Supported operations", for ops, limits and runtime versions.
TILE is not in it, but mapped in a published model, which does not say since when: it counts as new. SPLIT
has runtime 13 in the one published model with it. Versions are those that the compiler's own TFLite can
load (``loads``), as far as they concern 8 bits: how far the compiler maps them is known of few. Version 3
of RESIZE_NEAREST_NEIGHBOR, which ``tf.image.resize`` gives (half pixel centers; op_version.cc), was left to
the CPU by compilers 14.1 and 15 (github.com/google-coral/edgetpu/issues 187, 420) and is mapped by 16 in
exports of YOLOv5, v7 and v8 that resize so (google-coral/edgetpu 512; WongKinYiu/yolov7/pull/1672;
ultralytics/ultralytics/issues/4754).
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import field, frozen
from delegraph import Constraint, OpSupport

from . import limits as limit
from .custom_op import CUSTOM_OP
from .payload import own_payload, shapes_of_custom_op

OLDEST, NEWEST = 10, 14  # runtime versions (libedgetpu, api/runtime_version.h)


@frozen
class Mapped:
    """One op of the compiler's table."""

    op: str
    last: int  # version; the first is 1
    types: str
    runtime: int = OLDEST  # the first version that has the op
    constraints: tuple[Constraint, ...] = field(default=(), repr=False)


def rows(given: int) -> list[OpSupport]:
    """Return the support rows for a runtime version, of uint8 and int8 models."""
    custom = OpSupport(
        CUSTOM_OP, (1, 1), f"{_STATE}* -> uint8|int8*", (*_ALWAYS, own_payload), shapes=shapes_of_custom_op
    )
    return [*(_row(mapped, given) for mapped in _mapped(given)), custom]


def first_runtime(op: str) -> int:
    """Return the first runtime version that has an op."""
    return next(m.runtime for m in _mapped(NEWEST) if m.op == op)


_STATE = "uint8|int8|int16"  # int16 is the cell state of an LSTM
_ALWAYS = (limit.quantized, limit.three_innermost, limit.no_variables)


def _row(mapped: Mapped, given: int) -> OpSupport:
    since = () if mapped.runtime == OLDEST else (limit.runtime(mapped.runtime, given),)
    constraints = (*_ALWAYS, *since, *mapped.constraints)
    choices = {v: "uint8 int8" for v in "TAB" if v in mapped.types.split()}
    return OpSupport(mapped.op, (1, mapped.last), mapped.types, constraints, **choices)  # type: ignore[arg-type]


def _mapped(given: int) -> Iterator[Mapped]:
    for op, last in (("ADD", 4), ("SUB", 5), ("MUL", 4), ("MAXIMUM", 4), ("MINIMUM", 4)):
        yield Mapped(op, last, "T T -> T")
    for op, last in (("RELU", 2), ("RELU6", 2), ("RELU_N1_TO_1", 1), ("LOGISTIC", 3), ("TANH", 3)):
        yield Mapped(op, last, "T -> T")
    for op in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        yield Mapped(op, 3, "T -> T", constraints=(limit.no_activation,))
    yield from _weighted(given)
    yield from _moving(given)
    yield from _reducing(given)
    yield Mapped("L2_NORMALIZATION", 2, "T -> T")
    yield Mapped("PRELU", 1, "T T -> T", 13, (limit.constant(1), limit.slope_of_channels))
    yield Mapped("QUANTIZE", 2, "A -> B", 13)
    yield Mapped("RSQRT", 2, "int8 -> int8", 14)  # of uint8 LiteRT has none, so no model has
    yield Mapped("SOFTMAX", 3, "T -> T", constraints=(limit.one_dimension_in, limit.softmax_size))
    yield Mapped("SQUARED_DIFFERENCE", 2, "int8 int8 -> int8", 14)  # likewise
    resized = (limit.constant(1), limit.resize_factor, limit.resize_output)
    yield Mapped("RESIZE_BILINEAR", 3, "T int32 -> T", constraints=resized)
    yield Mapped("RESIZE_NEAREST_NEIGHBOR", 3, "T int32 -> T", constraints=resized)


def _weighted(given: int) -> Iterator[Mapped]:
    weights = limit.constant(1, 2)
    yield Mapped("CONV_2D", 5, "T T int32 -> T", constraints=(weights, limit.same_dilation))
    dilated = limit.no_dilation_before(13, given)
    yield Mapped(
        "DEPTHWISE_CONV_2D", 6, "T T int32? -> T", constraints=(weights, limit.same_dilation, dilated)
    )
    full = (weights, limit.default_weights, limit.one_dimension_out)
    yield Mapped("FULLY_CONNECTED", 9, "T T int32? -> T", constraints=full)
    yield Mapped("TRANSPOSE_CONV", 3, "int32 T T int32? -> T", 13, (limit.constant(0, 1, 3),))
    parameters = limit.constant(*range(1, 18), *range(20, 24))  # all but the input and the state
    yield Mapped("UNIDIRECTIONAL_SEQUENCE_LSTM", 3, _LSTM, 14, (parameters,))


def _moving(given: int) -> Iterator[Mapped]:
    yield Mapped("CONCATENATION", 3, "T T* -> T", constraints=(limit.no_activation, limit.zero_padding))
    yield Mapped("EXPAND_DIMS", 1, "T int32|int64 -> T", 13, (limit.constant(1),))
    yield Mapped("PACK", 3, "T T* -> T", 13, (limit.no_batch_packing,))
    pads = (limit.constant(1), limit.no_batch_padding, limit.only_image_padding_before(13, given))
    yield Mapped("PAD", 3, "T int32|int64 -> T", constraints=pads)
    yield Mapped("RESHAPE", 1, "T int32? -> T", constraints=(limit.constant(1),))
    yield Mapped("SLICE", 4, "T int32|int64 int32|int64 -> T", constraints=(limit.constant(1, 2),))
    yield Mapped("SPACE_TO_DEPTH", 2, "T -> T")
    yield Mapped("SPLIT", 4, "int32 T -> T T*", 13, (limit.constant(0), limit.no_batch_split))
    yield Mapped("SQUEEZE", 1, "T -> T", constraints=(limit.leading_ones_before(13, given),))
    slices = (limit.constant(1, 2, 3), limit.unit_strides, limit.plain_slice)
    yield Mapped("STRIDED_SLICE", 4, "T int32 int32 int32 -> T", constraints=slices)
    yield Mapped("TILE", 2, "T int32|int64 -> T", NEWEST, (limit.constant(1),))
    yield Mapped("TRANSPOSE", 5, "T int32 -> T", 14, (limit.constant(1),))


def _reducing(given: int) -> Iterator[Mapped]:
    axes = (limit.constant(1), limit.no_batch_axis)
    images = limit.only_image_axes_before(13, given)
    yield Mapped(
        "MEAN", 2, "T int32 -> T", constraints=(*axes, limit.four_channels, limit.mean_size, images)
    )
    yield Mapped("SUM", 2, "T int32 -> T", 13, axes)
    yield Mapped("REDUCE_MAX", 3, "T int32 -> T", 14, axes)
    yield Mapped("REDUCE_MIN", 3, "T int32 -> T", 14, axes)


# x; four input and four recurrent weights; three peepholes; four biases; projection and its bias; output
# and cell state; four norms. LiteRT's int8 cell with an int16 cell state.
_LSTM = (
    "int8 int8? int8 int8 int8 int8? int8 int8 int8 int16? int16? int16? int32? int32 int32 int32"
    " int8? int32? int8 int16 int16? int16? int16? int16? -> int8"
)
