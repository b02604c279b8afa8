"""How a model of each op is made: a function per op, registered with the types it is tried with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from attrs import frozen
from delegraph.model import DTYPES

from .draft import NO_SCALE, Draft

EVERY_TYPE = tuple(name for name in DTYPES if name not in ("resource", "variant"))
PLAIN = tuple(t + NO_SCALE for t in ("int8", "uint8", "int16"))  # integers without a scale
NUMBERS = EVERY_TYPE + PLAIN
INDICES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "bool")


@frozen
class Recipe:
    """The models of one op: one for each entry of ``types``."""

    op: str
    types: tuple[str, ...]  # "float32", or those of several operands: "int8:int4:int32", "float32>int8"
    family: str  # the module of the recipe
    build: Callable[..., None]

    def draft(self, version: int, types: str) -> Draft:
        """Return the model of one cell."""
        draft = Draft(self.op, version, types)
        self.build(draft, *re.split("[:>]", types.replace(NO_SCALE, "")))
        return draft


def recipe(ops: str, types: Iterable[str]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a function that makes the models of these ops: ``build(draft, *types)``."""

    def register(build: Callable[..., None]) -> Callable[..., None]:
        for op in ops.split():
            assert op not in _RECIPES, f"{op} has two recipes"
            family = build.__module__.rpartition(".")[2]
            _RECIPES[op] = Recipe(op, tuple(dict.fromkeys(types)), family, build)
        return build

    return register


def recipes() -> dict[str, Recipe]:
    """Return all recipes by op."""
    for file in sorted((Path(__file__).parent / "recipes").glob("[a-z]*.py")):
        import_module(f"matrix.recipes.{file.stem}")
    return _RECIPES


def varied(usual: str, *choices: Iterable[str]) -> list[str]:
    """Return types of several operands: the usual ones, with one operand at a time taking its choices."""
    parts = usual.split(":")
    found = [usual]
    for place, names in enumerate(choices):
        found += [":".join([*parts[:place], name, *parts[place + 1 :]]) for name in names]
    return list(dict.fromkeys(found))


_RECIPES: dict[str, Recipe] = {}
