"""What the Edge TPU compiler asks of an op beyond its types: each limit a rule, and what breaks it.

Sources, named beside each limit:

- requirements: coral.ai/docs/edgetpu/models-intro, "Model requirements"
- table: the same page, "Supported operations" (repeated by developer.axis.com, ARTPEC-7, supported ops)
- older table: the same table as it stood for runtime 12 and older
- files: what the compiler did with 59 published models (google-coral/test_data and google-coral/edgetpu)
- issue N: github.com/google-coral/edgetpu/issues/N

Where a limit is not published, the comment says what is known and which value was chosen.
"""

from __future__ import annotations

from math import prod

import numpy as np
from delegraph import Constraint, Op, Tensor, needs, shape_text

SOFTMAX_LARGEST = 16_000  # values
RESIZE_LARGEST = 128  # height and width of the output of a resize that enlarges
RESIZE_FACTOR = 4  # by which a resize may enlarge
MEAN_LARGEST = 64 * 128  # values of which one mean is taken
EIGHT_BITS = ("int8", "uint8")
_STATES = (18, 19)  # the inputs of an LSTM that are its output state and its cell state
_RESIZE_LESS = "resize less, or leave it behind the model"


def runtime(first: int, given: int) -> Constraint:
    """Return the constraint of an op that came with a runtime version (table, column "Runtime version")."""

    @needs(f"runtime {first} or later", hint=f"compile for runtime {first}, if the device has it")
    def runtime_version(op: Op) -> str | None:
        return None if given >= first else f"runtime {given}"

    return runtime_version


def constant(*places: int) -> Constraint:
    """Return the constraint that operands, where present, are constants (requirements)."""

    @needs(
        "constant parameters: filters, biases, shapes, axes",
        hint="make the operand a constant of the model, or compute it outside",
    )
    def constant_parameters(op: Op) -> str | None:
        for place in places:
            t = operand(op, place)
            if t is not None and not t.is_constant:
                return f"operand {place} {t.name!r} computed while running"
        return None

    return constant_parameters


def _unit_batch(op: Op) -> str:
    shape = next((t.shape for t in activations(op) if t.shape is not None and prod(t.shape[:-3]) > 1), ())
    if shape is not None and len(shape) == 4:
        return f"make the batch 1 and run the model {shape[0]} times"
    return "reshape, so that all but the three innermost dimensions are 1"


@needs("no dimension above 1 but the three innermost", hint=_unit_batch)
def three_innermost(op: Op) -> str | None:
    """Requirements: "only the 3 innermost dimensions may have a size greater than 1"."""
    for t in activations(op):
        if t.shape is not None and prod(t.shape[:-3]) != 1:
            return f"shape {shape_text(t.shape)}"
    return None


@needs("quantized inputs and outputs", hint="quantize the whole model to int8 or uint8")
def quantized(op: Op) -> str | None:
    """Requirements: "Tensor parameters are quantized (8-bit fixed-point numbers)"."""
    for t in activations(op):
        if t.dtype in EIGHT_BITS and (t.quantization is None or not len(t.quantization.scale)):
            return f"{t.dtype} without a scale: tensor {t.index} {t.name!r}"
    return None


@needs("no variable tensors but the state of an LSTM", hint="give the state in and take it out as tensors")
def no_variables(op: Op) -> str | None:
    """Table: no word of variables. Files: the state of an LSTM is an input of the custom op."""
    if op.custom_options:  # of a compiled file: what it holds has been asked
        return None
    states = _STATES if op.name == "UNIDIRECTIONAL_SEQUENCE_LSTM" else ()
    read = (t for place, t in enumerate(op.inputs) if place not in states)
    found = next((t for t in (*read, *op.outputs) if t is not None and t.is_variable), None)
    return None if found is None else f"tensor {found.index} {found.name!r}"


@needs("no fused activation", hint="put the activation in an op of its own: RELU, RELU6, RELU_N1_TO_1")
def no_activation(op: Op) -> str | None:
    """Table: AveragePool2d, MaxPool2d, Concatenation."""
    activation = op.options.fused_activation_function
    return None if activation == "NONE" else str(activation)


@needs(
    "no constant input, or two inputs of which one is constant and all zero",
    hint="pad with PAD, or add the constant part behind the model",
)
def zero_padding(op: Op) -> str | None:
    """Table: Concatenation ("effectively, a zero-padding op"): the zero point stands for zero."""
    fixed = [t for t in op.inputs if t is not None and t.is_constant]
    if not fixed:
        return None
    if len(op.inputs) != 2:
        return f"a constant among {len(op.inputs)} inputs"
    return None if all(_is_zero(t) for t in fixed) else "a constant with values other than 0"


@needs("the same dilation in height and width", hint="use one dilation for both")
def same_dilation(op: Op) -> str | None:
    """Table: Conv2d, DepthwiseConv2d."""
    height, width = op.options.dilation_h_factor, op.options.dilation_w_factor
    return None if height == width else f"{height} and {width}"


