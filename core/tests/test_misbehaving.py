"""Whatever a plugin does, the process lives, the others work, and who did it is named."""

from __future__ import annotations

import inspect
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import Delegate, DelegraphError
from delegraph.cli import main
from delegraph.contract.asking import ask_or
from delegraph.contract.guard import byte_counts, texts
from delegraph.interpreter import Interpreter
from delegraph.model import Builder
from delegraph.plugins import Plugins

sys.path.insert(0, str(Path(__file__).parent))

from misbehaving import CASES, METHODS, WHAT, plugins_of

X = np.float32([1, -2])

# Not wrong, or said to the user in words of the delegate's own.
RIGHT = [
    *((what, "raises an error of delegraph") for what in ("adapted", "shapes=", "__init__")),
    *(("delegraph_delegates", how) for how in ("returns None", "returns nothing")),
    ("name", "returns a text"),
]
WRONG = [case for case in CASES if case not in RIGHT]
# No run of a model gets there.
UNSEEN = ("delegraph_commands", "delegraph_conformance_cases")


def model(first):
    """y = 2 * -x; the first op is NEG, or a custom one that only ``bad`` has."""
    g = Builder()
    x = g.input((2,), "float32", name="x")
    y = g.op(first, [x], [g.tensor((2,), "float32")])
    return g.model([g.op("ADD", [y, y], [g.tensor((2,), "float32", name="y")])])


MODELS = {True: model("Mine"), False: model("NEG")}


def run(what, how, **settings):
    """Return what two runs give, and what was said of the delegates."""
    settings |= {"policy": "cost"} if what in ("cost", "device_name") else {}
    settings |= {"model": MODELS[what == "shapes="], "plugins": plugins_of(what, how)}
    with Interpreter(delegates=["bad", "good"], **settings) as i:
        found = [i.run({"x": X})["y"] for _ in range(2)]
        for d in i.delegates:
            ask_or(d, "advise", texts, [], i.plan)
            ask_or(d, "device_bytes", byte_counts, {})
        return found, " ".join(map(str, i.plan.fallbacks))


@pytest.mark.parametrize(("what", "how"), WRONG, ids=lambda text: text)
def test_the_model_runs_on_the_others_or_an_error_names_the_plugin(what, how, caplog):
    caplog.set_level(logging.WARNING)
    is_error = False
    try:
        found, said = run(what, how)
    except DelegraphError as e:
        is_error, said = True, str(e)
        assert len(said) < 3000
        if what == "shapes=":  # a custom op whose only rule fails has no shape
            found = [-2 * X] * 2
        else:
            found, _ = run(what, how, on_failure="fallback")
    np.testing.assert_array_equal(found, [-2 * X] * 2)
    if is_error or (how.startswith("raises") and what not in UNSEEN):
        assert "bad" in said + caplog.text


def test_every_method_of_a_delegate_has_its_cases():
    methods = {name for name, _ in inspect.getmembers(Delegate, inspect.isfunction) if name[0] != "_"}
    assert methods == {*METHODS}


@pytest.mark.parametrize("what", WHAT)
def test_plugins_are_listed_and_checked(what, monkeypatch):
    plugins = plugins_of(what, "raises a panic")
    monkeypatch.setattr(Plugins, "installed", staticmethod(lambda: plugins))
    monkeypatch.setattr("delegraph.plugins.imports.published", list)
    monkeypatch.setattr("delegraph.cli.plugins_check.ends", dict)  # its process has those installed

    listed, checked = (CliRunner().invoke(main, ["plugins", *words]) for words in ([], ["--check"]))

    assert listed.exit_code == 0
    assert checked.exit_code in (0, 1)
    for result in (listed, checked):
        assert "good" in result.stdout
    if what.startswith("delegraph_"):
        assert f"{what} of plugin 'bad' failed: Panic: index out of bounds" in " ".join(
            checked.stdout.split()
        )
        assert checked.exit_code == 1
