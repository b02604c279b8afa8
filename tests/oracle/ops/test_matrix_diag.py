"""MATRIX_DIAG against LiteRT."""

from __future__ import annotations

from delegraph.model import Builder, Model
from hypothesis import given, settings
from movement import check_moves
from strategies import shapes


@settings(max_examples=15, deadline=None)
@given(shape=shapes(1, 3, 1, 4))
def test_every_type_becomes_a_diagonal(shape: tuple[int, ...]) -> None:
    def build(g: Builder, dtype: str) -> Model:
        x = g.input(shape, dtype)
        return g.model([g.op("MATRIX_DIAG", [x], [g.tensor((*shape, shape[-1]), dtype)])])

    check_moves(build, shape, fill=0)
