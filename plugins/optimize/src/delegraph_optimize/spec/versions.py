"""The version that an op's types and options ask for, as LiteRT's own rule has it.

Source: tflite/tools/versioning/op_version.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from attrs import frozen
from delegraph import Record


@frozen
class OpTypes:
    """What a version depends on besides the op's options."""

    inputs: Sequence[str]  # types; "" for an input left out
    outputs: Sequence[str]
    rank: int = 0  # the most dimensions that an input has
    broadcasts: bool = False  # whether its first two inputs differ in shape
    per_channel: bool = False  # whether the weights, or what is dequantized, have a scale for each channel
    grouped: bool = False  # whether a convolution has fewer filter channels than its input has

    @property
    def first(self) -> str:
        return self.input(0)

    @property
    def weights(self) -> str:
        return self.input(1)

    @property
    def is_hybrid(self) -> bool:
        return "float32" in (self.first, *self.inputs[2:3]) and self.weights in ("int8", "int4")

    def input(self, place: int) -> str:
        """Return the type of an input; "" where the op has none there, as an op of a broken file may."""
        return self.inputs[place] if place < len(self.inputs) else ""


def version(op: str, operands: OpTypes, options: Record) -> int:
    """Return the version that an op of these operands and options has."""
    rule = _RULES.get(op)
    if rule is not None:
        return rule(operands, options)
    place = _TELLS.get(op, 0)
    return _BY_TYPE.get(op, {}).get(operands.input(place), _LOWEST.get(op, 1))


def _conv_2d(o: OpTypes, options: Record) -> int:
    if o.first == "int16" and options.get("quantized_bias_type", "FLOAT32") != "FLOAT32":
        return 8
    if o.grouped:
        return 6
    if o.first == "int8":
        return {"int4": 7}.get(o.weights, 3)
    if o.is_hybrid and o.weights == "int8":
        return 5 if o.per_channel else 2
    return 1


def _depthwise_conv_2d(o: OpTypes, options: Record) -> int:
    if o.is_hybrid:
        return 6 if o.per_channel else 4
    if o.first in ("int8", "int16"):  # the rule says 1 for int16, and converters write 3
        return 3
    dilated = options.dilation_w_factor != 1 or options.dilation_h_factor != 1
    return 2 if dilated else 1


def _fully_connected(o: OpTypes, options: Record) -> int:
    if o.first == "int16" and o.weights == "int4":
        return 13
    if o.is_hybrid and o.weights == "int8" and o.per_channel:
        return 12
    if o.first == "int16" and options.get("quantized_bias_type", "FLOAT32") != "FLOAT32":
        return 11
    if len(o.inputs) == 2:
        return 6
    if options.keep_num_dims:
        return 5
    if o.first == "int8":
        return {"int4": 10}.get(o.weights, 4)
    if o.is_hybrid and o.weights == "int8":
        return 9 if options.asymmetric_quantize_inputs else 3
    return 2 if options.weights_format == "SHUFFLED4x16INT8" else 1


def _transpose_conv(o: OpTypes, options: Record) -> int:
    if o.input(2) == "int16" and options.get("quantized_bias_type", "FLOAT32") != "FLOAT32":
        return 5
    if options.get("fused_activation_function", "NONE") != "NONE":
        return 4
    if o.input(3):
        return 3
    return 2 if o.weights == "int8" else 1


def _svdf(o: OpTypes, options: Record) -> int:
    if o.first == "int8":
        return 3
    if not o.is_hybrid:
        return 1
    return 4 if options.get("asymmetric_quantize_inputs") else 2


def _recurrent(o: OpTypes, options: Record) -> int:
    weights = [dtype for dtype in o.inputs[1:3] if dtype]  # an LSTM may lack the first
    if o.first != "float32" or "int8" not in weights:
        return 1
    return 3 if options.get("asymmetric_quantize_inputs") else 2


def _lstm(o: OpTypes, options: Record) -> int:
    found = _recurrent(o, options)
    return found if found == 1 else found + 1


def _batch_matmul(o: OpTypes, options: Record) -> int:
    if o.first in ("int16", "int8"):
        return {"int16": 3, "int8": 2}[o.first]
    return 4 if o.is_hybrid and options.asymmetric_quantize_inputs else 1


def _mul(o: OpTypes, options: Record) -> int:
    return {"int16": 4, "int8": 2, "int64": 5}.get(o.first, 1)


def _add(o: OpTypes, options: Record) -> int:
    if o.first == "int16":
        return 1 if options.pot_scale_int16 else 3
    return {"int8": 2, "int64": 4}.get(o.first, 1)


def _sub(o: OpTypes, options: Record) -> int:
    if o.first == "int16":
        return 1 if options.pot_scale_int16 else 5
    return 3 if o.broadcasts and o.rank > 4 else {"int8": 2, "int64": 4}.get(o.first, 1)


def _extreme(o: OpTypes, options: Record) -> int:
    if o.first == "int16":
        return 4
    return 3 if o.broadcasts and o.rank > 4 else {"int8": 2}.get(o.first, 1)


def _gather(o: OpTypes, options: Record) -> int:
    if o.weights == "int16":
        return 6
    if options.get("batch_dims", 0):
        return 5
    return {"int16": 4, "int8": 2, "bool": 3}.get(o.first, 1)


def _transpose(o: OpTypes, options: Record) -> int:
    if o.rank > 5:
        return 6
    if o.first == "int16":
        return 5
    return 4 if o.rank > 4 else {"bool": 3, "int8": 2}.get(o.first, 1)


