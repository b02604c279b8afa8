"""What commands print fits the terminal, breaks no word, and can be printed in any encoding."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from delegraph.cli import COMMANDS
from rich.cells import cell_len

sys.path.insert(0, str(Path(__file__).parent))
from called_commands import CALLS, ON_NO_MODEL, arguments, called, models, written

MODELS = models()
ALL = os.environ.get("DELEGRAPH_TERMINAL") == "all"  # every model on every command, at each width
CASES = [
    (name, model)
    for i, name in enumerate(CALLS)
    for j, model in enumerate(MODELS)
    if (name not in ON_NO_MODEL or j == 0) and (ALL or (i + j) % 5 == 0 or name in ON_NO_MODEL)
]


# Sizes are in B, KiB, MiB and GiB; these are others.
SIZES = re.compile(r"\b[\d.,]+ ?([kKMG]B|bytes|[kKMG]b|octets)(\b|/s)|\bGB/s|\bMB/s")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCL_EXTRA_BUILD_FLAGS", "-cl-opt-disable")


def words(lines: list[str]) -> set[str]:
    """Return the words of lines, numbers alike, without the marks that a list of cells brings."""
    masked = (re.sub(r"\d[\d.]*(e[-+]\d+)?( [mµ]?s\b)?", "0", line) for line in lines)
    return {word.rstrip(":") for line in masked for word in line.split()}


def test_every_command_is_called() -> None:
    assert set(CALLS) >= set(COMMANDS) - {"exec"}


@pytest.mark.parametrize(("name", "model"), CASES)
def test_lines_fit_the_terminal_and_no_word_is_broken(
    name: str, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a short path is no long word
    with written(Path(), MODELS[model]) as path:
        monkeypatch.setenv("COLUMNS", "4000")
        Path("at0").mkdir()
        whole = words(called(arguments(name, path, Path("at0"))).lines)
        for width in (80, 60):
            monkeypatch.setenv("COLUMNS", str(width))
            folder = Path(f"at{width}")
            folder.mkdir()
            printed = called(arguments(name, path, folder))
            wide = [line for line in printed.lines if cell_len(line) > width]
            assert [x for x in wide if max(map(cell_len, x.split())) <= width - 8] == []
            fitting = {w for w in words(printed.lines) if len(w) < width - 8}
            assert [line for line in printed.lines if SIZES.search(line)] == []
            assert {w for w in fitting - whole if not _of_a_long_word(w, whole, width)} == set()


def _of_a_long_word(piece: str, whole: set[str], width: int) -> bool:
    """Say whether a piece is of a word that no line has room for."""
    return any(piece in word for word in whole if len(word) >= width - 8)


ENCODINGS = ["ascii", "latin-1", "cp1252", "cp437", "utf-16", "koi8-r"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_encoding_can_be_printed_in(encoding: str, tmp_path: Path) -> None:
    """Each command in three of them."""
    for i, name in enumerate(CALLS):
        if not ALL and (i + ENCODINGS.index(encoding)) % 2:
            continue
        for model in MODELS if ALL else [list(MODELS)[i % len(MODELS)]]:
            folder = tmp_path / f"{name}{model}"
            folder.mkdir()
            with written(folder, MODELS[model]) as path:
                printed = called(arguments(name, path, folder), is_terminal=False, encoding=encoding)
                assert printed.code in (0, 1, 2), printed.err


def test_a_pipe_whose_reader_goes_ends_a_command_without_a_word() -> None:
    command = f"{sys.executable} -m delegraph support reference | head -n 3"
    env = {**os.environ, "COLUMNS": "70"}
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=env)
    assert done.stderr == ""
    assert max(map(len, done.stdout.splitlines())) <= 70
