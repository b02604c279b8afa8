"""What values a model's tensors take: watched while it runs on samples, kept small, and used again."""

from __future__ import annotations

from .ranges import METHODS, range_of
from .samples import Samples, read_samples
from .saved import Calibration
from .watch import calibrate

__all__ = ["METHODS", "Calibration", "Samples", "calibrate", "range_of", "read_samples"]
