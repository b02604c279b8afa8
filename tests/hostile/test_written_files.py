"""What commands write never takes the place of what they read, and never stays behind half done.

Every option of every command that names a file to write × every name that a file of the same command has ×
every kind of thing that may stand under the name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from delegraph.cli import main
from delegraph.file import read_model, write_model
from delegraph.model import Builder, Model

SEARCH = "quantize M --scheme int8 --data IN --max-drop 100 -o NEW"
# By command and option, as OUT; M, W (with weights), IN and LABELS are read. ``edgetpu compile -o`` gets a
# folder, too.
CALLS = {
    "run --draw": "run M -i IN --labels LABELS --draw OUT",
    "run --output": "run M -i IN --labels LABELS --output OUT",
    "predict -o": "predict M IN --labels LABELS --format csv -o OUT",
    "evaluate -o": "evaluate M LIST -o OUT",
    "partition --html": "partition M --html OUT",
    "benchmark --html": "benchmark M --runs 1 --warmup 0 --html OUT",
    "compare --html": "compare M -d litert --html OUT",
    "extract -o": "extract M --partition 0 -o OUT",
    "edgetpu compile -o": "edgetpu compile M -o OUT",
    "edgetpu compile --report": "edgetpu compile M -o DIR --report OUT",
    "quantize -o": "quantize M --scheme int8 --data IN -o OUT",
    "quantize --save-calibration": "quantize M --scheme int8 --data IN -o NEW --save-calibration OUT",
    "quantize --plot": f"{SEARCH} --plot OUT",
    "quantize --state": f"{SEARCH} --state OUT",
    "dequantize -o": "dequantize M -o OUT",
    "cluster -o": "cluster W -o OUT",
    "cluster --html": "cluster W -o NEW --html OUT",
    "prune -o": "prune W -o OUT",
    "prune --html": "prune W -o NEW --html OUT",
    "prune --plot": "prune W --scan --data IN --plot OUT",
    "report --html": "report M --data IN --runs 1 --html OUT",
    "train -o": "train W --data IN --epochs 1 -o OUT",
    "train --checkpoint": "train W --data IN --epochs 1 -o NEW --checkpoint OUT",
    "train --html": "train W --data IN --epochs 1 -o NEW --html OUT",
}
# Without the libraries of pages (delegraph[html]) or of training, what needs them is an error.
PAGES = ("partition --html", "benchmark --html", "compare --html")
TRAINED = ("train -o", "train --checkpoint", "train --html")
LACKING = (*(() if find_spec("dash_cytoscape") else PAGES), *(() if find_spec("torch") else TRAINED))
TRIED = [call for call in CALLS if call not in LACKING]
SPILLED = b"samples cannot be kept in a temporary file: File too large; the variable TMPDIR"
READS_OWN = {"quantize --state"}  # what was there: of another kind, it is no file to be replaced
FORMATS = {
    "run --output": b"PK\5\6",
    "run --draw": b"IEND",
    "predict -o": b"in.npy",
    "evaluate -o": b"top1",
    "quantize --save-calibration": b"PK\5\6",
    **dict.fromkeys(("quantize --plot", "prune --plot"), b"</svg>"),
    "quantize --state": b"delegraph search",
    **dict.fromkeys(
        ("extract -o", "quantize -o", "dequantize -o", "prune -o", "cluster -o", "train -o"), b"TFL3"
    ),
    "train --checkpoint": b"PK",
}
READ = {
    "predict": ("m.tflite", "in.npy", "labels.txt"),
    "evaluate": ("m.tflite", "list.csv"),
    "run": ("m.tflite", "in.npy", "labels.txt"),
    "quantize": ("m.tflite", "in.npy"),
    "cluster": ("w.tflite",),
    "prune": ("w.tflite",),
    "report": ("m.tflite", "in.npy"),
    "train": ("w.tflite", "in.npy"),
}


@pytest.fixture(scope="module")
def model() -> bytes:
    """A model that runs, compiles, and has four classes."""
    g = Builder()
    x = g.input((1, 4), "int8", name="x", scale=1 / 256, zero_point=-128)
    y = g.op("ADD", [x, x], [g.tensor((1, 4), "int8", scale=1 / 128, zero_point=-128)], version=2)
    return write_model(g.model(outputs=[y]))


@pytest.fixture
def folder(tmp_path: Path, model: bytes) -> Path:
    (tmp_path / "m.tflite").write_bytes(model)
    (tmp_path / "w.tflite").write_bytes(write_model(_weighted()))
    np.save(tmp_path / "in.npy", np.zeros((1, 4), np.float32))
    (tmp_path / "labels.txt").write_text("a\nb\nc\nd\n")
    (tmp_path / "list.csv").write_text("in.npy,0\n")
    (tmp_path / "dir").mkdir()
    return tmp_path


def _weighted() -> Model:
    g = Builder()
    x, w = g.input((1, 4), "float32", name="x"), g.constant(np.arange(16, dtype=np.float32).reshape(4, 4))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 4), "float32")])
    return g.model([y])


def command(call: str, folder: Path, out: Path | str) -> list[str]:
    names = {
        "M": "m.tflite",
        "W": "w.tflite",
        "IN": "in.npy",
        "LABELS": "labels.txt",
        "DIR": "dir",
        "NEW": "dir/q.tflite",
        "LIST": "list.csv",
    }
    return [
        str(out) if word == "OUT" else str(folder / names[word]) if word in names else word
        for word in CALLS[call].split()
    ]


def ran(commands: list[list[str]], **settings: Any) -> list[tuple[int, bytes, bytes]]:
    """Run commands in one process of their own; return exit code, standard output and error of each."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD], input=json.dumps(commands).encode(), capture_output=True, **settings
    )
    each = zip(done.stdout.split(b"~NEXT~")[:-1], done.stderr.split(b"~NEXT~")[:-1], strict=True)
    return [(int(err[-1:]), out, err[:-1]) for out, err in each]


