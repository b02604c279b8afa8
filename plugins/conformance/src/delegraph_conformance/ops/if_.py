"""IF: models for conformance cases."""

from ..families.control import if_
from ..recipe import EVERY_TYPE, Recipe, varied

RECIPE = Recipe("IF", varied("bool:float32", EVERY_TYPE, EVERY_TYPE), if_)
