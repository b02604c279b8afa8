"""What the TFLite inside the Edge TPU compiler can load: it refuses a whole file that asks for more.

That is another list than that of the ops it maps (``ops``): an op that would stay on the CPU has to be
loaded, too.

Source: compiler 16.0.384591198 was built in July 2021, when TensorFlow 2.6 had its branch. The table is
what the wheel tensorflow_cpu-2.6.0 registers (tflite/kernels/register.cc), the messages are its own
(tflite/interpreter_builder.cc). Every report agrees: CONV_2D 6, TRANSPOSE_CONV 4, QUANTIZE 3, EXP 2 and
the code 151 are refused (github.com/google-coral/edgetpu/issues 631, 845, 879, 862;
google-coral/libedgetpu 71), RSQRT 2 and REVERSE_V2 3 load (384, 464; not in compiler 15, of TensorFlow 2.4:
340). The wheel of 2.7.0 registers six more: BROADCAST_ARGS, RANDOM_STANDARD_NORMAL, CAST 2, DEQUANTIZE 5,
QUANTIZE 3, REDUCE_PROD 2. Whether the compiler has any of the others is not known; they count as refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen
from delegraph import DTYPES, OPERATORS, Model

from .advice import INSTEAD

TENSORFLOW = "2.6"
LARGEST_CODE = "ASSIGN_VARIABLE"  # 144, of 2.6's enum of builtin operators
LARGEST_TYPE = "uint32"  # 15, of 2.6's enum of tensor types
FIRST = {"BROADCAST_TO": 2}  # the other ops begin with version 1

# By the last version that is registered.
_OPS = {
    1: "ADD_N ASSIGN_VARIABLE CALL_ONCE CAST CEIL COMPLEX_ABS CONV_3D CONV_3D_TRANSPOSE COS CUMSUM DENSIFY"
    " ELU EMBEDDING_LOOKUP_SPARSE EXP EXPAND_DIMS FLOOR FLOOR_MOD HARD_SWISH HASHTABLE HASHTABLE_FIND"
    " HASHTABLE_IMPORT HASHTABLE_LOOKUP HASHTABLE_SIZE IF IMAG L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION"
    " LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LSH_PROJECTION MATRIX_DIAG MATRIX_SET_DIAG NEG"
    " NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 ONE_HOT POW PRELU RANGE RANK READ_VARIABLE REAL"
    " REDUCE_ALL REDUCE_ANY REDUCE_PROD RELU_N1_TO_1 RESHAPE REVERSE_SEQUENCE RFFT2D ROUND SCATTER_ND"
    " SEGMENT_SUM SELECT_V2 SHAPE SIN SKIP_GRAM SQRT SQUARE UNIQUE VAR_HANDLE WHERE WHILE ZEROS_LIKE",
    2: "ARG_MAX ARG_MIN DEPTH_TO_SPACE DIV FAKE_QUANT FLOOR_DIV GREATER GREATER_EQUAL L2_NORMALIZATION"
    " LEAKY_RELU LESS LESS_EQUAL LOG_SOFTMAX MIRROR_PAD QUANTIZE RSQRT SELECT SPACE_TO_DEPTH SPLIT_V"
    " SQUARED_DIFFERENCE SQUEEZE SUM TILE TOPK_V2",
    3: "AVERAGE_POOL_2D BATCH_TO_SPACE_ND BIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_RNN"
    " BROADCAST_TO CONCATENATION EMBEDDING_LOOKUP EQUAL FILL GATHER_ND LOGISTIC MAX_POOL_2D MEAN"
    " NOT_EQUAL PACK REDUCE_MAX REDUCE_MIN RELU RELU6 REVERSE_V2 RNN SOFTMAX SPACE_TO_BATCH_ND"
    " SPARSE_TO_DENSE TANH TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN",
    4: "ABS ADD BATCH_MATMUL DEQUANTIZE LSTM MAXIMUM MINIMUM PAD PADV2 RESIZE_BILINEAR"
    " RESIZE_NEAREST_NEIGHBOR SPLIT SVDF UNPACK",
    5: "CONV_2D GATHER MUL SLICE SUB TRANSPOSE",
    6: "DEPTHWISE_CONV_2D STRIDED_SLICE",
    9: "FULLY_CONNECTED",
}
LAST = {op: version for version, names in _OPS.items() for op in names.split()}


@frozen
class Unloadable:
    """Something in a file that keeps it from being loaded."""

    found: str  # "CONV_2D in version 6, known up to 5"
    way_out: str
    said: str  # TFLite's own words


def unloadable(model: Model) -> list[Unloadable]:
    """Return what the compiler's TFLite cannot load of a file, in the order in which it looks."""
    return [*_codes(model), *_types(model)]


def told(found: Iterable[Unloadable]) -> str:
    """Say to people what keeps a file from being loaded, and the ways out."""
    what = "; ".join(f"{u.found} ({u.way_out})" for u in found)
    return (
        f"the Edge TPU compiler refuses this file as a whole: its TFLite, that of TensorFlow {TENSORFLOW}, "
        f"cannot load {what}; that holds for what would stay on the CPU, too"
    )


def _codes(model: Model) -> Iterator[Unloadable]:
    """Say which operator codes it does not know; those that no op uses count, too."""
    for name, version in dict.fromkeys((code.name, code.version) for code in model.operator_codes):
        first, last = FIRST.get(name, 1), LAST.get(name, 0)
        if name != "CUSTOM" and not first <= version <= last:
            known = f"known from {first} to {last}" if last else "which it does not know"
            yield Unloadable(f"{name} in version {version}, {known}", _way_out(name), _said(name, version))


def _way_out(name: str) -> str:
    instead = _INSTEAD.get(name) or INSTEAD.get(name, "")
    older = f"convert with TensorFlow {TENSORFLOW} or older"
    return f"{instead}, or {older}" if instead else f"{older}, or without what needs the later version"


def _said(name: str, version: int) -> str:
    number, largest = map(OPERATORS.index, (name, LARGEST_CODE))
    if number > largest:
        said = f"Op builtin_code out of range: {number}. Are you using old TFLite binary with newer model?"
    else:
        said = (
            f"Didn't find op for builtin opcode '{name}' version '{version}'. An older version of this "
            "builtin might be supported. Are you using an old TFLite binary with a newer model?\n"
        )
    return f"ERROR: {said}\nERROR: Registration failed.\n"


def _types(model: Model) -> Iterator[Unloadable]:
    for dtype in dict.fromkeys(t.dtype for graph in model.subgraphs for t in graph.tensors):
        number = DTYPES[dtype].code
        if number > DTYPES[LARGEST_TYPE].code:
            yield Unloadable(
                f"tensors of {dtype}, a type which it does not know",
                "quantize to int8 or uint8, weights too",
                f"ERROR: Unsupported data type {number} in tensor",
            )


# What later versions are for, where that names a way out.
_INSTEAD = {
    "CONV_2D": "write groups out as SPLIT, CONV_2D for each and CONCATENATION",
    "FULLY_CONNECTED": "quantize its weights with one scale",
    "TRANSPOSE_CONV": "put the fused activation in an op of its own",
}
