"""Names from a model, a label or a path are shown, never obeyed: no command prints what a terminal obeys.

Every name × every kind of model × every command, to a terminal and to a pipe, in turn; with
``DELEGRAPH_HOSTILE_NAMES=all`` all of them, else a part that changes from name to name.
"""

from __future__ import annotations

import logging
import os
import pty
import re
import sys
import termios
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from delegraph.cli import main
from hostile_names import MARK, NAMES, labels, models

ALL = os.environ.get("DELEGRAPH_HOSTILE_NAMES") == "all"
SHARE = 1 if ALL else 7  # of so many calls one is made
STYLE = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh])|\r?\x1b\[(?:1A|2K)")  # of rich: colors, redrawn bars
HOSTILE = re.compile(r"\x1b\[(?:38;5;213m|2J|3;1H)")  # what no report has of its own

CALLS = (
    "inspect M",
    "inspect M --ops --tensors",
    "inspect M --json",
    "partition M",
    "partition M -d opencl,reference --advise",
    "partition M -d edgetpu --json",
    "partition M -d int16 --require-full-delegation",
    "partition M -d edgetpu --html OUT.html",
    "extract M",
    "extract M --partition 0 -o OUT.tflite",
    "extract M --partition NAME",
    "why M 0 -d edgetpu",
    "why M 1 -d opencl",
    "why M NAME",
    "run M -i random:0",
    "run M -i random:0 -d opencl --labels LABELS --output OUT.npz",
    "run M -i random:0 --signature NAME",
    "run M -i NAME=random:0",
    "run M -i FILE.npy",
    "run M -i FILE.npz",
    "run M -i FILE.png",
    "run M -i FILE.wav",
    "run M --labels FILE.npy -i random:0",
    "run M -v --debug -i random:0",
    "run M -i random:0 --labels LABELS --json",
    "run M -i random:0 --labels LABELS --csv",
    "run M -i random:0 --labels LABELS --draw OUT.png",
    "predict M FILE.npz FILE.npy --labels LABELS -o OUT.csv",
    "predict M FILE.npz -o OUT.npz",
    "evaluate M DIR --labels LABELS",
    "evaluate M FILE.json --labels LABELS",
    "evaluate M FILE.npz --against M --json",
    "benchmark M --runs 1 --warmup 0 --profile",
    "benchmark M --runs 1 --warmup 0 --profile --json",
    "compare M -d opencl",
    "compare M -d opencl --json",
    "edgetpu compile M -o DIR -s --report OUT.html",
    "edgetpu compile M -o DIR -s -d -a",
    "edgetpu show M",
    "edgetpu show M --json",
    "edgetpu compile M -o DIR --json",
    "edgetpu compile M -o DIR --csv",
    "why M 0 -d edgetpu --json",
    "inspect M --csv",
    "inspect M --csv --tensors",
    "partition M -d edgetpu --csv",
    "benchmark M --runs 1 --warmup 0 --profile --csv",
    "compare M -d opencl --csv",
    "why M 1 -d opencl --csv",
    "inspect FILE.npy",
    "inspect NAME",
    "partition M --NAME",
    "NAME M",
    "support NAME",
    "run M -d NAME",
    "run M -o NAME.x=NAME",
    "partition M --html FILE.npy/NAME",
)


@contextmanager
def captured(terminal: bool) -> Iterator[list[bytes]]:
    """Give a list that holds, at the end, what was printed on both streams."""
    reader, writer = pty.openpty() if terminal else os.pipe()
    if terminal:
        settings = termios.tcgetattr(writer)
        settings[1] &= ~termios.OPOST  # line ends as they were printed
        termios.tcsetattr(writer, termios.TCSANOW, settings)
    found: list[bytes] = []
    thread = threading.Thread(target=_read_all, args=(reader, found))
    thread.start()
    before = sys.stdout, sys.stderr
    try:
        with open(writer, "w", encoding="utf-8", errors="surrogateescape") as stream:
            sys.stdout = sys.stderr = stream
            yield found
    finally:
        sys.stdout, sys.stderr = before
        thread.join()
        os.close(reader)


def _read_all(reader: int, found: list[bytes]) -> None:
    try:
        while part := os.read(reader, 1 << 16):
            found.append(part)
    except OSError:  # how a terminal says that its other end is closed
        pass


def printed(arguments: list[str], terminal: bool) -> str:
    """Return what a command prints."""
    with captured(terminal) as found, suppress(SystemExit):
        main(arguments, prog_name="delegraph")
    return b"".join(found).decode("utf-8", "surrogateescape")


def obeyed(text: str, terminal: bool = False) -> list[str]:
    """Return what in a text a terminal would obey, or what reads as something else than it is."""
    found = HOSTILE.findall(text)
    plain = STYLE.sub("", text) if terminal else text
    odd = {c for c in plain if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\n"}
    found += sorted(map(ascii, odd))
    found += [line for line in plain.split("\n") if re.match(r"\s*(error|warning): FAKE", line)]
    return found


def calls(name: str, model: str, folder: Path) -> Iterator[list[str]]:
    """Yield the calls of all commands on a model; files and labels have the name, too."""
    files = {"M": model, "LABELS": str(folder / "labels"), "DIR": str(folder / "out")}
    plain = name.replace("/", "|").replace("\0", "")
    for call in CALLS:
        words = []
        for word in call.split(" "):
            word = files.get(word, word).replace("FILE", str(folder / plain)).replace("NAME", plain)
            words.append(word.replace("OUT", str(folder / f"{plain} out")))
        yield words


def prepare(name: str, folder: Path) -> list[str]:
    """Write the models and the broken inputs; return the models' paths."""
    plain = name.replace("/", "|")
    (folder / "labels").write_bytes(labels(name).encode("utf-8", "surrogateescape"))
    for ending in ("npy", "png", "wav"):
        (folder / f"{plain}.{ending}").write_bytes(b"RIFF" + os.fsencode(name))
    np.savez(str(folder / f"{plain}.npz"), **{plain.encode("utf-8", "replace").decode(): np.zeros(3)})
    paths = []
    for kind, data in models(name):
        paths.append(str(folder / f"{kind} {plain}.tflite"))
        Path(paths[-1]).write_bytes(data)
    return paths


@pytest.mark.parametrize("title", NAMES)
@pytest.mark.filterwarnings("default")
def test_no_command_prints_what_a_terminal_obeys(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = NAMES[title]
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "300")
    wrong = []
    every = [c for model in prepare(name, tmp_path) for c in calls(name, model, tmp_path)]
    first = list(NAMES).index(title) % SHARE
    for i, arguments in enumerate(every[first::SHARE]):
        terminal = (i + first) % 2 == 0
        text = printed(arguments, terminal)
        if found := obeyed(text, terminal):
            wrong.append(f"{arguments}: {found}")
        if title == "markup" and terminal and not _as_it_is(text):
            wrong.append(f"{arguments}: markup is taken for one")
        for file in _written(tmp_path):
            if found := obeyed(file.read_text("utf-8")):
                wrong.append(f"{arguments} wrote {found}")
            file.unlink()
    assert not wrong, f"{len(wrong)} calls\n" + "\n".join(f"{w!a}" for w in wrong[:20])


def _as_it_is(text: str) -> bool:
    return all(re.search(r"\[[/|]\]:boom:$", part) for part in text.split(MARK)[:-1])


def _written(folder: Path) -> Iterator[Path]:
    """Yield the pages and logs that a command wrote."""
    for path in [*folder.glob("* out*"), *folder.glob("out/*.log")]:
        if path.suffix in (".html", ".log"):
            yield path


def test_a_name_that_a_terminal_obeys_is_found_where_it_is_printed() -> None:
    for title, name in NAMES.items():
        if title not in ("markup", "page", "format"):
            assert obeyed(f"name: {name}", terminal=True), title
    assert not obeyed("\x1b[1mbold\x1b[0m name", terminal=True)
    assert obeyed("\x1b[1mbold\x1b[0m name")


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_no_log_says_what_a_terminal_obeys(name: str, caplog: pytest.LogCaptureFixture) -> None:
    from delegraph import InputError
    from delegraph.log import logger

    with caplog.at_level(logging.WARNING, logger="delegraph"):
        logger.warning("the tensor %s and %r", name, name)

    for text in (caplog.records[0].getMessage(), str(InputError(f"no tensor {name}"))):
        assert not [c for c in obeyed(text) if "FAKE" not in c and c != r"'\t'"]
