"""The code blocks of the documentation, and how each kind is run.

A page's blocks run in order, as a reader pastes them: in a copy of the repository (of which ``docs/models``
is there), with models of the reader's own (``READERS``), ``photos/`` of what they classify, and
``classes.txt``, their labels; ``classify.py``, a program of theirs. The delegates of
``docs/page_delegates.py`` are installed.

- ``python``: in one namespace for the page; a ``text`` block that follows shows what it prints.
- ``sh``: line by line. What installs (``pip install``, ``python3 -m venv``) is left out of a line.
- ``console``: lines with ``$`` are run, and what stands below them is compared: numbers and the order of
  lines may differ, and ``…`` alone on a line stands for any lines.
- ``toml``: has to be readable.

A block that begins with ``# not run in CI: REASON`` is not run.

``python tests/docs/code_blocks.py PAGE`` runs a page and writes what its ``console`` blocks print into it.
"""

from __future__ import annotations

import ast
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import evolve, frozen
from click.testing import CliRunner
from delegraph.cli import main

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))
import page_delegates  # noqa: E402

NOT_RUN = re.compile(r"^# not run in CI: (\S.*)$", re.MULTILINE)
FENCE = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
INSTALLS = re.compile(
    r"^(python3? -m venv|\. \.venv/bin/activate|(\S+/)?pip install|\S*\.venv/bin/pip install)\b"
)
SHELL = re.compile(r"[|<>;&$`(]")  # for bash
READERS = {"model.tflite": "float32", "model_int8.tflite": "int8", "model_int16x8.tflite": "int16x8"}
WIDTH = "100"  # columns of what the pages show
NO_MODEL = "it needs a model that is not in this repository"  # it runs where DELEGRAPH_MODELS has it
OWNERS = {  # what pages call models and files of that folder
    "ssd_mobilenet.tflite": "uint8/ssd_mobilenet.tflite",
    "deeplab.tflite": "uint8/deeplabv3_mnv2_dm05_pascal_quant.tflite",
    "movenet.tflite": "int8/movenet_single_pose_lightning_ptq.tflite",
    "yamnet.tflite": "int8/yamnet.tflite",
    "micro_speech.tflite": "int8/micro_speech_quantized.tflite",
    "pets.jpg": "data/coral_images/pets.jpg",
    "coco_labels.txt": "data/coral_images/coco_labels.txt",
    "bird.bmp": "data/coral_images/bird_segmentation.bmp",
    "voc_labels.txt": "data/coral_images/pascal_voc_segmentation_labels.txt",
    "squat.bmp": "data/coral_images/squat.bmp",
}
PROGRAM = """import sys

import numpy as np
import tflite_runtime.interpreter as tflite

interpreter = tflite.Interpreter(sys.argv[1])
interpreter.allocate_tensors()
given, made = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
interpreter.set_tensor(given["index"], np.zeros(given["shape"], given["dtype"]))
interpreter.invoke()
print(interpreter.get_tensor(made["index"]))
"""
SILENT = ("", "text", "c", "c++", "mermaid")  # languages of blocks that show something


@frozen
class Block:
    """A fenced block."""

    page: str  # path from the root
    line: int  # of the fence
    language: str
    text: str

    @property
    def why_not_run(self) -> str | None:
        found = NOT_RUN.match(self.text)
        return found and found[1]

    def __str__(self) -> str:
        return f"{self.page}:{self.line} ({self.language})"


def pages() -> list[str]:
    """Return the pages of the documentation, as paths from the root."""
    patterns = (
        "*.md",
        "docs/*.md",
        "docs/models/*.md",
        "docs/example/*/*.md",
        "core/*.md",
        "*/*/README.md",
    )
    found = {p.relative_to(ROOT).as_posix() for pattern in patterns for p in ROOT.glob(pattern)}
    return sorted(p for p in found if not p.startswith(("docs/changes", "CHANGELOG", ".")))


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page that are code or show what it prints."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, m.start()) + 1, m[2], _dedented(m[3], len(m[1])))
        for m in FENCE.finditer(text)
        if not m[2].startswith("{")
    ]


def provide(folder: Path) -> None:
    """Put into a folder what a reader has: a copy of the repository, a model, photos, labels."""
    models = ROOT / "docs" / "models"
    (folder / "docs").mkdir()
    (folder / "docs" / "models").symlink_to(models)
    for name, model in READERS.items():
        shutil.copy(models / f"digits_{model}.tflite", folder / name)
    shutil.copytree(models / "digits", folder / "photos")
    (folder / "classes.txt").write_text("".join(f"{i}\n" for i in range(10)))
    (folder / "classify.py").write_text(PROGRAM)


def provide_models(folder: Path, models: Path) -> None:
    """Put models and files that are not in the repository into a folder, as pages call them."""
    for name, path in OWNERS.items():
        shutil.copy(models / path, folder / name)


def with_models(block: Block) -> Block:
    """Return a block that needs a model without saying so."""
    if block.why_not_run != NO_MODEL:
        return block
    return evolve(block, text=block.text.partition("\n")[2])