_CHILD = """
import json, sys
from delegraph.cli import main
for arguments in json.load(sys.stdin):
    try:
        main(arguments, prog_name="delegraph")
    except SystemExit as e:
        print(end="~NEXT~", flush=True)
        print(int(e.code or 0), end="~NEXT~", file=sys.stderr, flush=True)
"""


def exit_code(arguments: list[str]) -> int:
    try:
        main(arguments, prog_name="delegraph")
    except SystemExit as e:
        return int(e.code or 0)
    return 0


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def aliases(read: Path) -> Iterator[Path]:
    """Yield names of a file: its own, through its folder's parent, and links of each kind."""
    yield read
    yield read.parent / "dir" / ".." / read.name
    for i, link in enumerate((os.link, os.symlink)):
        name = read.with_name(f"{i} {read.name}")
        link(read, name)
        yield name
    os.symlink("1 " + read.name, read.with_name(f"2 {read.name}"))
    yield read.with_name(f"2 {read.name}")


@pytest.mark.parametrize("call", TRIED)
def test_what_is_read_is_not_overwritten(call: str, folder: Path, capsys: pytest.CaptureFixture) -> None:
    reads = READ.get(call.split()[0], ("m.tflite",))
    names = [name for read in reads for name in aliases(folder / read)]
    before = contents(folder)
    for name in names:
        assert exit_code(command(call, folder, name)) in (1, 2), name
        assert name.name in capsys.readouterr().err
        assert {k: v for k, v in contents(folder).items() if k in before} == before, name


@pytest.mark.parametrize("call", TRIED)
def test_a_link_that_leads_to_a_file_that_is_not_there_stays_one(call: str, folder: Path) -> None:
    (folder / "link.tflite").symlink_to(folder / "dir" / "new.tflite")

    assert exit_code(command(call, folder, folder / "link.tflite")) == 0

    assert (folder / "link.tflite").is_symlink()
    assert (folder / "dir" / "new.tflite").stat().st_size


@pytest.mark.parametrize("call", TRIED)
def test_a_full_device_is_an_error_that_names_it_and_stays_one(
    call: str, folder: Path, capsys: pytest.CaptureFixture
) -> None:
    (folder / "full.tflite").symlink_to("/dev/full")

    assert exit_code(command(call, folder, folder / "full.tflite")) == 1

    said = capsys.readouterr().err
    assert "full.tflite' cannot be written: No space left on device" in said
    assert Path("/dev/full").is_char_device()
    assert (folder / "full.tflite").is_symlink()


def test_a_disk_that_is_full_leaves_what_was_there(folder: Path) -> None:
    calls = [call for call in TRIED if call not in READS_OWN]
    outs = [folder / f"{there}{i}.tflite" for i in range(len(calls)) for there in ("new", "old")]
    for out in outs[1::2]:
        out.write_bytes(b"before")
    before = contents(folder)

    commands = [command(c, folder, out) for c, out in zip(sorted(calls * 2), outs, strict=True)]
    for (code, _, said), arguments in zip(ran(commands, preexec_fn=_small_files), commands, strict=True):
        assert code == 1, arguments
        assert b"cannot be written: File too large" in said or SPILLED in said, arguments

    found = contents(folder)
    assert {k: v for k, v in found.items() if k in before} == before
    assert not [name for name in found if name.startswith((".", "new"))]


