"""The layout of a .tflite file as data: every table, slot, enum and union of the TFLite schema.

A table is one row of text with its fields in the order of their slots: ``name:type``, ``[type]`` for a
vector, ``=default`` where it is not zero or empty, ``-`` for a slot that is no longer used. A field whose
type is a union takes two slots, the first for the kind. ``TABLES["Conv2DOptions"]`` is the parsed form.

Source: tflite/converter/schema/schema.fbs, version 3d, with the fields that LiteRT 2.3.0 has beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from ..values import frozen

FILE_IDENTIFIER = b"TFL3"
VERSION = 3

# Scalar types and how the struct module spells them, little-endian.
SCALARS = {
    "bool": "?",
    "byte": "b",
    "ubyte": "B",
    "short": "h",
    "ushort": "H",
    "int": "i",
    "uint": "I",
    "long": "q",
    "ulong": "Q",
    "float": "f",
    "double": "d",
}


@frozen
class Enum:
    """An enum of the schema: its names stand at their values."""

    name: str
    type: str  # the scalar that stores it
    names: tuple[str, ...]
    values: Mapping[str, int]


@frozen
class Field:
    """One field of a table."""

    name: str
    slot: int
    kind: str  # "scalar", "enum", "string", "table", "union", or "vector" of one of the first four
    type: str  # a scalar's, an enum's, a table's or a union's name; "string"
    item: str = ""  # a vector's elements: "scalar", "enum", "string" or "table"
    # Enums by name; an absent vector is () (bytes: b""), an absent string "", an absent table None. A
    # vector is None where "absent" means something else than "empty" (``=none`` in its row).
    default: Any = None

    @property
    def storage(self) -> str:
        """The scalar type that stores the field or, for a vector, each of its elements."""
        return ENUMS[self.type].type if self.type in ENUMS else self.type


def options_of(op: str) -> str:
    """Return the table that holds a builtin op's options; "NONE" for ops that have none."""
    return _OPTIONS_OF.get(op, "NONE")


def slot_count(table: str) -> int:
    """Return how many slots of a table the schema knows, unused ones included."""
    return _read(table)[1]


_ENUMS = """
TensorType byte FLOAT32 FLOAT16 INT32 UINT8 INT64 STRING BOOL INT16 COMPLEX64 INT8 FLOAT64 COMPLEX128
    UINT64 RESOURCE VARIANT UINT32 UINT16 INT4 BFLOAT16 INT2 UINT4 FLOAT8_E4M3FN FLOAT8_E5M2
DimensionType byte DENSE SPARSE_CSR
StablehloPrecisionConfig uint DEFAULT HIGH HIGHEST
StablehloComparisonDirection uint STABLEHLO_COMPARISON_DIRECTION_EQ STABLEHLO_COMPARISON_DIRECTION_NE
    STABLEHLO_COMPARISON_DIRECTION_GE STABLEHLO_COMPARISON_DIRECTION_GT
    STABLEHLO_COMPARISON_DIRECTION_LE STABLEHLO_COMPARISON_DIRECTION_LT
StablehloComparisonType uint STABLEHLO_COMPARISON_TYPE_NOTYPE STABLEHLO_COMPARISON_TYPE_FLOAT
    STABLEHLO_COMPARISON_TYPE_FLOAT_TOTAL_ORDER STABLEHLO_COMPARISON_TYPE_SIGNED
    STABLEHLO_COMPARISON_TYPE_UNSIGNED
RngAlgorithm byte DEFAULT PHILOX THREEFRY
Padding byte SAME VALID
ActivationFunctionType byte NONE RELU RELU_N1_TO_1 RELU6 TANH SIGN_BIT
LSHProjectionType byte UNKNOWN SPARSE DENSE
FullyConnectedOptionsWeightsFormat byte DEFAULT SHUFFLED4x16INT8
LSTMKernelType byte FULL BASIC
CombinerType byte SUM MEAN SQRTN
MirrorPadMode byte REFLECT SYMMETRIC
ReduceWindowFunction int UNSUPPORTED ADD MUL MINIMUM MAXIMUM ALL ANY
CustomOptionsFormat byte FLEXBUFFERS
BuiltinOperator int ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE
    DEQUANTIZE EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
    LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6
    RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM
    EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND
    TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN
    EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX
    MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV
    SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT
    REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV
    REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU
    SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU
    REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
    NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL
    PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS
    HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE
    READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM
    MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX
    UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT
    STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM
    STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM
    STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE STABLEHLO_ABS
    STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_MINIMUM
    STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT STABLEHLO_SELECT
    STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT
    STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA
    STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER
    STABLEHLO_TRANSPOSE DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE
    STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
"""

