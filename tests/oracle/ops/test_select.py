"""SELECT against LiteRT."""

from __future__ import annotations

from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS, shapes

TYPES = "float32 float16 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool complex64".split()


@settings(max_examples=60, deadline=None)
@given(shape=shapes(1, 5), dtype=st.sampled_from(TYPES), how=st.integers(0, 2), seed=SEEDS)
def test_the_condition_is_whole_or_a_scalar_or_per_row(
    shape: tuple[int, ...], dtype: str, how: int, seed: int
) -> None:
    g = Builder()
    seen = (shape, (), shape[:1])[how]
    inputs = [g.input(seen, "bool"), g.input(shape, dtype), g.input(shape, dtype)]
    model = g.model([g.op("SELECT", inputs, [g.tensor(shape, dtype)])])
    check(model, [random_array(t.dtype, t.shape, seed + t.index) for t in inputs], rtol=0)


def test_a_condition_per_column_is_refused() -> None:
    g = Builder()
    inputs = [g.input((3,), "bool"), g.input((2, 3), "float32"), g.input((2, 3), "float32")]
    y = g.op("SELECT", inputs, [g.tensor((2, 3), "float32")])
    check(g.model([y]), [], expect_refusal="found shapes 3, 2×3, 2×3")
