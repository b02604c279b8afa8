"""LiteRT's memory of inputs stays where it is: the interpreter writes there what LiteRT reads.

Ops in every type that the LiteRT delegate takes, and what it gives for values that were copied in;
``LITERT_ROWS=all`` tries all ops.
"""

from __future__ import annotations

import os
from zlib import crc32

import numpy as np
import pytest
from delegraph import InputError, Interpreter, load_delegate, plan_model
from delegraph.model import is_core_op
from matrix.facts import facts
from matrix.recipe import recipes

ALL = os.environ.get("LITERT_ROWS") == "all"
OPS = [op for op in sorted(facts()) if not is_core_op(op) and (ALL or crc32(op.encode()) % 8 == 1)]

pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_inputs_lie_in_litert_s_memory_which_never_moves() -> None:
    with load_delegate("litert") as delegate:
        found = [run(delegate, op, types) for op in OPS for types in recipes()[op].types]
    ran = [shared for shared in found if shared is not None]
    assert len(ran) > 2 * len(OPS)
    assert sum(ran) > len(OPS)


def run(delegate, op, types):
    """Run a model of one op; return how many inputs lie in LiteRT's memory, None if it is not taken."""
    draft = recipes()[op].draft(facts()[op].last, types)
    model = draft.model()
    if labels(model, delegate) != ["litert"]:
        return None
    with Interpreter(model=model, delegates=[delegate]) as it:
        it.allocate_tensors()
        prepared = delegate._prepared[-1]()
        inputs = [t for t in it.plan.partitions[0].inputs if not t.is_variable]
        places = addresses(prepared)
        feeds = dict(zip(draft.values, draft.feeds, strict=True))
        for change in (np.asarray, np.flip):
            given = {t.index: np.array(change(feeds[t.index]), order="C") for t in inputs}
            it.run(given)
            kept = [it.get_tensor(t.index) for t in inputs]
            assert all(same(a, given[t.index]) for a, t in zip(kept, inputs, strict=True)), (op, types)
            if not any(t.is_variable for t in it.plan.partitions[0].inputs):
                ours = [it.get_tensor(t.index) for t in it.plan.partitions[0].outputs]
                theirs = prepared(*given.values())
                assert all(map(same, ours, theirs)), (op, types)
        assert addresses(prepared) == places, (op, types)
        return len(places)


def labels(model, delegate):
    try:
        return [p.label for p in plan_model(model, [delegate], warn=False).partitions]
    except InputError:  # operands of types that do not go together
        return []


def addresses(prepared):
    """Return where LiteRT has the inputs now, of those that the interpreter writes there."""
    here = {i: m for i, m in enumerate(prepared.memory) if m is not None}
    now = {i: address(prepared._interpreter.tensor(i)()) for i in here}
    assert now == {i: address(m) for i, m in here.items()}
    return now


def address(array):
    return array.__array_interface__["data"][0]


def same(a, b):
    return np.asarray(a).tobytes() == np.asarray(b).tobytes()
