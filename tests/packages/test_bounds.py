"""What a package says it works with is what was tested; of ours, one minor version."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import delegraph
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

sys.path.insert(0, str(Path(__file__).parent))

from building import project_of

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(p.parent for p in [ROOT / "core/pyproject.toml", *ROOT.glob("[dp]*s/*/pyproject.toml")])
OLDEST = ROOT / "tests" / "constraints" / "oldest.txt"


def requirements(package: Path) -> Iterator[Requirement]:
    """Yield what a package needs, extras included."""
    found = project_of(package)
    extras = found.get("optional-dependencies", {}).values()
    yield from map(Requirement, [*found["dependencies"], *(r for extra in extras for r in extra)])


def bounds(requirement: Requirement) -> dict[str, Version]:
    return {s.operator: Version(s.version) for s in requirement.specifier}


def oldest_tested() -> dict[str, Version]:
    """Return the oldest version of each dependency that is tested, on some interpreter."""
    found: dict[str, Version] = {}
    for line in OLDEST.read_text().splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            version = bounds(requirement)["=="]
            found[requirement.name] = min(version, found.get(requirement.name, version))
    return found


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_the_lower_bound_of_a_dependency_is_the_oldest_that_is_tested(package: Path) -> None:
    others = [r for r in requirements(package) if not r.name.startswith("delegraph")]
    stated = {r.name: bounds(r)[">="] for r in others}
    assert stated == {name: oldest_tested()[name] for name in stated}


def test_what_is_tested_is_needed_by_some_package() -> None:
    assert set(oldest_tested()) == {
        r.name for p in PACKAGES for r in requirements(p) if r.name in oldest_tested()
    }


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_packages_of_ours_work_with_one_minor_version_of_each_other(package: Path) -> None:
    now = Version(delegraph.__version__)
    own = [r for r in requirements(package) if r.name.startswith("delegraph")]
    assert own
    for requirement in own:
        low, high = bounds(requirement)[">="], bounds(requirement)["<"]
        assert low.release[:2] == now.release[:2]
        assert high.release[:2] == (now.major, now.minor + 1)
        assert low <= now < high
