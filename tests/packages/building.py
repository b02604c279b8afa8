"""Wheels of packages, and environments of their own to install them in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest needs it there, too

ROOT = Path(__file__).parents[2]


def project_of(package: Path) -> dict[str, Any]:
    """Return what a package says of itself: the table ``project`` of its pyproject.toml."""
    return table_of(package, "project")


def table_of(package: Path, name: str) -> dict[str, Any]:
    """Return a table of a package's pyproject.toml."""
    return tomllib.loads((package / "pyproject.toml").read_text())[name]


def wheel_of(package: Path, out: Path) -> Path:
    """Build the wheel of a package folder; the build backend is that of this environment."""
    folder = out / package.name
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=package)
    (found,) = folder.glob("*.whl")
    return found


def new_environment(folder: Path) -> str:
    """Return the Python of a new virtual environment."""
    run(sys.executable, "-m", "virtualenv", "-q", str(folder))
    return str(folder / "bin" / "python")


def run(*command: str, cwd: Path = ROOT) -> str:
    """Return what a command prints; it has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