# The options unions in the order of their kinds, 1 being the first: a table and the ops that use it.
_BUILTIN_OPTIONS = """
Conv2DOptions CONV_2D
DepthwiseConv2DOptions DEPTHWISE_CONV_2D
ConcatEmbeddingsOptions CONCAT_EMBEDDINGS
LSHProjectionOptions LSH_PROJECTION
Pool2DOptions AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D
SVDFOptions SVDF
RNNOptions RNN
FullyConnectedOptions FULLY_CONNECTED
SoftmaxOptions SOFTMAX
ConcatenationOptions CONCATENATION
AddOptions ADD
L2NormOptions L2_NORMALIZATION
LocalResponseNormalizationOptions LOCAL_RESPONSE_NORMALIZATION
LSTMOptions LSTM
ResizeBilinearOptions RESIZE_BILINEAR
CallOptions CALL
ReshapeOptions RESHAPE
SkipGramOptions SKIP_GRAM
SpaceToDepthOptions SPACE_TO_DEPTH
EmbeddingLookupSparseOptions EMBEDDING_LOOKUP_SPARSE
MulOptions MUL
PadOptions PAD
GatherOptions GATHER
BatchToSpaceNDOptions BATCH_TO_SPACE_ND
SpaceToBatchNDOptions SPACE_TO_BATCH_ND
TransposeOptions TRANSPOSE
ReducerOptions MEAN SUM REDUCE_PROD REDUCE_MAX REDUCE_MIN REDUCE_ANY REDUCE_ALL
SubOptions SUB
DivOptions DIV
SqueezeOptions SQUEEZE
SequenceRNNOptions UNIDIRECTIONAL_SEQUENCE_RNN
StridedSliceOptions STRIDED_SLICE
ExpOptions EXP
TopKV2Options TOPK_V2
SplitOptions SPLIT
LogSoftmaxOptions LOG_SOFTMAX
CastOptions CAST
DequantizeOptions DEQUANTIZE
MaximumMinimumOptions MAXIMUM MINIMUM
ArgMaxOptions ARG_MAX
LessOptions LESS
NegOptions NEG
PadV2Options PADV2
GreaterOptions GREATER
GreaterEqualOptions GREATER_EQUAL
LessEqualOptions LESS_EQUAL
SelectOptions SELECT
SliceOptions SLICE
TransposeConvOptions TRANSPOSE_CONV
SparseToDenseOptions SPARSE_TO_DENSE
TileOptions TILE
ExpandDimsOptions EXPAND_DIMS
EqualOptions EQUAL
NotEqualOptions NOT_EQUAL
ShapeOptions SHAPE
PowOptions POW
ArgMinOptions ARG_MIN
FakeQuantOptions FAKE_QUANT
PackOptions PACK
LogicalOrOptions LOGICAL_OR
OneHotOptions ONE_HOT
LogicalAndOptions LOGICAL_AND
LogicalNotOptions LOGICAL_NOT
UnpackOptions UNPACK
FloorDivOptions FLOOR_DIV
SquareOptions SQUARE
ZerosLikeOptions ZEROS_LIKE
FillOptions FILL
BidirectionalSequenceLSTMOptions BIDIRECTIONAL_SEQUENCE_LSTM
BidirectionalSequenceRNNOptions BIDIRECTIONAL_SEQUENCE_RNN
UnidirectionalSequenceLSTMOptions UNIDIRECTIONAL_SEQUENCE_LSTM
FloorModOptions FLOOR_MOD
RangeOptions RANGE
ResizeNearestNeighborOptions RESIZE_NEAREST_NEIGHBOR
LeakyReluOptions LEAKY_RELU
SquaredDifferenceOptions SQUARED_DIFFERENCE
MirrorPadOptions MIRROR_PAD
AbsOptions ABS
SplitVOptions SPLIT_V
UniqueOptions UNIQUE
ReverseV2Options REVERSE_V2
AddNOptions ADD_N
GatherNdOptions GATHER_ND
CosOptions COS
WhereOptions WHERE
RankOptions RANK
ReverseSequenceOptions REVERSE_SEQUENCE
MatrixDiagOptions MATRIX_DIAG
QuantizeOptions QUANTIZE
MatrixSetDiagOptions MATRIX_SET_DIAG
HardSwishOptions HARD_SWISH
IfOptions IF
WhileOptions WHILE
DepthToSpaceOptions DEPTH_TO_SPACE
NonMaxSuppressionV4Options NON_MAX_SUPPRESSION_V4
NonMaxSuppressionV5Options NON_MAX_SUPPRESSION_V5
ScatterNdOptions SCATTER_ND
SelectV2Options SELECT_V2
DensifyOptions DENSIFY
SegmentSumOptions SEGMENT_SUM
BatchMatMulOptions BATCH_MATMUL
CumsumOptions CUMSUM
CallOnceOptions CALL_ONCE
BroadcastToOptions BROADCAST_TO
Rfft2dOptions RFFT2D
Conv3DOptions CONV_3D CONV_3D_TRANSPOSE
HashtableOptions HASHTABLE
HashtableFindOptions HASHTABLE_FIND
HashtableImportOptions HASHTABLE_IMPORT
HashtableSizeOptions HASHTABLE_SIZE
VarHandleOptions VAR_HANDLE
ReadVariableOptions READ_VARIABLE
AssignVariableOptions ASSIGN_VARIABLE
RandomOptions RANDOM_STANDARD_NORMAL RANDOM_UNIFORM MULTINOMIAL
BucketizeOptions BUCKETIZE
GeluOptions GELU
DynamicUpdateSliceOptions DYNAMIC_UPDATE_SLICE
UnsortedSegmentProdOptions UNSORTED_SEGMENT_PROD
UnsortedSegmentMaxOptions UNSORTED_SEGMENT_MAX
UnsortedSegmentMinOptions UNSORTED_SEGMENT_MIN
UnsortedSegmentSumOptions UNSORTED_SEGMENT_SUM
ATan2Options ATAN2
SignOptions SIGN
BitcastOptions BITCAST
BitwiseXorOptions BITWISE_XOR
RightShiftOptions RIGHT_SHIFT
"""

