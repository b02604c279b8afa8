"""A model of floats, ready to be quantized."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen
from delegraph import Model, Op, Plan

from .prepare import checked_plan, float_view, prepare
from .writer import ModelEdit

Place = tuple[int, int]  # of an op: subgraph and index


@frozen
class FloatModel:
    """The model, what was done to it, and where its ops come from."""

    model: Model
    origins: dict[Place, int]  # of each op: its index in the model that was given
    notes: list[str]

    @classmethod
    def of(cls, given: Model) -> FloatModel:
        edit = ModelEdit(given)
        _as_planned(edit, checked_plan(given))
        was = float_view(edit)
        notes = [f"the model is quantized ({was}); its float view is what is used"] if was else []
        notes += prepare(edit)
        origins = {
            (place, i): -1 if node.source is None else node.source.index
            for place, graph in enumerate(edit.graphs)
            for i, node in enumerate(graph.nodes)
        }
        return cls(edit.model(), origins, notes)

    def ops(self) -> Iterable[tuple[Place, Op]]:
        return (((g, op.index), op) for g, graph in enumerate(self.model.subgraphs) for op in graph.ops)


def _as_planned(edit: ModelEdit, plan: Plan) -> None:
    """Give tensors the shapes and types that ops make them of, where the file says others."""
    for graph, planned in zip(edit.graphs, plan.subgraphs, strict=True):
        for said, found in zip(tuple(graph.tensors), planned.graph.tensors, strict=False):
            if said.is_constant:
                continue
            if found.dtype != said.dtype:
                graph.change(said.index, dtype=found.dtype)
            if found.shape is not None and found.shape != said.shape:
                graph.change(said.index, shape=found.shape, shape_signature=None)
