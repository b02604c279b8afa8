"""What the package adds to the reference delegate, and what is said where it is not installed."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace

import delegraph_int16
import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import Builder, Interpreter, SupportTable, load_delegate
from delegraph.cli import main
from delegraph.contract import packages
from delegraph_int16 import reference
from delegraph_int16.reference import _like
from delegraph_reference import kernels

STORED = {"scale": 0.1, "zero_point": 0}


def test_every_row_is_about_int16_but_tflite_micro_s_svdf_of_bytes() -> None:
    assert [row.op for row in reference.rows() if "int16" not in row.types] == ["SVDF"]


def test_the_ops_that_are_like_others_are_named_beside_their_table() -> None:
    assert set(reference.LIKE.split()) == {like.op for like in _like.ROWS}


def test_only_delegates_it_knows_get_rows() -> None:
    assert list(delegraph_int16.delegraph_op_support(SimpleNamespace(name="somebody_s"))) == []


def test_no_row_claims_what_the_reference_claims(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "delegraph"):
        rows = load_delegate("reference").table.rows
    assert caplog.messages == []
    assert sum(row.origin == "int16" for row in rows) == len(list(reference.rows()))


def test_the_support_table_shows_the_rows_and_where_they_come_from() -> None:
    printed = CliRunner().invoke(main, ["support", "reference", "--format", "json"]).output
    rows = [row for row in json.loads(printed)["reference"] if row["op"] == "CONV_2D"]
    added = "int16 int8|int4 int64|int32 -> int16"
    assert [row["types"] for row in rows if row["from"] == "int16"] == [added]


def _model() -> object:
    """Return a 16x8 model whose last op only moves values."""
    g = Builder()
    x = g.input((1, 4, 4, 2), "int16", **STORED)
    w = g.constant(np.ones((3, 2, 2, 2), np.int8), **STORED)
    options = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    bias, y = g.constant(np.zeros(3, np.int64), **STORED), g.tensor((1, 3, 3, 3), "int16", **STORED)
    g.op("CONV_2D", [x, w, bias], [y], version=1, **options)
    z = g.op("RELU", [y], [g.tensor(y.shape, "int16", **STORED)])
    return g.model([g.op("RESHAPE", [z], [g.tensor((27,), "int16", **STORED)], new_shape=[27])])


def test_without_the_package_each_op_that_needs_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda module: None)
    table, graph = SupportTable("reference", kernels.rows()), _model().subgraphs[0]
    hints = {op.name: [str(why.hint) for why in table.refusals(op, graph)] for op in graph.ops}
    needed = ["int16 is in the package delegraph-int16"]
    assert hints == {"CONV_2D": needed, "RELU": needed, "RESHAPE": []}


def test_with_the_package_all_of_them_run_on_the_reference() -> None:
    with Interpreter(model=_model(), delegates=["reference"]) as interpreter:
        interpreter.allocate_tensors()
        (part,) = interpreter.plan.subgraphs[0].partitions
    assert [op.name for op in part.ops] == ["CONV_2D", "RELU", "RESHAPE"]
