"""Rules: which ops of a model get another scheme, from a TOML file or as values.

::

    [[rule]]
    op = "SOFTMAX"          # an op's name, or a pattern: *
    name = "head/*"         # of its first output
    index = [3, 4]          # in the model as it is given
    subgraph = 0            # of the op
    scheme = "float32"      # or any scheme
    calibration = "mse"     # how the ranges of what it reads and writes are chosen
    weights = "int8"        # or "int4": their type

All that a rule names must fit; of several rules that fit, the last one counts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Protocol

from attrs import frozen
from delegraph import InputError, Op

WEIGHTS = ("int8", "int4")
_KEYS = ("op", "name", "index", "subgraph", "scheme", "calibration", "weights")


@frozen
class Rule:
    """One rule; what is None says nothing."""

    scheme: str | None = None
    op: str | None = None
    name: str | None = None
    index: tuple[int, ...] | None = None
    calibration: str | None = None
    subgraph: int | None = None
    weights: str | None = None

    def fits(self, op: Op, index: int, subgraph: int = 0) -> bool:
        """Say whether the rule is for an op; ``index`` is its place in the model that was given."""
        return fits(self, op, index, subgraph)


class Chooses(Protocol):
    """A rule of any kind: what it says of the ops that it is for; what is None says nothing."""

    @property
    def op(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def index(self) -> tuple[int, ...] | None: ...
    @property
    def subgraph(self) -> int | None: ...


def fits(rule: Chooses, op: Op, index: int, subgraph: int) -> bool:
    """Say whether a rule is for an op; ``index`` is its place in the model that was given."""
    output = op.outputs[0].name if op.outputs else ""
    return (
        (rule.op is None or fnmatchcase(op.name, rule.op))
        and (rule.name is None or fnmatchcase(output, rule.name))
        and (rule.index is None or index in rule.index)
        and (rule.subgraph is None or subgraph == rule.subgraph)
    )


def read_rules(path: str | os.PathLike[str], schemes: Sequence[str], methods: Sequence[str]) -> list[Rule]:
    """Read a file of rules.

    :raises InputError: it cannot be read, or says something that no rule has.
    """
    where = os.fspath(path)
    return [_rule(table, where, schemes, methods) for table in read_tables(path, _KEYS)]


def read_tables(path: str | os.PathLike[str], keys: Sequence[str]) -> list[Mapping[str, Any]]:
    """Read the tables of a file of rules, which may have some keys, as far as they choose ops.

    :raises InputError: it cannot be read, or has others.
    """
    where = os.fspath(path)
    try:
        with open(path, "rb") as file:
            found = _toml().load(file)
    except (OSError, ValueError) as e:
        raise InputError(f"rules {where!r} cannot be read: {e}") from e
    tables = found.get("rule", [])
    if set(found) - {"rule"} or not isinstance(tables, list):
        raise InputError(f"rules {where!r} need tables [[rule]], found {', '.join(map(repr, found))}")
    for table in tables:
        _check_choice(table, where, keys)
    return tables


def _check_choice(table: Any, where: str, keys: Sequence[str]) -> None:
    if not isinstance(table, Mapping):
        raise InputError(f"rules {where!r} need tables [[rule]]")
    for key in table:
        if key not in keys:
            raise InputError(f"rules {where!r}: a rule has {', '.join(keys)}; found {key!r}")
    for key in ("op", "name"):
        if not isinstance(table.get(key, ""), str):
            raise InputError(f"rules {where!r}: {key} needs a text, found {table[key]!r}")
    index = table.get("index", [])
    if type(index) is not int and not (isinstance(index, list) and all(type(i) is int for i in index)):
        raise InputError(f"rules {where!r}: index needs whole numbers, found {index!r}")
    if type(table.get("subgraph", 0)) is not int:
        raise InputError(f"rules {where!r}: subgraph needs a whole number, found {table['subgraph']!r}")


def places_of(table: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Return the places that a table's ``index`` names, one or several."""
    index = table.get("index")
    return (index,) if isinstance(index, int) else None if index is None else tuple(index)


def _rule(table: Mapping[str, Any], where: str, schemes: Sequence[str], methods: Sequence[str]) -> Rule:
    words = {"scheme": (*schemes, "float32"), "calibration": tuple(methods), "weights": WEIGHTS}
    for key, known in words.items():
        if key in table and table[key] not in known:
            raise InputError(
                f"rules {where!r}: {key} needs one of {', '.join(known)}, found {table[key]!r}"
            )
    return Rule(
        table.get("scheme"),
        table.get("op"),
        table.get("name"),
        places_of(table),
        table.get("calibration"),
        table.get("subgraph"),
        table.get("weights"),
    )


def _toml() -> Any:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib
