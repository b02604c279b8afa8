"""STABLEHLO_* ops that LiteRT runs, but for the elementwise ones."""

from __future__ import annotations

from delegraph import Builder, Tensor

from ..draft import Draft


def pad(d: Draft, t: str) -> None:
    options = {"edge_padding_low": [1, -1], "edge_padding_high": [0, 2], "interior_padding": [0, 1]}
    x, value = d.input((2, 3), t), d.input((), t)
    d.op([x, value], [d.output((3, 6), t)], **options)


def gather(d: Draft, t: str, i: str) -> None:
    x, starts = d.input((3, 4), t), d.input((2, 1), i, [[1], [0]])
    d.op(
        [x, starts],
        [d.output((2, 2), t)],
        offset_dims=[1],
        collapsed_slice_dims=[0],
        start_index_map=[0],
        index_vector_dim=1,
        slice_sizes=[1, 2],
    )


def scatter(d: Draft, t: str, i: str, adds: bool = True) -> None:
    x, at = d.input((4, 3), t, low=-5, high=5), d.input((2, 1), i, [[1], [0]])
    updates = d.input((2, 3), t, low=-5, high=5)
    body = d.builder.subgraph("update")
    body.returns(_binary(body, "STABLEHLO_ADD", t) if adds else [body.input((), t), body.input((), t)][1])
    d.op(
        [x, at, updates],
        [d.output((4, 3), t)],
        update_window_dims=[1],
        inserted_window_dims=[0],
        scatter_dims_to_operand_dims=[0],
        index_vector_dim=1,
        update_computation_subgraph_index=body.index,
    )


def reduce_window(d: Draft, t: str) -> None:
    x, first = d.input((4, 5), t, low=-5, high=5), d.input((), t, low=0, high=2)
    body = d.builder.subgraph("reduce")
    body.returns(_binary(body, "STABLEHLO_AND" if t == "bool" else "STABLEHLO_ADD", t))
    d.op(
        [x, first],
        [d.output((3, 2), t)],
        window_dimensions=[2, 2],
        window_strides=[1, 2],
        base_dilations=[1, 1],
        window_dilations=[1, 1],
        padding=[0, 0, 0, 0],
        body_subgraph_index=body.index,
    )


def rng_bit_generator(d: Draft, state: str, t: str) -> None:
    x = d.input((2,), state, low=1, high=9)
    d.op([x], [d.output((2,), state), d.output((5,), t)], algorithm="THREEFRY")


def _binary(g: Builder, op: str, t: str) -> Tensor:
    x, y = g.input((), t), g.input((), t)
    found: Tensor = g.op(op, [x, y], [g.tensor((), t)])
    return found
