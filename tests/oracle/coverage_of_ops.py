"""Which test file covers an op of a delegate's table; ``python tests/oracle/coverage_of_ops.py`` prints it.

A file covers an op that it names: as the schema spells it, as the file of its kernel is called, or without
the prefix STABLEHLO_ in quotes. The recipes of the matrix are such files, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from attrs import frozen
from delegraph import load_delegate

ROOT = Path(__file__).parents[2]

# Whose tests compare rows with LiteRT or with written-out arithmetic: by delegate and by the row's package.
FOLDERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("reference", "reference"): (
        "tests/oracle/ops",
        "plugins/conformance/src/delegraph_conformance/ops",
        "delegates/reference/tests",
    ),
    ("reference", "int16"): ("tests/oracle/int16/ops", "plugins/int16/tests"),
    ("opencl", "opencl"): ("tests/oracle/opencl", "delegates/opencl/tests"),
    ("opencl", "int16"): ("tests/oracle/int16/opencl", "plugins/int16/tests"),
    ("edgetpu", "edgetpu"): ("tests/oracle/edgetpu", "delegates/edgetpu/tests"),
}


@frozen
class Covered:
    """An op of a delegate's table, and the test files that name it."""

    delegate: str
    package: str  # whose row it is: the plugin's name
    op: str
    files: tuple[str, ...]  # relative to the repository


def covered(delegate: str) -> Iterator[Covered]:
    """Yield each op of an installed delegate's table, by package and name."""
    rows = load_delegate(delegate).table.rows
    for package, op in sorted({(row.origin, row.op) for row in rows}):
        yield Covered(delegate, package, op, tuple(_naming(op, FOLDERS[delegate, package])))


def _naming(op: str, folders: Iterable[str]) -> Iterator[str]:
    names = list(_names(op))
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names))
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            text = _text(file)
            if any(name in text for name in names) and pattern.search(text):  # the first is far faster
                yield str(file.relative_to(ROOT))


def _names(op: str) -> Iterator[str]:
    yield op
    yield re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z][a-z])", "_", op).lower()
    if op.startswith("STABLEHLO_"):
        yield f'"{op.removeprefix("STABLEHLO_")}"'


def _text(file: Path, _read: dict[Path, str] = {}) -> str:  # noqa: B006
    if file not in _read:
        _read[file] = f"{file.stem.removeprefix('test_')}\n{file.read_text(encoding='utf-8')}"
    return _read[file]


if __name__ == "__main__":
    for name in ("reference", "opencl", "edgetpu"):
        for c in covered(name):
            print(f"{c.delegate:10} {c.package:10} {c.op:36} {' '.join(c.files) or 'NONE'}")
