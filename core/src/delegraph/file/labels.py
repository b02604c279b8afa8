"""Names of classes: from a text file, or from the files a model carries with it.

Source: tensorflow_lite_support/metadata/metadata_schema.fbs (AssociatedFileType).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from attrs import frozen

from ..errors import InputError
from ..model import Model, Record
from .metadata import associated_file

Labels = dict[int, str]  # class index -> name

_AXIS, _VALUE = 2, 3  # TENSOR_AXIS_LABELS, TENSOR_VALUE_LABELS
_INDEXED = re.compile(r"\s*(\d+)\s*[:,\s]\s*(\S.*)")  # "17 cat", "17: cat", "17,cat"


@frozen
class OutputLabels:
    """What the model itself says of an output's labels."""

    axis: Labels | None = None  # the output has one score per class, along its last axis
    value: Labels | None = None  # the output's values are class indices


def read_labels(path: str | os.PathLike[str]) -> Labels:
    """Return the labels of a text file: one a line, or ``index label`` (``index: label``) on every line.

    :raises InputError: the file cannot be read, or is empty.
    """
    try:
        labels = parse_labels(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as e:
        reason = e.strerror if isinstance(e, OSError) else f"it needs UTF-8 text: {e}"
        raise InputError(f"labels {os.fspath(path)!r} cannot be read: {reason}") from e
    if not labels:
        raise InputError(f"labels {os.fspath(path)!r}: needs one label a line, found an empty file")
    return labels


def parse_labels(text: str) -> Labels:
    """Return the labels in a text; lines count as indexed only if every one of them is."""
    lines = text.rstrip().splitlines()
    indexed = [_INDEXED.fullmatch(line) for line in lines if line.strip()]
    if indexed and all(indexed):
        return {int(m[1]): m[2].strip() for m in indexed if m is not None}
    return {i: line.strip() for i, line in enumerate(lines)}


def labels_of(model: Model, output: Record | None) -> OutputLabels:
    """Return the labels that an output's ``TensorMetadata`` names; of several languages the first one's."""
    files = () if output is None else output.associated_files
    found: dict[int, Labels] = {}
    for file in files:
        if file.type in (_AXIS, _VALUE) and file.type not in found:
            content = associated_file(model, file.name)
            if content:
                found[file.type] = parse_labels(content.decode("utf-8-sig", errors="replace"))
    return OutputLabels(found.get(_AXIS), found.get(_VALUE))
