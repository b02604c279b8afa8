"""Plugins while they are imported: what they print, how long they take, what they do to the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from delegraph import DelegateUnavailable, UnsupportedOps
from delegraph.cli import main
from delegraph.interpreter import Interpreter
from delegraph.model import Builder
from delegraph.plugins import Plugins, imports, resolve_delegates

GOOD = """
from delegraph import Delegate, OpSupport, hookimpl, run_op_by_op
DELEGRAPH_API = 1
class Good(Delegate):
    name = "{name}"
    def prepare(self, partition):
        return run_op_by_op(partition, lambda op: lambda x: (-x,))
@hookimpl
def delegraph_delegates(): return [Good]
@hookimpl
def delegraph_op_support(delegate): return [OpSupport("NEG", (1, 9), "float32 -> float32")]
"""
BAD = {
    "crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "leaves": "import os; os._exit(0)",
    "exits": "raise SystemExit(5)",
    "panics": "class Panic(BaseException): pass\nraise Panic('at src/lib.rs')",
    "fails": "import no_such_driver",
}
ENDS = ("crashes", "leaves")


@pytest.fixture
def folder(tmp_path):
    """Return a function that publishes modules as plugins of distributions of their names."""

    def publish(**sources):
        for name, source in sources.items():
            (tmp_path / f"some_{name}.py").write_text(source)
            info = tmp_path / f"delegraph_{name}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: delegraph-{name}\nVersion: 1.0\n")
            (info / "entry_points.txt").write_text(f"[delegraph]\n{name} = some_{name}\n")
        return tmp_path

    return publish


@pytest.fixture
def installed(folder, monkeypatch):
    """Return a function that publishes modules and reads them in this process."""

    def install(**sources):
        monkeypatch.syspath_prepend(folder(**sources))
        Plugins.forget()
        return Plugins.installed()

    yield install
    Plugins.forget()


def command(folder, *words, off=()):
    """Run ``delegraph`` in a process that has the plugins of a folder alone."""
    others = [ep.name for ep in imports.published()]
    path = os.pathsep.join([str(folder), *sys.path])
    return subprocess.run(
        [sys.executable, "-m", "delegraph", *words],
        env={**os.environ, "PYTHONPATH": path, "DELEGRAPH_PLUGINS_OFF": ",".join([*others, *off])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def negation():
    g = Builder()
    return g.model([g.op("NEG", [g.input((2,), "float32")], [g.tensor((2,), "float32")])])


@pytest.mark.parametrize("how", [how for how in BAD if how not in ENDS])
def test_one_that_cannot_be_imported_refuses_every_op(installed, how):
    plugins = installed(good=GOOD.format(name="good"), bad=BAD[how])
    with Interpreter(model=negation(), delegates=["bad", "good"], plugins=plugins) as i:
        assert i([1, 2]).tolist() == [-1, -2]
        (refused,) = [f for f in i.plan.fallbacks if f.delegate == "bad"]
        assert [r.kind for r in refused.refusals] == ["unavailable"]
        assert "could not be imported" in str(refused)
        assert "bad cannot work here and takes no op" in str(i.plan)


def test_full_delegation_to_one_that_cannot_be_imported_is_refused(installed):
    plugins = installed(good=GOOD.format(name="good"), bad=BAD["fails"])
    with (
        Interpreter(
            model=negation(), delegates=["bad", "good"], plugins=plugins, require_full_delegation=True
        ) as i,
        pytest.raises(UnsupportedOps, match=r"bad cannot work here: .* no_such_driver|No module named"),
    ):
        i.allocate_tensors()


def test_nobody_is_left_where_it_was_asked_for_alone(installed, monkeypatch):
    plugins = installed(bad=BAD["fails"])
    monkeypatch.setattr("delegraph.plugins.load.REFERENCE", "nobody")
    with pytest.raises(DelegateUnavailable, match="no_such_driver"):
        resolve_delegates(["bad"], plugins=plugins, must_run=True)


def test_what_a_plugin_prints_goes_to_stderr(installed, capsys):
    installed(chatty="print('hello')\n" + GOOD.format(name="chatty"))
    found = capsys.readouterr()
    assert "hello" not in found.out
    assert "hello" in found.err


def test_a_name_belongs_to_the_distribution_of_that_name(installed):
    plugins = installed(npu=GOOD.format(name="npu"), a=GOOD.format(name="npu"))
    delegate = plugins.load("npu")
    assert type(delegate).__module__ == "some_npu"
    assert [row.origin for row in delegate.table.rows] == ["npu"]
    assert "plugins 'a' and 'npu' both offer a delegate 'npu'; that of 'npu' is used" in {
        p.message for p in plugins.problems
    }


def test_the_loser_of_a_name_has_its_own_rows_where_a_program_makes_it(installed):
    plugins = installed(npu=GOOD.format(name="npu"), a=GOOD.format(name="npu"))
    plugins.delegates()
    loser = plugins.with_table(sys.modules["some_a"].Good())
    assert [row.origin for row in loser.table.rows] == ["a"]


def test_the_check_names_who_ends_the_process_and_goes_on(folder):
    ends = {how: BAD[how] for how in ENDS}
    found = command(folder(good=GOOD.format(name="good"), **ends), "plugins", "--check", "--json")
    assert found.returncode == 1
    for how in ENDS:
        assert f"plugin '{how}' is left out: its import ends the process" in found.stdout
    assert '"name": "good"' in found.stdout


ENDING = """
import ctypes, os, time
from delegraph import Delegate, hookimpl
DELEGRAPH_API = 1
class Ending(Delegate):
    name = "{name}"
    def prepare(self, partition): raise NotImplementedError
    def {method}: {method_ends}
