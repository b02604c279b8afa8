"""Delegates of others: the documentation's examples and what new-delegate writes, as users install them.

Each is built as a wheel and installed in an environment of its own, with wheels of core, of the reference
delegate and of the conformance suite; its tests run there. Libraries come from where this runs.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

sys.path.insert(0, str(Path(__file__).parents[1] / "packages"))

from building import ROOT, new_environment, project_of, run, wheel_of

pytest.importorskip("hatchling", reason="the build backend hatchling is not installed")

OURS = [ROOT / "core", ROOT / "delegates" / "reference", ROOT / "plugins" / "conformance"]
EXAMPLES = sorted(p.parent for p in ROOT.glob("docs/example/*/pyproject.toml"))
SCAFFOLDS = [("my-npu", []), ("npu2", ["--engine"])]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("wheels")
    return [wheel_of(package, out) for package in OURS]


@pytest.mark.parametrize(("name", "form"), SCAFFOLDS, ids=["kernels", "engine"])
def test_a_scaffold_installs_and_passes_as_it_is(
    name: str, form: list[str], wheels: list[Path], tmp_path: Path
) -> None:
    run(sys.executable, "-m", "delegraph", "new-delegate", name, *form, cwd=tmp_path)
    package = tmp_path / f"delegraph-{name}"

    python = environment_of(package, wheels, tmp_path)

    assert name in run(python, "-m", "delegraph", "support", name)
    run(python, "-m", "pytest", "-q", cwd=only_tests(package, tmp_path))


@pytest.mark.parametrize("package", EXAMPLES, ids=lambda p: p.name)
def test_an_example_installs_and_conforms(package: Path, wheels: list[Path], tmp_path: Path) -> None:
    if lacking := missing_libraries(package):
        pytest.skip(f"{', '.join(lacking)} is not installed where this runs")
    python = environment_of(package, wheels, tmp_path)
    name = package.name.removeprefix("delegraph-")

    where = only_tests(package, tmp_path)

    run(python, "-m", "pytest", "-q", "--pyargs", "delegraph_conformance", f"--delegate={name}", cwd=where)
    if (where / "tests").exists():
        run(python, "-m", "pytest", "-q", "tests", cwd=where)


def environment_of(package: Path, wheels: list[Path], tmp_path: Path) -> str:
    """Return the Python of an environment with the wheels of a package and of ours; they fit each other."""
    python = new_environment(tmp_path / "venv")
    where = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    Path(where, "libraries.pth").write_text(sysconfig.get_path("purelib"))
    # What is editable here is seen there, too: it must not count as installed.
    options = ["-q", "--no-index", "--no-deps", "--ignore-installed"]
    run(python, "-m", "pip", "install", *options, *map(str, wheels), str(wheel_of(package, tmp_path)))
    run(python, "-m", "pip", "check")
    return python


def missing_libraries(package: Path) -> list[str]:
    """Return what an example needs that is not installed here: the runtime of a vendor."""
    wanted = [Requirement(text).name for text in project_of(package)["dependencies"]]
    here = {d.name.lower() for d in distributions()}
    return [name for name in wanted if name.lower() not in here]


def only_tests(package: Path, tmp_path: Path) -> Path:
    """Return a folder with a package's tests, and not its sources: what is tested is the wheel."""
    folder = tmp_path / "tested"
    folder.mkdir()
    for name in ("tests", "pyproject.toml"):
        if (package / name).is_dir():
            shutil.copytree(package / name, folder / name)
        elif (package / name).exists():
            shutil.copy(package / name, folder / name)
    return folder
