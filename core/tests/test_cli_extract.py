"""``delegraph extract``: a partition as a file, and what it says where there is none of that number."""

from __future__ import annotations

import inspect

import pytest
from click.testing import CliRunner
from delegraph import Delegate, OpSupport, hookimpl, read_model
from delegraph.cli import main
from delegraph.file import write_model
from delegraph.model import Builder
from delegraph.plugins import Plugins

# Before click 8.2 the two streams were mixed unless one said otherwise.
SEPARATE = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}


class NPU(Delegate):
    name = "npu"

    def prepare(self, partition):
        raise AssertionError("extract opens no device")


class Plugin:
    DELEGRAPH_API = 1

    @hookimpl
    def delegraph_delegates(self):
        return [NPU]

    @hookimpl
    def delegraph_op_support(self, delegate):
        return [OpSupport("ABS", (1, 5), "any -> any")]


@pytest.fixture(autouse=True)
def plugins(monkeypatch):
    found = Plugins()
    found.register(Plugin(), "some")
    monkeypatch.setattr(Plugins, "installed", staticmethod(lambda: found))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a model of three partitions, and a subgraph of one, which IF calls."""
    monkeypatch.chdir(tmp_path)
    g = Builder()
    body = g.subgraph("body")
    body.op("ABS", [body.input((2,), "float32")], [body.tensor((2,), "float32")])
    x, p = g.input((-1,), "float32", "x"), g.input((), "bool", "p")
    y = g.op("ABS", [x], [g.tensor((1,), "float32", "y")])
    z = g.op("mine", [y], [g.tensor((2,), "float32", "z")])
    index = {"then_subgraph_index": body.index, "else_subgraph_index": body.index}
    g.op("IF", [p, z], [g.tensor((2,), "float32", "out")], **index)
    (tmp_path / "m.tflite").write_bytes(write_model(g.model()))
    return tmp_path


def run(*arguments):
    return CliRunner(**SEPARATE).invoke(main, ["extract", "m.tflite", "-d", "npu", *arguments])


def test_the_partition_is_written_and_its_edges_are_named(folder):
    done = run("--partition", "0", "-o", "part.tflite")
    assert done.exit_code == 0
    assert [line.strip() for line in done.stderr.splitlines()] == [
        f"part.tflite written: 1 op of npu, {(folder / 'part.tflite').stat().st_size} B",
        "input  0 'x': float32 1",
        "output 1 'y': float32 1",
    ]
    assert [op.name for op in read_model(folder / "part.tflite").subgraphs[0].ops] == ["ABS"]


def test_a_partition_of_core_brings_what_it_calls(folder):
    assert run("--partition", "2", "-o", "part.tflite").exit_code == 0
    assert [[op.name for op in g.ops] for g in read_model(folder / "part.tflite").subgraphs] == [
        ["IF"],
        ["ABS"],
    ]


def test_a_partition_of_another_subgraph_is_named_with_it(folder):
    assert run("--partition", "1:0", "-o", "part.tflite").exit_code == 0
    assert [t.shape for t in read_model(folder / "part.tflite").subgraphs[0].inputs] == [(2,)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "choose one with --partition N; there are: 0..2, 1:0..0"),
        (["--partition", "3"], "no partition '3'; there are: 0..2, 1:0..0"),
        (["--partition", "7:0"], "no partition '7:0'; there are: 0..2, 1:0..0"),
        (["--partition", "-1"], "no partition '-1'; there are: 0..2, 1:0..0"),
        (["--partition", "²"], "no partition '²'; there are: 0..2, 1:0..0"),
    ],
)
def test_without_a_number_that_is_there_the_partitions_are_listed(folder, given, said):
    done = run("-o", "part.tflite", *given)
    assert (done.exit_code, done.stderr) == (1, f"error: {said}\n")
    assert [line.split()[:2] for line in done.stdout.splitlines() if line[:1].isdigit()] == [
        ["0", "npu"],
        ["1", "(nobody)"],
        ["2", "core"],
        ["0", "npu"],
    ]
    assert not (folder / "part.tflite").exists()


def test_a_file_to_write_is_needed(folder):
    done = run("--partition", "0")
    assert (done.exit_code, done.stderr) == (1, "error: needs the file to write: -o part.tflite\n")
