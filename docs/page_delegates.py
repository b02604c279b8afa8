"""Delegates made for the pages of the documentation, and the plugin that offers them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import numpy as np
from delegraph import (
    Delegate,
    Op,
    OpSupport,
    Partition,
    Plugins,
    Run,
    hookimpl,
    load_delegate,
    needs,
    run_op_by_op,
)

DOCS = Path(__file__).resolve().parent
DELEGRAPH_API = 1


def install() -> None:
    """Let these delegates, and the example's, be installed in this process, until ``Plugins.forget``."""
    Plugins.forget()
    found = Plugins.installed()
    found.register(sys.modules[__name__], "pages")
    if "halfnpu" not in found.registered:
        found.register(_example(), "halfnpu")


@needs("at most 16 output channels")
def few_channels(op: Op) -> str | None:
    channels = (op.outputs[0].shape or (0,))[-1]
    return None if channels <= 16 else f"{channels} channels"


class Npu(Delegate):
    """Convolutions alone, and narrow ones."""

    name = "npu"

    def prepare(self, partition: Partition) -> Run:
        raise NotImplementedError("this delegate only claims")


class Half(Delegate):
    """The reference's kernels, whose results are rounded to float16; one is off by one percent."""

    name = "half"

    def prepare(self, partition: Partition) -> Run:
        return run_op_by_op(partition, lambda op: _rounded(op, partition.rows[op.index].kernel(op)))


def _rounded(op: Op, run: Run) -> Run:
    is_wrong = op.name == "CONV_2D" and (op.inputs[0].shape or (0,))[-1] == 16  # type: ignore[union-attr]
    factor = 1.01 if is_wrong else 1.0

    def rounded(*given: Any) -> tuple[Any, ...]:
        return tuple((r * np.float32(factor)).astype(np.float16).astype(np.float32) for r in run(*given))

    return rounded


@hookimpl
def delegraph_delegates() -> list[type[Delegate]]:
    return [Npu, Half]


@hookimpl
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:
    return {"npu": _narrow, "half": _halved}.get(delegate.name, tuple)()


def _narrow() -> Iterable[OpSupport]:
    types = "int8 int8 int32 -> int8"
    yield OpSupport("CONV_2D", (1, 3), types, constraints=[few_channels])
    yield OpSupport("DEPTHWISE_CONV_2D", (1, 3), types)
    yield OpSupport("ADD", (1, 1), "int8 int8 -> int8")


def _halved() -> Iterable[OpSupport]:
    for row in load_delegate("reference").table.rows:
        yield attrs.evolve(row, rtol=0.002)


def _example() -> ModuleType:
    path = DOCS / "example" / "delegraph-halfnpu" / "delegraph_halfnpu.py"
    spec = importlib.util.spec_from_file_location("delegraph_halfnpu", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
