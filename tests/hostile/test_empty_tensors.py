"""Every op with tensors without elements, along each axis: it runs, or ends in one of delegraph's errors.

Of each op a few combinations of types; ``DELEGRAPH_EMPTY=all`` tries all, ``=opencl`` those few on OpenCL.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator

import attrs
import pytest
from delegraph import DelegraphError, Graph, InputError, Model, Tensor, read_model
from fuzz.remake import relinked
from fuzz.sources import source
from fuzz.targets import run
from matrix.recipe import recipes
from matrix.run import fact_of

ASKED = os.environ.get("DELEGRAPH_EMPTY", "")
DELEGATES = [(name, {}) for name in (*[ASKED] * (ASKED == "opencl"), "reference")]
AXES = 4
USUAL = re.compile(
    r"(float32|int8|int32|bool)(:\1)*( per channel)?|int8:int8:int32( per channel)?"
    r"|float32:int8:float32(:float32)*|int16:int8:int32:int16:int16|float32:int32(:int32)?"
    r"|int8:int8:int32:int16:int8"
)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("op", sorted(recipes()))
def test_an_op_without_elements_ends_as_it_should(op: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "delegraph")
    types = recipes()[op].types
    last = fact_of(op).last_of_ref or fact_of(op).last
    tried = [
        f"recipe:{op}:{last}:{t}" for t in (types if ASKED == "all" else filter(USUAL.fullmatch, types))
    ]
    wrong = [f"{how}: {why}" for name in tried for how, m in _emptied(name) if (why := _complaint(m))]
    assert not wrong, "\n".join(wrong)


def _emptied(name: str) -> Iterator[tuple[str, Model]]:
    """Yield a source's model with a size of 0 for all values, the first input, those that ops compute."""
    model = read_model(source(name))
    graph = model.subgraphs[0]
    choices: dict[str, Callable[[Tensor], bool]] = {
        "all": lambda t: True,
        "first": lambda t: t is graph.inputs[0],
        "between": lambda t: t not in graph.inputs,
    }
    for axis in range(AXES):
        sizes = [t.shape[axis] for t in graph.inputs if t.shape and len(t.shape) > axis]
        for what, chosen in choices.items() if sizes else ():
            graphs = (_with_zeros(graph, axis, sizes[0], chosen), *model.subgraphs[1:])
            yield f"{name}, axis {axis} of {what}", attrs.evolve(model, subgraphs=graphs)


def _with_zeros(graph: Graph, axis: int, size: int, chosen: Callable[[Tensor], bool]) -> Graph:
    """Return a graph in which the chosen values of this size along an axis have none."""

    def changed(t: Tensor) -> Tensor:
        shape = list(t.shape or ())
        if t.is_constant or shape[axis : axis + 1] != [size] or not chosen(t):
            return t
        shape[axis] = 0
        return attrs.evolve(t, shape=tuple(shape), shape_signature=None)

    return relinked(graph, [changed(t) for t in graph.tensors])


def _complaint(model: Model) -> str | None:
    """Return what a run ends in, if neither well nor in an error that says what is wrong with the model."""
    try:
        run(model, DELEGATES, 1)
    except InputError:
        return None
    except DelegraphError as e:
        cause = e.__cause__
        return None if cause is None or isinstance(cause, DelegraphError) else f"{e!r} of {cause!r}"
    except Exception as e:
        return repr(e)
    return None
