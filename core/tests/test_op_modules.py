"""Rows from a package of one module per op: a module is imported when its op is asked for."""

from __future__ import annotations

import sys
import zipfile

import pytest
from delegraph import Builder, Delegate, OpSupport, SupportTable, hookimpl, rows_of_modules
from delegraph.plugins import Plugins

ROW = "from delegraph import OpSupport\nSUPPORT = [OpSupport({!r}, (1, 1), 'int8 -> int8')]\n"


class Fast(Delegate):
    name = "fast"

    def prepare(self, partition):
        raise NotImplementedError


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that makes a package of modules and returns its rows, and how to see imports."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(name, table=None, **modules):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        for module, source in modules.items():
            (folder / f"{module}.py").write_text(source)
        return rows_of_modules(name, [str(folder)], lambda module: module.SUPPORT, "fast", table)

    return make


def imported(package):
    return sorted(name.partition(".")[2] for name in sys.modules if name.startswith(f"{package}."))


def negation(dtype):
    g = Builder()
    g.op("NEG", [g.input((2,), dtype)], [g.tensor((2,), dtype)])
    return g.model().subgraphs[0].ops[0]


def plugin(rows):
    class Plugin:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_delegates(self):
            return [Fast]

        @hookimpl
        def delegraph_op_support(self, delegate):
            return rows

    return Plugin()


def plugins_of(**rows):
    plugins = Plugins()
    for name, found in rows.items():
        plugins.register(plugin(found), name)
    return plugins


def test_a_module_is_imported_when_its_op_is_asked_for(package):
    table = SupportTable("fast", package("ops", abs=ROW.format("ABS"), neg=ROW.format("NEG")))

    assert imported("ops") == []
    assert [row.op for row in table.rows_of("NEG")] == ["NEG"]
    assert imported("ops") == ["neg"]
    assert table.rows_of("EXP") == []
    assert imported("ops") == ["neg"]


def test_modules_are_files_and_packages_and_nothing_private(tmp_path):
    for name in (
        "abs.py",
        "neg/__init__.py",
        "_shared.py",
        "data/weights.bin",
        "notes.txt",
        "relu.py.orig",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert rows_of_modules("kernels", [str(tmp_path)], list, "fast").groups.keys() == {"abs", "neg"}


def test_modules_are_found_in_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "wheel.zip", "w") as archive:
        for name in ("kernels/__init__.py", "kernels/abs.py", "kernels/_shared.py"):
            archive.writestr(name, "")
    assert rows_of_modules(
        "kernels", [str(tmp_path / "wheel.zip/kernels")], list, "fast"
    ).groups.keys() == {"abs"}


def test_all_rows_come_in_the_order_of_the_modules(package):
    rows = package("ops", neg=ROW.format("NEG"), abs=ROW.format("ABS"), _helper="1 / 0")

    assert [row.op for row in SupportTable("fast", rows).rows] == ["ABS", "NEG"]


def test_ops_without_a_module_have_their_rows_from_a_table(package):
    asked = []

    def find():
        asked.append("ELU")
        return [OpSupport("ELU", (1, 1), "int8 -> int8")]

    modules = {"abs": ROW.format("ABS"), "neg": ROW.format("NEG")}
    table = SupportTable("fast", package("ops", {"ELU": find}, **modules))

    assert table.rows_of("NEG")
    assert asked == []
    assert [row.op for row in table.rows] == ["ABS", "ELU", "NEG"]
    assert asked == ["ELU"]


@pytest.mark.parametrize(
    ("module", "op"),
    [
        ("conv_2d", "CONV_2D"),
        ("max_unpooling_2d", "MaxUnpooling2D"),
        ("tflite_detection_post_process", "TFLite_Detection_PostProcess"),
        ("aeq_hadamard_rotation", "aeq.hadamard_rotation"),
    ],
)
def test_a_module_has_the_letters_and_digits_of_its_op(package, module, op):
    table = SupportTable("fast", package("ops", **{module: ROW.format(op)}))

    assert [row.op for row in table.rows_of(op)] == [op]


def test_an_op_whose_name_differs_in_case_alone_is_another_op(package):
    table = SupportTable("fast", package("ops", neg=ROW.format("NEG")))

    assert table.rows_of("Neg") == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        (ROW.format("ABS"), "PluginError: it needs rows of the op that it is named for, found one of ABS"),
    ],
)
def test_a_broken_module_costs_its_own_op_alone(package, caplog, source, reason):
    table = SupportTable("fast", package("ops", exp=source, neg=ROW.format("NEG")))

    assert [row.op for row in table.rows] == ["NEG"]
    assert caplog.messages == [f"fast lacks the op of ops.exp: {reason}"]


def test_rows_say_which_plugin_they_come_from_and_the_delegates_own_stand_first(package):
    own, other = package("own", neg=ROW.format("NEG")), package("other", abs=ROW.format("ABS"))
    plugins = plugins_of(b=own, a=other)  # both offer the delegate: the first by name owns it

    rows = plugins.load("fast").table.rows

    assert [(row.op, row.origin) for row in rows] == [("ABS", "a"), ("NEG", "b")]


def test_a_plugins_rows_are_not_imported_before_somebody_asks(package):
    plugins = plugins_of(fast=package("own", neg=ROW.format("NEG"), abs=ROW.format("ABS")))

    table = plugins.load("fast").table

    assert imported("own") == []
    assert table.rows_of("ABS")
    assert imported("own") == ["abs"]


def test_two_packages_that_conflict_are_told_when_the_op_is_asked_for(package):
    plugins = plugins_of(a=package("own", neg=ROW.format("NEG")), b=package("other", neg=ROW.format("NEG")))
    table = plugins.load("fast").table
    before = [p.message for p in plugins.problems if "both claim" in p.message]

    rows = table.rows_of("NEG")

    assert before == []
    assert [row.origin for row in rows] == ["a"]
    assert any("both claim NEG" in p.message for p in plugins.problems)


def test_rows_that_are_given_as_a_list_conflict_at_once(package):
    own = package("own", neg=ROW.format("NEG"), abs=ROW.format("ABS"))
    plugins = plugins_of(a=own, b=[OpSupport("NEG", (1, 1), "int8 -> int8")])

    plugins.load("fast")

    assert any("both claim NEG" in p.message for p in plugins.problems)
    assert imported("own") == ["neg"]


def test_others_are_not_looked_for_where_the_delegates_own_rows_have_the_op(package):
    source = ROW.format("NEG") + "SUPPORT += [OpSupport('NEG', (1, 1), 'int16 -> int16')]\n"
    plugins = plugins_of(a=package("own", neg=ROW.format("NEG")), b=package("other", neg=source))
    table = plugins.load("fast").table

    assert table.row_for(negation("int8")).origin == "a"
    assert imported("other") == []
    assert table.row_for(negation("int16")).origin == "b"
    assert imported("other") == ["neg"]
