"""The tutorial does what it says: its commands and its Python run, and print what the page shows."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from delegraph.cli import main

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "quantize-tutorial.md"
BLOCK = re.compile(r"^```(python|sh|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)


SIZE = re.compile(r"[\d.]+ KiB")  # some bytes more or less by the version of flatbuffers


def shown_in(wanted: str, printed: str) -> list[str]:
    """Return the lines that a page shows and that were not printed, each after the one before."""
    left = iter([SIZE.sub("KiB", line.strip()) for line in printed.splitlines()])
    return [line for line in wanted.strip().splitlines() if SIZE.sub("KiB", line.strip()) not in left]


def test_the_page_is_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("digits_float32.tflite", "digits_test.npz"):
        shutil.copy(DOCS / "models" / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    printed = ""
    for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "python":
            stream = io.StringIO()
            with contextlib.redirect_stdout(stream):
                exec(compile(text, PAGE.name, "exec"), names)
            printed = stream.getvalue()
        elif kind == "sh":
            command, _, wanted = text.partition("\n")
            done = CliRunner().invoke(main, shlex.split(command.removeprefix("$ delegraph ")))
            assert done.exit_code == 0, done.output
            assert shown_in(wanted, done.output) == [], command
        else:
            assert shown_in(text, printed) == []


def test_a_line_that_was_not_printed_is_found() -> None:
    assert shown_in("a\nb\n", "b\na\n") == ["b"]
