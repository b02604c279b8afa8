"""The ops that need no code on int16: they compute as the reference computes another integer type.

LiteRT has them in the file named beside each; those without one it lacks, and docs/int16.md defines them.
"""

from __future__ import annotations

from delegraph import Constraint, OpSupport, evolve, frozen
from delegraph.rules import one_scale_at_most
from delegraph_reference import row_of

from ._rectified import fitting_alpha, fitting_factor
from ._rules import one_scale_each, symmetric, unscaled


@frozen
class Like:
    """The reference's row for some types, with int16 in place of one of them."""

    op: str
    types: str
    constraints: tuple[Constraint, ...] = ()  # instead of those of the reference's row, if there are any
    also: tuple[Constraint, ...] = ()  # besides them
    of: str = "int8"
    to: str = ""  # the types, where int16 in place of ``of`` is not all

    def row(self) -> OpSupport:
        row = row_of(self.op, self.types)
        types = self.to or self.types.replace(self.of, "int16")
        return evolve(
            row, types=types, constraints=(*(self.constraints or row.constraints), *self.also), T=""
        )


_SCALED = (symmetric, one_scale_each)
_BOUNDED = (*_SCALED, fitting_factor)  # rescaled: the factor is to fit

ROWS = (
    Like("ABS", "int8 -> int8", _BOUNDED),  # elementwise.cc: AbsEvalQuantized
    Like("ABS", "int32 -> int32", (unscaled,), of="int32"),  # AbsInt16EvalImpl; the smallest wraps
    Like("ARG_MAX", "int8 int32 -> int32", to="int16 int32|int64 -> int32|int64"),
    Like("ARG_MIN", "int8 int32 -> int32", to="int16 int32|int64 -> int32|int64"),
    Like("AVERAGE_POOL_2D", "int8 -> int8"),  # pooling.cc
    Like("BITWISE_XOR", "int8 int8 -> int8"),  # bitwise_xor.cc
    Like("FLOOR_DIV", "int8 int8 -> int8"),  # floor_div.cc; of stored values
    Like("FLOOR_MOD", "int8 int8 -> int8"),  # floor_mod.cc; of stored values
    # comparisons.cc: LiteRT compares what is stored, and looks at no scale.
    Like("GREATER", "int32 int32 -> bool", (one_scale_at_most,), of="int32"),
    Like("GREATER_EQUAL", "int32 int32 -> bool", (one_scale_at_most,), of="int32"),
    Like("LEAKY_RELU", "int8 -> int8", _BOUNDED, (fitting_alpha,)),  # activations.cc: LeakyReluPrepare
    Like("LESS", "int32 int32 -> bool", (one_scale_at_most,), of="int32"),
    Like("LESS_EQUAL", "int32 int32 -> bool", (one_scale_at_most,), of="int32"),
    Like("MAX_POOL_2D", "int8 -> int8"),  # pooling.cc
    Like("MAXIMUM", "int8 int8 -> int8"),  # maximum_minimum.cc; of stored values
    # reduce.cc: EvalMean, QuantizedMeanOrSum. A sum that int32 does not hold is right here; LiteRT's wraps.
    Like("MEAN", "int8 int32 -> int8", _BOUNDED),
    Like("MINIMUM", "int8 int8 -> int8"),  # maximum_minimum.cc; of stored values
    Like("NEG", "int8 -> int8"),  # neg.cc; of stored values, the smallest wraps
    Like("REDUCE_MAX", "int8 int32 -> int8", also=(symmetric,)),  # reduce.cc: EvalType
    Like("REDUCE_MIN", "int8 int32 -> int8", also=(symmetric,)),
    Like("REDUCE_PROD", "int8 int32 -> int8", also=(symmetric,)),  # reduce.cc: QuantizedReduceProd
    Like("REDUCE_PROD", "int64 int32 -> int64", (unscaled,), of="int64"),  # EvalProd; it wraps
    Like("REDUCE_WINDOW", "int8 int8 int64 int64 int64 -> int8"),  # reduce_window.cc; sums wrap
    # activations.cc: ReluPrepare, QuantizedReluX. LiteRT lacks the last two; they have RELU6's arithmetic.
    Like("RELU", "int8 -> int8", _BOUNDED),
    Like("RELU6", "int8 -> int8", _BOUNDED),
    Like("RELU_0_TO_1", "int8 -> int8", _BOUNDED),
    Like("RELU_N1_TO_1", "int8 -> int8", _BOUNDED),
    Like("RESIZE_BILINEAR", "int8 int32 -> int8"),  # resize_bilinear.cc: ResizeBilinearInteger
    Like("RIGHT_SHIFT", "int8 int8 -> int8"),  # right_shift.cc; with the sign
    Like("SQRT", "int8 -> int8", _SCALED),  # elementwise.cc; a negative value is an error
    Like("STABLEHLO_ADD", "int8 int8 -> int8"),  # stablehlo_*.cc; these wrap
    Like("STABLEHLO_AND", "int8 int8 -> int8"),
    Like("STABLEHLO_MAXIMUM", "int8 int8 -> int8"),
    Like("STABLEHLO_MINIMUM", "int8 int8 -> int8"),
    Like("STABLEHLO_MULTIPLY", "int8 int8 -> int8"),
    Like("STABLEHLO_REDUCE_WINDOW", "int8 int8 -> int8"),
    Like("STABLEHLO_SHIFT_LEFT", "int8 int8 -> int8"),
    # reduce.cc: EvalSum, QuantizedMeanOrSum; rounded twice. LiteRT 2.3.0's BUILTIN_REF reads int16 as uint8
    # here: this is what its source means, and what it computes for uint8. Its default resolver rounds once,
    # in float32: a result may be one step off.
    Like("SUM", "int8 int32 -> int8", _SCALED),
    Like("WHERE", "int8 -> int64"),
)
