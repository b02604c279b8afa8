"""STABLEHLO_RNG_BIT_GENERATOR: models for conformance cases."""

from ..families.stablehlo import rng_bit_generator
from ..recipe import EVERY_TYPE, Recipe, varied

RECIPE = Recipe(
    "STABLEHLO_RNG_BIT_GENERATOR", varied("uint64:uint64", EVERY_TYPE, EVERY_TYPE), rng_bit_generator
)
