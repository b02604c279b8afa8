"""Rules of pruning and clustering: which layers get something else, from a TOML file or as values.

::

    [[rule]]
    op = "CONV_2D"          # an op's name, or a pattern: *
    name = "head/*"         # of its first output
    index = [3, 4]          # in the model as it is given
    subgraph = 0            # of the op
    skip = true             # leave its weights as they are
    sparsity = 0.75         # prune: the share of its weights that become 0
    pattern = "2:4"         # prune: where zeros may be
    clusters = 16           # cluster: how many values its weights have

All that a rule names must fit; of several rules that fit, the last one counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen
from delegraph import InputError

from ..rules import fits, places_of, read_tables
from .weight_layer import WeightLayer

_CHOICE = ("op", "name", "index", "subgraph", "skip")
_KINDS = {"skip": (bool,), "sparsity": (int, float), "pattern": (str,), "clusters": (int,)}
_WORDS = {
    "skip": "true or false",
    "sparsity": "a number",
    "pattern": "a text",
    "clusters": "a whole number",
}


@frozen(kw_only=True)
class LayerRule:
    """One rule; what is None says nothing."""

    op: str | None = None
    name: str | None = None
    index: tuple[int, ...] | None = None
    subgraph: int | None = None
    skip: bool | None = None
    sparsity: float | None = None
    pattern: str | None = None
    clusters: int | None = None

    def fits(self, layer: WeightLayer) -> bool:
        source = layer.node.source
        return source is not None and fits(self, source, layer.index, layer.subgraph)


def layer_rules(
    given: str | os.PathLike[str] | Iterable[LayerRule] | None, keys: Sequence[str]
) -> tuple[LayerRule, ...]:
    """Return rules, or those of a file; besides what chooses layers, they may say some keys.

    :raises InputError: a file cannot be read, or says something else
    """
    if not isinstance(given, (str, os.PathLike)):
        return tuple(given or ())
    tables = read_tables(given, (*_CHOICE, *keys))
    return tuple(_rule(table, os.fspath(given)) for table in tables)


def _rule(table: Mapping[str, Any], where: str) -> LayerRule:
    for key, kinds in _KINDS.items():
        if key in table and type(table[key]) not in kinds:
            raise InputError(f"rules {where!r}: {key} needs {_WORDS[key]}, found {table[key]!r}")
    return LayerRule(**{**table, "index": places_of(table)})
