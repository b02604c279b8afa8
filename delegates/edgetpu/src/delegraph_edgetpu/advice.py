"""What would make an op pass that the Edge TPU compiler refuses for its kind, types or version."""

from __future__ import annotations

from delegraph import Op

_EIGHT_BITS = ("int8", "uint8")
_BEHIND = "take it out of the model and compute it on the host, or leave it at the end"

# By op, where something better can be said than "move it behind the last op that is mapped".
INSTEAD = {
    "ABS": "use MAXIMUM of x and a MUL of x by -1",
    "ADD_N": "use ADD, two at a time",
    "ARG_MAX": _BEHIND,
    "ARG_MIN": _BEHIND,
    "BATCH_MATMUL": "use FULLY_CONNECTED or CONV_2D where one factor is constant",
    "BATCH_TO_SPACE_ND": "convert anew with a converter that turns it into a dilated convolution",
    "BIDIRECTIONAL_SEQUENCE_LSTM": "use UNIDIRECTIONAL_SEQUENCE_LSTM",
    "BROADCAST_TO": "use TILE, or ADD and MUL, which broadcast themselves",
    "CAST": "feed the type that the next op takes: the model's input in int8 or uint8",
    "DEPTH_TO_SPACE": "use TRANSPOSE_CONV or RESIZE_NEAREST_NEIGHBOR to enlarge",
    "DEQUANTIZE": "keep what it feeds in int8 or uint8, the model's outputs too, or leave it at the end",
    "DIV": "use MUL by the reciprocal where the divisor is constant",
    "ELU": "use RELU, RELU6 or PRELU",
    "FLOOR_DIV": _BEHIND,
    "FLOOR_MOD": _BEHIND,
    "GATHER": "use SLICE, STRIDED_SLICE or SPLIT where the indices are fixed",
    "GATHER_ND": "use SLICE, STRIDED_SLICE or SPLIT where the indices are fixed",
    "GELU": "use RELU, RELU6 or PRELU",
    "HARD_SWISH": "use RELU6 (as EfficientNet-Lite does)",
    "LEAKY_RELU": "use PRELU with a constant slope, or RELU",
    "LOCAL_RESPONSE_NORMALIZATION": "fold it into the training: batch normalization leaves no op",
    "LOG_SOFTMAX": "use SOFTMAX, or leave it at the end",
    "LSTM": "convert it to UNIDIRECTIONAL_SEQUENCE_LSTM",
    "MIRROR_PAD": "use PAD",
    "NEG": "use MUL by -1",
    "PADV2": "use PAD, which pads with zero",
    "SPACE_TO_BATCH_ND": "convert anew with a converter that turns it into a dilated convolution",
    "SPLIT_V": "use SPLIT into equal parts, or SLICE",
    "SQRT": "use RSQRT and MUL",
    "SQUARE": "use MUL of x by itself",
    "TOPK_V2": _BEHIND,
    "UNPACK": "use SPLIT or STRIDED_SLICE, and RESHAPE",
    "TFLite_Detection_PostProcess": "leave it at the end: the CPU runs it",
}


def advice(op: Op) -> str:
    """Say what would make an op pass that no row takes in its version and types."""
    if op.name in INSTEAD:
        return INSTEAD[op.name]
    from .ops import NEWEST, rows

    known = [row for row in rows(NEWEST) if row.op == op.name]
    if not known:
        return "replace it by ops of the table, or move it behind the last op that is mapped"
    return _other_types(op) or _older_version(op, max(row.versions[1] for row in known))


def _other_types(op: Op) -> str:
    found = {t.dtype for t in (*op.inputs, *op.outputs) if t is not None and not t.is_constant}
    if not found - {*_EIGHT_BITS}:
        return _mixed(found)
    if op.name == "QUANTIZE":
        return "keep what it reads in int8 or uint8, the model's inputs too"
    if "float32" in found or "float16" in found:
        return f"it works on {_and(found)}: quantize the model to int8 or uint8 first"
    if "int16" in found:
        return "quantize the model with int8 activations, not int16"
    return f"it works on {_and(found)}, which belongs on the CPU: keep it in front of the model, or behind"


def _mixed(found: set[str]) -> str:
    return "quantize all of the model to one type" if len(found) > 1 else ""


def _older_version(op: Op, last: int) -> str:
    return (
        f"the compiler maps {op.name} up to version {last}: convert with an older converter, or without "
        f"what needs version {op.version}"
    )


def _and(names: set[str]) -> str:
    return " and ".join(sorted(names))
