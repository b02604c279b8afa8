"""Cells that LiteRT runs without its answer meaning anything: what delegraph refuses, or answers rightly.

LiteRT's numbers were compared with what the operands stand for: real values of weights and biases, the
result for the same axes and sizes as int32, the zeros that come of a scale that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import frozen

ALL, SIGNS = "all", "signs of zeros"
_EIGHT = "(float8_e4m3fn|float8_e5m2)"
_NARROW = "(int2|int4|uint4)"


@frozen
class Exemption:
    """Ops, a pattern that the whole text of their types fits, and why LiteRT's answer means nothing."""

    ops: tuple[str, ...]
    types: str
    why: str


def exemption(op: str, types: str) -> str | None:
    """Return why nothing is expected of a cell, or None."""
    found = (e.why for e in EXEMPTIONS if op in e.ops and re.fullmatch(e.types, types))
    return next(found, None)


@frozen
class SpecialExemption:
    """Feeds of special values for which LiteRT's answer is not to be reproduced, and why."""

    ops: tuple[str, ...]
    types: str  # a pattern that the whole text of the types fits
    feeds: str  # likewise, of what ``specials`` calls the feed: "nan, one of 2"
    what: str  # ALL, or only the SIGNS of zeros
    why: str


def special_exemption(op: str, types: str, feed: str) -> str | None:
    """Return what is not compared of a feed: ALL, SIGNS or None."""
    fitting = (
        e.what
        for e in SPECIAL
        if op in e.ops and re.fullmatch(e.types, types) and re.fullmatch(e.feeds, feed)
    )
    return next(fitting, None)


def _rows(why: str, *rows: tuple[str, str]) -> Iterable[Exemption]:
    return [Exemption(tuple(ops.split()), types, why) for ops, types in rows]


EXEMPTIONS: tuple[Exemption, ...] = (
    *_rows(
        "the op reads the bytes of any type as those it expects; the meaningful types are enough",
        ("LSH_PROJECTION FAKE_QUANT HASHTABLE_LOOKUP EMBEDDING_LOOKUP", ".*"),
        ("aeq.hadamard_rotation", "int32"),
        ("LSTM UNIDIRECTIONAL_SEQUENCE_LSTM", "(float16|uint8|int16):.*|int8:uint8:.*"),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", "int8:.*:int8:int8"),
        ("SVDF", "float32:(float32:int8|int8:float32|uint8:float32|uint8:int8|.*:int16):.*"),
        ("SVDF", "int8:uint8:.*"),
        ("SVDF", "int8:int8:int8:int32:int8"),  # time weights and state are read as int16
    ),
    *_rows(
        "packed values keep their bytes and get a shape of twice or four times as many",
        ("BITCAST", f"{_NARROW}>uint8"),
    ),
    *_rows(
        "weights or bias are read as another type, and beyond their end",
        ("CONV_2D", "float32:(float16|bfloat16|int2|uint4|int16|int32):float32( per channel)?"),
        ("CONV_2D DEPTHWISE_CONV_2D", "uint8:(int8|int2|int4|uint4|int16|int32):(int32|-)"),
        ("CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED", "int16:(uint8|uint4|int32):.*"),
        ("FULLY_CONNECTED", "u?int8:.*:int64( per channel)?"),
        ("FULLY_CONNECTED", "int8:uint8:.*|uint8:(int2|int4|int8):.*"),
        ("CONV_2D DEPTHWISE_CONV_2D", "int16:(int2|int16):.*"),
        ("DEPTHWISE_CONV_2D", "int16:int4:.*"),  # packed as they are
        # as int64, unless the option quantized_bias_type, which has versions of its own, names int32
        ("CONV_2D TRANSPOSE_CONV FULLY_CONNECTED", "int16:(int2|int4|int8):int32( per channel)?"),
        ("PRELU", "int16"),  # alpha is read as int8
    ),
    *_rows(
        "sizes and axes are read as int32 whatever their type; a single one comes out right by chance",
        ("TRANSPOSE SPLIT", "float32:.*"),
        ("SPLIT_V", "float32:int32:.*"),
        ("SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND", "float32:.*:.*"),
        ("ONE_HOT", "int32:float32:.*"),
    ),
    *_rows(
        "integers without a scale are computed with a scale of 0",
        (
            "ABS DIV ELU EXP GELU HARD_SWISH LEAKY_RELU MUL PRELU RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1"
            " SOFTMAX TANH",
            "u?int(8|16) \\(no scale\\)",
        ),
        ("MEAN SUM", "u?int(8|16) \\(no scale\\):int32"),
    ),
    *_rows(
        "BUILTIN_REF reads int8 as uint8; delegraph gives what it gives for the same values as uint8",
        ("SUM", "int8:int32"),
    ),
    *_rows(
        "BUILTIN_REF reads int16 as uint8; delegraph gives what it gives for the same values as uint8",
        ("SUM", "int16:int32"),
    ),
    *_rows(
        "the kernel leaves the output as it was where int16 has no scale; delegraph compares",
        ("NOT_EQUAL", "int16 \\(no scale\\)"),
    ),
    *_rows(
        "the kernel has no code for the type and leaves the output as it was; delegraph moves the values",
        (
            "MATRIX_DIAG MATRIX_SET_DIAG",
            f"bool|uint(16|32|64)|b?float16|float64|complex.*|{_EIGHT}|{_NARROW}",
        ),
    ),
    *_rows(
        "values below a byte are moved as if each had a byte; delegraph moves the values",
        ("BROADCAST_TO", f"{_NARROW}:int32"),
        ("DILATE", f"{_NARROW}:int32"),
        ("STABLEHLO_PAD", _NARROW),
    ),
)


