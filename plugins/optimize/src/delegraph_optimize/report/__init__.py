"""What became of each op, and why: as values, and as a table."""

from __future__ import annotations

from .outcome import Outcome, Report

__all__ = ["Outcome", "Report"]
