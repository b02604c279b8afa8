"""STABLEHLO_SCATTER against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.model import Builder, Model, Tensor
from hypothesis import given, settings
from hypothesis import strategies as st
from movement import check_moves
from one_op import check, inputs_for, random_array
from strategies import SEEDS, permutations, shapes

BODIES = ["STABLEHLO_ADD", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM"]
TYPES = "float32 float16 float64 int8 uint8 uint16 int32 uint32 int64 uint64 bool".split()


def _body(g: Builder, name: str | None, dtype: str, **options: Any) -> int:
    """Add a body of one op, or one that returns its second argument; return its index."""
    body = g.subgraph("update")
    old, new = body.input((), dtype), body.input((), dtype)
    body.returns(new if name is None else body.op(name, [old, new], [body.tensor((), dtype)], **options))
    return body.index


def _values(x: Tensor, seed: int, special: bool = False) -> np.ndarray:
    limits = {"low": -4.0, "high": 4.0} if x.dtype == "float16" else {}
    return inputs_for(x, seed, special=special, **limits)


@settings(max_examples=150, deadline=None)
@given(shape=shapes(1, 4, 1, 4), batch=shapes(0, 2, 1, 4), data=st.data(), seed=SEEDS)
def test_blocks_are_put_where_the_indices_say_and_left_out_elsewhere(
    shape: tuple[int, ...], batch: tuple[int, ...], data: Any, seed: int
) -> None:
    rank = len(shape)
    name, dtype = data.draw(st.sampled_from([None, *BODIES])), data.draw(st.sampled_from(TYPES))
    inserted = sorted(data.draw(st.sets(st.integers(0, rank - 1))))
    blocks = [data.draw(st.integers(1, d)) for axis, d in enumerate(shape) if axis not in inserted]
    along = list(data.draw(permutations(rank)))[: data.draw(st.integers(1, rank))]
    vector = data.draw(st.integers(0, len(batch)))
    kind = data.draw(st.sampled_from(["int32", "int64"]))
    windows = list(data.draw(permutations(len(batch) + len(blocks))))[: len(blocks)]
    size_of, rest = dict(zip(windows, blocks, strict=True)), iter(batch)
    size = [size_of[a] if a in size_of else next(rest) for a in range(len(batch) + len(blocks))]
    g = Builder()
    x = g.input(shape, dtype)
    indices = g.input((*batch[:vector], len(along), *batch[vector:]), kind)
    updates = g.input(size, dtype)
    g.op(
        "STABLEHLO_SCATTER",
        [x, indices, updates],
        [g.tensor(shape, dtype)],
        update_window_dims=windows,
        inserted_window_dims=inserted,
        scatter_dims_to_operand_dims=along,
        index_vector_dim=vector,
        update_computation_subgraph_index=_body(g, name, dtype),
    )
    places = random_array(kind, indices.shape, seed, -1, 4)
    check(g.model(), [_values(x, seed, True), places, _values(updates, seed + 1, True)])


@pytest.mark.parametrize("name", [None, *BODIES])
def test_several_updates_of_one_place_take_their_turns(name: str | None) -> None:
    g = Builder()
    x, indices, updates = g.input((3,), "float32"), g.input((40, 1), "int32"), g.input((40,), "float32")
    g.op(
        "STABLEHLO_SCATTER",
        [x, indices, updates],
        [g.tensor((3,), "float32")],
        inserted_window_dims=[0],
        scatter_dims_to_operand_dims=[0],
        index_vector_dim=1,
        update_computation_subgraph_index=_body(g, name, "float32"),
    )
    places = random_array("int32", (40, 1), 3, 0, 2)
    check(g.model(), [inputs_for(x, 4), places, inputs_for(updates, 5, 0.9, 1.1)], rtol=0.0)


def test_values_of_every_type_take_the_place_of_others() -> None:
    places = np.array([[2], [0], [9]], np.int32)

    def build(g: Builder, dtype: str) -> Model:
        x, indices = g.input((4, 2), dtype), g.input((3, 1), "int32")
        zeros = np.full((3, 2), b"" if dtype == "string" else 0)
        updates = g.constant(zeros, dtype)
        y = g.op(
            "STABLEHLO_SCATTER",
            [x, indices, updates],
            [g.tensor((4, 2), dtype)],
            update_window_dims=[1],
            inserted_window_dims=[0],
            scatter_dims_to_operand_dims=[0],
            index_vector_dim=1,
            update_computation_subgraph_index=_body(g, None, dtype),
        )
        return g.model([y])

    check_moves(build, (4, 2), places, fill=0)


def test_a_scalar_is_updated() -> None:
    g = Builder()
    x, indices, updates = g.input((), "int32"), g.input((2, 0), "int32"), g.input((2,), "int32")
    body = _body(g, "STABLEHLO_ADD", "int32")
    options = {"index_vector_dim": 1, "update_computation_subgraph_index": body}
    g.op("STABLEHLO_SCATTER", [x, indices, updates], [g.tensor((), "int32")], **options)
    arrays = [np.array(5, np.int32), np.zeros((2, 0), np.int32), np.array([7, 8], np.int32)]
    found = check(g.model(), arrays)
    assert found is not None
    assert found[0] == 20


def _pairs(g: Builder, name: str | None = "STABLEHLO_ADD", **changes: Any) -> list[np.ndarray]:
    """Add a scatter of two values into four, changed; return its inputs."""
    x, indices, updates = g.input((4,), "float32"), g.input((2, 1), "int32"), g.input((2,), "float32")
    options = {
        "inserted_window_dims": [0],
        "scatter_dims_to_operand_dims": [0],
        "index_vector_dim": 1,
        "update_computation_subgraph_index": _body(g, name, "float32"),
    }
    g.op("STABLEHLO_SCATTER", [x, indices, updates], [g.tensor((4,), "float32")], **(options | changes))
    return [np.zeros(4, np.float32), np.array([[1], [2]], np.int32), np.ones(2, np.float32)]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"index_vector_dim": 0}, "1 scatter_dims_to_operand_dims and 2 in an index"),
        ({"index_vector_dim": 3}, "index_vector_dim (3,) of rank 3"),
        ({"inserted_window_dims": []}, "0 window and 0 inserted dimensions of 1"),
        ({"inserted_window_dims": [1]}, "inserted_window_dims (1,) of rank 1"),
        ({"scatter_dims_to_operand_dims": [-1]}, "scatter_dims_to_operand_dims (-1,) of rank 1"),
        (
            {"inserted_window_dims": [], "update_window_dims": [0]},
            "updates for () blocks and indices for (2,)",
        ),
    ],
)
def test_dimension_numbers_that_do_not_fit_are_refused(changes: dict[str, Any], found: str) -> None:
    g = Builder()
    arrays = _pairs(g, **changes)
    rule = f"needs dimension numbers that fit the shapes, found {found}"
    check(g.model(), arrays, expect_refusal=rule)


@pytest.mark.parametrize("name", ["ADD", "SUB"])
def test_other_bodies_are_refused_as_litert_does(name: str) -> None:
    g = Builder()
    arrays = _pairs(g, name)
    check(g.model(), arrays, expect_refusal=f"STABLEHLO_MINIMUM, found {name}")
    assert check(g.model(), arrays) is None


def test_a_body_that_returns_its_first_argument_is_refused() -> None:
    """LiteRT replaces values by any body without ops."""
    g = Builder()
    body = g.subgraph("update")
    old, _ = body.input((), "float32"), body.input((), "float32")
    body.returns(old)
    arrays = _pairs(g, update_computation_subgraph_index=body.index)
    check(g.model(), arrays, expect_refusal="found a body without ops")


def test_a_body_that_reads_one_argument_twice_is_refused() -> None:
    """LiteRT looks at no more than the op's name."""
    g = Builder()
    body = g.subgraph("update")
    old, _ = body.input((), "float32"), body.input((), "float32")
    body.op("STABLEHLO_ADD", [old, old], [body.tensor((), "float32")])
    arrays = _pairs(g, update_computation_subgraph_index=body.index)
    check(g.model(), arrays, expect_refusal="found STABLEHLO_ADD of tensors [0, 0] in a body of arguments")