class Page:
    """A page's blocks, run one after the other in the working directory."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.printed = ""  # by the block before

    def run(self, block: Block) -> None:
        """Run a block; raise AssertionError, or what its code raises."""
        before, self.printed = self.printed, ""
        if block.language == "text" and before:
            self._compare(block, block.text.splitlines(), before)
        elif block.language not in SILENT and block.why_not_run is None:
            getattr(self, f"_{block.language}")(block)

    def _python(self, block: Block) -> None:
        lines, printed = "\n" * block.line + block.text, io.StringIO()  # a traceback shows the page's lines
        with redirect_stdout(printed):
            exec(compile(ast.parse(lines), str(ROOT / block.page), "exec"), self.names)
        self.printed = printed.getvalue()

    def _compare(self, block: Block, shown: list[str], printed: str) -> None:
        different = differing(shown, printed.splitlines())
        assert different is None, f"{block}: {different}\n--- it prints:\n{printed}"

    def _toml(self, block: Block) -> None:
        try:
            import tomllib
        except ModuleNotFoundError:
            return  # Python 3.10
        tomllib.loads(block.text)

    def _sh(self, block: Block) -> None:
        for command in _commands(block.text):
            _called(command)

    def _console(self, block: Block) -> None:
        for command, shown in _shown(block.text):
            if not INSTALLS.match(command):
                self._compare(block, shown, _called(command))


def differing(shown: list[str], printed: list[str]) -> str | None:
    """Return a line that only one side has; None if there is none.

    Lines may stand in another order: tables of times are sorted by them.
    """
    left = [found for line in printed if (found := _masked(line))]
    for line in shown:
        place = next((i for i, found in enumerate(left) if fnmatchcase(found, _pattern(line))), None)
        if place is not None:
            del left[place]
        elif _masked(line) not in ("", "…"):
            return f"not printed: {line!r}"
    free = "…" in map(_masked, shown)
    return f"printed besides: {left[0]!r}" if left and not free else None


def write(page: str) -> None:
    """Run a page, and put what is printed into its ``console`` blocks, but those that leave out lines."""
    path, reader = ROOT / page, Page()
    for block in blocks(page):
        block = with_models(block) if os.environ.get("DELEGRAPH_MODELS") else block
        if block.language != "console" or block.why_not_run is not None or "\n…" in block.text:
            reader.run(block)
            continue
        text = "".join(f"$ {command}\n{_below(command)}" for command, _ in _shown(block.text))
        path.write_text(path.read_text(encoding="utf-8").replace(block.text, text), encoding="utf-8")


def _below(command: str) -> str:
    printed = "" if INSTALLS.match(command) else _called(command)
    return printed and f"{printed}\n"


def _called(command: str) -> str:
    """Run a line of a shell, and return what it prints."""
    if command.startswith("delegraph ") and not SHELL.search(command):
        words = shlex.split(command, comments=True)[1:]
        done = CliRunner().invoke(main, words, prog_name="delegraph")
        is_verdict = words[0] == "compare" and done.exit_code == 1 and "error:" not in done.output
        assert done.exit_code == 0 or is_verdict, f"$ {command}\n{done.output}\n{done.exception!r}"
        return done.output.strip("\n")
    bin = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-euc", command], capture_output=True, text=True, env={**os.environ, "PATH": bin}
    )
    assert ran.returncode == 0, f"$ {command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout.strip("\n")


def _commands(text: str) -> Iterator[str]:
    """Yield the commands of a shell block, without those that install."""
    for line in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        parts = [p.strip() for p in line.split("&&")]
        kept = [p.replace(".venv/bin/", "") for p in parts if p and not INSTALLS.match(p)]
        yield from kept


def _shown(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of a block that shows a terminal, each with the lines below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, below = part.partition("\n")
        yield command, below.strip("\n").splitlines()


def _masked(line: str) -> str:
    """Return a line with numbers, their units and runs of blanks alike."""
    line = re.sub(r"\d[\d.,]*(e[+-]?\d+)?", "0", line)
    line = re.sub(r"\b0 (ns|µs|ms|s)\b", "0 s", line)
    line = re.sub(r"\b0 (B|KiB|MiB|GiB)\b", "0 B", line)
    line = re.sub("[─━]+", "─", line)
    line = re.sub(r"^[.]{3}$", "…", line.strip())
    return " ".join(line.split())


def _pattern(line: str) -> str:
    """Return what a shown line matches: ``…`` inside it stands for anything; alone it matches no line."""
    text = re.sub(r"([\[\]?*])", r"[\1]", _masked(line))
    return text if text == "…" else text.replace("…", "*")


def _dedented(text: str, blanks: int) -> str:
    return "".join(line[blanks:] if not line[:blanks].strip() else line for line in text.splitlines(True))


if __name__ == "__main__":
    os.environ["COLUMNS"] = WIDTH
    page_delegates.install()
    with TemporaryDirectory() as folder:
        provide(Path(folder))
        if named := os.environ.get("DELEGRAPH_MODELS"):
            provide_models(Path(folder), Path(named))
        os.chdir(folder)
        write(sys.argv[1])
