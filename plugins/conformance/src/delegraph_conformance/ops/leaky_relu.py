"""LEAKY_RELU: models for conformance cases."""

from ..families.elementwise import SHAPES, leaky_relu
from ..recipe import ENDS, NUMBERS, Recipe

RECIPE = Recipe(
    "LEAKY_RELU",
    NUMBERS,
    leaky_relu,
    SHAPES
    | {
        "a slope of 0": {"alpha": 0.0},
        "a steep slope": {"alpha": 1.5},
        "a slope downwards": {"alpha": -0.4},
    }
    | ENDS,
)
