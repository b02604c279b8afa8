"""Plugins that behave, and plugins that do not: the others go on, and somebody is told."""

from __future__ import annotations

import logging
import re
from types import SimpleNamespace
from typing import Literal

import pytest
from attrs import frozen
from delegraph import Delegate, OpSupport, hookimpl
from delegraph.errors import DelegateUnavailable, InputError, OptionError, PluginError, UnknownDelegate
from delegraph.model import Builder
from delegraph.plugins import Plugins, label_apart, load_delegate, resolve_delegates


class Fast(Delegate):
    name = "fast"

    def prepare(self, partition):
        raise NotImplementedError


class Reference(Fast):
    name = "reference"


def offering(*classes):
    """Return a plugin that offers delegates and has no rows."""

    class Offering:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_delegates(self):
            return list(classes)

    return Offering()


def claiming(*rows, delegate="fast"):
    """Return a plugin that adds rows to one delegate's table."""

    class Claiming:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_op_support(self, delegate):
            return list(rows) if delegate.name == wanted else []

    wanted = delegate
    return Claiming()


def plugins_of(**named):
    plugins = Plugins()
    for name, plugin in named.items():
        plugins.register(plugin, name)
    return plugins


def only_problem(plugins):
    (problem,) = plugins.problems
    return problem.message


# What works


def test_a_delegate_is_loaded_by_name_with_the_rows_of_every_plugin():
    rows = OpSupport("ADD", (1, 1), "int8 int8 -> int8"), OpSupport("MUL", (1, 1), "int8 int8 -> int8")
    plugins = plugins_of(fast=offering(Fast), adds=claiming(rows[0]), multiplies=claiming(rows[1]))

    fast = plugins.load("fast")

    assert isinstance(fast, Fast)
    assert [(row.op, row.origin) for row in fast.table.rows] == [("ADD", "adds"), ("MUL", "multiplies")]
    assert plugins.problems == []


def test_rows_may_depend_on_the_options_of_the_instance():
    @frozen
    class Options:
        quantized: bool = False

    class Choosy(Fast):
        name = "choosy"

    Choosy.Options = Options

    class Plugin:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_delegates(self):
            return [Choosy]

        @hookimpl
        def delegraph_op_support(self, delegate):
            return [OpSupport("ADD", (1, 1), "int8 int8 -> int8")] if delegate.options.quantized else []

    plugins = plugins_of(choosy=Plugin())

    assert len(plugins.load("choosy", {"quantized": "true"}).table.rows) == 1
    assert len(plugins.load("choosy").table.rows) == 0


@pytest.mark.parametrize(
    "library",
    ["libedgetpu.so.1", "/usr/lib/x86_64-linux-gnu/libedgetpu.so.1", "C:\\coral\\edgetpu.dll", "edgetpu"],
)
def test_the_library_names_of_litert_programs_are_known(library):
    class EdgeTPU(Fast):
        name = "edgetpu"

    assert plugins_of(x=offering(EdgeTPU)).load(library).name == "edgetpu"


def test_load_delegate_takes_the_installed_plugins(monkeypatch):
    plugins = plugins_of(fast=offering(Fast))
    monkeypatch.setattr(Plugins, "installed", staticmethod(lambda: plugins))

    assert load_delegate("fast", label="mine").label == "mine"


def test_implementations_are_asked_in_the_order_of_plugin_names():
    asked = []

    def plugin(name):
        class Plugin:
            DELEGRAPH_API = 1

            @hookimpl
            def delegraph_partitioned(self, plan):
                asked.append(name)

        return Plugin()

    plugins_of(b=plugin("b"), c=plugin("c"), a=plugin("a")).partitioned(None)

    assert asked == ["a", "b", "c"]


def test_the_reasons_of_all_vetoes_are_kept():
    def vetoing(reason):
        class Vetoing:
            DELEGRAPH_API = 1

            @hookimpl
            def delegraph_veto(self, op):
                return reason

        return Vetoing()

    veto = plugins_of(a=vetoing("wrong numbers"), b=vetoing(None), c=vetoing("too slow")).veto()

    assert veto(None, None) == ["a veto by plugin 'a': wrong numbers", "a veto by plugin 'c': too slow"]


