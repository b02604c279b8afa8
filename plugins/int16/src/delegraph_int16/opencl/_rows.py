"""The int16 ops that need no code on OpenCL: looked up in a table, or a formula of two operands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from delegraph import OpSupport

from ..reference import rows_of


def table() -> Mapping[str, Callable[[], Iterable[OpSupport]]]:
    """Return functions that look for the rows of an op, by op."""
    pairs = {op: partial(_by_formula, op, text) for op, text in _FORMULAS.items()}
    return {op: partial(_looked_up, op) for op in _FUNCTIONS} | pairs


def _looked_up(op: str) -> list[OpSupport]:
    from ._table import as_table

    return as_table(rows_of(op))


def _by_formula(op: str, text: str) -> list[OpSupport]:
    from ._claims import as_numpy
    from ._pairs import Formula, by_pair

    return as_numpy(rows_of(op), by_pair(lambda op: Formula(text, {})))


# Of one operand. A negative value, an error of SQRT and RSQRT in numpy, has what 0 has.
_FUNCTIONS = """
ABS COS ELU EXP GELU HARD_SWISH LEAKY_RELU LOG LOGISTIC NEG
RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 RSQRT SIN SQRT TANH
""".split()

# Of the stored values of two operands, broadcast; what does not fit wraps.
_FORMULAS = {
    "BITWISE_XOR": "a ^ b",
    "GREATER": "a > b",
    "GREATER_EQUAL": "a >= b",
    "LESS": "a < b",
    "LESS_EQUAL": "a <= b",
    "MAXIMUM": "max(a, b)",
    "MINIMUM": "min(a, b)",
    "STABLEHLO_ADD": "a + b",
    "STABLEHLO_AND": "a & b",
    "STABLEHLO_MAXIMUM": "max(a, b)",
    "STABLEHLO_MINIMUM": "min(a, b)",
    "STABLEHLO_MULTIPLY": "a * b",
}
