"""NEG on int16 against LiteRT."""

from __future__ import annotations

from elementwise import check_op
from int16s import all_int16


def test_every_value_is_bit_for_bit_with_scales_or_without() -> None:
    stored = {"scale": 0.1, "zero_point": 0}
    for quantization in ((), (stored, {"scale": 0.2, "zero_point": 0})):
        check_op("NEG", [all_int16()], "int16", *quantization)
