"""TransformLandmarks: models for conformance cases."""

from ..families.unregistered import transform_landmarks
from ..recipe import Recipe

RECIPE = Recipe("TransformLandmarks", ["float32"], transform_landmarks, versions=(1, 2))
