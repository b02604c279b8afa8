"""Every command that prints results prints them as JSON, too, and its tables as CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from delegraph.cli import main

sys.path.insert(0, str(Path(__file__).parent))
from called_commands import ROOT, arguments, called

# Commands without the option, and why.
NO_JSON = {
    "exec": "what it prints is the program's",
    "new-delegate": "it writes a package, and says how to try it",
}
NO_CSV = {
    **NO_JSON,
    "advise": "a command and the reasons for it are no table",
    "extract": "it writes one file",
    "edgetpu show": "what custom ops hold is no table",
    "predict": "the file that it writes is the table",
}


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield the commands with their names, those of groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


COMMANDS = dict(commands(main))


def takes(command: click.Command, option: str) -> bool:
    return any(option in p.opts for p in command.params)


def printed(name: str, option: str, folder: Path) -> str:
    """Call a command with an option; return what it prints on stdout."""
    if name == "train":
        pytest.importorskip("torch")
    if name == "edgetpu show":
        model = folder / "digits_int8_edgetpu.tflite"
        called(["edgetpu", "compile", str(ROOT / "docs/models/digits_int8.tflite"), "-o", str(folder)])
        words = ["edgetpu", "show", str(model)]
    else:
        words = arguments(name.split()[0], ROOT / "docs/models/digits_int8.tflite", folder)
        words += ["--partition", "0", "-o", str(folder / "part.tflite")] if name == "extract" else []
    found = called([*words, option], is_terminal=False)
    assert found.code in (0, 1), found.err  # 1: a verdict
    return found.out


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCL_EXTRA_BUILD_FLAGS", "-cl-opt-disable")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_json(name: str, tmp_path: Path) -> None:
    assert takes(COMMANDS[name], "--json") != (name in NO_JSON), "either, with its reason"
    if name not in NO_JSON:
        assert json.loads(printed(name, "--json", tmp_path), parse_constant=no_constant)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_table_is_printed_as_csv(name: str, tmp_path: Path) -> None:
    assert takes(COMMANDS[name], "--csv") != (name in NO_CSV), "either, with its reason"
    if name not in NO_CSV:
        head, *lines = csv.reader(io.StringIO(printed(name, "--csv", tmp_path)), strict=True)
        assert lines
        assert {len(line) for line in lines} == {len(head)}


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - NO_CSV.keys()))
def test_one_form_is_asked_for(name: str, tmp_path: Path) -> None:
    words = arguments(name.split()[0], ROOT / "docs/models/digits_int8.tflite", tmp_path)
    found = called([*words, "--json", "--csv"], is_terminal=False)
    assert found.code == 2
    assert "one or the other" in found.err


def no_constant(text: str) -> Any:
    raise AssertionError(f"{text} is no JSON")
