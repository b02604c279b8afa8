"""SVDF: a fully connected layer over time, its weights factored into features and time.

The state keeps each filter's last values, oldest first.

int16: features and sums in time are added up in 64 bits and brought to their scales with multipliers of 15
bits, as in FULLY_CONNECTED of TFLite Micro on int16. Defined in docs/int16.md; LiteRT and TFLite Micro have
it for 8-bit inputs only.

int8 with int8 time weights and state: as TFLite Micro has it, where LiteRT has int16 ones.

Source: tflite-micro/tensorflow/lite/micro/kernels/svdf_common.cc (PrepareSvdf, EvalIntegerSvdfReference).
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
from delegraph import Op, OpSupport, needs, stored_range
from delegraph.rules import known_activation, operand, scales_found, scales_of, zero_point_found
from delegraph_reference import Kernel, prepare_cell, row_of

from ._rules import one_scale_each, symmetric
from ._sums import fifteen_bits, shifted

_X, _FEATURES, _TIME, _BIAS, _STATE = range(5)


def prepare(op: Op) -> Kernel:
    to_state, to_out = (shifted(*fifteen_bits(np.array([factor]))) for factor in _factors(op))
    bounds = stored_range(op)

    def make(inputs: Any) -> Any:
        matrix = inputs[_FEATURES].T.astype(np.float64)

        def features(rows: np.ndarray) -> np.ndarray:
            return to_state((rows @ matrix).astype(np.int64)).clip(-32768, 32767)

        return features, inputs[_TIME].astype(np.int64)

    def finish(sums: np.ndarray, bias: Any) -> np.ndarray:
        total = sums if bias is None else sums + bias.astype(np.int64)
        return to_out(total).clip(*bounds).astype(np.int16)

    return prepare_cell(op, make, finish)


def _factors(op: Op) -> tuple[float, float]:
    """Return what a unit of features is in steps of the state, and one of sums in steps of the output."""
    x, features, time, state = (operand(op, i).scale for i in (_X, _FEATURES, _TIME, _STATE))
    return x * features / state, state * time / op.outputs[0].scale


@needs("scales whose rescaling factors are below 2**14")
def fitting_factors(op: Op) -> str | None:
    largest = max(_factors(op))
    return None if largest < 2**14 else f"a factor of {largest:.3g}"


@needs("one scale on each 8-bit tensor")
def scaled_bytes(op: Op) -> str | None:
    tensors = (*(operand(op, i) for i in (_X, _FEATURES, _TIME, _STATE)), op.outputs[0])
    for t in tensors:
        if t.dtype == "int8" and (len(scales_of(t)) != 1 or not 0 < t.scale < inf):
            return f"{scales_found(t)} on {t.name!r}"
    return None


@needs("weights and a bias with zero point 0")
def symmetric_weights(op: Op) -> str | None:
    tensors = (op.inputs[i] for i in (_FEATURES, _TIME, _BIAS))
    return next(filter(None, (zero_point_found(t) for t in tensors if t is not None)), None)


@needs("a bias scale within 1e-5 of state scale times time weight scale")
def fitting_bias_scale(op: Op) -> str | None:
    bias, product = op.inputs[_BIAS], operand(op, _STATE).scale * operand(op, _TIME).scale
    if bias is None or abs(bias.scale - product) < 1e-5:
        return None
    return f"{bias.scale:.3g}, for {product:.3g}"


@needs("the fused activation NONE or RELU")
def range_of_the_output(op: Op) -> str | None:
    """TFLite Micro looks at neither: values end in the range of the output."""
    name = op.options.fused_activation_function
    return None if name in ("NONE", "RELU") else str(name)


_SHAPES = row_of("SVDF", "float32 float32 float32 float32 float32 -> float32").constraints
SUPPORT = [
    OpSupport(
        "SVDF",
        (1, 4),
        "int8 int8 int8 int32? int8 -> int8",
        (*_SHAPES, scaled_bytes, symmetric_weights, fitting_bias_scale, range_of_the_output),
        row_of("SVDF", "int8 int8 int16 int32 int16 -> int8").kernel,
    ),
    *(
        OpSupport(
            "SVDF",
            (1, 4),
            f"int16 int8 {time} int64|int32? int16 -> int16",
            (
                *_SHAPES,
                known_activation,
                symmetric,
                one_scale_each,
                scaled_bytes,
                symmetric_weights,
                fitting_factors,
            ),
            prepare,
        )
        for time in ("int16", "int8")
    ),
]
