"""The measurements of models that docs/generate.py makes pages of: a JSON file of a row for each model."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]
DOCS = Path(__file__).resolve().parents[2] / "docs"


def read(file: str) -> dict[str, Row]:
    """Return the rows of a file of docs: none where there is none."""
    path = DOCS / file
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(file: str, name: str, row: Row, order: Iterable[str]) -> None:
    """Replace a model's row in a file of docs: others may be measured meanwhile."""
    found = read(file) | {name: row}
    text = json.dumps({n: found[n] for n in order if n in found}, indent=1, default=float)
    (DOCS / file).write_text(f"{text}\n", encoding="utf-8")


def beside(model: Path, work: Path) -> Path:
    """Return the model as seen in the folder where commands run."""
    link = work / model.name
    if not link.exists():
        link.symlink_to(model)
    return link
