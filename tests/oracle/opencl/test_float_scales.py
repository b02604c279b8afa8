"""Float tensors that carry a scale and a zero point, as converters leave them: they mean nothing.

Each op's models of the matrix in which every tensor but its indices is a float, run by LiteRT, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from attrs import evolve
from delegraph import Interpreter, Model, Quantization, Tensor, load_delegate, write_model
from matrix.exemptions import exemption
from matrix.recipe import recipes
from matrix.run import fact_of
from matrix.specials import litert_answers
from one_op import difference
from one_op_opencl import loaded
from taken import taken

OPS = sorted({row.op for row in load_delegate("opencl").table.rows} & set(recipes()))
FLOATS = ("float32", "float16")
SCALED = Quantization(np.float32([0.1]), np.int64([5]), 0)


@pytest.mark.parametrize("op", OPS)
def test_what_a_float_tensor_says_of_its_quantization_is_ignored(op: str) -> None:
    for types in recipes()[op].types:
        draft = taken(op, types)
        if draft is None:
            continue
        model = _scaled(draft.model())
        graph = model.subgraphs[0]
        stored = [t for t in graph.tensors if t.dtype in ("int8", "uint8", "int16", "int4", "int2")]
        if stored or exemption(op, types) or not any(t.dtype in FLOATS for t in graph.tensors):
            continue
        answers = litert_answers(write_model(model), [draft.feeds], fact_of(op).answers(0)[0][0])
        if answers is None or answers[0] is None:
            continue
        assert not loaded().table.refusals(graph.ops[0], graph), types
        interpreter = Interpreter(model=model, delegates=[loaded()], require_full_delegation=True)
        found = interpreter.run({t.index: a for t, a in zip(graph.inputs, draft.feeds, strict=True)})
        for ours, theirs in zip(found.values(), answers[0], strict=True):
            assert difference(ours, theirs, rtol=1e-4) is None, types
        return


def _scaled(model: Model) -> Model:
    """Return the model with a scale and a zero point on every float tensor."""

    def of(tensors: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
        return tuple(
            evolve(t, quantization=SCALED) if t is not None and t.dtype in FLOATS else t for t in tensors
        )

    graph = model.subgraphs[0]
    ops = tuple(evolve(op, inputs=of(op.inputs), outputs=of(op.outputs)) for op in graph.ops)
    lists = {name: of(getattr(graph, name)) for name in ("tensors", "inputs", "outputs")}
    return evolve(model, subgraphs=(evolve(graph, ops=ops, **lists), *model.subgraphs[1:]))
