"""CONV_3D_TRANSPOSE: models for conformance cases."""

from ..families.weighted import ACTIVATIONS, VOLUMES, WEIGHTS, conv_3d_transpose
from ..recipe import Recipe

RECIPE = Recipe(
    "CONV_3D_TRANSPOSE",
    [f"{x}:{w}:{b}" for x in ACTIVATIONS for w in WEIGHTS for b in ("float32", "-")],
    conv_3d_transpose,
    VOLUMES,
)
