"""Mfcc: models for conformance cases."""

from ..families.custom import mfcc
from ..recipe import EVERY_TYPE, Recipe, varied

RECIPE = Recipe("Mfcc", varied("float32:int32", EVERY_TYPE, ("int64", "float32", "int16")), mfcc)