def no_dilation_before(first: int, given: int) -> Constraint:
    """Return the constraint on DEPTHWISE_CONV_2D, whose dilation came with runtime 13 (older table)."""

    @needs(
        f"no dilation before runtime {first}", hint=f"compile for runtime {first}, or do without dilation"
    )
    def no_dilation(op: Op) -> str | None:
        dilations = (op.options.dilation_h_factor, op.options.dilation_w_factor)
        return None if given >= first or dilations == (1, 1) else f"dilation {dilations}, runtime {given}"

    return no_dilation


@needs("weights in the default format", hint="convert the model without shuffled weights")
def default_weights(op: Op) -> str | None:
    """Table: FullyConnected."""
    found = op.options.weights_format
    return None if found == "DEFAULT" else str(found)


@needs(
    "an output of one dimension: all but the innermost are 1",
    hint="reshape to an image and use CONV_2D of 1 × 1",
)
def one_dimension_out(op: Op) -> str | None:
    """Table: FullyConnected."""
    return _more_than_innermost(op.outputs[0])


@needs(
    "an input of one dimension: all but the innermost are 1",
    hint="apply it to one vector at a time, or leave it behind the model",
)
def one_dimension_in(op: Op) -> str | None:
    """Table: Softmax."""
    found = operand(op, 0)
    return None if found is None else _more_than_innermost(found)


@needs(
    f"at most {SOFTMAX_LARGEST:,} values", hint="leave it behind the model: the order is the same without"
)
def softmax_size(op: Op) -> str | None:
    """Table: Softmax."""
    size = op.outputs[0].size
    return None if size <= SOFTMAX_LARGEST else f"{size:,} values"


@needs(
    f"an output of at most {RESIZE_LARGEST} × {RESIZE_LARGEST} where it enlarges",
    hint=_RESIZE_LESS,
)
def resize_output(op: Op) -> str | None:
    """Table: "may not be mapped to avoid loss in precision"; the limit itself is not published.

    Mapped: x2 to 12, 24, 48 (files), 64 to 128 (issues 31, 187). Refused: to 256 (187) and 512 (31).
    """
    before, after = _sides(op)
    enlarges = any(new > old for old, new in zip(before, after, strict=True))
    return f"{after[0]} × {after[1]}" if enlarges and max(after) > RESIZE_LARGEST else None


def _smaller_steps(op: Op) -> str:
    if _sides(op)[0] == (1, 1):
        return "leave the resize out: ADD and MUL spread a 1 × 1 image themselves"
    return _RESIZE_LESS


@needs(f"at most {RESIZE_FACTOR} times the height and width of the input", hint=_smaller_steps)
def resize_factor(op: Op) -> str | None:
    """Table, as above. Mapped: x1, x2; refused: x15.5 and x33 (files); 4 lies between, as a guess."""
    before, after = _sides(op)
    factor = max(new / old for old, new in zip(before, after, strict=True))
    return None if factor <= RESIZE_FACTOR else f"{_number(factor)} times: {before} to {after}"


@needs("axes without the batch, dimension 0", hint="make the batch 1 and take dimension 0 out of the axes")
def no_batch_axis(op: Op) -> str | None:
    """Table: Mean, Sum, ReduceMax, ReduceMin. In tensors of rank 1 dimension 0 is no batch."""
    axes, rank = _axes(op), _rank(op)
    return f"axes {axes} of rank {rank}" if 0 in axes and rank > 1 else None


@needs("a multiple of 4 channels where it reduces them", hint="pad the channels to a multiple of 4")
def four_channels(op: Op) -> str | None:
    """Table: Mean ("the z-dimension must be multiple of 4")."""
    axes, x = _axes(op), operand(op, 0)
    channels = 0 if x is None or not x.shape else x.shape[-1]
    return f"{channels} channels" if _rank(op) - 1 in axes and channels % 4 else None


@needs(
    f"a mean of at most {MEAN_LARGEST:,} values (weak evidence: one report has so many mapped, 32,768 not)",
    hint="SPLIT the image, take the MEAN of each part and the MEAN of those",
)
def mean_size(op: Op) -> str | None:
    """Not published. Issue 461: 256 × 128 was not mapped, four times 64 × 128 was; between them it is open.

    Issue 183 agrees, in which compiler 14 breaks off at a mean over 256 × 256.
    """
    shape = op.inputs[0].shape if op.inputs[0] is not None else None
    size = prod((shape or ())[axis] for axis in _axes(op))
    return None if size <= MEAN_LARGEST else f"{size:,} values"


def only_image_axes_before(first: int, given: int) -> Constraint:
    """Return the constraint on MEAN, which reduced height and width alone (older table)."""

    @needs(f"height and width as axes before runtime {first}", hint=f"compile for runtime {first}")
    def image_axes(op: Op) -> str | None:
        rank = _rank(op)
        axes = [a for a in _axes(op) if rank - a not in (2, 3)]
        return f"axes {_axes(op)}, runtime {given}" if given < first and axes else None

    return image_axes


