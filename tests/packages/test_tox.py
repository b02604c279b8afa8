"""Every package is in the matrix of tox.ini, in what CI runs, and needs nothing that it does not say."""

from __future__ import annotations

import ast
import re
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

sys.path.insert(0, str(Path(__file__).parent))

from building import project_of

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(p.parent for p in [ROOT / "core/pyproject.toml", *ROOT.glob("[dp]*s/*/pyproject.toml")])
NAMES = {package.name for package in PACKAGES}
MODULES = {
    "PIL": "pillow",
    "_pytest": "pytest",
    "attr": "attrs",
}  # what is imported, and the distribution that has it

STANDARD = sys.stdlib_module_names | {"tomllib"}  # since Python 3.11


def tox() -> ConfigParser:
    found = ConfigParser(interpolation=None)
    found.read(ROOT / "tox.ini")
    return found


def factors(environment: str) -> set[str]:
    """Return the factors of an environment's name, alternatives in braces included."""
    return set(re.findall(r"\w+", environment))


def test_the_matrix_has_every_package_on_every_python_with_the_oldest_and_the_newest_dependencies() -> None:
    matrix = [e for e in tox()["tox"]["env_list"].split() if e.startswith("py{")]
    assert [factors(e) - NAMES for e in matrix] == [{"py", "310", "311", "312", "313", "oldest", "newest"}]
    assert factors(matrix[0]) >= NAMES


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
@pytest.mark.parametrize("which", ["newest", "py310-oldest"])
def test_ci_runs_every_package_with_the_newest_and_with_the_oldest(package: Path, which: str) -> None:
    wanted = {package.name, *which.split("-")}
    (label,) = re.findall(r"^ci = (.*)$", tox()["tox"]["labels"], re.MULTILINE)
    assert [e for e in label.split(", ") if factors(e) - NAMES | {package.name} == wanted]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_what_checks_everything_has_every_package(package: Path) -> None:
    path = f"./{package.relative_to(ROOT)}"
    assert re.search(rf"^-e {path}(\[\w+\])?$", tox()["workspace"]["packages"], re.MULTILINE)
    assert f"{package.name}: pytest -n 2 {{posargs:{path[2:]}/tests}}" in tox()["testenv"]["commands"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_a_package_says_what_it_needs(package: Path) -> None:
    """Packages share environments in CI; so one may find what another has brought."""
    sources = (package / "src").rglob("*.py")
    project = project_of(package)
    own = {path.stem.replace("_", "-") for path in (package / "src").iterdir()}
    assert imports(f.read_text(encoding="utf-8") for f in sources) - needs(project) - own == set()


def imports(sources: Any) -> set[str]:
    """Return the distributions that sources import from, wherever they do; none of Python's own."""
    found = set()
    for node in (n for source in sources for n in ast.walk(ast.parse(source))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return {MODULES.get(m, m.replace("_", "-")) for m in found - STANDARD}


def needs(project: dict[str, Any]) -> set[str]:
    extras = project.get("optional-dependencies", {}).values()
    wanted = [*project["dependencies"], *(r for extra in extras for r in extra)]
    return {project["name"], *(Requirement(r).name for r in wanted)}


def test_an_import_that_is_not_said_is_seen() -> None:
    lazy = "def f():\n    from PIL import Image\n    import ai_edge_litert.interpreter"
    assert imports(["import os\nfrom . import x", lazy]) == {"pillow", "ai-edge-litert"}
    assert needs({"name": "a", "dependencies": ["b>=1"], "optional-dependencies": {"c": ["d[e]<2"]}}) == {
        "a",
        "b",
        "d",
    }
