"""The reference delegate runs a partition op by op, and says which op something is wrong with."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from delegraph import (
    Delegate,
    DelegateFailed,
    InputError,
    Interpreter,
    Op,
    OpSupport,
    Partition,
    SupportTable,
    hookimpl,
    load_delegate,
    needs,
    plan_model,
)
from delegraph.model import Builder, Model
from delegraph.plugins import Plugins
from delegraph_reference import Kernel, Reference
from delegraph_reference.kernels import gather


def _picking(count: int) -> Model:
    """y = -x[indices] for x of a size."""
    g = Builder()
    x, indices = g.input((count,), "float32"), g.input((2,), "int32")
    y = g.op("NEG", [x], [g.tensor((count,), "float32")])
    return g.model([g.op("GATHER", [y, indices], [g.tensor((2,), "float32")])])


def test_an_error_names_the_op_whose_operand_does_not_fit() -> None:
    interpreter = Interpreter(model=_picking(3))
    x = np.array([1, 2, 3], np.float32)
    assert interpreter(x, np.array([2, 0], np.int32)).tolist() == [-3, -1]
    with pytest.raises(DelegateFailed, match=r"op #1 GATHER v1 needs indices from 0 to 2, found 3"):
        interpreter(x, np.array([3, 0], np.int32))


def test_gather_refuses_more_leading_axes_in_common_than_there_are() -> None:
    g = Builder()
    x, indices = g.input((4, 2, 3), "float32"), g.input((2,), "int32")
    y = g.op("GATHER", [x, indices], [g.tensor((2, 2, 3), "float32")], axis=0, batch_dims=5)
    (op,) = g.model([y]).subgraphs[0].ops
    with pytest.raises(InputError, match="needs at most 0 leading axes in common, found 5"):
        gather.prepare(op)


@pytest.mark.parametrize("message", ["needs luck, found none", "op #0 MyOp v1 needs luck, found none"])
def test_an_error_of_preparation_names_the_op_once(message: str) -> None:
    def prepare(op: Op) -> Kernel:
        raise InputError(message)

    g = Builder()
    x = g.input((2,), "float32")
    y = g.op("MyOp", [x], [g.tensor((2,), "float32")])
    graph = g.model([y]).subgraphs[0]
    reference = Reference()
    reference.table = SupportTable(
        "reference", [OpSupport("MyOp", (1, 1), "float32 -> float32", (), prepare)]
    )
    with pytest.raises(InputError, match=r"^op #0 MyOp v1 needs luck, found none$"):
        reference.prepare(Partition(None, "", graph.ops, (x,), (y,), graph=graph).on(reference))


@pytest.mark.parametrize("when", ["prepare", "run"])
def test_memory_that_is_not_there_is_a_failure_of_the_op_that_asked(when: str) -> None:
    def too_much(*values: object) -> Kernel:
        raise MemoryError("8 TiB")

    g = Builder()
    x = g.input((2,), "float32")
    y = g.op("MyOp", [x], [g.tensor((2,), "float32")])
    graph = g.model([y]).subgraphs[0]
    reference = Reference()
    kernel = too_much if when == "prepare" else lambda op: too_much
    reference.table = SupportTable(
        "reference", [OpSupport("MyOp", (1, 1), "float32 -> float32", (), kernel)]
    )
    part = Partition(None, "", graph.ops, (x,), (y,), graph=graph).on(reference)
    with pytest.raises(DelegateFailed, match=r"op #0 MyOp v1 .*: MemoryError: 8 TiB"):
        reference.prepare(part)(np.zeros(2, np.float32))


@pytest.mark.parametrize("of_constants", [False, True], ids=["of an input", "of a constant"])
def test_a_constraint_of_a_row_is_asked_once_per_op(of_constants: bool) -> None:
    asked: list[int] = []

    @needs("luck")
    def luck(op: Op) -> None:
        asked.append(op.index)

    class Plugin:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_delegates(self) -> list[type[Delegate]]:
            return [Reference]

        @hookimpl
        def delegraph_op_support(self, delegate: Delegate) -> list[OpSupport]:
            return [OpSupport("MyOp", (1, 1), "float32 -> float32", (luck,), lambda op: lambda x: (x,))]

    plugins = Plugins()
    plugins.register(Plugin(), "reference")
    g = Builder()
    zeros = np.zeros(2, np.float32)
    x = g.constant(zeros) if of_constants else g.input((2,), "float32")
    for _ in range(3):
        x = g.op("MyOp", [x], [g.tensor((2,), "float32")])
    interpreter = Interpreter(model=g.model([x]), delegates=["reference"], plugins=plugins)
    interpreter.allocate_tensors()
    interpreter.invoke()
    assert asked == [0, 1, 2]
    assert len(interpreter.plan.subgraphs[0].folded) == (3 if of_constants else 0)


def test_computed_constants_that_are_released_are_computed_again_when_asked_for() -> None:
    """A delegate that has made its own of them need not hold float32 weights beside float16 ones."""
    g = Builder()
    stored = g.constant(np.arange(6, dtype=np.float16))
    weights = g.op("DEQUANTIZE", [stored], [g.tensor((6,), "float32")])
    y = g.op("ADD", [g.input((6,), "float32"), weights], [g.tensor((6,), "float32")])
    plan = plan_model(g.model([y]), [load_delegate("reference")])
    found = plan.subgraphs[0].partitions[0].ops[0].inputs[1]
    assert found is not None
    held = weakref.ref(found.data.base)
    found.release()
    gc.collect()
    assert held() is None
    assert found.is_constant
    assert found.data.tolist() == [*range(6)]