_BUILTIN_OPTIONS_2 = """
StablehloConcatenateOptions STABLEHLO_CONCATENATE
StablehloBroadcastInDimOptions STABLEHLO_BROADCAST_IN_DIM
StablehloSliceOptions STABLEHLO_SLICE
StablehloConvolutionOptions STABLEHLO_CONVOLUTION
StablehloCustomCallOptions STABLEHLO_CUSTOM_CALL
StablehloReduceOptions STABLEHLO_REDUCE
StablehloScatterOptions STABLEHLO_SCATTER
StablehloCompareOptions STABLEHLO_COMPARE
StablehloDynamicSliceOptions STABLEHLO_DYNAMIC_SLICE
StablehloPadOptions STABLEHLO_PAD
StablehloIotaOptions STABLEHLO_IOTA
StablehloDotGeneralOptions STABLEHLO_DOT_GENERAL
StablehloReduceWindowOptions STABLEHLO_REDUCE_WINDOW
StablehloSortOptions STABLEHLO_SORT
StablehloWhileOptions STABLEHLO_WHILE
StablehloGatherOptions STABLEHLO_GATHER
StablehloTransposeOptions STABLEHLO_TRANSPOSE
DilateOptions DILATE
StablehloRngBitGeneratorOptions STABLEHLO_RNG_BIT_GENERATOR
ReduceWindowOptions REDUCE_WINDOW
StableHLOCompositeOptions STABLEHLO_COMPOSITE
StablehloShiftLeftOptions STABLEHLO_SHIFT_LEFT
StablehloCaseOptions STABLEHLO_CASE
"""

