"""The recipes of the ops that LiteRT has; the conformance suite's catalogue has them all."""

from __future__ import annotations

from functools import cache

from delegraph_conformance.recipe import Recipe
from delegraph_conformance.recipe import recipes as catalogue

__all__ = ["Recipe", "recipes"]


@cache
def recipes() -> dict[str, Recipe]:
    """Return the recipes by op."""
    return {op: made for op, made in catalogue().items() if made.family != "unregistered"}
