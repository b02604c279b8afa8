"""A model on many samples: in a loop, in processes, on a cluster."""

from __future__ import annotations

from .opened import Arrays, OpenedModel, Reading, Sample

__all__ = ["Arrays", "OpenedModel", "Reading", "Sample"]
