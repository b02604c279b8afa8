"""The table: how each op is quantized, as LiteRT's kernels and its converter have it.

Source: tflite/g3doc/performance/quantization_spec.md;
tflite/converter/tools/optimize/operator_property.cc. Where they promise what no kernel of LiteRT 2.3.0
keeps, the kernels count: SQUARED_DIFFERENCE has none on int16, PRELU reads int16 as another type, and
comparisons compare what is stored.
"""

from __future__ import annotations

from .op_spec import OpSpec

_HALVES8, _HALVES16 = (1 / 256, -128), (1 / 32768, 0)  # of values from 0 to 1
_ONES8 = (1 / 128, 0)  # of values from -1 to 1
# Gates' weights of the input and of the state, peepholes, biases, the projection, the state, normalization.
_LSTM = "x r? r r r r? r r r r? r? r? - - - - r? - - - -? -? -? -? -> x"

_ROWS = (
    # sums of products
    OpSpec("CONV_2D", "x w0 b? -> x", hybrid=True, int4=True),
    OpSpec("DEPTHWISE_CONV_2D", "x w3 b? -> x", hybrid=True),
    OpSpec("FULLY_CONNECTED", "x w0 b? -> x", hybrid=True, int4=True),
    OpSpec("TRANSPOSE_CONV", "- w0 x b? -> x", hybrid=True),
    OpSpec("BATCH_MATMUL", "x x -> x"),
    # sums of products over time
    OpSpec("EMBEDDING_LOOKUP", "- w0 -> -", int8=False, int16=False, hybrid=True),
    OpSpec("SVDF", "x r r -? - -> x", int16=False, hybrid=True, recurrent=True),
    OpSpec("RNN", "x r r - - -> x", int8=False, int16=False, hybrid=True),
    OpSpec("UNIDIRECTIONAL_SEQUENCE_RNN", "x r r - - -> x", int8=False, int16=False, hybrid=True),
    OpSpec("LSTM", _LSTM, int8=False, int16=False, hybrid=True),
    OpSpec("UNIDIRECTIONAL_SEQUENCE_LSTM", _LSTM, int16=False, hybrid=True, recurrent=True),
    # elementwise
    OpSpec("ADD", "x x -> x"),
    OpSpec("SUB", "x x -> x"),
    OpSpec("MUL", "x x -> x"),
    OpSpec("SQUARED_DIFFERENCE", "x x -> x", int16=False),
    OpSpec("MAXIMUM", "= = -> ="),
    OpSpec("MINIMUM", "= = -> ="),
    OpSpec("ABS", "x -> x"),
    OpSpec("EXP", "x -> x"),
    OpSpec("LOG", "x -> x"),
    OpSpec("SQRT", "x -> x"),
    OpSpec("RSQRT", "x -> x"),
    OpSpec("GELU", "x -> x"),
    OpSpec("HARD_SWISH", "x -> x", int16=False),
    OpSpec("ELU", "x -> x", int16=False),
    OpSpec("LEAKY_RELU", "x -> x"),
    OpSpec("PRELU", "x x -> x", int16=False),
    OpSpec("RELU", "x -> x"),
    OpSpec("RELU6", "x -> x"),
    OpSpec("RELU_N1_TO_1", "x -> x", int16=False),
    # of a fixed range
    OpSpec("LOGISTIC", "x -> x", fixed8=_HALVES8, fixed16=_HALVES16),
    OpSpec("SOFTMAX", "x -> x", fixed8=_HALVES8, fixed16=_HALVES16),
    OpSpec("TANH", "x -> x", fixed8=_ONES8, fixed16=_HALVES16),
    OpSpec("L2_NORMALIZATION", "x -> x", fixed8=_ONES8, int16=False),
    OpSpec("LOG_SOFTMAX", "x -> x", fixed8=(16 / 256, 127), int16=False),
    # reductions and pools
    OpSpec("MEAN", "x - -> x"),
    OpSpec("SUM", "x - -> x"),
    OpSpec("REDUCE_MAX", "= - -> ="),
    OpSpec("REDUCE_MIN", "= - -> ="),
    OpSpec("REDUCE_PROD", "x - -> x"),
    OpSpec("AVERAGE_POOL_2D", "= -> ="),
    OpSpec("MAX_POOL_2D", "= -> ="),
    # answers that are no real numbers
    OpSpec("ARG_MAX", "x - -> -", int16=False),
    OpSpec("ARG_MIN", "x - -> -", int16=False),
    OpSpec("EQUAL", "x x -> -", int16=False),
    OpSpec("NOT_EQUAL", "x x -> -", int16=False),
    OpSpec("GREATER", "x x -> -", int16=False),
    OpSpec("GREATER_EQUAL", "x x -> -", int16=False),
    OpSpec("LESS", "x x -> -", int16=False),
    OpSpec("LESS_EQUAL", "x x -> -", int16=False),
    # movement
    OpSpec("BATCH_TO_SPACE_ND", "= - - -> ="),
    OpSpec("BROADCAST_TO", "= - -> ="),
    OpSpec("CONCATENATION", "=* -> ="),
    OpSpec("DEPTH_TO_SPACE", "= -> =", int16=False),
    OpSpec("DYNAMIC_UPDATE_SLICE", "= = - -> ="),
    OpSpec("EXPAND_DIMS", "= - -> ="),
    OpSpec("FILL", "- = -> ="),
    OpSpec("GATHER", "= - -> ="),
    OpSpec("GATHER_ND", "= - -> ="),
    OpSpec("MIRROR_PAD", "= - -> ="),
    OpSpec("PACK", "=* -> ="),
    OpSpec("PAD", "= - -> ="),
    OpSpec("PADV2", "= - = -> ="),
    OpSpec("RESHAPE", "= - -> ="),
    OpSpec("RESIZE_BILINEAR", "= - -> ="),
    OpSpec("RESIZE_NEAREST_NEIGHBOR", "= - -> ="),
    OpSpec("REVERSE_V2", "= - -> ="),
    OpSpec("SCATTER_ND", "- = - -> =", int16=False, zero_is_0=True),
    OpSpec("SELECT", "- = = -> ="),
    OpSpec("SELECT_V2", "- = = -> ="),
    OpSpec("SLICE", "= - - -> ="),
    OpSpec("SPACE_TO_BATCH_ND", "= - - -> ="),
    OpSpec("SPACE_TO_DEPTH", "= -> =", int16=False),
    OpSpec("SPLIT", "- = -> =*"),
    OpSpec("SPLIT_V", "= - - -> =*"),
    OpSpec("SQUEEZE", "= -> ="),
    OpSpec("STRIDED_SLICE", "= - - - -> ="),
    OpSpec("TILE", "= - -> ="),
    OpSpec("TOPK_V2", "= - -> = -"),
    OpSpec("TRANSPOSE", "= - -> ="),
    OpSpec("UNPACK", "= -> =*"),
)

SPECS: dict[str, OpSpec] = {row.op: row for row in _ROWS}