@needs("no padding of the batch, dimension 0", hint="pad outside the model")
def no_batch_padding(op: Op) -> str | None:
    """Table: Pad."""
    pads = _paddings(op)
    return f"{pads[0]}" if len(pads) > 1 and any(pads[0]) else None


def only_image_padding_before(first: int, given: int) -> Constraint:
    """Return the constraint on PAD, which padded height and width alone (older table)."""

    @needs(f"padding of height and width before runtime {first}", hint=f"compile for runtime {first}")
    def image_padding(op: Op) -> str | None:
        pads = _paddings(op)
        others = [p for i, p in enumerate(pads) if len(pads) - i not in (2, 3) and any(p)]
        return f"padding {pads}, runtime {given}" if given < first and others else None

    return image_padding


@needs("an axis other than the batch, dimension 0", hint="pack along a new innermost axis, then transpose")
def no_batch_packing(op: Op) -> str | None:
    """Table: Pack."""
    axis = op.options.axis
    rank = len(op.outputs[0].shape or ())
    return f"axis {axis}" if axis % max(rank, 1) == 0 else None


@needs("an axis other than the batch, dimension 0", hint="make the batch 1 and split along another axis")
def no_batch_split(op: Op) -> str | None:
    """Table: Split."""
    axis, x = operand(op, 0), operand(op, 1)
    if axis is None or axis.data is None or x is None or not x.shape:
        return None
    at = int(axis.data.reshape(-1)[0])
    return f"axis {at}" if at % len(x.shape) == 0 and len(x.shape) > 1 else None


@needs(
    "a slope for each channel alone", hint="share the slopes along height and width (shared_axes=[1, 2])"
)
def slope_of_channels(op: Op) -> str | None:
    """Table: PReLU ("Alpha must be 1-dimensional")."""
    alpha = operand(op, 1)
    return None if alpha is None else _more_than_innermost(alpha)


def leading_ones_before(first: int, given: int) -> Constraint:
    """Return the constraint on SQUEEZE: no data moved, leading 1s alone (older table)."""

    @needs(f"1s squeezed only in front before runtime {first}", hint=f"compile for runtime {first}")
    def leading_ones(op: Op) -> str | None:
        x = operand(op, 0)
        shape = () if x is None or x.shape is None else x.shape
        front = next((i for i, n in enumerate(shape) if n != 1), len(shape))
        gone = tuple(a % max(len(shape), 1) for a in op.options.squeeze_dims) or tuple(
            i for i, n in enumerate(shape) if n == 1
        )
        return (
            f"shape {shape_text(shape)}, runtime {given}"
            if given < first and any(a >= front for a in gone)
            else None
        )

    return leading_ones


@needs(
    "strides of 1",
    hint="slice with stride 1, and skip elements with a pool or a convolution of that stride",
)
def unit_strides(op: Op) -> str | None:
    """Table: StridedSlice."""
    strides = operand(op, 3)
    if strides is None or strides.data is None:
        return None
    found = strides.data.reshape(-1).tolist()
    return None if all(n == 1 for n in found) else f"strides {found}"


@needs("no ellipsis and no new axis", hint="write the slice out, and add axes with EXPAND_DIMS or RESHAPE")
def plain_slice(op: Op) -> str | None:
    """Table: StridedSlice ("with ellipsis-axis-mask == 0, and new-axis-max == 0")."""
    masks = (op.options.ellipsis_mask, op.options.new_axis_mask)
    return None if masks == (0, 0) else f"ellipsis_mask {masks[0]}, new_axis_mask {masks[1]}"


def operand(op: Op, place: int) -> Tensor | None:
    """Return an input of an op; None where it is left out."""
    return op.inputs[place] if place < len(op.inputs) else None


def activations(op: Op) -> list[Tensor]:
    """Return what an op reads and writes while running, without constants."""
    return [t for t in (*op.inputs, *op.outputs) if t is not None and not t.is_constant]


def _more_than_innermost(tensor: Tensor) -> str | None:
    outer = (tensor.shape or ())[:-1]
    return None if prod(outer) == 1 else f"shape {shape_text(tensor.shape)}"


def _is_zero(tensor: Tensor) -> bool:
    return bool(np.all(tensor.data == tensor.zero_point))


def _sides(op: Op) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return height and width of a resize's input and output."""
    shapes = [t.shape for t in (op.inputs[0], op.outputs[0]) if t is not None and t.shape]
    (_, *before, _), (_, *after, _) = shapes
    return (before[0], before[1]), (after[0], after[1])


def _rank(op: Op) -> int:
    x = operand(op, 0)
    return 0 if x is None else len(x.shape or ())


def _axes(op: Op) -> tuple[int, ...]:
    axes, rank = operand(op, 1), _rank(op)
    if axes is None or axes.data is None or not rank:
        return ()
    return tuple(sorted({int(a) % rank for a in axes.data.reshape(-1)}))


def _paddings(op: Op) -> list[tuple[int, int]]:
    pads = operand(op, 1)
    return [] if pads is None or pads.data is None else [(int(a), int(b)) for a, b in pads.data]


def _number(value: float) -> str:
    return f"{value:.3g}"
