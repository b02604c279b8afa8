"""The same kind of error has the same exit code, whichever command meets it (docs/command-line.md)."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from called_commands import ROOT, Printed, called

COMMANDS = {
    "advise": "advise M --hardware cpu",
    "benchmark": "benchmark M --runs 1",
    "compare": "compare M -d litert",
    "dequantize": "dequantize M -o new",
    "edgetpu compile": "edgetpu compile M -o new",
    "extract": "extract M --partition 0",
    "inspect": "inspect M",
    "partition": "partition M",
    "predict": "predict M photos",
    "quantize": "quantize M --scheme int8",
    "report": "report M M --runs 1",
    "run": "run M",
    "train": "train M --data photos -o new",
    "why": "why M 0",
}
TRAINS = ("train",) if find_spec("torch") else ()
OPTIONS_OF = {
    "input": ("benchmark", "compare", "run"),
    "data": ("advise", "quantize", "report", *TRAINS),
    "labels": ("advise", "predict", "quantize", "report", "run", "train"),
    "output": ("extract", "predict", "quantize", "dequantize", "train"),
    "html": ("partition", "report", "train"),
    "plan": ("benchmark", "compare", "extract", "partition", "predict", "run", "why"),
    "signature": ("benchmark", "compare", "predict", "run"),
    "delegates": ("benchmark", "compare", "extract", "partition", "predict", "report", "run", "why"),
}
# By kind: the exit code, the commands that can meet it, and what is put at the end of a call.
KINDS: dict[str, tuple[int, tuple[str, ...], str]] = {
    "a model that is not there": (2, tuple(COMMANDS), "M=missing.tflite"),
    "a folder as model": (2, tuple(COMMANDS), "M=photos"),
    "a broken model": (1, tuple(COMMANDS), "M=broken.tflite"),
    "a text as model": (1, tuple(COMMANDS), "M=text.txt"),
    "an unknown option": (2, tuple(COMMANDS), "--no-such-option"),
    "a value of another form": (2, OPTIONS_OF["plan"], "--max-tensor-bytes many"),
    "an unknown delegate": (1, OPTIONS_OF["delegates"], "-d nobody"),
    "an unknown option of a delegate": (1, OPTIONS_OF["plan"], "--option reference.nothing=1"),
    "a value that the option does not take": (1, OPTIONS_OF["plan"], "--option reference.num_threads=x"),
    "an input that is not there": (2, OPTIONS_OF["input"], "-i missing.npy"),
    "samples that are not there": (2, OPTIONS_OF["data"], "--data missing -o new"),
    "labels that are not there": (2, OPTIONS_OF["labels"], "--labels missing.txt"),
    "an unknown signature": (1, OPTIONS_OF["signature"], "--signature nothing"),
    "an unknown input": (1, OPTIONS_OF["input"], "-i nothing=photos/7.png"),
    "an input of another shape": (1, OPTIONS_OF["input"], "-i other.npy"),
    "a limit": (1, OPTIONS_OF["plan"], "--max-tensor-bytes 1"),
    "an output in what is a file": (1, OPTIONS_OF["output"], "-o text.txt/new"),
    "a page in what is a file": (1, OPTIONS_OF["html"], "--html text.txt/new"),
}
CASES = [(kind, name) for kind, (_, names, _) in KINDS.items() for name in names]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import numpy as np

    made, models = tmp_path_factory.mktemp("exits"), ROOT / "docs" / "models"
    shutil.copy(models / "digits_float32.tflite", made / "m.tflite")
    shutil.copytree(models / "digits", made / "photos")
    (made / "broken.tflite").write_bytes(b"\0\0\0\0TFL3" + b"\xff" * 40)
    (made / "text.txt").write_text("hello")
    np.save(made / "other.npy", np.zeros((2, 3), np.float32))
    return made


def call(name: str, ends: str) -> Printed:
    model, _, given = ends.partition("=") if ends.startswith("M=") else ("M", "", "m.tflite")
    words = [given if word == model else word for word in COMMANDS[name].split()]
    words += [] if ends.startswith("M=") else ends.split()
    if "-o" not in words and name in ("predict", "quantize", "extract"):
        words += ["-o", "new.npz"]
    if name in ("advise", "report") and "-o" in words:
        words = words[: words.index("-o")]
    return called(words, is_terminal=False)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_an_error_of_a_kind_has_its_exit_code(
    kind: str, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    code, _, ends = KINDS[kind]
    before = sorted(folder.rglob("*"))
    printed = call(name, ends)
    assert printed.code == code, printed.err
    assert "Traceback" not in printed.err
    assert printed.err.strip().splitlines()[-1].lower().startswith("error: ")
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("command", ["nothing", "-x", "--no-such-option"])
def test_an_unknown_command_or_option_is_a_wrong_call(command: str) -> None:
    assert called([command], is_terminal=False).code == 2


def interrupted(*args: object, **settings: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["benchmark", "compare", "partition", "run", "why"])
def test_an_interrupted_command_ends_with_130(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setattr("delegraph.file.reader.read_model", interrupted)
    monkeypatch.setattr("delegraph.file.read_model", interrupted)
    printed = call(name, "-i photos/7.png" if name in OPTIONS_OF["input"] else "")
    assert printed.code == 130
    assert printed.err.strip() == "interrupted"
