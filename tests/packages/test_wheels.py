"""Every package builds a wheel, and installs alone next to core."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("build", reason="the package build is not installed")

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(p.parent for p in [ROOT / "core/pyproject.toml", *ROOT.glob("[dp]*s/*/pyproject.toml")])
PLUGINS = [p for p in PACKAGES if p.name != "core"]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One wheel per package, by the folder's name."""
    out = tmp_path_factory.mktemp("wheels")
    found = {}
    for package in PACKAGES:
        folder = out / package.name
        _run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(package))
        (found[package.name],) = folder.glob("*.whl")
    return found


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
    venv = tmp_path / "venv"
    _run(sys.executable, "-m", "virtualenv", "-q", str(venv))
    python = str(venv / "bin" / "python")
    _run(python, "-m", "pip", "install", "-q", str(wheels["core"]), str(wheels[package.name]))
    listed = _run(python, "-m", "delegraph", "plugins")
    assert package.name in listed
    installed = _run(python, "-m", "pip", "list", "--format=freeze")
    others = {f"delegraph-{p.name}" for p in PLUGINS if p != package}
    assert not others & {line.split("==")[0] for line in installed.splitlines()}


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
