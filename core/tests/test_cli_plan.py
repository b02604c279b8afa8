"""The commands about plugins, support tables and plans: plugins, support, partition, why."""

from __future__ import annotations

import csv
import inspect
import json
import re
from pathlib import Path
from typing import Literal

import attrs
import pytest
from attrs import frozen
from click.testing import CliRunner
from delegraph import Delegate, OpSupport, hookimpl, needs
from delegraph.cli import main
from delegraph.cli.why import explanation
from delegraph.file import write_model
from delegraph.model import Builder, Model
from delegraph.partition import partition
from delegraph.plugins import Plugins

# Before click 8.2 the two streams were mixed unless one said otherwise.
SEPARATE = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"


@needs("at most 8 channels")
def few_channels(op):
    channels = op.inputs[0].shape[-1]
    return None if channels <= 8 else f"{channels} channels"


@frozen
class Options:
    precision: Literal["float32", "float16"] = "float32"


class NPU(Delegate):
    name = "npu"
    Options = Options

    def advise(self, plan):
        return [f"keep it to 8 channels: {len(plan.fallbacks)} ops fall back"]

    def prepare(self, partition):
        raise AssertionError("these commands open no device")


class Reference(NPU):
    name = "reference"


class Plugin:
    DELEGRAPH_API = 1

    @hookimpl
    def delegraph_delegates(self):
        return [NPU, Reference]

    @hookimpl
    def delegraph_op_support(self, delegate):
        if delegate.name == "reference":
            return [
                OpSupport("ABS", (1, 5), "T -> T", T="float32 int8"),
                OpSupport("NEG", (1, 2), "int8|uint8 -> int8", steps=1),
            ]
        rtol = 1e-3 if delegate.options.precision == "float16" else 1e-5
        return [OpSupport("ABS", (1, 1), "float32 -> float32", (few_channels,), rtol=rtol)]


@pytest.fixture(autouse=True)
def plugins(monkeypatch):
    """One plugin is installed, with two delegates."""
    found = Plugins()
    found.register(Plugin(), "some")
    monkeypatch.setattr(Plugins, "installed", staticmethod(lambda: found))
    return found


@pytest.fixture
def model(tmp_path):
    """ABS on 4 channels, ABS on 16 channels, and a second subgraph with ABS that nobody calls."""
    g = Builder()
    x = g.input((1, 4), "float32", "x")
    y = g.op("ABS", [x], [g.tensor((1, 4), "float32", "y")])
    w = g.constant([[1.0] * 16] * 4, "float32", "w")
    z = g.tensor((1, 16), "float32", "z")
    g.op("Mul", [y, w], [z])
    g.op("ABS", [z], [g.tensor((1, 16), "float32")])
    path = tmp_path / "model.tflite"
    path.write_bytes(write_model(g.model()))
    return str(path)