def _small_files() -> None:
    import resource
    import signal

    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # Python would keep what it wrote of a module, cut off
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_small_disk_keeps_its_files(folder: Path) -> None:
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "none", disk]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        (disk / "out.tflite").write_bytes(b"before")
        (disk / "rest").write_bytes(bytes(4096))
        calls = [call for call in TRIED if call not in READS_OWN]
        for code, _, said in ran([command(call, folder, disk / "out.tflite") for call in calls]):
            assert code == 1
            assert b"cannot be written: No space left on device" in said
        assert contents(disk) == {"out.tflite": b"before", "rest": bytes(4096)}
    finally:
        subprocess.run(["umount", disk], check=True)


def test_what_goes_to_standard_output_is_whole(folder: Path) -> None:
    calls = [call for call in TRIED if call != "edgetpu compile -o"]
    for call, (code, out, _) in zip(
        calls, ran([command(call, folder, "/dev/stdout") for call in calls]), strict=True
    ):
        assert code == 0
        assert FORMATS.get(call, b"</html>") in out


def test_a_compiled_model_in_a_folder_is_not_written_through_a_link(folder: Path, model: bytes) -> None:
    (folder / "dir" / "m_edgetpu.tflite").symlink_to(folder / "m.tflite")

    assert exit_code(["edgetpu", "compile", str(folder / "m.tflite"), "-o", str(folder / "dir")]) == 2

    assert (folder / "m.tflite").read_bytes() == model


def test_overlays_are_not_written_through_a_link(folder: Path) -> None:
    g = Builder()
    g.op("NEG", [g.constant(np.zeros(4, np.float32))], [g.tensor((4,), "float32")])
    (folder / "m.tflite").write_bytes(model := write_model(g.model()))
    report = ["report", str(folder / "m.tflite"), "--runs", "1", "--overlays", str(folder / "dir")]
    assert exit_code(report) == 0
    assert contents(folder / "dir")
    for made in list((folder / "dir").iterdir()):
        made.unlink()
        made.symlink_to(folder / "m.tflite")

    assert exit_code(report) in (1, 2)

    assert (folder / "m.tflite").read_bytes() == model


@pytest.mark.parametrize(
    "there", [b"before", b"[" * 100_000, b"{}", b'{"format": 1, "of": 2, "trials": 3}']
)
def test_a_file_that_is_no_state_of_a_search_stays(
    folder: Path, there: bytes, capsys: pytest.CaptureFixture
) -> None:
    (folder / "s.json").write_bytes(there)

    assert exit_code(command("quantize --state", folder, folder / "s.json")) == 1

    assert "s.json' is no state of a search" in capsys.readouterr().err
    assert (folder / "s.json").read_bytes() == there


def test_an_input_whose_name_has_an_equals_sign_is_not_overwritten(folder: Path) -> None:
    g = Builder()
    x = g.input((1, 4), "float32", name="a=b")
    g.op("NEG", [x], [g.tensor((1, 4), "float32")])
    (folder / "m.tflite").write_bytes(write_model(g.model()))
    before = contents(folder)

    given = f"a=b={folder / 'in.npy'}"
    out = str(folder / "in.npy")
    assert exit_code(["run", str(folder / "m.tflite"), "-i", given, "--output", out]) == 1

    assert contents(folder) == before


def test_every_option_that_names_a_file_to_write_is_tried_here() -> None:
    assert set(_paths_to_write(main, "")) == set(CALLS)


def _paths_to_write(group: click.Group, before: str) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        if isinstance(one, click.Group):
            yield from _paths_to_write(one, f"{before}{name} ")
        for parameter in one.params if one is not None else ():
            of_a_file = isinstance(parameter.type, click.Path) and parameter.type.file_okay
            if of_a_file and not parameter.type.exists:
                yield f"{before}{name} {parameter.opts[0]}"


def test_the_model_of_these_tests_compiles(folder: Path) -> None:
    assert exit_code(command("edgetpu compile -o", folder, folder / "c.tflite")) == 0
    assert [op.name for op in read_model(folder / "c.tflite").subgraphs[0].ops] == ["edgetpu-custom-op"]
