"""PACK: models for conformance cases."""

from ..families.movement import PACKS, pack
from ..recipe import EVERY_TYPE, Recipe

RECIPE = Recipe("PACK", EVERY_TYPE, pack, PACKS, in_every_version=("rows",))
