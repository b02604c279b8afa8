"""What is common to models that were made of others: the file, and a report of what was done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

from delegraph import write_file


class _Report(Protocol):
    def _repr_html_(self) -> str: ...


class Written:
    """A base of values with a ``report`` and the ``content`` of a .tflite file."""

    __slots__ = ()
    report: _Report
    content: bytes

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.report!r}>"

    def __str__(self) -> str:
        return str(self.report)

    def _repr_html_(self) -> str:
        return self.report._repr_html_()

    def write(self, path: str | os.PathLike[str], read: Sequence[str | os.PathLike[str]] = ()) -> None:
        """Write the file: all or nothing, and never over a file of ``read``."""
        write_file(path, self.content, read)
