"""The types of an op's outputs where LiteRT sets them, whatever the file says.

Source: ``Prepare`` of the ops' kernels in tflite/kernels, which assigns ``output->type``. Other kernels
compare the type with what they need, or take it as it is.
"""

from __future__ import annotations

from ..model import Op

Source = int | str  # the input whose type it is; a type; or "options.FIELD"


def output_types(op: Op) -> list[str]:
    """Return one type per output: what LiteRT makes it, else what the file says."""
    claimed = [t.dtype for t in op.outputs]
    sources = _SOURCES.get(op.name)
    if sources is None:
        return claimed
    return [_type(op, sources[min(i, len(sources) - 1)], dtype) for i, dtype in enumerate(claimed)]


def _type(op: Op, source: Source, claimed: str) -> str:
    if isinstance(source, int):
        given = op.inputs[source] if source < len(op.inputs) else None
        return claimed if given is None else given.dtype
    if source.startswith("options."):
        chosen = str(op.options.get(source.removeprefix("options."), "")).lower()
        return chosen if chosen in ("int32", "int64") else claimed  # others LiteRT refuses
    return source


_FIRST = """
ADD ADD_N BITWISE_XOR CEIL DENSIFY DIV DYNAMIC_UPDATE_SLICE EXP EXPAND_DIMS FAKE_QUANT FLOOR FLOOR_DIV
FLOOR_MOD GATHER GATHER_ND MATRIX_DIAG MATRIX_SET_DIAG MAXIMUM MINIMUM NEG POW PRELU RANGE RESIZE_BILINEAR
RESIZE_NEAREST_NEIGHBOR RIGHT_SHIFT ROUND SPLIT_V SQUARED_DIFFERENCE STABLEHLO_SHIFT_LEFT SUB ZEROS_LIKE
"""
_SECOND = "FILL SCATTER_ND SELECT SELECT_V2 SPLIT"
_TRUTH = "EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND LOGICAL_OR NOT_EQUAL"

# By op, the source of each output's type; the last one serves all further outputs.
_SOURCES: dict[str, tuple[Source, ...]] = {
    **dict.fromkeys(_FIRST.split(), (0,)),
    **dict.fromkeys(_SECOND.split(), (1,)),
    **dict.fromkeys(_TRUTH.split(), ("bool",)),
    "ARG_MAX": ("options.output_type",),
    "ARG_MIN": ("options.output_type",),
    "BUCKETIZE": ("int32",),
    "DEQUANTIZE": ("float32",),
    "NON_MAX_SUPPRESSION_V4": ("int32",),
    "NON_MAX_SUPPRESSION_V5": ("int32", "float32", "int32"),
    "NumericVerify": ("float32",),
    "ONE_HOT": (2,),
    "RANK": ("int32",),
    "RFFT2D": ("complex64",),
    "SHAPE": ("options.out_type",),
    "SPARSE_TO_DENSE": (2,),
    "TFLite_Detection_PostProcess": ("float32",),
    "WHERE": ("int64",),
}
