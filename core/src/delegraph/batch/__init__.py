"""A model on many samples: in a loop, in processes, on a cluster. Public is what ``__all__`` names."""

from __future__ import annotations

from .job import Item as Item
from .job import Job as Job
from .job import Judge as Judge
from .job import Result as Result
from .journal import Journal as Journal
from .opened import Arrays as Arrays
from .opened import OpenedModel as OpenedModel
from .opened import Reading as Reading
from .opened import Sample as Sample
from .predictor import Predictor
from .run_job import Finished as Finished
from .run_job import Where as Where
from .run_job import run_job as run_job

__all__ = ["Predictor"]