def run(*arguments):
    result = CliRunner(**SEPARATE).invoke(main, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


# plugins


def test_plugins_lists_plugins_delegates_with_options_and_packages_that_are_not_installed(monkeypatch):
    monkeypatch.setattr("delegraph.contract.packages.find_spec", lambda name: None)
    text = run("plugins").stdout

    assert re.search(r"some +Plugin", text)
    assert re.search(r"npu +some +1 +1 +ready +precision: 'float32' \| 'float16' = 'float32'", text)
    assert re.search(r"reference +some +2 +2 +ready", text)
    assert "Problems" not in text
    assert "delegraph-opencl (delegate opencl)" in text


def test_plugins_lists_problems_and_says_why_a_delegate_cannot_work(plugins, monkeypatch):
    monkeypatch.setattr(NPU, "unavailable", lambda self: "no NPU in this machine")
    plugins.register(object(), "broken")

    text = " ".join(run("plugins").stdout.split())
    state = json.loads(run("plugins", "--json").stdout)["delegates"][0]["state"]

    assert state == "cannot work here: no NPU in this machine"
    assert "- plugin 'broken' (object) is left out: it does not say which API" in text


def test_plugins_says_whose_rows_a_table_has(plugins):
    class Adding:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_op_support(self, delegate):
            return [OpSupport("EXP", (1, 1), "int8 -> int8")] if delegate.name == "npu" else []

    plugins.register(Adding(), "more")

    assert "1 from some, 1 from more" in run("plugins").stdout


def test_a_delegate_that_cannot_be_made_stands_in_the_list(plugins, monkeypatch):
    def broken(self, options=None, label=None):
        raise OSError("no such library")

    monkeypatch.setattr(NPU, "__init__", broken)

    assert "cannot be loaded" in run("plugins").stdout


def test_plugins_as_json(plugins):
    plugins.register(object(), "broken")

    found = json.loads(run("plugins", "--json").stdout)

    about = {"name": "some", "module": "Plugin", "package": "", "version": "", "import_seconds": None}
    assert found["plugins"] == [about]
    assert list(found["left_out"]) == ["broken"]
    assert found["delegates"][0] == {
        "name": "npu",
        "plugin": "some",
        "state": "ready",
        "ops": 1,
        "rows": {"some": 1},
        "options": ["precision: 'float32' | 'float16' = 'float32'"],
    }
    assert found["problems"][0]["plugins"] == ["broken"]


# support


def test_support_prints_the_rows_of_a_delegate():
    text = run("support", "reference").stdout

    assert "reference: 2 ops in 2 rows" in text
    assert re.search(r"ABS +1\.\.5 +T -> T, T: float32 \| int8 +1e-05 relative +some", text)
    assert re.search(r"NEG +1\.\.2 +int8\|uint8 -> int8 +1 step +some", text)


def test_support_without_a_name_prints_all_tables():
    text = run("support").stdout

    assert "npu: 1 op in 1 row" in text
    assert "reference: 2 ops in 2 rows" in text


def test_support_as_markdown_escapes_bars():
    assert (
        "| NEG | 1..2 | int8\\|uint8 -> int8 |  | 1 step | some |"
        in run("support", "reference", "--format", "markdown").stdout.splitlines()
    )


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_what_every_row_needs_is_said_once(plugins, form):
    class Adding:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_op_support(self, delegate):
            if delegate.name != "npu":
                return []
            return [OpSupport("EXP", (1, 1), "int8 -> int8", (few_channels,))]

    plugins.register(Adding(), "more")

    text = run("support", "npu", "--format", form).stdout

    assert "Every row needs: at most 8 channels." in text
    assert text.count("at most 8 channels") == 1


def test_support_as_json_has_the_rules():
    (row,) = json.loads(run("support", "npu", "--format", "json").stdout)["npu"]

    assert row == {
        "op": "ABS",
        "versions": [1, 1],
        "types": "float32 -> float32",
        "choices": {},
        "needs": ["at most 8 channels"],
        "steps": 0,
        "rtol": 1e-5,
        "from": "some",
    }


def test_options_change_the_table():
    text = run("support", "npu", "--format", "json", "-o", "npu.precision=float16").stdout

    assert json.loads(text)["npu"][0]["rtol"] == 1e-3


def test_support_of_a_delegate_that_is_not_installed_names_its_package():
    result = run("support", "opencl")

    assert result.exit_code == 1
    assert "It is in the package delegraph-opencl" in result.stderr


def test_options_of_another_delegate_are_an_error():
    result = run("support", "npu", "-o", "reference.precision=float16")

    assert (result.exit_code, result.stderr) == (
        1,
        "error: options for 'reference', but the table is of: npu\n",
    )


def test_support_says_how_two_tables_differ():
    text = run("support", "npu", "--diff", "reference").stdout

    assert re.search(r"ABS +int8 -> int8 +only in the second +1\.\.5", text)
    assert re.search(r"ABS +float32 -> float32 +versions +1 +1\.\.5", text)
    assert re.search(r"ABS +float32 -> float32 +needs +at most 8 channels", text)
    assert re.search(r"NEG +int8 -> int8; uint8 -> int8 +only in the second +1\.\.2", text)
    assert "1 versions, 1 needs, 3 only in the second" in text


def test_support_says_what_other_options_change():
    result = run("support", "npu", "--diff", "npu", "--format", "json", "-o", "npu:2.precision=float16")

    (found,) = json.loads(result.stdout)
    assert found == {
        "op": "ABS",
        "types": ["float32 -> float32"],
        "what": "rtol",
        "first": "1e-05",
        "second": "0.001",
    }


def test_support_compares_what_it_printed_before(tmp_path):
    file = tmp_path / "before.json"
    file.write_text(run("support", "npu", "--format", "json").stdout)

    assert run("support", "npu", "--diff", str(file)).stdout == "no differences\n"


def test_support_compares_two_cards(tmp_path):
    line = {
        "op": "ADD",
        "types": "int8:int8>int8",
        "kind": "delegated",
        "versions": [1, 2],
        "steps": 0,
        "rtol": 0,
        "microseconds": 10,
    }
    slower = {**line, "versions": [1], "microseconds": 30}
    for name, found in (("a", line), ("b", slower)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"delegate": "npu", "lines": [found]}))

    result = run(
        "support", str(tmp_path / "a.json"), "--diff", str(tmp_path / "b.json"), "--format", "json"
    )

    assert [(d["what"], d["first"], d["second"]) for d in json.loads(result.stdout)] == [
        ("versions", "1..2", "1"),
        ("microseconds", "10", "30"),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--diff", "npu"], "--diff needs two delegates or files"),
        (["npu", "--diff", "."], "no delegate '.'"),
        (["npu", "--diff", "npu", "-o", "dsp.a=1"], "options for 'dsp', but compared are: npu, npu:2"),
    ],
)
def test_what_cannot_be_compared_is_an_error(arguments, words):
    result = run("support", *arguments)

    assert result.exit_code == 1
    assert words in result.stderr


