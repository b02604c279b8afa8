"""Weights share a few values: a file of so few compresses well."""

from __future__ import annotations

from .clustered import cluster

__all__ = ["cluster"]
