"""TransformTensorBilinear: models for conformance cases."""

from ..families.unregistered import transform_bilinear
from ..recipe import Recipe

RECIPE = Recipe("TransformTensorBilinear", ["float32"], transform_bilinear, versions=(1, 2))
