"""Records as JSON and CSV that other programs read: finite numbers, and text that no program obeys."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..text import escaped

# What makes a spreadsheet take a cell for a formula: "CSV injection", as OWASP lists it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(columns: Sequence[str], records: Iterable[Mapping[str, Any]], head: bool = True) -> str:
    """Return lines of CSV, the first with the names of the columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if head:
        writer.writerow(csv_cell(c) for c in columns)
    writer.writerows([csv_cell(r.get(c)) for c in columns] for r in records)
    return text.getvalue()


def csv_cell(value: Any) -> Any:
    """Return a value as a cell: characters that are not seen as escapes, and ``'`` before a formula."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    shown = escaped(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def plain(value: Any) -> Any:
    """Return a value as JSON has it: what is no finite number becomes null, numpy's values Python's."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, complex):
        return [plain(value.real), plain(value.imag)]
    return None if isinstance(value, float) and not math.isfinite(value) else value
