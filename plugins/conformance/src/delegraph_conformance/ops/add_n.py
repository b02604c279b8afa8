"""ADD_N: models for conformance cases."""

from ..families.elementwise import SHAPES, add_n
from ..recipe import NUMBERS, Recipe

RECIPE = Recipe("ADD_N", NUMBERS, add_n, SHAPES | {"one": {"count": 1}, "two": {"count": 2}})
