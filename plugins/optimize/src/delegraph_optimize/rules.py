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
from typing import Any

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
        output = op.outputs[0].name if op.outputs else ""
        return (
            (self.op is None or fnmatchcase(op.name, self.op))
            and (self.name is None or fnmatchcase(output, self.name))
            and (self.index is None or index in self.index)
            and (self.subgraph is None or subgraph == self.subgraph)
        )


def read_rules(path: str | os.PathLike[str], schemes: Sequence[str], methods: Sequence[str]) -> list[Rule]:
    """Read a file of rules.

    :raises InputError: it cannot be read, or says something that no rule has.
    """
    where = os.fspath(path)
    try:
        with open(path, "rb") as file:
            found = _toml().load(file)
    except (OSError, ValueError) as e:
        raise InputError(f"rules {where!r} cannot be read: {e}") from e
    if set(found) - {"rule"} or not isinstance(found.get("rule", []), list):
        raise InputError(f"rules {where!r} need tables [[rule]], found {', '.join(map(repr, found))}")
    return [_rule(table, where, schemes, methods) for table in found.get("rule", [])]


def _rule(table: Any, where: str, schemes: Sequence[str], methods: Sequence[str]) -> Rule:
    if not isinstance(table, Mapping):
        raise InputError(f"rules {where!r} need tables [[rule]]")
    for key in table:
        if key not in _KEYS:
            raise InputError(f"rules {where!r}: a rule has {', '.join(_KEYS)}; found {key!r}")
    words = {"scheme": (*schemes, "float32"), "calibration": tuple(methods), "weights": WEIGHTS}
    for key, known in words.items():
        if key in table and table[key] not in known:
            raise InputError(
                f"rules {where!r}: {key} needs one of {', '.join(known)}, found {table[key]!r}"
            )
    for key in ("op", "name"):
        if not isinstance(table.get(key, ""), str):
            raise InputError(f"rules {where!r}: {key} needs a text, found {table[key]!r}")
    index = table.get("index")
    places = [index] if isinstance(index, int) else index
    if places is not None and not (isinstance(places, list) and all(type(i) is int for i in places)):
        raise InputError(f"rules {where!r}: index needs whole numbers, found {index!r}")
    if type(table.get("subgraph", 0)) is not int:
        raise InputError(f"rules {where!r}: subgraph needs a whole number, found {table['subgraph']!r}")
    return Rule(
        table.get("scheme"),
        table.get("op"),
        table.get("name"),
        None if places is None else tuple(places),
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