def _slice(o: OpTypes, options: Record) -> int:
    return 5 if o.rank > 4 else {"int16": 4, "string": 3, "int8": 2}.get(o.first, 1)


def _strided_slice(o: OpTypes, options: Record) -> int:
    if options.get("offset"):
        return 8
    if options.get("ellipsis_mask") or options.get("new_axis_mask"):
        return 6
    return 4 if o.rank > 4 else {"bool": 3, "int8": 2}.get(o.first, 1)


def _resize(o: OpTypes, options: Record) -> int:
    if o.first == "int16":
        return 4
    aligned = options.table == "ResizeNearestNeighborOptions" and options.align_corners
    return 3 if options.half_pixel_centers or aligned else {"int8": 2}.get(o.first, 1)


def _blocks(o: OpTypes, options: Record) -> int:
    if o.first == "int16":
        return 4
    return 3 if o.rank != 4 else {"int8": 2}.get(o.first, 1)


def _pad(o: OpTypes, options: Record) -> int:
    return 4 if o.rank > 4 else {"int16": 3, "int8": 2, "bool": 5}.get(o.first, 1)


def _select(o: OpTypes, options: Record) -> int:
    return 3 if o.rank == 5 else 1


def _dequantize(o: OpTypes, options: Record) -> int:
    if o.first == "int8" and o.per_channel:
        return 5
    return {"int4": 6, "int16": 3, "float16": 3, "int8": 2}.get(o.first, 1)


def _quantize(o: OpTypes, options: Record) -> int:
    return 2 if "int16" in o.outputs[:1] else 1


def _dynamic_update_slice(o: OpTypes, options: Record) -> int:
    return 4 if o.first == "int16" else 2 if o.input(2) == "int64" else 1


def _topk(o: OpTypes, options: Record) -> int:
    return 3 if "int16" in (*o.inputs, *o.outputs) else {"int8": 2}.get(o.first, 1)


_RULES: Mapping[str, Callable[[OpTypes, Record], int]] = {
    "ADD": _add,
    "BATCH_MATMUL": _batch_matmul,
    "BATCH_TO_SPACE_ND": _blocks,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "DEQUANTIZE": _dequantize,
    "DYNAMIC_UPDATE_SLICE": _dynamic_update_slice,
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": _gather,
    "LSTM": _lstm,
    "MAXIMUM": _extreme,
    "MINIMUM": _extreme,
    "MUL": _mul,
    "PAD": _pad,
    "PADV2": _pad,
    "QUANTIZE": _quantize,
    "RESIZE_BILINEAR": _resize,
    "RESIZE_NEAREST_NEIGHBOR": _resize,
    "RNN": _recurrent,
    "SELECT": _select,
    "SLICE": _slice,
    "SPACE_TO_BATCH_ND": _blocks,
    "STRIDED_SLICE": _strided_slice,
    "SUB": _sub,
    "SVDF": _svdf,
    "TOPK_V2": _topk,
    "TRANSPOSE": _transpose,
    "TRANSPOSE_CONV": _transpose_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _recurrent,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _recurrent,
}

_TELLS = {"FILL": 1, "SPLIT": 1}  # the input whose type tells, where it is not the first
_LOWEST = {"BROADCAST_TO": 2}

# Versions of int8 and of int16, where these alone tell; left out where they are 1.
_WIDTHS: Mapping[str, tuple[int, int]] = {
    "ABS": (2, 3),
    "ARG_MAX": (2, 1),
    "ARG_MIN": (2, 1),
    "AVERAGE_POOL_2D": (2, 3),
    "BROADCAST_TO": (3, 3),
    "CONCATENATION": (2, 3),
    "DEPTH_TO_SPACE": (2, 1),
    "EQUAL": (2, 4),
    "EXP": (2, 2),
    "FILL": (3, 3),
    "GATHER_ND": (1, 3),
    "GELU": (2, 1),
    "GREATER": (2, 1),
    "GREATER_EQUAL": (2, 3),
    "L2_NORMALIZATION": (2, 1),
    "LEAKY_RELU": (1, 2),
    "LESS": (2, 3),
    "LESS_EQUAL": (2, 1),
    "LOG": (2, 2),
    "LOGISTIC": (2, 3),
    "LOG_SOFTMAX": (2, 1),
    "MAX_POOL_2D": (2, 3),
    "MEAN": (2, 3),
    "MIRROR_PAD": (2, 3),
    "NOT_EQUAL": (2, 1),
    "PACK": (2, 3),
    "REDUCE_MAX": (2, 3),
    "REDUCE_MIN": (2, 3),
    "REDUCE_PROD": (2, 2),
    "RELU": (2, 3),
    "RELU6": (2, 3),
    "REVERSE_V2": (3, 1),
    "RSQRT": (2, 3),
    "SOFTMAX": (2, 3),
    "SPACE_TO_DEPTH": (2, 1),
    "SPLIT": (2, 4),
    "SPLIT_V": (2, 1),
    "SQRT": (2, 2),
    "SQUARED_DIFFERENCE": (2, 1),
    "SUM": (2, 1),
    "TANH": (2, 3),
    "TILE": (3, 1),
    "UNPACK": (2, 4),
}
_BY_TYPE = {op: {"int8": eight, "int16": sixteen} for op, (eight, sixteen) in _WIDTHS.items()}