def test_without_a_plugin_that_vetoes_nobody_is_asked():
    assert plugins_of(fast=offering(Fast)).veto() is None


# Choosing delegates


def test_what_others_leave_over_goes_to_the_reference_delegate():
    plugins = plugins_of(fast=offering(Fast, Reference))

    assert [d.name for d in resolve_delegates(["fast"], plugins=plugins)] == ["fast", "reference"]
    assert [d.name for d in resolve_delegates("fast", plugins=plugins)] == ["fast", "reference"]
    assert [d.name for d in resolve_delegates(plugins=plugins)] == ["reference"]
    assert [d.name for d in resolve_delegates(["reference", "fast"], plugins=plugins)] == [
        "reference",
        "fast",
    ]


def test_without_the_reference_delegate_nothing_is_appended():
    assert [d.name for d in resolve_delegates(["fast"], plugins=plugins_of(x=offering(Fast)))] == ["fast"]


def test_the_default_without_the_reference_delegate_names_its_package():
    with pytest.raises(UnknownDelegate, match="pip install delegraph-reference"):
        resolve_delegates(plugins=Plugins())


def test_the_same_delegate_twice_gets_two_labels_and_options_go_by_label():
    @frozen
    class Options:
        device: int = 0

    class Chip(Fast):
        name = "chip"

    Chip.Options = Options

    found = resolve_delegates(["chip", "chip"], {"chip:2": {"device": "1"}}, plugins_of(x=offering(Chip)))

    assert [(d.label, d.options.device) for d in found] == [("chip", 0), ("chip:2", 1)]


def test_options_for_a_delegate_that_is_not_there_are_an_error():
    with pytest.raises(InputError, match="options for 'slow', but the delegates are: fast"):
        resolve_delegates(["fast"], {"slow": {}}, plugins_of(x=offering(Fast)))


def test_labels_that_collide_are_numbered_and_others_stay():
    delegates = [Fast(), Fast(label="mine"), Fast(), Fast(label="fast:2")]

    label_apart(delegates)

    assert [d.label for d in delegates] == ["fast", "mine", "fast:2", "fast:2:2"]


def test_one_instance_twice_keeps_its_label():
    fast = Fast()

    label_apart([fast, fast])

    assert fast.label == "fast"


def test_a_delegate_without_device_takes_no_op_and_a_warning_says_so(caplog):
    class Absent(Fast):
        name = "absent"

        def unavailable(self):
            return "no NPU on this machine; plug one in"

    plugins = plugins_of(x=offering(Absent, Reference))

    found = resolve_delegates(["absent"], plugins=plugins, must_run=True)

    assert [d.out_of_use for d in found] == ["no NPU on this machine; plug one in", None]
    told = (
        "delegate 'absent' cannot work here: no NPU on this machine; plug one in; reference is used instead"
    )
    assert only_problem(plugins) == told
    assert caplog.messages == [told]


def test_if_no_delegate_can_work_here_that_is_an_error():
    class Absent(Fast):
        def unavailable(self):
            raise OSError("libOpenCL.so.1 not found")

    with pytest.raises(
        DelegateUnavailable, match=r"unavailable\(\) of .* failed: OSError: libOpenCL\.so\.1 not found"
    ):
        resolve_delegates(["fast"], plugins=plugins_of(x=offering(Absent)), must_run=True)


# What does not work


def test_an_unknown_delegate_is_an_error_that_lists_the_installed_ones_and_its_package():
    with pytest.raises(UnknownDelegate) as e:
        plugins_of(x=offering(Fast, Reference)).load("opencl")

    assert str(e.value) == (
        "no delegate 'opencl'; installed: fast, reference. "
        "It is in the package delegraph-opencl: pip install delegraph-opencl"
    )


