"""A model on many samples: in a loop, in processes, on a cluster."""

from __future__ import annotations

from .job import Item, Job, Judge, Result
from .journal import Journal
from .opened import Arrays, OpenedModel, Reading, Sample
from .predictor import Predictor
from .run_job import Finished, Where, run_job

__all__ = [
    "Arrays",
    "Finished",
    "Item",
    "Job",
    "Journal",
    "Judge",
    "OpenedModel",
    "Predictor",
    "Reading",
    "Result",
    "Sample",
    "Where",
    "run_job",
]
