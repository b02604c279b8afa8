"""Weights share a few values: a file of so few compresses well."""

from __future__ import annotations

from .clustered import cluster
from .constraint import ClusteringConstraint, clustering_constraints

__all__ = ["ClusteringConstraint", "cluster", "clustering_constraints"]