def test_a_table_to_compare_with_that_is_not_there_is_a_wrong_call():
    result = run("support", "npu", "--diff", "gone.json")

    assert result.exit_code == 2
    assert "no file 'gone.json'" in result.stderr


# partition


def test_partition_prints_the_report_and_says_in_one_line_that_ops_fell_back(model):
    result = run("partition", model, "--delegates", "npu")

    assert result.exit_code == 0
    assert "0  npu " in result.stdout
    assert "npu was asked for 3 ops and takes 1. The others need:" in result.stdout
    assert result.stderr.splitlines() == [
        "warning: npu does not take 2 of 3 ops (Mul, ABS): they run on reference; "
        "reference does not take 1 of 2 ops (Mul): no delegate does (-v says why)"
    ]


def test_v_says_of_each_op_why_it_fell_back(model):
    by_a_plugin = "(a plugin can add a row for it through the hook delegraph_op_support)"
    assert run("partition", model, "--delegates", "npu", "-v").stderr.splitlines()[1:] == [
        "info: op #1 Mul v1 cannot be handled by npu: "
        f"needs a row for Mul, found none in the table of npu {by_a_plugin}",
        "info: op #1 Mul v1 cannot be handled by reference: "
        f"needs a row for Mul, found none in the table of reference {by_a_plugin}",
        "info: op #2 ABS v1 cannot be handled by npu: needs at most 8 channels, found 16 channels",
    ]


def test_q_turns_the_warnings_off(model):
    assert run("partition", model, "-d", "npu", "-q").stderr == ""


def test_without_delegates_the_reference_delegate_is_asked(model):
    text = run("-q", "partition", model).stdout

    assert "npu" not in text
    assert "reference was asked for 3 ops and takes 2" in text


def test_partition_as_json(model):
    found = json.loads(run("-q", "partition", model, "-d", "npu", "--json").stdout)

    assert found["model"] == model
    assert [p["delegate"] for p in found["subgraphs"][0]["partitions"]] == ["npu", "(nobody)", "reference"]


def test_partition_prints_what_each_delegate_advises(model):
    text = run("-q", "partition", model, "-d", "npu,reference", "--advise").stdout
    assert re.search(r"Advice for npu\n +• keep it to 8 channels: \d+ ops fall back", text)
    assert "Advice" not in run("-q", "partition", model, "-d", "npu,reference").stdout

    found = json.loads(run("-q", "partition", model, "-d", "npu,reference", "--advise", "--json").stdout)
    assert list(found["advice"]) == ["npu", "reference"]
    assert found["advice"]["npu"][0].startswith("keep it to 8 channels")


