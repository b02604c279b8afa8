"""``delegraph new-delegate NAME``: write a package with a delegate that installs and passes its tests."""

from __future__ import annotations

import keyword
import os
import re
import shlex
import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from string import Template
from tempfile import mkdtemp

import click

from .. import __version__
from ..contract import PACKAGES
from ..errors import InputError
from ..file import make_folder
from ..plugins import Plugins
from ..text import shortened
from .echo import echo

TEMPLATES = Path(__file__).with_name("scaffold")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 40  # letters of a name: it becomes part of a file's name and of a package's
TAKEN = ("core", "delegraph", "fuzz")

# What is written, and the template of each: "" is an empty file.
COMMON = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    ".gitignore": "gitignore",
    ".github/workflows/tests.yml": "workflow.yml",
    "src/$module/py.typed": "",
    "tests/test_delegate.py": "test_delegate.py",
    "tests/test_conformance.py": "test_conformance.py",
    "tests/xfails.txt": "xfails.txt",
}
KERNELS = {**COMMON, "src/$module/__init__.py": "delegate.py"}
ENGINE = {**COMMON, "src/$module/__init__.py": "engine_delegate.py", "src/$module/engine.py": "engine.py"}


@click.command("new-delegate")
@click.argument("name")
@click.option("--engine", is_flag=True, help="One that hands whole partitions to an engine, as models.")
@click.option("--output", metavar="FOLDER", help="Where to write it; by default delegraph-NAME, here.")
def new_delegate(name: str, engine: bool, output: str | None) -> None:
    """Write a package with a delegate NAME, which users type after --delegates.

    It installs and passes its tests as it is: one row with a kernel, or three with an engine; the
    conformance suite; a CI file. Put your hardware into it.
    """
    check_name(name)
    folder = Path(output or f"delegraph-{name}")
    write_scaffold(folder, name, engine)
    place = shlex.quote(os.fspath(folder))
    echo(f"{place} has a delegate {name!r} that works. Try it:\n")
    echo(f"  pip install -e {shlex.quote(os.fspath(folder) + '[test]')}\n  pytest {place}\n")


def check_name(name: str) -> None:
    """Raise :class:`InputError` unless a new delegate may have this name."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        needed = f"at most {LONGEST} of a-z, 0-9 and single hyphens between them, a letter first"
        raise InputError(f"the name of a delegate needs {needed}, found {shortened(name)!r}")
    if keyword.iskeyword(name):
        raise InputError(f"the name of a delegate needs to be no keyword of Python, found {name!r}")
    if why := _taken(name):
        raise InputError(f"the name {name!r} is taken: {why}")


def write_scaffold(folder: Path, name: str, engine: bool = False) -> None:
    """Write the package: all of it, or nothing.

    :raises InputError: there is something at ``folder``, or it cannot be written.
    """
    if os.path.lexists(folder):
        raise InputError(f"{os.fspath(folder)!r} is there already; --output FOLDER writes somewhere else")
    make_folder(folder.absolute().parent)
    try:
        unfinished = Path(mkdtemp(prefix=".new-delegate-", dir=folder.parent))
        try:
            _fill(unfinished, ENGINE if engine else KERNELS, _words(name, engine))
            unfinished.chmod(0o777 & ~_umask())  # mkdtemp gives it to its owner alone
            unfinished.rename(folder)
        except BaseException:
            shutil.rmtree(unfinished)
            raise
    except OSError as e:
        raise InputError(f"{os.fspath(folder)!r} cannot be written: {e.strerror or e}") from e


def _taken(name: str) -> str:
    """Return who has a name already; "" if nobody is known to."""
    installed = Plugins.installed()
    if name in TAKEN:
        return "it is delegraph's own"
    if name in installed.delegates():
        return f"plugin {installed.delegates()[name].plugin} offers a delegate of this name"
    if name in installed.registered or name in installed.left_out:
        return "a plugin of this name is installed"
    if package := next((p.name for p in PACKAGES if name in (*p.delegates, p.name[10:])), None):
        return f"it is that of the package {package}"
    return f"a package {_module(name)} is installed" if find_spec(_module(name)) else ""


def _fill(folder: Path, files: Mapping[str, str], words: Mapping[str, str]) -> None:
    for place, template in files.items():
        path = folder / Template(place).substitute(words)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (TEMPLATES / f"{template}.tmpl").read_text(encoding="utf-8") if template else ""
        path.write_text(Template(text).substitute(words), encoding="utf-8")


def _words(name: str, engine: bool) -> dict[str, str]:
    major, minor = __version__.split(".")[:2]
    low, high = f"{major}.{minor}.0", f"{major}.{int(minor) + 1}"
    letters = "".join(part.capitalize() for part in name.split("-"))
    row = f"\n| `src/{_module(name)}/engine.py` | the engine that compiles and runs a partition |"
    return {
        "name": name,
        "module": _module(name),
        "cls": f"{letters}Delegate",
        "options": f"{letters}Options",
        "low": low,
        "high": high,
        "engine_row": row if engine else "",
        "engine_dependency": f'\n    "delegraph-reference>={low},<{high}",' if engine else "",
    }


def _module(name: str) -> str:
    return f"delegraph_{name.replace('-', '_')}"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