# Tables of the file itself, then those options tables that have fields; the other options are empty.
_TABLES = """
CustomQuantization custom:[ubyte]
BlockwiseQuantization scales:int zero_points:int block_size:int block_shape:[int]=none
MultiAxisQuantization scales:int zero_points:int block_size:int quantized_dimensions:[int]
QuantizationParameters min:[float] max:[float] scale:[float] zero_point:[long]
    details:QuantizationDetails quantized_dimension:int
Int32Vector values:[int]
Uint16Vector values:[ushort]
Uint8Vector values:[ubyte]
DimensionMetadata format:DimensionType dense_size:int array_segments:SparseIndexVector
    array_indices:SparseIndexVector
SparsityParameters traversal_order:[int] block_map:[int]=none dim_metadata:[DimensionMetadata]
VariantSubType shape:[int] type:TensorType has_rank:bool
Tensor shape:[int] type:TensorType buffer:uint name:string quantization:QuantizationParameters
    is_variable:bool sparsity:SparsityParameters shape_signature:[int] has_rank:bool
    variant_tensors:[VariantSubType] external_buffer:uint
OperatorCode deprecated_builtin_code:byte custom_code:string version:int=1 builtin_code:BuiltinOperator
Operator opcode_index:uint inputs:[int] outputs:[int] builtin_options:BuiltinOptions
    custom_options:[ubyte] custom_options_format:CustomOptionsFormat mutating_variable_inputs:[bool]
    intermediates:[int] large_custom_options_offset:ulong large_custom_options_size:ulong
    builtin_options_2:BuiltinOptions2 debug_metadata_index:int=-1
SubGraph tensors:[Tensor] inputs:[int] outputs:[int] operators:[Operator] name:string
    debug_metadata_index:int=-1
Buffer data:[ubyte] offset:ulong size:ulong
ExternalBufferGroup name:string
ExternalBuffer id:uint group:uint offset:ulong length:ulong packing:string
Metadata name:string buffer:uint
TensorMap name:string tensor_index:uint
SignatureDef inputs:[TensorMap] outputs:[TensorMap] signature_key:string - subgraph_index:uint
Model version:uint operator_codes:[OperatorCode] subgraphs:[SubGraph] description:string
    buffers:[Buffer] metadata_buffer:[int] metadata:[Metadata] signature_defs:[SignatureDef]
    external_buffer_groups:[ExternalBufferGroup] external_buffers:[ExternalBuffer]

Conv2DOptions padding:Padding stride_w:int stride_h:int fused_activation_function:ActivationFunctionType
    dilation_w_factor:int=1 dilation_h_factor:int=1 quantized_bias_type:TensorType
Conv3DOptions padding:Padding stride_d:int stride_w:int stride_h:int
    fused_activation_function:ActivationFunctionType dilation_d_factor:int=1 dilation_w_factor:int=1
    dilation_h_factor:int=1
Pool2DOptions padding:Padding stride_w:int stride_h:int filter_width:int filter_height:int
    fused_activation_function:ActivationFunctionType
DepthwiseConv2DOptions padding:Padding stride_w:int stride_h:int depth_multiplier:int
    fused_activation_function:ActivationFunctionType dilation_w_factor:int=1 dilation_h_factor:int=1
ConcatEmbeddingsOptions num_channels:int num_columns_per_channel:[int] embedding_dim_per_channel:[int]
LSHProjectionOptions type:LSHProjectionType
SVDFOptions rank:int fused_activation_function:ActivationFunctionType asymmetric_quantize_inputs:bool
RNNOptions fused_activation_function:ActivationFunctionType asymmetric_quantize_inputs:bool
SequenceRNNOptions time_major:bool fused_activation_function:ActivationFunctionType
    asymmetric_quantize_inputs:bool
BidirectionalSequenceRNNOptions time_major:bool fused_activation_function:ActivationFunctionType
    merge_outputs:bool asymmetric_quantize_inputs:bool
FullyConnectedOptions fused_activation_function:ActivationFunctionType
    weights_format:FullyConnectedOptionsWeightsFormat keep_num_dims:bool asymmetric_quantize_inputs:bool
    quantized_bias_type:TensorType quant_spec:[ubyte]=none
SoftmaxOptions beta:float
ConcatenationOptions axis:int fused_activation_function:ActivationFunctionType
AddOptions fused_activation_function:ActivationFunctionType pot_scale_int16:bool=true
MulOptions fused_activation_function:ActivationFunctionType
L2NormOptions fused_activation_function:ActivationFunctionType
LocalResponseNormalizationOptions radius:int bias:float alpha:float beta:float
LSTMOptions fused_activation_function:ActivationFunctionType cell_clip:float proj_clip:float
    kernel_type:LSTMKernelType asymmetric_quantize_inputs:bool
UnidirectionalSequenceLSTMOptions fused_activation_function:ActivationFunctionType cell_clip:float
    proj_clip:float time_major:bool asymmetric_quantize_inputs:bool diagonal_recurrent_tensors:bool
BidirectionalSequenceLSTMOptions fused_activation_function:ActivationFunctionType cell_clip:float
    proj_clip:float merge_outputs:bool time_major:bool=true asymmetric_quantize_inputs:bool
ResizeBilinearOptions - - align_corners:bool half_pixel_centers:bool
ResizeNearestNeighborOptions align_corners:bool half_pixel_centers:bool
CallOptions subgraph:uint
ReshapeOptions new_shape:[int]
SkipGramOptions ngram_size:int max_skip_size:int include_all_ngrams:bool
SpaceToDepthOptions block_size:int
DepthToSpaceOptions block_size:int
SubOptions fused_activation_function:ActivationFunctionType pot_scale_int16:bool=true
DivOptions fused_activation_function:ActivationFunctionType
EmbeddingLookupSparseOptions combiner:CombinerType
GatherOptions axis:int batch_dims:int
ReducerOptions keep_dims:bool
SqueezeOptions squeeze_dims:[int]
SplitOptions num_splits:int
SplitVOptions num_splits:int
StridedSliceOptions begin_mask:int end_mask:int ellipsis_mask:int new_axis_mask:int shrink_axis_mask:int
    offset:bool
CastOptions in_data_type:TensorType out_data_type:TensorType
ArgMaxOptions output_type:TensorType
ArgMinOptions output_type:TensorType
TransposeConvOptions padding:Padding stride_w:int stride_h:int
    fused_activation_function:ActivationFunctionType quantized_bias_type:TensorType
SparseToDenseOptions validate_indices:bool
ShapeOptions out_type:TensorType
FakeQuantOptions min:float max:float num_bits:int narrow_range:bool
PackOptions values_count:int axis:int
OneHotOptions axis:int
UnpackOptions num:int axis:int
LeakyReluOptions alpha:float
MirrorPadOptions mode:MirrorPadMode
UniqueOptions idx_out_type:TensorType=INT32
ReverseSequenceOptions seq_dim:int batch_dim:int
IfOptions then_subgraph_index:int else_subgraph_index:int
CallOnceOptions init_subgraph_index:int
WhileOptions cond_subgraph_index:int body_subgraph_index:int
BatchMatMulOptions adj_x:bool adj_y:bool asymmetric_quantize_inputs:bool
CumsumOptions exclusive:bool reverse:bool
HashtableOptions table_id:int key_dtype:TensorType value_dtype:TensorType
VarHandleOptions container:string shared_name:string
RandomOptions seed:long seed2:long
BucketizeOptions boundaries:[float]
GeluOptions approximate:bool
ReduceWindowOptions reduce_function:ReduceWindowFunction

StablehloConcatenateOptions dimension:long
StablehloBroadcastInDimOptions broadcast_dimensions:[long]
StablehloSliceOptions start_indices:[long] limit_indices:[long] strides:[long]
StablehloConvolutionOptions window_strides:[long] padding:[long] lhs_dilation:[long] rhs_dilation:[long]
    window_reversal:[bool] input_batch_dimension:long input_feature_dimension:long
    input_spatial_dimensions:[long] kernel_input_feature_dimension:long
    kernel_output_feature_dimension:long kernel_spatial_dimensions:[long] output_batch_dimension:long
    output_feature_dimension:long output_spatial_dimensions:[long] feature_group_count:long
    batch_group_count:long precision_config:[StablehloPrecisionConfig]
StablehloCustomCallOptions call_target_name:string has_side_effect:bool backend_config:string
    api_version:int called_computations:[int] custom_attributes:[ubyte]
StablehloReduceOptions dimensions:[long] body_subgraph_index:int
StablehloScatterOptions indices_are_sorted:bool update_window_dims:[long] inserted_window_dims:[long]
    scatter_dims_to_operand_dims:[long] index_vector_dim:long unique_indices:bool
    update_computation_subgraph_index:int
StablehloCompareOptions comparison_direction:StablehloComparisonDirection
    compare_type:StablehloComparisonType
StablehloDynamicSliceOptions slice_sizes:[long]
StablehloPadOptions edge_padding_low:[long] edge_padding_high:[long] interior_padding:[long]
StablehloIotaOptions iota_dimension:long
StablehloDotGeneralOptions lhs_batching_dimensions:[long] rhs_batching_dimensions:[long]
    lhs_contracting_dimensions:[long] rhs_contracting_dimensions:[long]
    precision_config:[StablehloPrecisionConfig]
StablehloReduceWindowOptions window_dimensions:[long] window_strides:[long] base_dilations:[long]
    window_dilations:[long] padding:[long] body_subgraph_index:int
StablehloSortOptions dimension:long is_stable:bool comparator_subgraph_index:int
StablehloWhileOptions cond_subgraph_index:int body_subgraph_index:int
StablehloGatherOptions offset_dims:[long] collapsed_slice_dims:[long] start_index_map:[long]
    index_vector_dim:long slice_sizes:[long] indices_are_sorted:bool
StablehloTransposeOptions permutation:[long]
StablehloRngBitGeneratorOptions algorithm:RngAlgorithm
StableHLOCompositeOptions name:string decomposition_subgraph_index:int composite_attributes:[ubyte]
    composite_attributes_format:CustomOptionsFormat version:int
StablehloCaseOptions branch_subgraph_indices:[int]
"""


