"""``delegates="auto"``, and the line that names a faster delegate than the reference."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from delegraph import (
    Delegate,
    DelegateUnavailable,
    InputError,
    Interpreter,
    OpSupport,
    hookimpl,
    load_delegate,
    run_op_by_op,
)
from delegraph.model import Builder
from delegraph.plugins import Plugins, automatic, resolve_delegates
from delegraph.run import slow_runs


def delegate_class(label, place=None, why=None, takes="ABS"):
    class Fake(Delegate):
        name = label

        def priority(self):
            return place

        def unavailable(self):
            return why

        def prepare(self, partition):
            return run_op_by_op(partition, lambda op: lambda x: (abs(x),))

    Fake.takes = takes
    return Fake


def plugins_of(*classes):
    plugins = Plugins()
    hooks = {
        "delegraph_delegates": lambda: classes,
        "delegraph_op_support": lambda delegate: [OpSupport(delegate.takes, (1, 9), "any* -> any*")],
    }
    methods = {name: staticmethod(hookimpl(function)) for name, function in hooks.items()}
    plugins.register(type("P", (), {"DELEGRAPH_API": 1, **methods})(), "p")
    assert not plugins.problems
    return plugins


ALL = (
    delegate_class("reference"),
    delegate_class("kernels", 10),
    delegate_class("gpu", 30),
    delegate_class("engine", 20),
    delegate_class("broken", 40, "no driver"),
    delegate_class("unasked"),
)


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    monkeypatch.setattr(automatic, "_said", set())
    monkeypatch.setattr(slow_runs, "_told", set())


def names(*args, **settings):
    return [d.name for d in resolve_delegates(*args, plugins=plugins_of(*ALL), must_run=True, **settings)]


@pytest.mark.parametrize("given", ["auto", ["auto"], ("auto",)])
def test_auto_takes_what_can_work_the_fastest_first(given, caplog):
    assert names(given) == ["gpu", "engine", "kernels", "reference"]
    works = 'delegates="auto" takes what can work here: gpu, engine, kernels, reference'
    assert caplog.messages == [f"{works}; broken cannot: no driver"]
    names(given)
    assert len(caplog.messages) == 1


def test_auto_among_names_is_the_rest():
    assert names(["kernels", "auto"]) == ["kernels", "gpu", "engine", "reference"]
    assert names(["auto", "reference"]) == ["gpu", "engine", "kernels", "reference"]


def test_auto_where_nothing_else_is_installed_is_the_reference():
    found = resolve_delegates("auto", plugins=plugins_of(ALL[0]), must_run=True)

    assert [d.name for d in found] == ["reference"]


def test_auto_without_the_reference_names_what_works_alone(caplog):
    found = resolve_delegates("auto", plugins=plugins_of(ALL[1], ALL[4]), must_run=True)

    assert [d.name for d in found] == ["kernels"]
    assert caplog.messages == [
        'delegates="auto" takes what can work here: kernels; broken cannot: no driver'
    ]


@pytest.mark.parametrize(
    ("classes", "why"),
    [
        (ALL[4:5], "broken cannot: no driver"),
        (ALL[5:], "unasked runs where it is named, no other is installed"),
        ((), "none is installed"),
    ],
)
def test_auto_where_nothing_can_work_says_what_to_install(classes, why, caplog):
    with pytest.raises(DelegateUnavailable) as e:
        resolve_delegates("auto", plugins=plugins_of(*classes), must_run=True)

    install = "pip install delegraph-reference brings one that does"
    assert str(e.value) == f'delegates="auto" finds none that can work here: {why}. {install}'
    assert caplog.messages == []


def test_options_of_a_delegate_that_auto_does_not_find_are_an_error():
    with pytest.raises(InputError, match="options for 'tpu', but the delegates are: gpu, engine"):
        names("auto", {"tpu": {"device": "1"}})


def model(ops=1):
    g = Builder()
    x = g.input((2,), "float32", name="x")
    for _ in range(ops):
        x = g.op("ABS", [x], [g.tensor((2,), "float32")])
    return g.model([x])


def test_an_interpreter_takes_auto():
    with Interpreter(model=model(), delegates="auto", plugins=plugins_of(*ALL)) as interpreter:
        np.testing.assert_array_equal(interpreter(np.float32([-1, 2])), [1, 2])
        assert [p.label for p in interpreter.plan.partitions] == ["gpu"]


def runs(monkeypatch, caplog, *classes, count=3, **settings):
    monkeypatch.setattr(Plugins, "installed", staticmethod(lambda: plugins_of(*classes)))
    caplog.set_level(logging.WARNING, "delegraph")
    with Interpreter(model=model(), **settings) as interpreter:
        for _ in range(count):
            interpreter(np.float32([-1, 2]))
    return [m for m in caplog.messages if "a run on reference" in m]


def test_a_model_that_takes_long_on_the_reference_names_the_faster_delegate_once(monkeypatch, caplog):
    monkeypatch.setattr(slow_runs, "SLOW", 0.0)
    (said,) = runs(monkeypatch, caplog, *ALL)

    assert said.startswith("this model takes ")
    assert said.endswith(" a run on reference; delegates='gpu' is installed and faster")
    assert len(runs(monkeypatch, caplog, *ALL)) == 1  # another interpreter of the same model is quiet


def test_nothing_is_said_of_quick_runs_of_the_first_run_or_of_delegates_that_were_asked_for(
    monkeypatch, caplog
):
    monkeypatch.setattr(slow_runs, "SLOW", 5.0)
    assert runs(monkeypatch, caplog, *ALL) == []
    monkeypatch.setattr(slow_runs, "SLOW", 0.0)
    assert runs(monkeypatch, caplog, *ALL, count=1) == []
    assert runs(monkeypatch, caplog, *ALL, delegates=["reference"]) == []


def test_a_faster_delegate_that_takes_little_of_the_model_is_not_named(monkeypatch, caplog):
    monkeypatch.setattr(slow_runs, "SLOW", 0.0)
    others = (delegate_class("gpu", 30, takes="NEG"), delegate_class("engine", 20))
    assert "delegates='engine'" in runs(monkeypatch, caplog, ALL[0], *others)[0]


@pytest.mark.parametrize(("name", "places"), [("opencl", (10, 30)), ("litert", (20,))])
def test_the_places_of_our_delegates(name, places):
    if name not in Plugins.installed().delegates() or load_delegate(name).unavailable():
        pytest.skip(f"{name} cannot work here")
    assert load_delegate(name).priority() in places
