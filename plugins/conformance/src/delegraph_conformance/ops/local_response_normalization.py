"""LOCAL_RESPONSE_NORMALIZATION: models for conformance cases."""

from ..families.elementwise import local_response_normalization
from ..recipe import NUMBERS, Recipe

RECIPE = Recipe(
    "LOCAL_RESPONSE_NORMALIZATION",
    NUMBERS,
    local_response_normalization,
    {"a batch of two": {"batch": 2}, "a wide radius": {"radius": 9}, "a beta of one": {"beta": 1.0}},
)
