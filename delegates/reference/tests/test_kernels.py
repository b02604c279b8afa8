"""The rows of the reference delegate: collected from its modules, whatever state these are in."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from delegraph import SupportTable
from delegraph.model import Builder
from delegraph_reference import kernels

WORKING = """
from delegraph import OpSupport
SUPPORT = [OpSupport("MyWorking", (1, 1), "float32 -> float32")]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules count among the kernels."""
    monkeypatch.setattr(kernels, "__path__", [*kernels.__path__, str(tmp_path)])
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    kernels.rows.cache_clear()
    yield tmp_path
    kernels.rows.cache_clear()


def test_every_kernel_can_be_imported(caplog: pytest.LogCaptureFixture) -> None:
    kernels.rows.cache_clear()
    with caplog.at_level(logging.WARNING, "delegraph"):
        assert list(kernels.rows())
    assert caplog.messages == []


def test_rows_are_collected_once() -> None:
    assert kernels.rows() is kernels.rows()


def test_a_kernel_is_imported_when_its_op_is_asked_for(folder: Path) -> None:
    (folder / "my_working.py").write_text(WORKING)
    table = SupportTable("reference", kernels.rows())
    name = "delegraph_reference.kernels.my_working"
    assert table.rows_of("ADD")
    assert name not in sys.modules
    assert [row.op for row in table.rows_of("MyWorking")] == ["MyWorking"]
    assert name in sys.modules


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (
            "import a_module_that_nobody_has",
            "ModuleNotFoundError: No module named 'a_module_that_nobody_has'",
        ),
        ("def broken(:", "SyntaxError: "),
        ("", "AttributeError: module 'delegraph_reference.kernels.my_broken' has no attribute 'SUPPORT'"),
        (WORKING, "PluginError: it needs rows of the op that it is named for, found one of MyWorking"),
    ],
)
def test_a_kernel_that_cannot_be_imported_costs_its_own_op_alone(
    folder: Path, caplog: pytest.LogCaptureFixture, source: str, reason: str
) -> None:
    (folder / "my_broken.py").write_text(source)
    (folder / "my_working.py").write_text(WORKING)
    with caplog.at_level(logging.WARNING, "delegraph"):
        ops = {row.op for row in kernels.rows()}
    assert {"ADD", "MyWorking", "ZEROS_LIKE"} <= ops
    (message,) = caplog.messages
    assert message.startswith("reference lacks the op of delegraph_reference.kernels.my_broken: " + reason)


def test_a_shape_of_another_type_than_its_option_says_is_refused() -> None:
    g = Builder()
    x = g.input((2, 3), "float32")
    g.op("SHAPE", [x], [g.tensor((2,), "int64")], out_type="INT32")
    (refusal,) = SupportTable("reference", kernels.rows()).refusals(g.model().subgraphs[0].ops[0])
    assert str(refusal).startswith("needs an output of the type that the option out_type says, found INT32")


def test_padding_with_several_values_is_refused() -> None:
    g = Builder()
    x, paddings = g.input((3,), "float32"), g.constant(np.int32([[1, 1]]))
    g.op("PADV2", [x, paddings, g.constant(np.float32([1, 2]))], [g.tensor((5,), "float32")])
    (refusal,) = SupportTable("reference", kernels.rows()).refusals(g.model().subgraphs[0].ops[0])
    assert str(refusal) == "needs one value to pad with, found shape 2"