def test_a_misspelt_delegate_is_an_error_that_knows_better():
    with pytest.raises(UnknownDelegate, match="did you mean 'fast'"):
        plugins_of(x=offering(Fast)).load("fats")


def test_a_shared_library_is_an_error_that_says_what_delegates_are():
    with pytest.raises(UnknownDelegate, match="pip install delegraph-litert") as e:
        Plugins().load("/opt/libfoo_delegate.so")
    assert isinstance(e.value, OSError)  # as LiteRT raises of a library that is not there


@frozen
class GpuOptions:
    precision: Literal["float32", "auto"] = "float32"
    max_partitions: int | None = None


class Gpu(Fast):
    name = "opencl"
    Options = GpuOptions


def test_options_of_a_native_library_are_taken_where_they_have_a_meaning(caplog):
    plugins = plugins_of(x=offering(Gpu))
    given = {
        "is_precision_loss_allowed": True,
        "max_delegated_partitions": "2",
        "inference_preference": "1",
    }
    delegate = plugins.load("/opt/libtensorflowlite_gpu_delegate.so", given)
    assert delegate.options == GpuOptions("auto", 2)
    (said,) = [r.getMessage() for r in caplog.records]
    assert "option 'inference_preference' of the library /opt/libtensorflowlite_gpu_delegate.so" in said
    with pytest.raises(OptionError, match="inference_preference"):
        plugins.load("opencl", {"inference_preference": "1"})  # under its own name a delegate knows its own


@pytest.mark.parametrize(
    ("api", "message"),
    [
        (None, "it does not say which API it is written for (DELEGRAPH_API = 1)"),
        (2, "it is written for DELEGRAPH_API = 2, this delegraph has 1; upgrade the older of the two"),
    ],
)
def test_a_plugin_of_another_api_is_left_out(api, message):
    plugin = offering(Fast)
    plugin.DELEGRAPH_API = api

    plugins = plugins_of(fast=plugin, other=offering(Reference))

    assert only_problem(plugins) == f"plugin 'fast' (Offering) is left out: {message}"
    assert list(plugins.delegates()) == ["reference"]
    with pytest.raises(DelegateUnavailable, match="its plugin 'fast'"):
        plugins.load("fast")


def test_a_hook_that_asks_for_an_unknown_argument_leaves_its_plugin_out():
    class Plugin:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_veto(self, op, device):
            return None

    plugins = plugins_of(bad=Plugin(), fast=offering(Fast))

    assert only_problem(plugins) == (
        "plugin 'bad' (Plugin) is left out: its delegraph_veto asks for the argument 'device'; "
        "this hook's arguments: op, delegate"
    )
    assert plugins.veto() is None
    assert "fast" in plugins.delegates()


def test_a_misspelt_hook_is_a_problem_and_the_plugins_other_hooks_serve():
    class Plugin:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_delegates(self):
            return [Fast]

        @hookimpl
        def delegraph_op_suport(self, delegate):
            return []

    plugins = plugins_of(p=Plugin())

    assert only_problem(plugins) == (
        "plugin 'p' (Plugin): there is no hook delegraph_op_suport, so it is never called; "
        "did you mean delegraph_op_support?"
    )
    assert "fast" in plugins.delegates()


def test_a_hook_without_its_mark_is_a_problem():
    class Plugin:
        DELEGRAPH_API = 1

        def delegraph_delegates(self):
            return [Fast]

    assert "its delegraph_delegates is not marked with @hookimpl" in only_problem(plugins_of(p=Plugin()))


def test_a_wrapper_is_a_problem_and_is_not_called():
    class Plugin:
        DELEGRAPH_API = 1

        @hookimpl(hookwrapper=True)
        def delegraph_veto(self, op):
            yield

    plugins = plugins_of(p=Plugin())

    assert "its delegraph_veto is a wrapper" in only_problem(plugins)
    assert plugins.veto() is None


def test_two_plugins_of_one_name_are_a_problem():
    plugins = plugins_of(p=offering(Fast))
    plugins.register(offering(Reference), "p")

    assert "there is another plugin of this name: 'p' (Offering)" in only_problem(plugins)


