"""STABLEHLO_PAD against LiteRT."""

from __future__ import annotations

from typing import Any

from delegraph.model import DTYPES, Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves
from strategies import shapes


@settings(max_examples=40, deadline=None)
@given(shape=shapes(1, 4, 1, 4), data=st.data())
def test_every_type_is_padded_and_cut(shape: tuple[int, ...], data: Any) -> None:
    low = [data.draw(st.integers(-2, 2)) for _ in shape]
    inner = [data.draw(st.integers(0, 2)) for _ in shape]
    # Something is left along each axis: where nothing is, LiteRT makes every size 0.
    spread = [d + (d - 1) * i for d, i in zip(shape, inner, strict=True)]
    high = [data.draw(st.integers(max(-2, 1 - d - b), 2)) for d, b in zip(spread, low, strict=True)]
    new = [d + b + a for d, b, a in zip(spread, low, high, strict=True)]
    options = {"edge_padding_low": low, "edge_padding_high": high, "interior_padding": inner}

    def build(g: Builder, dtype: str) -> Model:
        x = g.input(shape, dtype)
        value = g.constant(b"" if dtype == "string" else DTYPES[dtype].numpy.type(0), dtype)
        return g.model([g.op("STABLEHLO_PAD", [x, value], [g.tensor(new, dtype)], **options)])

    check_moves(build, shape, fill=0)
