"""Names of classes: from a text file, or from the files a model carries with it.

Source: tensorflow_lite_support/metadata/metadata_schema.fbs (AssociatedFileType).
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable
from itertools import islice

from ..errors import InputError
from ..model import Model, Record
from ..text import bytes_text
from ..values import frozen
from .metadata import MAX_FILE_BYTES, associated_file, left_out

Labels = dict[int, str]  # class index -> name
MAX_LABELS = 1 << 20  # some 150 MB of Python's values

_AXIS, _VALUE = 2, 3  # TENSOR_AXIS_LABELS, TENSOR_VALUE_LABELS
_INDEXED = re.compile(r"(\d{1,9})\s*[:,\s]\s*(\S.*)")  # "17 cat", "17: cat", "17,cat"; of a stripped line


@frozen
class OutputLabels:
    """What the model itself says of an output's labels."""

    axis: Labels | None = None  # the output has one score per class, along its last axis
    value: Labels | None = None  # the output's values are class indices


def read_labels(path: str | os.PathLike[str]) -> Labels:
    """Return the labels of a text file: one a line, or ``index label`` (``index: label``) on every line.

    :raises InputError: the file cannot be read, is empty or too large.
    """
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise ValueError(f"it needs at most {bytes_text(MAX_FILE_BYTES)}")
        labels = parse_labels(content.decode("utf-8-sig"))
    except (OSError, ValueError) as e:  # UnicodeDecodeError is a ValueError
        raise InputError(f"labels {name!r} cannot be read: {_reason(e)}") from e
    if not labels:
        raise InputError(f"labels {name!r}: needs one label a line, found an empty file")
    return labels


def parse_labels(text: str) -> Labels:
    """Return the labels in a text; lines count as indexed only if every one of them is.

    :raises ValueError: there are more than ``MAX_LABELS``
    """
    kept = [line.strip() for line in islice(io.StringIO(text, newline=None), MAX_LABELS + 1)]
    if len(kept) > MAX_LABELS:
        raise ValueError(f"it needs at most {MAX_LABELS:,} lines")
    while kept and not kept[-1]:
        kept.pop()
    return _by_index(kept) or dict(enumerate(kept))


def _by_index(lines: Iterable[str]) -> Labels | None:
    """Return labels by the index before each; None if a line has none."""
    found: Labels = {}
    for line in lines:
        if match := _INDEXED.fullmatch(line):
            found[int(match[1])] = match[2]
        elif line:
            return None
    return found


class ModelLabels:
    """The labels that a model carries: each file is unpacked once, all of them within one limit."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._left = MAX_FILE_BYTES
        self._read: dict[str, Labels | None] = {}  # by the file's name

    def of(self, output: Record | None) -> OutputLabels:
        """Return what an output's ``TensorMetadata`` names; of several languages the first one's.

        A file that cannot be read, or has more than it may, is left out with a warning.
        """
        found: dict[int, Labels] = {}
        for file in () if output is None else output.associated_files:
            if file.type in (_AXIS, _VALUE) and file.type not in found:
                labels = self._of_file(file.name)
                if labels:
                    found[file.type] = labels
        return OutputLabels(found.get(_AXIS), found.get(_VALUE))

    def _of_file(self, name: str) -> Labels | None:
        if name not in self._read:
            self._read[name] = self._unpacked(name)
        return self._read[name]

    def _unpacked(self, name: str) -> Labels | None:
        content = associated_file(self._model, name, self._left)
        if content is None:
            return None
        self._left -= len(content)
        try:
            return parse_labels(content.decode("utf-8-sig", errors="replace"))
        except ValueError as e:
            left_out(self._model, name, e)
            return None


def _reason(e: Exception) -> str:
    if isinstance(e, UnicodeDecodeError):
        return f"it needs UTF-8 text: {e}"
    return str(getattr(e, "strerror", None) or e)