def _special(what: str, why: str, *rows: tuple[str, str, str]) -> Iterable[SpecialExemption]:
    return [SpecialExemption(tuple(ops.split()), types, feeds, what, why) for ops, types, feeds in rows]


_HYBRID = "float32:u?int[0-9]+:.*"
_LSTMS = "LSTM UNIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_LSTM"
SPECIAL: tuple[SpecialExemption, ...] = (
    *_special(
        ALL,
        "partial sums leave float32's range in one order of adding and not in another",
        (
            "AVERAGE_POOL_2D BATCH_MATMUL CONV_2D CONV_3D CONV_3D_TRANSPOSE DEPTHWISE_CONV_2D"
            " EMBEDDING_LOOKUP_SPARSE FULLY_CONNECTED RFFT2D TRANSPOSE_CONV",
            ".*",
            ".*large.*",
        ),
    ),
    *_special(
        ALL,
        "which bins become NaN, and which infinite, depends on the order of the transform's butterflies",
        ("RFFT2D AudioSpectrogram", ".*", "(infinities|masks|nan|mixed).*"),
    ),
    *_special(
        ALL,
        "x is quantized by its range, and what NaN does to that depends on the vector lane it stands in",
        (
            "BATCH_MATMUL CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED SVDF TRANSPOSE_CONV RNN"
            " UNIDIRECTIONAL_SEQUENCE_RNN BIDIRECTIONAL_SEQUENCE_RNN",
            _HYBRID.replace(":.*", "(:.*)?"),
            ".*(nan|mixed).*",
        ),
        (_LSTMS, _HYBRID, ".*(infinities|masks|nan|mixed).*"),  # inf - inf in the state
    ),
    *_special(
        ALL,
        "a gate sums up to inf - inf, and the logistic function of NaN is finite if taken of whole vectors",
        (_LSTMS, "float32:float32:.*", "constants (infinities|masks) .*"),
    ),
    *_special(
        ALL,
        "each product is scaled before they are added: an infinite scale makes NaN of those that are 0",
        ("TRANSPOSE_CONV", _HYBRID, ".*(infinities|masks).*"),
    ),
    *_special(
        ALL,
        "values are looked up in a tree, and NaN passes for the first that it meets there",
        ("UNIQUE", "float32:.*", "(nan|mixed).*"),
    ),
)
