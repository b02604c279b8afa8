"""Each op's row in torch computes what the reference delegate computes, and has a gradient.

The models are those of the conformance suite's catalogue: every variant of options and shapes that a
delegate has to be right on. ``DELEGRAPH_TRAIN_TYPES=all`` tries each choice of types, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest
from delegraph import Interpreter, Model, load_delegate

torch = pytest.importorskip("torch")
pytest.importorskip("delegraph_conformance")
from delegraph_conformance.recipe import recipes  # noqa: E402
from delegraph_optimize.train import trainable  # noqa: E402
from delegraph_optimize.train.ops import ROWS  # noqa: E402

NO_GRADIENT = frozenset(
    "ARG_MAX ARG_MIN CEIL EQUAL FLOOR GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND LOGICAL_NOT "
    "LOGICAL_OR NOT_EQUAL SHAPE ZEROS_LIKE CAST".split()
)
OF_BOOLS = ("LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR")
OTHERS = ("int8", "int4", "int2", "uint", "16", "float8")  # which are made floats, or stay as they are
TYPES_OF_EACH = None if os.environ.get("DELEGRAPH_TRAIN_TYPES") == "all" else 2
REFERENCE = load_delegate("reference")
CLOSE = {"rtol": 1e-4, "atol": 2e-5}


def drafts(name: str) -> Iterator[tuple[str, Model, list[np.ndarray]]]:
    """Yield models of an op on floats, with their inputs: each variant of some choices of types."""
    recipe = recipes()[name]
    wanted = "bool" if name in OF_BOOLS else "float32"
    some = (t for t in recipe.types if wanted in t and not any(word in t for word in OTHERS))
    for types in islice(some, TYPES_OF_EACH):
        version = 0
        for variant in recipe.variants_of(types):
            version = next((v for v in range(max(version, 1), 15) if _taken(name, v, types, variant)), 0)
            if version:
                draft = recipe.draft(version, types, variant)
                yield f"{types} {variant}", draft.model(), draft.feeds


def _taken(name: str, version: int, types: str, variant: str) -> bool:
    graph = recipes()[name].draft(version, types, variant).model().subgraphs[0]
    return all(REFERENCE.table.row_for(op, graph) is not None for op in graph.ops)


def computed(model: Model, inputs: list[np.ndarray]) -> list[np.ndarray]:
    with Interpreter(model=model, delegates=["reference"]) as interpreter:
        interpreter.allocate_tensors()
        for tensor, values in zip(model.subgraphs[0].inputs, inputs, strict=True):
            interpreter.set_tensor(tensor.index, values)
        interpreter.invoke()
        return [np.array(interpreter.get_tensor(t.index)) for t in model.subgraphs[0].outputs]


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_row_computes_what_the_reference_delegate_does(name: str) -> None:
    tried = 0
    for what, model, inputs in drafts(name):
        module = trainable(model)
        assert not module.kept, what
        with torch.no_grad():
            found = module(*[torch.from_numpy(np.array(v)) for v in inputs])
        for y, wanted in zip(found, computed(model, inputs), strict=True):
            assert tuple(y.shape) == wanted.shape, what
            np.testing.assert_allclose(y.numpy(), wanted, err_msg=what, equal_nan=True, **CLOSE)
        tried += 1
    assert tried


@pytest.mark.parametrize("name", sorted(ROWS.keys() - NO_GRADIENT))
def test_a_row_has_a_gradient_for_what_it_computes_with(name: str) -> None:
    _, model, inputs = next(drafts(name))
    module = trainable(model)
    given = [torch.from_numpy(np.array(v)) for v in inputs]
    learning = [g.requires_grad_() for g in given if g.is_floating_point()][:1] + list(module.parameters())
    sum(y.sum() for y in module(*given) if y.is_floating_point()).backward()
    assert learning
    assert all(g.grad is not None for g in learning)


@pytest.mark.parametrize(
    "name", ["CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "AVERAGE_POOL_2D", "RESIZE_BILINEAR", "GELU"]
)
def test_a_gradient_is_that_of_small_differences(name: str) -> None:
    _, model, inputs = next(drafts(name))
    op, *_ = model.subgraphs[0].ops
    given = [
        None if t is None else torch.from_numpy(np.array(inputs.pop(0) if t.data is None else t.data))
        for t in op.inputs
    ]
    floats = [g.double().requires_grad_() for g in given if g is not None and g.is_floating_point()]

    def of_floats(*values: object) -> object:
        left = iter(values)
        return ROWS[name](
            op, *[next(left) if g is not None and g.is_floating_point() else g for g in given]
        )

    assert torch.autograd.gradcheck(of_floats, floats, atol=1e-3, rtol=1e-2)
