"""Commands with an option or an argument of a wrong kind end in a message, never in a traceback.

One line in four is tried; ``WRONG_COMMANDS=all`` tries all 1,200.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from delegraph import compat, write_model
from delegraph.cli import COMMANDS, main

sys.path.insert(0, str(Path(__file__).parent))

from wrong_calls import model

SEPARATE = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
ODD = (
    "", " ", "-1", "0", "1e999", "nan", "99999999999999999999", "x", "=", "x=", "=x", "x=y=z", "x=1,2", ":",
    "reference", "/nowhere/at all", ".", "model.tflite", "a,b", "[", "é", "*", "%s", "{0}", "x" * 5000,
)  # fmt: skip
EVERY = 1 if os.environ.get("WRONG_COMMANDS") == "all" else 4
ENDLESS = ("--runs", "--warmup")  # 99999999999999999999 of them are asked for and begun
WITH_MODEL = ("inspect", "partition", "why", "run", "benchmark", "compare")


@pytest.fixture
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    Path("model.tflite").write_bytes(write_model(model()))
    monkeypatch.setattr(sys, "argv", sys.argv)  # exec changes all three
    monkeypatch.setattr(sys, "path", sys.path.copy())
    yield
    compat.uninstall()


@pytest.mark.usefixtures("_in_a_folder")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_what_is_wrong_with_an_argument(command: str) -> None:
    wrong = []
    for arguments in list(_lines(command))[::EVERY]:
        result = CliRunner(**SEPARATE).invoke(main, arguments)
        if result.exit_code not in (0, 1, 2) or not isinstance(result.exception, (SystemExit, type(None))):
            wrong.append(f"{arguments}: {result.exit_code} {result.exception!r}")
    assert not wrong, "\n".join(wrong)


def _lines(command: str) -> Iterator[list[str]]:
    found = main.get_command(click.Context(main), command)
    assert found is not None
    start = [command, *(["model.tflite"] if command in WITH_MODEL else [])]
    for odd in ODD:
        yield [command, odd]
        yield [*start, odd]
        for parameter in found.params:
            if isinstance(parameter, click.Option) and not parameter.is_flag:
                if odd.startswith("99") and parameter.opts[0] in ENDLESS:
                    continue
                yield [*start, f"{parameter.opts[0]}={odd}"]
