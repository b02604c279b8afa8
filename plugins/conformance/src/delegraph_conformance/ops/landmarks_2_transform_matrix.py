"""Landmarks2TransformMatrix: models for conformance cases."""

from ..families.unregistered import landmarks_to_matrix
from ..recipe import Recipe

RECIPE = Recipe("Landmarks2TransformMatrix", ["float32"], landmarks_to_matrix, versions=(1, 2))
