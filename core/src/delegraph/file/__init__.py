"""The .tflite file: read with every offset checked, written, with its metadata and labels."""

from __future__ import annotations

from .labels import Labels, OutputLabels, labels_of, read_labels
from .metadata import normalization, tensor_metadata
from .reader import read_model
from .writer import write_model

__all__ = [
    "Labels",
    "OutputLabels",
    "labels_of",
    "normalization",
    "read_labels",
    "read_model",
    "tensor_metadata",
    "write_model",
]