def test_one_plugin_under_two_names_is_a_problem():
    plugin = offering(Fast)

    plugins = plugins_of(a=plugin, b=plugin)

    assert (
        only_problem(plugins)
        == "plugin 'b' (Offering) is left out: it is the plugin 'a' under another name"
    )


def test_of_two_delegates_of_one_name_the_first_plugins_is_used():
    class Other(Fast):
        pass

    plugins = plugins_of(b=offering(Other), a=offering(Fast))

    assert type(plugins.load("fast")) is Fast
    assert only_problem(plugins) == "plugins 'a' and 'b' both offer a delegate 'fast'; that of 'a' is used"


@pytest.mark.parametrize(
    ("offered", "needs"),
    [
        (Fast(), "delegate classes, found <delegate fast>"),
        (int, "delegate classes, found <class 'int'>"),
        (type("Nameless", (Delegate,), {}), "classes with a name, found Nameless without one"),
    ],
)
def test_what_is_no_delegate_class_is_ignored(offered, needs):
    plugins = plugins_of(p=offering(offered, Reference))

    assert list(plugins.delegates()) == ["reference"]
    assert only_problem(plugins) == f"delegraph_delegates of plugin 'p' needs {needs}; it is ignored"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (7, "needs to return a list, found 7"),
        (RuntimeError("driver too old"), "failed: RuntimeError: driver too old"),
    ],
)
def test_a_hook_that_raises_or_returns_rubbish_is_a_problem_and_the_others_go_on(answer, said, caplog):
    class Plugin:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_op_support(self, delegate):
            if isinstance(answer, Exception):
                raise answer
            return answer

    plugins = plugins_of(
        bad=Plugin(), fast=offering(Fast), good=claiming(OpSupport("ADD", (1, 1), "int8 int8 -> int8"))
    )

    assert [row.op for row in plugins.load("fast").table.rows] == ["ADD"]
    plugins.load("fast")
    assert only_problem(plugins) == f"delegraph_op_support of plugin 'bad' {said}; it is ignored"
    assert len(caplog.records) == 1, "logged once"
    assert (caplog.records[0].name, caplog.records[0].levelno) == ("delegraph", logging.WARNING)


@pytest.mark.parametrize(
    ("row", "needs"),
    [
        ("ADD", "OpSupport rows, found 'ADD'"),
        (
            OpSupport("ADD", (1, 1), "int8 int9 -> int8"),
            "rows that can be read, found one for ADD: .*no type 'int9'",
        ),
    ],
)
def test_a_row_that_is_none_is_ignored_and_the_others_serve(row, needs):
    good = OpSupport("MUL", (1, 1), "int8 int8 -> int8")
    plugins = plugins_of(fast=offering(Fast), rows=claiming(row, good))

    assert [row.op for row in plugins.load("fast").table.rows] == ["MUL"]
    assert re.search(needs, only_problem(plugins))


def test_of_conflicting_rows_those_of_the_delegates_own_plugin_serve():
    own = OpSupport("ADD", (1, 2), "T T -> T", T="int8 int16")

    class Own:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_delegates(self):
            return [Fast]

        @hookimpl
        def delegraph_op_support(self, delegate):
            return [own]

    plugins = plugins_of(own=Own(), another=claiming(OpSupport("ADD", (2, 3), "int16 int16 -> int16")))

    assert [row.origin for row in plugins.load("fast").table.rows] == ["own"]
    assert only_problem(plugins) == (
        "plugins 'another' and 'own' both claim ADD with int16 int16 -> int16 on delegate 'fast' "
        "(versions 2..3 and 1..2); the row of 'own' serves"
    )


def test_a_constructor_that_raises_is_an_error_that_names_the_plugin():
    class Broken(Fast):
        def __init__(self, options=None, label=None):
            raise KeyError("HOME")

    with pytest.raises(
        PluginError, match=r"delegate 'fast' of plugin 'p' \(Offering\) could not be made: KeyError"
    ):
        plugins_of(p=offering(Broken)).load("fast")


