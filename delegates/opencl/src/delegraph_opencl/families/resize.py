"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR: what they share."""

from __future__ import annotations
