"""What a loop carries keeps its shape where that can be known, and a part that it replaces is one op."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import plan_model
from delegraph.cli.why import explanation
from delegraph.model import Builder, Model
from delegraph.partition import specialize
from delegraph.partition.counters import rounds_of
from delegraph.report.plan_text import report, to_json

ROWS = 5


def setting(
    start=0, step=1, limit=ROWS, compare="LESS", scale=None, item_scale=None, begin=None, again=False
) -> Model:
    """rows[i] = item for each i, as converters write it.

    :param begin: None, or "input": where the loop begins is then not known.
    :param again: the body gives back what lies before i, too.
    """
    g = Builder()
    dtype = "float32" if scale is None else "int8"
    i0 = g.input((), "int32", "begin") if begin == "input" else g.constant(np.int32(start))
    rows0 = g.input((ROWS, 2), dtype, scale=scale)
    item0 = g.input((1, 2), dtype, scale=item_scale or scale)
    cond, body = g.subgraph("cond"), g.subgraph("body")
    i, _, _ = cond.input((), "int32"), cond.input((ROWS, 2), dtype), cond.input((1, 2), dtype)
    cond.returns(cond.op(compare, [i, cond.constant(np.int32(limit))], [cond.tensor((), "bool")]))
    i, rows = body.input((), "int32"), body.input((ROWS, 2), dtype, scale=scale)
    item = body.input((1, 2), dtype, scale=item_scale or scale)
    more = body.op("ADD", [i, body.constant(np.int32(1))], [body.tensor((), "int32")])
    after = body.op("ADD", [i, body.constant(np.int32(step))], [body.tensor((), "int32")])

    def vector(*parts):
        made = [body.constant(np.int32(p)) if isinstance(p, int) else p for p in parts]
        return body.op("PACK", made, [body.tensor((2,), "int32")], axis=0, values_count=2)

    stored = {"scale": scale} if scale else {}
    first = body.op(
        "SLICE", [rows, vector(0, 0), vector(i, -1)], [body.tensor((1, 2), dtype, **stored)], version=1
    )
    last = body.op("SLICE", [rows, vector(more, 0), vector(-1, -1)], [body.tensor((1, 2), dtype, **stored)])
    joined = body.op(
        "CONCATENATION", [first, item, last], [body.tensor((ROWS, 2), dtype, **stored)], axis=0
    )
    body.returns(after, joined, item)
    if again:
        body.op("NEG", [first], [body.tensor((1, 2), dtype)])
    results = [g.tensor((), "int32"), g.tensor((ROWS, 2), dtype), g.tensor((1, 2), dtype)]
    found = g.op(
        "WHILE", [i0, rows0, item0], results,
        cond_subgraph_index=cond.index, body_subgraph_index=body.index,
    )  # fmt: skip
    return g.model(list(found))


@pytest.fixture
def anything(toy, monkeypatch):
    """A delegate that takes every op of these models."""
    for name in ("SLICE", "PACK", "DYNAMIC_UPDATE_SLICE", "GREATER", "LESS_EQUAL"):
        monkeypatch.setitem(toy.__init__.__globals__["KERNELS"], name, lambda op, *x: x[0])
    return toy()


def body_of(model: Model, delegate, **settings):
    return specialize(model, delegates=[delegate], **settings).subgraphs[2]


def test_the_shape_that_is_put_together_again_is_known(anything) -> None:
    model = specialize(setting(), delegates=[anything], keep_all=True)
    assert model.subgraphs[0].outputs[1].shape == (ROWS, 2)
    assert [t.shape for t in model.subgraphs[2].outputs] == [(), (ROWS, 2), (1, 2)]


def test_a_replaced_part_is_one_op_and_what_only_it_read_is_gone(anything) -> None:
    body = body_of(setting(), anything)
    names = [op.name for op in body.ops]
    assert names == ["ADD", "PACK", "DYNAMIC_UPDATE_SLICE"]
    assert [op.name for op in body.merged] == ["ADD", "PACK", "SLICE", "PACK", "PACK", "SLICE"]
    (_, rows, item) = body.inputs
    assert [t.index for t in body.ops[-1].inputs[:2] if t is not None] == [rows.index, item.index]


def test_a_slice_that_somebody_else_reads_stays(anything) -> None:
    names = [op.name for op in body_of(setting(again=True), anything).ops]
    assert "DYNAMIC_UPDATE_SLICE" in names
    assert names.count("SLICE") == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"limit": ROWS + 1},  # the last round would write behind the end
        {"start": -1},  # -1 as a size reaches to the end
        {"begin": "input"},
        {"compare": "LESS_EQUAL"},
        {"step": -1, "compare": "LESS"},  # it goes down until it wraps around
        {"scale": 0.5, "item_scale": 0.25},  # the item is requantized
    ],
    ids=str,
)
def test_what_is_not_sure_stays_as_it_is(anything, settings) -> None:
    names = [op.name for op in body_of(setting(**settings), anything).ops]
    assert "DYNAMIC_UPDATE_SLICE" not in names
    assert "CONCATENATION" in names


def test_a_loop_that_counts_down_is_understood(anything) -> None:
    model = setting(start=ROWS - 1, step=-1, limit=-1, compare="GREATER")
    assert "DYNAMIC_UPDATE_SLICE" in [op.name for op in body_of(model, anything).ops]


def test_bytes_of_one_scale_are_replaced(anything) -> None:
    assert "DYNAMIC_UPDATE_SLICE" in [op.name for op in body_of(setting(scale=0.5), anything).ops]


def test_nothing_is_rewritten_where_every_tensor_is_kept(anything) -> None:
    body = body_of(setting(), anything, keep_all=True)
    assert body.merged == ()
    assert body.ops[-1].name == "CONCATENATION"


def test_nothing_is_rewritten_into_an_op_that_no_delegate_takes(toy, anything) -> None:
    some = toy("ADD", "LESS", "PACK", "SLICE", "CONCATENATION")
    assert body_of(setting(), some).ops[-1].name == "CONCATENATION"


def test_reports_say_what_rewritten_ops_do_without(anything) -> None:
    plan = plan_model(setting(), [anything], warn=False)
    assert "ops that rewritten ops do without: " in report(plan)
    merged = plan.subgraphs[2].graph.merged
    assert [op["index"] for op in to_json(plan)["subgraphs"][2]["merged"]] == [op.index for op in merged]
    slices = [op.index for op in merged if op.name == "SLICE"]
    assert len(slices) == 2
    (line, *_) = explanation(plan, 2, slices[0])
    assert line.endswith(
        "SLICE v1 of subgraph 2 'body' runs nowhere: only ops that were rewritten read what it computes"
    )


# How often a loop runs


@pytest.mark.parametrize(
    ("settings", "begin", "expected"),
    [
        ({}, 0, 5),
        ({}, 5, 0),
        ({}, 7, 0),
        ({"step": 2}, 0, 3),
        ({"compare": "LESS_EQUAL"}, 0, 6),
        ({"compare": "GREATER", "limit": 0, "step": -2}, 5, 3),
        ({"step": 0}, 0, None),  # it never ends
        ({"step": -1}, 0, None),  # it ends when the counter wraps around
        ({"step": 2**30, "limit": 2**31 - 1}, 0, None),  # so does this one
    ],
)
def test_rounds_are_counted_before_the_loop(settings, begin, expected) -> None:
    _, cond, body = specialize(setting(**settings)).subgraphs
    rounds = rounds_of(cond, body)
    assert rounds is not None
    assert rounds.count(lambda place: begin) == expected


def test_a_condition_on_other_values_is_not_counted() -> None:
    g = Builder()
    cond, body = g.subgraph("cond"), g.subgraph("body")
    x = cond.input((), "float32")
    cond.returns(cond.op("LESS", [x, cond.constant(np.float32(3))], [cond.tensor((), "bool")]))
    y = body.input((), "float32")
    body.returns(body.op("ADD", [y, body.constant(np.float32(1))], [body.tensor((), "float32")]))
    indices = {"cond_subgraph_index": cond.index, "body_subgraph_index": body.index}
    end = g.op("WHILE", [g.input((), "float32")], [g.tensor((), "float32")], **indices)
    _, c, b = specialize(g.model([end])).subgraphs
    assert rounds_of(c, b) is None