def test_a_wrong_option_is_an_option_error():
    with pytest.raises(OptionError, match="delegate 'fast' has no option 'speed'"):
        plugins_of(p=offering(Fast)).load("fast", {"speed": 3})


# Entry points


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Return a function that installs modules as plugins and reads them; sources by name."""

    def install(**sources):
        monkeypatch.syspath_prepend(tmp_path)
        lines = ["[delegraph]"]
        for name, source in sources.items():
            (tmp_path / f"some_{name}.py").write_text(source)
            lines.append(f"{name} = some_{name}")
        info = tmp_path / "some_package-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-package\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text("\n".join(lines))
        Plugins.installed.cache_clear()
        return Plugins.installed()

    yield install
    Plugins.installed.cache_clear()


GOOD = """
from delegraph import Delegate, hookimpl
DELEGRAPH_API = 1
class Good(Delegate):
    name = "good"
    def prepare(self, partition): ...
@hookimpl
def delegraph_delegates(): return [Good]
"""


def test_plugins_are_found_by_their_entry_points(installed):
    plugins = installed(good=GOOD)

    assert plugins.load("good").name == "good"
    plugin = plugins.registered["good"]
    assert (plugin.value, plugin.distribution, plugin.version) == ("some_good", "some-package", "1.2")


def test_the_installed_plugins_are_read_once(installed):
    assert installed(good=GOOD) is Plugins.installed()


@pytest.mark.parametrize("source", ["import no_such_driver", "raise SystemExit('no licence')"])
def test_a_plugin_that_cannot_be_imported_is_named_when_its_delegate_is_asked_for(installed, source):
    plugins = installed(good=GOOD, bad=source)

    assert plugins.load("good").name == "good"
    with pytest.raises(
        DelegateUnavailable, match=r"its plugin 'bad' \(some_bad\) is left out: it could not be imp"
    ):
        plugins.load("bad")
    with pytest.raises(UnknownDelegate, match="Plugin 'bad'"):
        plugins.load("other")


# The packages that are known by name


def test_an_op_whose_type_is_in_a_package_that_is_not_installed_is_told_so(monkeypatch):
    from delegraph.contract import packages

    monkeypatch.setattr(packages, "find_spec", lambda module: None)
    plugins = plugins_of(x=offering(Reference), rows=claiming(delegate="reference"))
    g = Builder()
    x = g.input((1,), "int16")
    g.op("RELU", [x], [g.tensor((1,), "int16")])
    op = g.model().subgraphs[0].ops[0]

    (refusal,) = plugins.load("reference").table.refusals(op)

    assert refusal.hint == "int16 is in the package delegraph-int16"


def test_a_custom_op_of_a_package_that_is_not_installed_names_it(monkeypatch):
    from delegraph.contract import packages

    monkeypatch.setattr(packages, "find_spec", lambda module: None)
    plugins = plugins_of(x=offering(Reference), rows=claiming(delegate="reference"))
    g = Builder()
    x = g.input((1,), "int8")
    g.op("edgetpu-custom-op", [x], [g.tensor((1,), "int8")])
    op = g.model().subgraphs[0].ops[0]

    (refusal,) = plugins.load("reference").table.refusals(op)

    assert refusal.hint == "edgetpu-custom-op is in the package delegraph-edgetpu"


def test_a_package_that_is_installed_is_no_way_out(monkeypatch):
    from delegraph.contract import packages

    monkeypatch.setattr(packages, "find_spec", lambda module: SimpleNamespace())

    assert packages.hint_for("reference", "RELU", "int16 -> int16") == ""


def test_a_refusal_names_the_plugins_whose_rows_are_missing():
    class Failing:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_op_support(self, delegate):
            raise OSError("no such driver")

    class Old:
        DELEGRAPH_API = 0

    plugins = plugins_of(a=offering(Fast), b=Failing(), c=Old())
    g = Builder()
    x = g.input((1,), "float32")
    graph = g.model([g.op("EXP", [x], [g.tensor((1,), "float32")])]).subgraphs[0]
    (refusal,) = plugins.load("fast").table.refusals(graph.ops[0])
    assert str(refusal) == (
        "needs a row for EXP, found none in the table of fast (delegraph_op_support of plugin 'b' failed: "
        "OSError: no such driver; it is ignored; plugin 'c' (Old) is left out: it is written for "
        "DELEGRAPH_API = 0, this delegraph has 1; upgrade the older of the two)"
    )


# Rows and classes, checked when they are collected

GOOD_ROW = OpSupport("MUL", (1, 1), "int8 int8 -> int8")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"versions": 1}, "versions is two integers in order, found 1"),
        ({"versions": (2, 1)}, r"versions is two integers in order, found \(2, 1\)"),
        ({"versions": (1, 2.0)}, r"versions is two integers in order, found \(1, 2.0\)"),
        ({"versions": (True, 2)}, r"versions is two integers in order, found \(True, 2\)"),
        ({"op": ""}, "op is the name of an op, found ''"),
        ({"types": None}, "types is a text, found None"),
        ({"types": "int8"}, "rows that can be read, found one for ADD: .*exactly one '->'"),
        ({"constraints": [len]}, "constraints is made of what needs"),
        ({"constraints": 7}, "constraints is made of what needs"),
        ({"steps": -1}, "steps is a number of 0 or more, found -1"),
        ({"rtol": float("nan")}, "rtol is a number of 0 or more, found nan"),
        ({"rtol": "1e-3"}, "rtol is a number of 0 or more, found '1e-3'"),
        ({"T": ["int8"]}, "T is a text"),
        ({"shapes": [1, 2]}, "shapes is a function or None"),
        ({"kernel": "add"}, "kernel is a function, an object or None, found 'add'"),
    ],
)
def test_a_bad_row_is_left_out_and_named_with_its_plugin_and_place(wrong, said):
    row = OpSupport(**{"op": "ADD", "versions": (1, 1), "types": "int8 int8 -> int8", **wrong})
    plugins = plugins_of(fast=offering(Fast), rows=claiming(GOOD_ROW, row, GOOD_ROW))

    assert [row.op for row in plugins.load("fast").table.rows] == ["MUL", "MUL"]
    assert re.search(said, only_problem(plugins))
    assert "delegraph_op_support of plugin 'rows' for delegate 'fast' needs " in only_problem(plugins)
    assert "in row 1; it is ignored" in only_problem(plugins)


@pytest.mark.parametrize("name", ["", " ", "a,b", "a:b", "core", " a", "x" * 101])
def test_a_name_that_users_cannot_type_is_no_name(name):
    plugins = plugins_of(p=offering(type("Named", (Fast,), {"name": name}), Reference))

    assert list(plugins.delegates()) == ["reference"]
    assert "needs classes with a name" in only_problem(plugins)


@pytest.mark.parametrize("member", [{"Options": int}, {"dynamic": "no"}, {"contiguous": None}])
def test_a_class_with_a_wrong_member_is_named_when_it_is_asked_for(member):
    plugins = plugins_of(p=offering(type("Wrong", (Fast,), member), Reference))

    with pytest.raises(DelegateUnavailable, match=f"delegate 'fast': .*classes with {next(iter(member))}"):
        plugins.load("fast")


def test_a_delegate_that_does_not_call_the_constructor_of_its_base_is_told_so():
    class Forgetful(Fast):
        def __init__(self, options=None, label=None):
            pass

    with pytest.raises(PluginError, match=r"__init__\(\) of .* needs to call super\(\).__init__"):
        plugins_of(p=offering(Forgetful)).load("fast")
    with pytest.raises(PluginError, match=r"needs to call super\(\)"):
        resolve_delegates([Forgetful()], plugins=plugins_of(p=offering(Forgetful)))


def test_a_ctrl_c_passes():
    class Interrupted(Fast):
        def unavailable(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resolve_delegates(["fast"], plugins=plugins_of(p=offering(Interrupted)), must_run=True)
