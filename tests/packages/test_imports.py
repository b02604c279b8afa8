"""Plugins are strangers to core: they import what it exports, and core imports none of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import delegraph.rules
import pytest

ROOT = Path(__file__).parents[2]
EXPORTED = {"delegraph": delegraph.__all__, "delegraph.rules": delegraph.rules.__all__}
PLUGINS = sorted(p.parent for p in ROOT.glob("[dp]*s/*/pyproject.toml"))


def imported_names(source: str) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of each import; name is "" for ``import module``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def private_uses(source: str) -> list[str]:
    """Return the imports from delegraph that are not of an exported name."""
    found = []
    for module, name in imported_names(source):
        if module.split(".")[0] == "delegraph" and name not in EXPORTED.get(module, ()):
            found.append(f"{module}.{name}" if name else module)
    return found


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda p: p.name)
def test_a_plugin_imports_only_what_delegraph_exports(plugin: Path) -> None:
    uses = {str(f.relative_to(ROOT)): private_uses(f.read_text()) for f in (plugin / "src").rglob("*.py")}
    assert {f: names for f, names in uses.items() if names} == {}


def test_the_check_catches_a_private_import() -> None:
    assert private_uses("from delegraph.file import read_model") == ["delegraph.file.read_model"]
    assert private_uses("from delegraph.rules import np") == ["delegraph.rules.np"]
    assert private_uses("import delegraph.model.schema") == ["delegraph.model.schema"]
    assert private_uses("from delegraph.rules import operand") == []
    assert private_uses("from delegraph import Delegate") == []


def test_core_imports_no_plugin() -> None:
    plugins = {p.name for plugin in PLUGINS for p in (plugin / "src").iterdir()}
    for file in (ROOT / "core/src").rglob("*.py"):
        for module, _ in imported_names(file.read_text()):
            assert module.split(".")[0] not in plugins, f"{file} imports {module}"


def test_everything_exported_is_there() -> None:
    assert [n for n in delegraph.__all__ if not hasattr(delegraph, n)] == []