def test_partition_writes_a_page(model, tmp_path):
    pytest.importorskip("igraph")
    pytest.importorskip("dash_cytoscape")
    page = tmp_path / "plan.html"

    result = run("-q", "partition", model, "-d", "npu", "--html", page)

    assert (result.stdout, result.stderr) == ("", f"{page} written\n")
    assert '"label":"Mul #1"' in page.read_text(encoding="utf-8")


def test_a_page_does_not_overwrite_the_model(model):
    before = Path(model).read_bytes()

    result = run("-q", "partition", model, "--html", model)

    assert result.exit_code == 1
    assert "would be overwritten, and is read" in result.stderr
    assert Path(model).read_bytes() == before


def test_a_page_that_cannot_be_written_is_an_error(model, tmp_path):
    result = run("-q", "partition", model, "--html", f"{model}/plan.html")

    assert result.exit_code == 1
    assert "plan.html' cannot be written: needs a folder" in result.stderr


def test_min_ops_and_max_partitions_are_passed_on(model):
    few = json.loads(run("-q", "partition", model, "-d", "npu", "--json", "--min-ops", "2").stdout)

    assert "npu" not in [p["delegate"] for p in few["subgraphs"][0]["partitions"]]
    assert run("partition", model, "--min-ops", "0").exit_code == 2
    assert run("partition", model, "--max-partitions", "0").exit_code == 2


def test_full_delegation_can_be_required(model):
    result = run("-q", "partition", model, "-d", "npu", "--require-full-delegation")

    assert result.exit_code == 1
    assert result.stderr.startswith(
        "error: full delegation is required, but npu does not take 2 of the model's ops:\n"
        "  op #1 Mul v1 cannot be handled by npu: needs a row for Mul"
    )


def test_one_delegate_may_be_named_twice_with_options_of_its_own(model):
    found = json.loads(
        run("-q", "partition", model, "-d", "npu, npu", "-o", "npu:2.precision=float16", "--json").stdout
    )

    assert [d["label"] for d in found["delegates"]] == ["npu", "npu:2", "reference"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-d", "npu,,npu"], 2, "needs names with commas between them, found 'npu,,npu'"),
        (["-o", "precision=float16"], 2, "needs DELEGATE.NAME=VALUE, found 'precision=float16'"),
        (["-d", "npu", "-o", "npu.precision=int8"], 1, "needs 'float32' | 'float16', found 'int8'"),
        (["-d", "npu", "-o", "gpu.x=1"], 1, "options for 'gpu', but the delegates are: npu, reference"),
        (["-d", "edgetpu"], 1, "pip install delegraph-edgetpu"),
    ],
)
def test_wrong_delegates_and_options_are_told(model, arguments, code, message):
    result = run("partition", model, *arguments)

    assert result.exit_code == code
    assert message in result.stderr


def test_a_file_that_is_no_model_is_told(tmp_path):
    path = tmp_path / "cat.tflite"
    path.write_bytes(b"meow")

    result = run("partition", path)

    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert run("partition", tmp_path / "no.tflite").exit_code == 2


# why


def test_why_tells_operands_refusals_and_who_takes_the_op(model):
    result = run("why", model, "2", "-d", "npu")

    assert result.stdout == (
        "op #2 ABS v1 runs on reference, in partition 2 of 3\n"
        "  input  3 'z': float32 1×16\n"
        "  output 4 't4': float32 1×16\n"
        "  npu does not take it:\n"
        "    needs at most 8 channels, found 16 channels\n"
        "  reference takes it: T -> T, T: float32 | int8, version 1..5 (plugin some)\n"
    )
    assert result.stderr == "", "the answer says it"


def test_why_tells_constants_and_that_nobody_takes_an_op(model):
    text = run("why", model, "0:1", "-d", "npu").stdout

    assert text.startswith("op #1 Mul v1 cannot run: no delegate takes it\n")
    assert "  input  2 'w': float32 4×16, constant\n" in text