def _rows(text: str) -> dict[str, list[str]]:
    """Split a text into rows by their first word; an indented line continues the row above."""
    rows: dict[str, list[str]] = {}
    for line in text.splitlines():
        words = line.split()
        if words and not line.startswith(" "):
            last = rows[words[0]] = words[1:]
        elif words:
            last += words
    return rows


class _RowsOfTables(Mapping[str, tuple[Field, ...]]):
    """All tables; a row is read when somebody asks for its table: a model has ten of 150."""

    def __getitem__(self, name: str) -> tuple[Field, ...]:
        return _read(name)[0]

    def __iter__(self) -> Iterator[str]:
        return iter(_ROWS)

    def __len__(self) -> int:
        return len(_ROWS)


@cache
def _read(table: str) -> tuple[tuple[Field, ...], int]:
    return _fields(_ROWS[table])


def _enum(name: str, type: str, *names: str) -> Enum:
    return Enum(name, type, names, {n: i for i, n in enumerate(names)})


def _fields(words: list[str]) -> tuple[tuple[Field, ...], int]:
    """Return a row's fields, and how many slots they take."""
    fields, slot = [], 0
    for word in words:
        if word != "-":
            name, _, rest = word.partition(":")
            type, _, default = rest.partition("=")
            slot += type in UNIONS  # the kind stands one slot before the value
            fields.append(_field(name, slot, type, default))
        slot += 1
    return tuple(fields), slot


