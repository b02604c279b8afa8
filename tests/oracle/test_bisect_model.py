"""The bisecting tool: it names the op that differs, and only that one."""

from __future__ import annotations

from pathlib import Path

import bisect_model
import numpy as np
import pytest
from delegraph.file import read_model

DIGITS = Path(__file__).parents[2] / "docs" / "models" / "digits_float32.tflite"


def test_every_op_of_a_model_that_is_right_agrees() -> None:
    found = list(bisect_model.findings(str(DIGITS)))
    assert len(found) == len(read_model(DIGITS).subgraphs[0].ops)
    assert [f.problem for f in found] == [None] * len(found)


def test_an_op_whose_result_differs_from_litert_s_is_found() -> None:
    graph = read_model(DIGITS).subgraphs[0]
    values = bisect_model.litert_values(DIGITS, str(DIGITS), graph, "BUILTIN_REF")
    op = graph.ops[2]
    values[op.outputs[0].index] = values[op.outputs[0].index] + np.float32(1)
    found = bisect_model.finding(op, graph, values)
    assert found.problem is not None
    assert "of the largest value" in found.problem
    assert found.types == "float32 float32 float32 -> float32"


def test_the_tool_prints_a_line_per_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert bisect_model.main([str(DIGITS), "--times"]) == 0
    printed = capsys.readouterr().out
    assert "10 ops, 0 differ" in printed
    assert " ms  op #" in printed


def test_a_file_that_is_no_model_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"TFL3")
    bisect_model.main([str(broken)])
    assert "ModelError" in capsys.readouterr().out
