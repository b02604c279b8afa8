"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves, operand
from one_op import check, inputs_for
from strategies import SEEDS, quantizations


@st.composite
def cases(draw: Any) -> dict[str, Any]:
    """Sizes of 3 or 4 axes (LiteRT takes no others), blocks, edges, and whether these are computed."""
    m = draw(st.sampled_from([1, 2]))
    blocks = [draw(st.integers(1, 3)) for _ in range(m)]
    edges = [[draw(st.integers(0, 2)), draw(st.integers(0, 2))] for _ in range(m)]
    whole = [n * draw(st.integers(1, 3)) for n in blocks]
    inside = [d - b - a for d, (b, a) in zip(whole, edges, strict=True)]
    if min(inside) < 1:
        edges, inside = [[0, 0]] * m, whole
    return {
        "blocks": blocks,
        "edges": edges,
        "spatial": inside,
        "batched": [d // n for d, n in zip(whole, blocks, strict=True)],
        "batch": draw(st.integers(1, 2)),
        "depth": draw(st.integers(1, 3)),
        "computed": draw(st.booleans()),
    }


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_every_type_moves_from_space_to_batch(case: dict[str, Any]) -> None:
    shape, batched = _shapes(case)

    def build(g: Builder, dtype: str) -> Model:
        spec = [operand(g, case[name], case["computed"]) for name in ("blocks", "edges")]
        x = g.input(shape, dtype)
        y = g.op("SPACE_TO_BATCH_ND", [x, *spec], [g.tensor(batched, dtype)])
        return g.model([y], inputs=[x, *(t for t in spec if not t.is_constant)])

    check_moves(build, shape, *_computed(case), fill=0)


@settings(max_examples=20, deadline=None)
@given(case=cases())
def test_every_type_moves_from_batch_to_space(case: dict[str, Any]) -> None:
    shape, batched = _shapes(case)

    def build(g: Builder, dtype: str) -> Model:
        spec = [operand(g, case[name], case["computed"]) for name in ("blocks", "edges")]
        x = g.input(batched, dtype)
        y = g.op("BATCH_TO_SPACE_ND", [x, *spec], [g.tensor(shape, dtype)])
        return g.model([y], inputs=[x, *(t for t in spec if not t.is_constant)])

    check_moves(build, batched, *_computed(case))


@settings(max_examples=15, deadline=None)
@given(data=st.data(), dtype=st.sampled_from(["int8", "uint8", "int16"]), seed=SEEDS)
def test_quantized_tensors_are_padded_with_their_zero_point(data: Any, dtype: str, seed: int) -> None:
    stored = data.draw(quantizations(dtype))
    g = Builder()
    x = g.input((1, 3, 3, 2), dtype, **stored)
    spec = [g.constant(np.array(v, np.int32)) for v in ([2, 2], [[1, 0], [0, 1]])]
    g.op("SPACE_TO_BATCH_ND", [x, *spec], [g.tensor((4, 2, 2, 2), dtype, **stored)])
    check(g.model(), [inputs_for(x, seed)])


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ("SPACE_TO_BATCH_ND", "needs padded axes that blocks"),
        ("BATCH_TO_SPACE_ND", "needs a batch that 4 divides, found 2"),
    ],
)
def test_blocks_that_do_not_divide_are_an_input_error(op: str, message: str) -> None:
    from delegraph_reference.kernels import batch_to_space_nd, space_to_batch_nd

    support = (space_to_batch_nd if op == "SPACE_TO_BATCH_ND" else batch_to_space_nd).SUPPORT
    g = Builder()
    x, blocks, edges = g.input((2, 3, 3, 1), "float32"), g.input((2,), "int32"), g.input((2, 2), "int32")
    y = g.op(op, [x, blocks, edges], [g.tensor((1, 1, 1, 1), "float32")])
    run = support[0].kernel(g.model([y]).subgraphs[0].ops[0])
    with pytest.raises(InputError, match=message):
        run(np.zeros((2, 3, 3, 1), np.float32), np.array([2, 2], np.int32), np.zeros((2, 2), np.int32))


def _shapes(case: dict[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    count = int(np.prod(case["blocks"]))
    shape = (case["batch"], *case["spatial"], case["depth"])
    return shape, (case["batch"] * count, *case["batched"], case["depth"])


def _computed(case: dict[str, Any]) -> list[np.ndarray]:
    return [np.array(case[n], np.int32) for n in ("blocks", "edges")] if case["computed"] else []
