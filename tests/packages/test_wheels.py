"""Every package builds a wheel, and installs alone next to core."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from building import ROOT, new_environment, run, table_of, wheel_of

pytest.importorskip("hatchling", reason="the build backend hatchling is not installed")

PACKAGES = sorted(p.parent for p in [ROOT / "core/pyproject.toml", *ROOT.glob("[dp]*s/*/pyproject.toml")])
PLUGINS = [p for p in PACKAGES if p.name != "core"]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One wheel per package, by the folder's name."""
    out = tmp_path_factory.mktemp("wheels")
    return {package.name: wheel_of(package, out) for package in PACKAGES}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_a_package_asks_for_what_builds_it_here(package: Path) -> None:
    assert table_of(package, "build-system")["requires"] == ["hatchling>=1.24"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_a_wheel_is_typed_and_holds_one_import_package(wheels: dict[str, Path], package: Path) -> None:
    """Beside it only the program of the command line, which imports that package inside a ``try``."""
    names = zipfile.ZipFile(wheels[package.name]).namelist()
    tops = {n.split("/")[0] for n in names if ".dist-info/" not in n} - {"delegraph_command.py"}
    assert tops == {p.name for p in (package / "src").iterdir() if p.is_dir()} - {"__pycache__"}
    assert f"{tops.pop()}/py.typed" in names


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_a_wheel_holds_the_licence(wheels: dict[str, Path], package: Path) -> None:
    with zipfile.ZipFile(wheels[package.name]) as wheel:
        (name,) = (n for n in wheel.namelist() if n.endswith("/licenses/LICENSE"))
        assert wheel.read(name) == (ROOT / "LICENSE").read_bytes()


def test_the_wheel_of_the_gpu_delegate_is_small(wheels: dict[str, Path]) -> None:
    assert wheels["opencl"].stat().st_size < 300_000


def test_all_packages_have_one_version(wheels: dict[str, Path]) -> None:
    assert len({wheel.name.split("-")[1] for wheel in wheels.values()}) == 1


@pytest.mark.parametrize("package", PLUGINS, ids=lambda p: p.name)
def test_a_plugin_installs_alone_next_to_core(
    wheels: dict[str, Path], package: Path, tmp_path: Path
) -> None:
    python = new_environment(tmp_path / "venv")
    run(python, "-m", "pip", "install", "-q", str(wheels["core"]), str(wheels[package.name]))
    listed = run(python, "-m", "delegraph", "plugins")
    assert package.name in listed
    installed = run(python, "-m", "pip", "list", "--format=freeze")
    others = {f"delegraph-{p.name}" for p in PLUGINS if p != package}
    assert not others & {line.split("==")[0] for line in installed.splitlines()}