def _field(name: str, slot: int, type: str, default: str) -> Field:
    if type.startswith("["):
        item, empty = type[1:-1], b"" if type == "[ubyte]" else ()
        return Field(name, slot, "vector", item, _kind(item), None if default == "none" else empty)
    kind = _kind(type)
    return Field(name, slot, kind, type, "", _default(kind, type, default))


def _kind(type: str) -> str:
    for kind, types in (("scalar", SCALARS), ("enum", ENUMS), ("union", UNIONS), ("string", ("string",))):
        if type in types:
            return kind
    return "table"


def _default(kind: str, type: str, text: str) -> Any:
    if kind == "enum":
        return text or ENUMS[type].names[0]
    if kind == "scalar":
        return text == "true" if type == "bool" else float(text or 0) if type == "float" else int(text or 0)
    return "" if kind == "string" else None


ENUMS: Mapping[str, Enum] = MappingProxyType({n: _enum(n, *words) for n, words in _rows(_ENUMS).items()})

# Each union's tables; a table's kind is its position, NONE being 0.
UNIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "QuantizationDetails": (
            "NONE",
            "CustomQuantization",
            "BlockwiseQuantization",
            "MultiAxisQuantization",
        ),
        "SparseIndexVector": ("NONE", "Int32Vector", "Uint16Vector", "Uint8Vector"),
        "BuiltinOptions": ("NONE", *_rows(_BUILTIN_OPTIONS)),
        "BuiltinOptions2": ("NONE", *_rows(_BUILTIN_OPTIONS_2)),
    }
)

_ROWS: dict[str, list[str]] = {
    t: [] for u in ("BuiltinOptions", "BuiltinOptions2") for t in UNIONS[u]
} | _rows(_TABLES)
TABLES: Mapping[str, tuple[Field, ...]] = _RowsOfTables()
_OPTIONS_OF = {
    op: table
    for text in (_BUILTIN_OPTIONS, _BUILTIN_OPTIONS_2)
    for table, ops in _rows(text).items()
    for op in ops
}
OPERATORS = ENUMS["BuiltinOperator"].names  # the builtin ops by their code