def test_why_takes_a_name_for_all_its_ops(model):
    text = run("why", model, "abs").stdout

    assert re.findall(r"^op #(\d)", text, re.MULTILINE) == ["0", "2"]


def test_why_names_what_there_is_if_there_is_no_such_op(model):
    for op in ("7", "1:0", "CONV_2D"):
        result = run("why", model, op)
        assert result.exit_code == 1
        assert f"no op '{op}' in {model}; indices: subgraph 0: 0..2; names: ABS, Mul" in result.stderr


def test_why_tells_quantization_absent_operands_and_core(tmp_path):
    g = Builder()
    x = g.input((1, 2), "int8", "x", scale=0.5, zero_point=3)
    w = g.constant([[1, 2], [3, 4]], "int8", "w", scale=[0.1, 0.2], zero_point=[0, 0])
    g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 2), "int8", "y", scale=1.0, zero_point=0)])
    g.op("VAR_HANDLE", [], [g.tensor((), "resource", "v")], shared_name="v")
    path = tmp_path / "model.tflite"
    path.write_bytes(write_model(g.model()))

    assert run("why", path, "0").stdout.splitlines()[1:5] == [
        "  input  0 'x': int8 1×2, scale 0.5, zero point 3",
        "  input  1 'w': int8 2×2, 2 scales, constant",
        "  input  absent",
        "  output 2 'y': int8 1×2, scale 1, zero point 0",
    ]
    assert "runs in core, as do control flow, variables and resources" in run("why", path, "1").stdout


def test_why_tells_of_an_op_that_is_computed_beforehand(plugins):
    g = Builder()
    x = g.input((1,), "float32", "x")
    y = g.op("ABS", [x], [g.tensor((1,), "float32", "y")])
    g.op("ABS", [y], [g.tensor((1,), "float32", "z")])
    graph = g.model().subgraphs[0]
    rest = attrs.evolve(graph, ops=graph.ops[1:], folded=graph.ops[:1], inputs=graph.ops[1].inputs)
    plan = partition(Model((rest,)), [plugins.load("npu")], plugins=plugins)

    assert list(explanation(plan, 0, 0))[:2] == [
        "op #0 ABS v1 runs nowhere: its inputs are constant, so it is computed beforehand",
        "  input  0 'x': float32 1",
    ]


# The pages about them


@pytest.mark.parametrize("name", ["plugins", "support", "partition", "why"])
def test_the_documentation_names_every_command_and_option(name):
    if not PAGE.exists():
        pytest.skip("the documentation is not here")
    page = PAGE.read_text(encoding="utf-8")

    assert f"## `delegraph {name}" in page
    for parameter in main.get_command(None, name).params:
        for option in (o for o in parameter.opts if o.startswith("-")):
            assert f"`{option}" in page, option


def test_why_as_json_and_csv_has_refusals(model):
    words = ("why", model, "2", "-d", "npu")
    (answer,) = json.loads(run(*words, "--json").stdout)
    assert (answer["subgraph"], answer["index"], answer["name"]) == (0, 2, "ABS")
    assert answer["runs_on"] == "reference"
    (refusal,) = answer["refusals"]
    assert (refusal["rule"], refusal["found"]) == ("at most 8 channels", "16 channels")
    (row,) = csv.DictReader(run(*words, "--csv").stdout.splitlines())
    assert (row["runs_on"], row["delegate"], row["rule"]) == ("reference", "npu", "at most 8 channels")


def test_partition_as_csv_has_every_op_and_refusal(model):
    rows = list(csv.DictReader(run("-q", "partition", model, "-d", "npu", "--csv").stdout.splitlines()))
    assert [(r["index"], r["runs_on"], r["delegate"], r["rule"]) for r in rows if r["index"] != "1"] == [
        ("0", "npu", "", ""),
        ("2", "reference", "npu", "at most 8 channels"),
    ]
    assert {r["delegate"] for r in rows if r["index"] == "1"} == {"npu", "reference"}
