"""Partitions run op by op: what each op gets, what is freed, and what is said of an op that fails."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
from delegraph import DelegateFailed, InputError, profile, run_op_by_op
from delegraph.contract import Partition
from delegraph.model import Builder, Op, Tensor


def partition_of(graph, **more):
    ops = graph.ops
    return Partition(None, "test", ops, graph.inputs, graph.outputs, graph=graph, **more)


def chain(n=3):
    g = Builder()
    y = g.input((2,), "float32")
    for _ in range(n):
        y = g.op("NEG", [y], [g.tensor((2,), "float32")])
    return partition_of(g.model().subgraphs[0])


def negate(op):
    return lambda x: (-x,)


def test_each_op_gets_the_results_of_those_before():
    (y,) = run_op_by_op(chain(3), negate)(np.float32([1, 2]))
    assert y.tolist() == [-1, -2]


def test_an_op_gets_constants_and_none_where_an_input_is_absent():
    g = Builder()
    x, two = g.input((2,), "float32"), g.constant(np.float32([2]))
    g.op("Mine", [x, None, two], [g.tensor((2,), "float32")])
    got = []

    def prepare(op):
        return lambda *values: got.append(values) or (values[0],)

    run_op_by_op(partition_of(g.model().subgraphs[0]), prepare)(np.float32([1, 2]))
    ((_, absent, constant),) = got
    assert absent is None
    assert constant.tolist() == [2]


def test_what_nobody_reads_any_more_is_freed():
    made, alive = [], []

    def prepare(op):
        def run(x):
            alive.append(sum(ref() is not None for ref in made))
            y = -x
            made.append(weakref.ref(y))
            return (y,)

        return run

    run_op_by_op(chain(4), prepare)(np.float32([1, 2]))
    assert alive == [0, 1, 1, 1]  # what the op reads


def test_ops_see_the_state_that_those_before_them_left():
    total = Tensor(1, "total", "float32", (2,), is_variable=True)
    x, a, b = (Tensor(i, "t", "float32", (2,)) for i in (0, 2, 3))
    ops = (Op(0, "Sum", 1, (x, total), (a,)), Op(1, "Sum", 1, (a, total), (b,)))
    part = Partition(None, "test", ops, (x, total), (b,), variables=(total,))

    run = run_op_by_op(part, lambda op: lambda x, total: (x + total, x + total))

    assert [v.tolist() for v in run(np.float32([1, 2]), np.float32([10, 10]))] == [[22, 24], [22, 24]]


def raising(e):
    def prepare(op):
        def run(x):
            raise e

        return run

    return prepare


@pytest.mark.parametrize(
    ("raised", "kind", "text"),
    [
        (ZeroDivisionError("no"), DelegateFailed, r"^op #0 NEG v1 failed: ZeroDivisionError: no$"),
        (InputError("needs 1, found 2"), InputError, r"^op #0 NEG v1 needs 1, found 2$"),
        (InputError("op #0 NEG v1 needs 1"), InputError, r"^op #0 NEG v1 needs 1$"),
        (DelegateFailed("out of memory"), DelegateFailed, r"^out of memory$"),
    ],
)
def test_an_op_that_fails_is_named(raised, kind, text):
    with pytest.raises(kind, match=text):
        run_op_by_op(chain(), raising(raised))(np.float32([1, 2]))


def test_an_op_that_cannot_be_prepared_is_named():
    with pytest.raises(
        DelegateFailed, match=r"^op #0 NEG v1 could not be prepared: ZeroDivisionError"
    ) as caught:
        run_op_by_op(chain(), lambda op: 1 / 0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_each_op_is_an_event_for_who_profiles():
    run = run_op_by_op(chain(2), negate)
    with profile.listen() as events:
        run(np.float32([1, 2]))
    assert [(e.name, e.op) for e in events] == [("NEG", 0), ("NEG", 1)]


@pytest.mark.parametrize("results", [(), (np.float32(1), np.float32(2))])
def test_an_op_that_returns_another_number_of_values_is_named(results):
    def prepare(op):
        return lambda *values: results if op.index == 1 else values

    with pytest.raises(DelegateFailed, match="op #1 NEG v1 failed: ValueError"):
        run_op_by_op(chain(3), prepare)(np.float32([1, 2]))