@hookimpl
def delegraph_delegates(): return [Ending]
@hookimpl
def {hook}: {hook_ends}
"""
WAYS = {
    "os._exit(0)": "ends the process (exit code 0)",
    "os._exit(3)": "ends the process (exit code 3)",
    "os.abort()": "ends the process (signal 6)",
    "ctypes.string_at(0)": "ends the process (signal 11)",
    "time.sleep(3600)": "takes more than 4 s",
}
HOOKS = {  # the name of the plugin: the hook that ends the process, and how
    "one": ("delegraph_op_support(delegate)", "ctypes.string_at(0)"),
    "two": ("delegraph_veto(op, delegate)", "os.abort()"),
    "three": ("delegraph_partitioned(plan)", "time.sleep(3600)"),
    "four": ("delegraph_commands(cli)", "os._exit(0)"),
    "five": ("delegraph_conformance_cases()", "os._exit(3)"),
}
METHODS = {
    "six": ("__init__(self, options, label)", "os._exit(0)"),
    "seven": ("adapted(self, model)", "os._exit(3)"),
    "eight": ("close(self)", "ctypes.string_at(0)"),
}


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_the_check_names_every_hook_and_method_that_ends_the_process_or_never_returns(folder, monkeypatch):
    unused = {"hook": "delegraph_x()", "hook_ends": "pass", "method": "x(self)", "method_ends": "pass"}
    sources = {
        **{n: {**unused, "hook": what, "hook_ends": how} for n, (what, how) in HOOKS.items()},
        **{n: {**unused, "method": what, "method_ends": how} for n, (what, how) in METHODS.items()},
    }
    others = [ep.name for ep in imports.published()]
    texts = {name: ENDING.format(name=name, **source) for name, source in sources.items()}
    path = folder(good=GOOD.format(name="good"), **texts)
    monkeypatch.syspath_prepend(path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("DELEGRAPH_PLUGINS_OFF", ",".join(others))
    monkeypatch.setattr("delegraph.cli.plugins_check.PATIENCE", 4.0)
    Plugins.forget()
    found = CliRunner().invoke(main, ["plugins", "--check", "--json"])
    Plugins.forget()
    told = json.loads(found.output)
    said = [problem["message"] for problem in told["problems"]]
    for name, (what, how) in {**HOOKS, **METHODS}.items():
        whose = f"{what.split('(')[0]}() of delegate '{name}'" if name in METHODS else what.split("(")[0]
        assert f"plugin {name!r} is left out: its {whose} {WAYS[how]}" in said
    assert [delegate["name"] for delegate in told["delegates"]] == ["good"]
    assert found.exit_code == 1


def test_a_crash_names_the_plugin_and_the_way_out(folder):
    found = command(folder(bad=BAD["crashes"]), "plugins")
    assert found.returncode < 0
    assert "<import of plugin 'bad'; -p no:bad leaves it out>" in found.stderr


@pytest.mark.parametrize("way", [{"off": ["bad"]}, {}], ids=["variable", "option"])
def test_a_plugin_that_is_left_out_is_not_imported(folder, way):
    words = [] if way else ["-p", "no:bad"]
    found = command(folder(bad=BAD["crashes"]), *words, "plugins", **way)
    assert found.returncode == 0
    assert (
        "plugin 'bad' (some_bad): it is turned off, by -p no:bad or DELEGRAPH_PLUGINS_OFF" in found.stdout
    )


WRONG_NAMES = {"bad": "it needs no:NAME", "no:x": "no plugin 'x'; installed: "}


@pytest.mark.parametrize("word", WRONG_NAMES)
def test_a_wrong_name_is_a_wrong_call(word):
    result = CliRunner().invoke(main, ["-p", word, "plugins"])
    assert result.exit_code == 2
    assert WRONG_NAMES[word] in result.output


def test_a_slow_import_is_named(folder):
    slow = "import time; time.sleep(1.1)\n" + GOOD.format(name="slow")
    assert "plugin 'slow' takes 1." in command(folder(slow=slow), "plugins").stdout
