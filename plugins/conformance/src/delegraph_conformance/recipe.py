"""The catalogue: how the models of each op are made. One op is one module in ``ops/``, a line of data.

A recipe is tried with several choices of operand types and, of the usual ones, in several variants: other
shapes and attributes, zero points at the ends of their types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from attrs import field, frozen
from delegraph import DTYPES

from .draft import NO_SCALE, Draft

EVERY_TYPE = tuple(name for name in DTYPES if name not in ("resource", "variant"))
PLAIN = tuple(t + NO_SCALE for t in ("int8", "uint8", "int16"))  # integers without a scale
NUMBERS = EVERY_TYPE + PLAIN
INDICES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "bool")
USUAL = {"float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool", "-", "same", *PLAIN}
PLAIN_VARIANT = ""  # the name of the one that every choice of types has

Arguments = Mapping[str, Any]  # of a recipe's function, by name
Variants = dict[str, Arguments]  # by the variant's name
# Zero points at the ends of the 8-bit types.
ENDS: Variants = {"lowest points": {"points": "lowest"}, "highest points": {"points": "highest"}}


def _distinct(types: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(types))


@frozen
class Recipe:
    """The models of one op: one for each entry of ``types``, and of each variant where these are usual."""

    op: str
    # "float32", or those of several operands: "int8:int4:int32", "float32>int8".
    types: tuple[str, ...] = field(converter=_distinct)
    build: Callable[..., None]  # (draft, *types, **arguments of the variant)
    variants: Variants = field(factory=dict)
    # Types that the goldens have and the comparison of all types with LiteRT does not need.
    also: tuple[str, ...] = field(default=(), converter=_distinct)
    versions: tuple[int, int] = (1, 1)  # first and last of an op that LiteRT does not register
    # Variants that are tried in every version: delegates claim older ones of nothing else.
    in_every_version: tuple[str, ...] = ()
    beyond: Mapping[str, int] = field(factory=dict)  # the last version of types, where LiteRT lacks it

    @property
    def family(self) -> str:
        """The module of the function, whose ops have much in common."""
        return self.build.__module__.rpartition(".")[2]

    def variants_of(self, types: str) -> Iterator[str]:
        """Yield the variants to try with a choice of types."""
        yield PLAIN_VARIANT
        operands = {*_operands(types.replace(" per channel", ""))}
        if not operands <= USUAL:
            yield from self.in_every_version
            return
        has_points = NO_SCALE not in types and operands & {"int8", "uint8"}
        yield from (name for name, found in self.variants.items() if has_points or "points" not in found)

    def draft(
        self,
        version: int,
        types: str,
        variant: str = PLAIN_VARIANT,
        bare: bool = False,
        kind: type[Draft] = Draft,
    ) -> Draft:
        """Return the model of one choice.

        :param bare: the op alone, also where LiteRT's Python interface could not hand over its operands
        :param kind: what the recipe is handed
        """
        arguments = dict(self.variants[variant]) if variant else {}
        draft = kind(self.op, version, types, arguments.pop("points", ""), bare)
        self.build(draft, *_operands(types.replace(NO_SCALE, "")), **arguments)
        return draft


def _operands(types: str) -> list[str]:
    return re.split("[:>]", types)


@cache
def recipes() -> dict[str, Recipe]:
    """Return all recipes by op."""
    ops = import_module(".ops", __package__)  # by its name: its modules import this one
    modules = (import_module(f"{ops.__name__}.{found.name}") for found in iter_modules(ops.__path__))
    return {module.RECIPE.op: module.RECIPE for module in modules}


def varied(usual: str, *choices: Iterable[str]) -> list[str]:
    """Return types of several operands: the usual ones, with one operand at a time taking its choices."""
    parts = usual.split(":")
    found = [usual]
    for place, names in enumerate(choices):
        found += [":".join([*parts[:place], name, *parts[place + 1 :]]) for name in names]
    return list(dict.fromkeys(found))
