"""What a program pays before it does anything: the modules that ``import delegraph`` loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import delegraph
import pytest

SOURCE = Path(delegraph.__file__).read_text(encoding="utf-8")


def loaded_by(program: str) -> set[str]:
    """Return the modules that a program loads in a process of its own, over those of Python's own start."""
    said = f"import sys; before = set(sys.modules)\n{program}\nprint(*set(sys.modules) - before)"
    found = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def for_type_checkers() -> list[tuple[str, str]]:
    """Return module and name of each import that only type checkers follow."""
    block = next(n for n in ast.parse(SOURCE).body if isinstance(n, ast.If))
    froms = [n for n in block.body if isinstance(n, ast.ImportFrom)]
    return [(n.module or "", name.name) for n in froms for name in n.names]


def test_the_import_loads_nothing_that_is_used_later():
    loaded = loaded_by("import delegraph")
    assert {name for name in loaded if name.partition(".")[0] == "delegraph"} == {
        "delegraph",
        "delegraph.later",
    }
    assert not {name.partition(".")[0] for name in loaded} & {"numpy", "attr", "pluggy", "click", "logging"}


def test_a_star_import_gives_all_names():
    program = "from delegraph import *\nimport delegraph\nassert set(delegraph.__all__) <= set(globals())"
    assert "delegraph.contract" in loaded_by(program)


def test_a_name_is_found_once():
    program = "import delegraph\ndelegraph.Op\nassert 'Op' in vars(delegraph)"
    assert "delegraph.model" in loaded_by(program)


def test_no_name_is_there_that_is_not_public():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = delegraph.nothing


@pytest.mark.parametrize(("module", "name"), for_type_checkers())
def test_a_type_checker_sees_what_a_program_gets(module: str, name: str):
    place = f"delegraph.{module}".rstrip(".")
    value = getattr(__import__(place, fromlist=[name]), name)
    assert getattr(delegraph, name) is value


def test_a_type_checker_sees_every_name():
    seen = {name for _, name in for_type_checkers()} | {"__version__"}
    assert seen == {*dir(delegraph)}


@pytest.mark.parametrize("name", ["Interpreter", "load_delegate", "Delegate"])
def test_numpy_is_imported_before_many_calls_are_under_way(name: str):
    """On top of forty, its own pass the end of Python's first frames a thousand times."""
    finder = """import sys
class Finder:
    def find_spec(self, name, *_):
        frame, calls = sys._getframe(), 0
        while name == "numpy" and frame:
            frame, calls = frame.f_back, calls + 1
        if calls:
            print(calls)
sys.meta_path.insert(0, Finder())
"""
    program = [sys.executable, "-c", f"{finder}from delegraph import {name}"]
    found = subprocess.run(program, capture_output=True, text=True, check=True)
    assert 0 < int(found.stdout) < 30
