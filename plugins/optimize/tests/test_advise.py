"""``delegraph advise``: from hardware, data and loss to a command, which is one that can be run."""

from __future__ import annotations

import itertools
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import InputError, read_model, write_file, write_model
from delegraph_optimize.advise import Situation, advise, help_table, markdown, summary
from delegraph_optimize.advise.tree import HARDWARE
from delegraph_optimize.advise_command import advise as command
from delegraph_optimize.commands import quantize
from delegraph_optimize.report_command import report
from small import dense_net, floats


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_file(tmp_path / "a model.tflite", write_model(dense_net()))
    np.save(tmp_path / "x.npy", np.stack([floats(1, 64) for _ in range(4)]))
    (tmp_path / "y.txt").write_text("0 1 2 3", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("hardware", "data", "drop"), list(itertools.product(HARDWARE, (False, True), (0.0, 60.0)))
)
def test_every_way_ends_at_a_command_that_runs(
    folder: Path, hardware: str, data: bool, drop: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(folder / "a model.tflite")
    known: dict[str, Any] = {"data": str(folder / "x.npy"), "labels": str(folder / "y.txt")} if data else {}
    found = advise(read_model(path), Situation(path, hardware, max_drop=drop, **known))
    assert found.reasons
    monkeypatch.chdir(folder)
    Path("samples").mkdir()
    np.save("samples/one.npy", floats(1, 64))
    if hardware != "edgetpu":  # whose delegate is a package of its own
        done = CliRunner().invoke(quantize, shlex.split(found.command)[2:])
        assert done.exit_code == 0, done.output
        assert Path("a model_small.tflite").exists()
        if data:
            done = CliRunner().invoke(report, shlex.split(found.check)[2:])
            assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("situation", "scheme"),
    [
        (Situation("m"), "--scheme dynamic"),
        (Situation("m", max_drop=0), "--scheme float16"),
        (Situation("m", "gpu"), "--scheme float16"),
        (Situation("m", "edgetpu"), "--scheme int8 --data samples/ --target edgetpu --inputs uint8"),
        (Situation("m", data="."), "--scheme int8 --data . --max-drop 1 --metric agreement"),
    ],
)
def test_what_is_known_decides(situation: Situation, scheme: str) -> None:
    assert advise(dense_net(), situation).command.endswith(scheme)


@pytest.mark.parametrize(
    ("situation", "said"),
    [
        (Situation("m", "nnapi"), "nnapi is not covered"),
        (Situation("m", "abacus"), "hardware needs one of cpu, gpu"),
        (Situation("m", max_drop=float("nan")), "0 or more, found nan"),
        (Situation("m", data="nothing"), "no file or folder 'nothing'"),
    ],
)
def test_what_does_not_fit_is_said(situation: Situation, said: str) -> None:
    with pytest.raises(InputError, match=said):
        advise(dense_net(), situation)


def test_nothing_is_asked_where_there_is_no_terminal(folder: Path) -> None:
    done = CliRunner().invoke(command, [str(folder / "a model.tflite")])
    assert done.exit_code == 0, done.output
    assert "--scheme dynamic" in done.output
    assert "What will run it" not in done.output


def test_the_tables_have_every_scheme_and_what_is_not_covered() -> None:
    for text in (help_table(), markdown(), CliRunner().invoke(quantize, ["--help"]).output):
        for word in (
            "float16",
            "dynamic",
            "int8",
            "int16x8",
            "Edge TPU",
            "NNAPI",
            "Hexagon",
            "not covered",
        ):
            assert word in text


def test_a_summary_has_the_ends_over_the_models() -> None:
    models = {
        "one": {"bytes": 100, "float": {"top1": 0.5}, "schemes": {
            "int8": {"bytes": 25, "agreement": 0.9, "top1": 0.48}}},
        "other": {"bytes": 200, "float": {}, "schemes": {"int8": {"bytes": 80, "overlap": 0.9}}},
    }  # fmt: skip
    assert summary(models) == {
        "int8": {"models": 2, "size": [25.0, 40.0], "agreement": [90.0, 90.0], "top1": [-2.0, -2.0]}
    }
