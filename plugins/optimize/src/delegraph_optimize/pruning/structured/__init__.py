"""Whole channels go: from the op that makes them, from all that hand them on, and from what reads them."""

from __future__ import annotations

from .channels import prune_channels

__all__ = ["prune_channels"]
