"""The hooks, and the page that documents them."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from delegraph.contract import hookspecs
from delegraph.model import Builder
from delegraph.partition import partition
from delegraph.plugins import Plugins

PAGE = Path(__file__).parents[2] / "docs" / "hooks.md"
HOOKS = {name: spec for name, spec in vars(hookspecs).items() if name.startswith("delegraph_")}


@pytest.fixture
def page():
    if not PAGE.exists():
        pytest.skip("the documentation is not here")
    return PAGE.read_text(encoding="utf-8")


def test_every_hook_is_documented_with_its_exact_arguments_and_in_the_order_in_which_hooks_run(page):
    written = re.findall(r"^### `(delegraph_\w+)\((.*)\)`$", page, re.MULTILINE)

    assert written == [
        (name, ", ".join(inspect.signature(spec).parameters)) for name, spec in HOOKS.items()
    ]


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_every_hook_says_when_it_is_called_and_what_its_arguments_are(hook):
    text = inspect.getdoc(hook)

    assert "Called" in text
    assert len(text.splitlines()[0]) > 10


def example(page):
    """Return the page's plugin as a module: its first block of Python."""
    module = ModuleType("delegraph_halfnpu")
    exec(python_blocks(page)[0], module.__dict__)
    return module


def python_blocks(page):
    return re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def adding(activation="NONE"):
    g = Builder()
    x, one = g.input((3,), "float32"), g.constant(np.ones(3, np.float32))
    g.op("ADD", [x, one], [g.tensor((3,), "float32", "logits")], fused_activation_function=activation)
    return g.model()


def test_the_pages_plugin_is_a_plugin_without_problems(page):
    plugins = Plugins()
    plugins.register(example(page), "halfnpu")

    assert len(plugins.load("halfnpu").table.rows) == 1
    assert plugins.problems == []


def test_the_pages_delegate_computes_what_it_says(page):
    plugins = Plugins()
    plugins.register(example(page), "halfnpu")
    plan = partition(adding(), [plugins.load("halfnpu")], plugins=plugins)
    (part,) = plan.partitions

    run = part.delegate.prepare(part)

    # 2048.5 + 1 in half precision: 2048 + 1 = 2049, of which half precision keeps the even 2048
    (total,) = run(np.array([1, 0.5, 2048.5], np.float32))
    assert total.tolist() == [2.0, 1.5, 2048.0]
    assert total.dtype == np.float32


def test_the_pages_delegate_refuses_what_it_says(page):
    plugins = Plugins()
    plugins.register(example(page), "halfnpu")

    plan = partition(adding(activation="RELU"), [plugins.load("halfnpu")], plugins=plugins)

    assert [str(r) for f in plan.fallbacks for r in f.refusals] == ["needs no fused activation, found RELU"]


def test_the_pages_other_hooks_work(page, capsys):
    module = example(page)
    for block in python_blocks(page)[1:]:
        exec(block, module.__dict__)
    plugins = Plugins()
    plugins.register(module, "halfnpu")

    partition(adding(), [plugins.load("halfnpu")], plugins=plugins)

    assert plugins.problems == []
    assert capsys.readouterr().out == "ADD halfnpu ['no veto']\n"


@pytest.mark.parametrize(("lacking", "problems"), [("delegraph_conformance", 0), ("numpy_of_old", 1)])
def test_cases_for_a_suite_that_is_not_installed_are_no_problem(lacking, problems):
    from delegraph import hookimpl

    @hookimpl
    def delegraph_conformance_cases():
        raise ModuleNotFoundError(f"No module named {lacking!r}", name=lacking)

    plugin = ModuleType("plugin")
    plugin.DELEGRAPH_API, plugin.delegraph_conformance_cases = 1, delegraph_conformance_cases
    plugins = Plugins()
    plugins.register(plugin, "mine")
    assert plugins.conformance_cases() == []
    assert len(plugins.problems) == problems
