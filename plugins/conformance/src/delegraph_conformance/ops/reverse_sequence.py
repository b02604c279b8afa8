"""REVERSE_SEQUENCE: models for conformance cases."""

from ..families.movement import SEQUENCES, reverse_sequence
from ..recipe import EVERY_TYPE, INDICES, Recipe, varied

RECIPE = Recipe(
    "REVERSE_SEQUENCE", varied("float32:int32", EVERY_TYPE, INDICES), reverse_sequence, SEQUENCES
)
