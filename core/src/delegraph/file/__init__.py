"""Files: the .tflite file, with every offset checked, its metadata and labels; and what commands write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import later
from .checks import check_model
from .reader import read_model

if TYPE_CHECKING:
    from .archive import member_names
    from .labels import Labels, ModelLabels, OutputLabels, read_labels
    from .metadata import normalization, tensor_metadata
    from .output import (
        all_or_nothing,
        check_output,
        is_replaced,
        is_same_file,
        make_folder,
        output_file,
        write_file,
    )
    from .writer import write_model

__all__ = [
    "Labels",
    "ModelLabels",
    "OutputLabels",
    "all_or_nothing",
    "check_model",
    "check_output",
    "is_replaced",
    "is_same_file",
    "make_folder",
    "member_names",
    "normalization",
    "output_file",
    "read_labels",
    "read_model",
    "tensor_metadata",
    "write_file",
    "write_model",
]

# Imported when first asked for: a program that runs a model reads it, and no more.
_NAMES = {
    "archive": "member_names",
    "labels": "Labels ModelLabels OutputLabels read_labels",
    "metadata": "normalization tensor_metadata",
    "output": "all_or_nothing check_output is_replaced is_same_file make_folder output_file write_file",
    "writer": "write_model",
}

if not TYPE_CHECKING:
    __getattr__ = later.names(globals(), _NAMES)
