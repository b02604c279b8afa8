"""BATCH_MATMUL: models for conformance cases."""

from ..families.weighted import MATRICES, PRODUCTS, batch_matmul
from ..recipe import ENDS, Recipe

RECIPE = Recipe(
    "BATCH_MATMUL",
    [f"{x}:{y}:{x}" for x in PRODUCTS for y in PRODUCTS] + ["int8:int8:int32"],
    batch_matmul,
    MATRICES | ENDS,
)
