"""Models trained from the .tflite file: with quantization, or in floats.

``train(model, data)`` is the whole of it; ``trainable(model)`` gives a torch module for a loop of one's
own, and ``export(module)`` the model that came of it. :mod:`.constraints` says what weights may have to be
like.
"""

from __future__ import annotations

from ..report.training import Epoch, TrainingHistory
from .constraints import ResumableConstraint, WeightConstraint
from .course import Progress
from .history import Trained
from .made import export, trainable
from .module import TrainableModel
from .train_model import train

__all__ = [
    "Epoch",
    "Progress",
    "ResumableConstraint",
    "TrainableModel",
    "Trained",
    "TrainingHistory",
    "WeightConstraint",
    "export",
    "train",
    "trainable",
]
