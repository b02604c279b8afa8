"""GELU: x times the share of a normal distribution that lies below x, or its approximation by tanh.

Source: tflite/delegates/gpu/common/model_builder.cc (ElementwiseOperationParser).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from delegraph import Op, OpSupport

from ..families.elementwise import elementwise, literal
from ..families.support_rows import float_support
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return float_support("GELU", elementwise(_formula), options, "T -> T", last=3)


def _formula(op: Op) -> str:
    if op.options.approximate:
        cubic = f"({{0}} + {literal(0.044715)} * {{0}} * {{0}} * {{0}})"
        # 1 + tanh(u) = 2 / (1 + EXP(-2 u)), which reaches 0; PoCL's tanh does not reach -1.
        return (
            f"{{0}} * (({{F}})(1) / (({{F}})(1) + EXP({literal(-2 * math.sqrt(2 / math.pi))} * {cubic})))"
        )
    sign, beyond = "({0} > 0 ? ({F})(-1) : ({F})(1))", "({0} > 0 ? ({F})(2) : ({F})(0))"
    return f"{literal(0.5)} * {{0}} * ({beyond} + {sign} * {_TAIL})"


def _horner(coefficients: Sequence[float], x: str) -> str:
    """Return a polynomial, its coefficients from the constant up."""
    text = literal(coefficients[-1])
    for c in coefficients[-2::-1]:
        text = f"({text} * {x} + {literal(c)})"
    return text


# erfc(z), z = |x| / sqrt(2), is t exp(P(2 t - 1) - z^2) with t = 2 / (2 + z). P is smooth: these ten
# coefficients leave an error of 1e-8 of x. The function erfc of OpenCL takes PoCL six times as long.
# |x| and all that is made of it stand in the text many times. A compiler computes them once if they call
# nothing: fabs is a call on PoCL 3.0.
_P = (
    -0.671794057, 0.672642231, 0.0473431051, -0.0468748882, -0.00987376831,
    0.00870381203, 0.00177656463, -0.00204873481, -0.000207909121, 0.000333735894,
)  # fmt: skip
_Z = f"(({{0}} > 0 ? {{0}} : -{{0}}) * {literal(math.sqrt(0.5))})"
_T = f"(({{F}})(2) / (({{F}})(2) + {_Z}))"
_TAIL = f"{_T} * EXP({_horner(_P, f'({_T} + {_T} - ({{F}})(1))')} - {_Z} * {_Z})"
