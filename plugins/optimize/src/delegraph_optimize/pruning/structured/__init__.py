"""Whole channels go: from the op that makes them, from all that hand them on, and from what reads them."""

from __future__ import annotations

from .channels import prune_channels
from .followed import WEIGHTS, followed
from .positions import Positions, places_of

__all__ = ["WEIGHTS", "Positions", "followed", "places_of", "prune_channels"]
