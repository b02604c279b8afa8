"""Support tables: what a delegate claims it can run, and why it refuses the rest.

One row is one claim. The same rows give the check, the text of a refusal, the table that
``delegraph support NAME`` prints and the conformance cases a delegate must pass.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
from attrs import field, frozen

from ..errors import DelegateFailed, DelegraphError
from ..model import Graph, Op
from . import operand_types as typespec
from . import packages
from .operand_types import types_of

Shape = tuple[int, ...] | None
Found = str | None  # what breaks a rule, or None


@frozen(hash=False)
class Constraint:
    """A rule as text, and a function that returns what breaks it in an op, or None."""

    rule: str  # completes the sentence "needs ..."
    found: Callable[..., Found] = field(repr=False)  # (op) or (op, graph)
    wants_graph: bool = False
    hint: str | Callable[[Op], str] = field(default="", repr=False)  # the way out of a refusal

    def check(self, op: Op, graph: Graph | None) -> Refusal | None:
        """Return why ``op`` breaks the rule, or None. A rule that raises refuses the op."""
        try:
            found = self.found(op, graph) if self.wants_graph else self.found(op)
        except Exception as e:
            return Refusal(self.rule, f"{type(e).__name__} in the check itself: {e}")
        if found is None:
            return None
        if not isinstance(found, str):
            found = f"{found!r} from the check itself, which must return a text or None"
        return Refusal(self.rule, found, self._way_out(op))

    def _way_out(self, op: Op) -> str:
        if isinstance(self.hint, str):
            return self.hint
        try:
            return self.hint(op)
        except Exception as e:
            return f"{type(e).__name__} in the hint itself: {e}"


def needs(rule: str, hint: str | Callable[[Op], str] = "") -> Callable[[Callable[..., Found]], Constraint]:
    """Turn a function of ``(op)`` or ``(op, graph)`` into a constraint with a stated rule.

    The function returns what it found instead of what the rule asks for, or None if all is well::

        @needs("a batch of one")
        def batch_of_one(op):
            batch = op.inputs[0].shape[0]
            return None if batch == 1 else f"a batch of {batch}"

    :param hint: what would make a refused op pass, for people; or a function of the op that says it.
    """

    def decorate(found: Callable[..., Found]) -> Constraint:
        return Constraint(rule, found, len(inspect.signature(found).parameters) > 1, hint)

    return decorate


@frozen
class Refusal:
    """One reason why a delegate does not take an op; reads "needs …, found …"."""

    rule: str
    found: str
    hint: str = ""  # the way out: "it is in the package delegraph-int16"

    def __str__(self) -> str:
        return f"needs {self.rule}, found {self.found}" + (f" ({self.hint})" if self.hint else "")


def has_unknown_input(op: Op) -> bool:
    """Say whether the shape of some input is known only while running."""
    return None in [t.shape for t in op.inputs if t is not None]  # a third of the time any() takes


def _constraints(where: Iterable[Constraint]) -> tuple[Constraint, ...]:
    return tuple(where)


@frozen(hash=False)
class OpSupport:
    """One claim: this op, these versions, these operand types, under these constraints."""

    op: str  # schema spelling; a custom op's name; "STABLEHLO_COMPOSITE:name"
    versions: tuple[int, int]  # first and last, both included (TFLite's min_, max_version)
    types: str  # see operand_types: "int8 int8 int32? -> int8", "T T* -> T"
    where: tuple[Constraint, ...] = field(default=(), converter=_constraints)
    # What this delegate's prepare needs for the op. For the reference: prepare(op) -> run(*arrays).
    # None when a partition is compiled as a whole.
    kernel: Any = field(default=None, repr=False)
    steps: int = 0  # largest difference from the reference for integers, in quantization steps
    rtol: float = 1e-5  # and for floats, relative to the largest value of the output
    T: str = ""  # choices of the type variable T, separated by blanks
    A: str = ""
    B: str = ""
    # Output shapes of a custom op: (op, shapes of its inputs) -> shapes. Builtin ops have theirs in core.
    shapes: Callable[[Op, Sequence[Shape]], Sequence[Shape]] | None = field(default=None, repr=False)
    origin: str = field(default="", eq=False)  # the plugin that made the claim; set by core

    @property
    def choices(self) -> dict[str, str]:
        return {k: v for k, v in (("T", self.T), ("A", self.A), ("B", self.B)) if v}

    @property
    def types_text(self) -> str:
        """The types with the choices of their variables, for people."""
        chosen = "".join(f", {k}: {' | '.join(v.split())}" for k, v in self.choices.items())
        return self.types + chosen

    @property
    def versions_text(self) -> str:
        return _union([self.versions])

    def check_types(self) -> None:
        """Raise ValueError if the types are not written as ``delegraph.contract.operand_types`` says."""
        typespec.check(self.types, self.choices)

    def takes_types(self, types: str) -> bool:
        return typespec.matches(self.types, self.choices, types)

    def takes_version(self, version: int) -> bool:
        return self.versions[0] <= version <= self.versions[1]

    def broken_constraints(self, op: Op, graph: Graph | None = None) -> list[Refusal]:
        return [why for c in self.where if (why := c.check(op, graph)) is not None]


class RowsByOp(Iterable[OpSupport]):
    """Rows that are looked for when somebody asks for their op; who iterates gets all.

    :param groups: functions that return rows, by what :func:`letters_of` makes of their op.
    """

    def __init__(self, groups: Mapping[str, Callable[[], Iterable[OpSupport]]]) -> None:
        self.groups = groups
        self._found: dict[str, tuple[OpSupport, ...]] = {}

    @classmethod
    def of(cls, rows: Iterable[OpSupport]) -> RowsByOp:
        """Return rows that are there already.

        :raises ValueError: the types of one cannot be read.
        """
        groups: dict[str, list[OpSupport]] = {}
        for row in rows:
            row.check_types()  # here, not in the middle of a model
            groups.setdefault(letters_of(row.op), []).append(row)
        return cls({key: found.copy for key, found in groups.items()})

    def group(self, key: str) -> tuple[OpSupport, ...]:
        """Return the rows of all ops with these letters."""
        if key not in self._found:
            self._found[key] = tuple(self.groups[key]()) if key in self.groups else ()
        return self._found[key]

    def rows_of(self, op: str) -> Sequence[OpSupport]:
        return [row for row in self.group(letters_of(op)) if row.op == op]

    def __iter__(self) -> Iterator[OpSupport]:
        return (row for key in self.groups for row in self.group(key))


def letters_of(op: str) -> str:
    """Return an op's letters and digits in lower case, as a file can be named for it: ``conv2d``."""
    return "".join(filter(str.isalnum, op)).lower()


class SupportTable:
    """All rows of one delegate, indexed by op.

    :param lacking: says why rows may be missing: what is wrong with plugins that could have brought some.
    :param hint: what the delegate says would make an op pass that no row has in this version and types.
    :param own: those of ``rows`` that serve where several plugins claim an op: where one of these has its
        version and types, the others are not looked for.
    """

    def __init__(
        self,
        delegate: str,
        rows: Iterable[OpSupport],
        lacking: Callable[[], str] = str,
        hint: Callable[[Op], str] | None = None,
        own: RowsByOp | None = None,
    ) -> None:
        self.delegate = delegate
        self._lacking = lacking
        self._way_out = hint
        self._rows = rows if isinstance(rows, RowsByOp) else RowsByOp.of(rows)
        self._own = own or self._rows
        # Distinct (op, version, types) of the models seen -> rows that have them, or the refusal.
        self._known: dict[tuple[Any, ...], list[OpSupport] | Refusal] = {}

    @property
    def rows(self) -> tuple[OpSupport, ...]:
        return tuple(self._rows)

    def rows_of(self, op: str) -> Sequence[OpSupport]:
        return self._rows.rows_of(op)

    def row_for(self, op: Op, graph: Graph | None = None) -> OpSupport | None:
        """Return the row that covers ``op``, constraints included, or None."""
        found = self._match(op)
        if isinstance(found, Refusal):
            return None
        return next((row for row in found if not row.broken_constraints(op, graph)), None)

    def shapes(self, op: Op, given: Sequence[Shape]) -> Sequence[Shape] | None:
        """Return a custom op's output shapes by the rule of a row that takes its version and types.

        None if there is none.

        :raises DelegateFailed: the rule raised something else than one of the project's errors.
        """
        found = self._match(op)
        rows = [] if isinstance(found, Refusal) else found
        rule = next((row.shapes for row in rows if row.shapes is not None), None)
        try:
            return None if rule is None else rule(op, given)
        except DelegraphError:
            raise
        except Exception as e:
            why = f"{self.delegate} failed to find the shapes of {op}"
            raise DelegateFailed(f"{why}: {type(e).__name__}: {e}") from e

    def refusals(self, op: Op, graph: Graph | None = None) -> list[Refusal]:
        """Return why no row covers ``op``: the reasons of the row that comes closest; [] if one does.

        An op with an input whose shape is not known yet is judged by version and types alone: its
        constraints are checked when the shapes are.
        """
        found = self._match(op)
        if isinstance(found, Refusal):
            return [found]
        if has_unknown_input(op):
            return []
        closest: list[Refusal] | None = None
        for row in found:
            why = row.broken_constraints(op, graph)
            if not why:
                return []
            if closest is None or len(why) < len(closest):
                closest = why
        assert closest is not None
        return closest

    def _match(self, op: Op) -> list[OpSupport] | Refusal:
        ins = tuple([t and t.dtype for t in op.inputs])
        key = (op.name, op.version, ins, tuple([t.dtype for t in op.outputs]))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._closest(op, types_of(op))
        return known

    def _closest(self, op: Op, types: str) -> list[OpSupport] | Refusal:
        own = [row for row in self._own.rows_of(op.name) if row.takes_types(types)]
        if fitting := [row for row in own if row.takes_version(op.version)]:
            return fitting
        rows = self.rows_of(op.name)
        if not rows:
            hint = self._hint(op, types) or packages.hook_for(op.name)
            return Refusal(f"a row for {op.name}", f"none in the table of {self.delegate}", hint)
        typed = [row for row in rows if row.takes_types(types)]
        if not typed:
            lists = " or ".join(dict.fromkeys(row.types_text for row in rows))
            return Refusal(lists, types, self._hint(op, types))
        fitting = [row for row in typed if row.takes_version(op.version)]
        if not fitting:
            needed = f"version {_union(row.versions for row in typed)}"
            return Refusal(needed, f"version {op.version}", self._own_hint(op))
        return fitting

    def _hint(self, op: Op, types: str) -> str:
        return packages.hint_for(self.delegate, op.name, types) or self._own_hint(op) or self._lacking()

    def _own_hint(self, op: Op) -> str:
        return "" if self._way_out is None else self._way_out(op)


def shapes_by_rows(
    tables: Iterable[SupportTable], op: Op, given: Sequence[Shape]
) -> Sequence[Shape] | None:
    """Return a custom op's output shapes by the first table that knows them, or None."""
    return next((found for table in tables if (found := table.shapes(op, given)) is not None), None)


@frozen(hash=False)
class Conflict:
    """Two packages claim the same op, version and types of one delegate."""

    serves: OpSupport
    refused: OpSupport
    types: str  # operand types that both claim


def without_conflicts(rows: Iterable[OpSupport], owner: str) -> tuple[list[OpSupport], list[Conflict]]:
    """Return the rows that serve, the owner's first, and a conflict for each row that is left out.

    One row's witnesses (optionals absent and present, repeats once and twice) are tried on the other.

    :param owner: the plugin that offers the delegate: its rows serve. Among others, the first by name.
    """
    kept: list[OpSupport] = []
    by_op: dict[str, list[OpSupport]] = {}
    conflicts = []
    for row in sorted(rows, key=lambda row: (row.origin != owner, row.origin)):
        rivals = by_op.setdefault(row.op, [])
        found = next(
            ((r, t) for r in rivals if r.origin != row.origin and (t := _common_types(r, row))), None
        )
        if found is None:
            rivals.append(row)
            kept.append(row)
        else:
            conflicts.append(Conflict(found[0], row, found[1]))
    return kept, conflicts


def _common_types(a: OpSupport, b: OpSupport) -> str | None:
    if a.versions[0] > b.versions[1] or b.versions[0] > a.versions[1]:
        return None
    return next((types for types in _witnesses(a) if b.takes_types(types)), None) or next(
        (types for types in _witnesses(b) if a.takes_types(types)), None
    )


def _witnesses(row: OpSupport) -> Iterator[str]:
    return typespec.witnesses(row.types, row.choices)


def _union(ranges: Iterable[tuple[int, int]]) -> str:
    """Write ranges of versions, those that touch as one: ``"1..3 or 5"``."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return " or ".join(f"{a}" if a == b else f"{a}..{b}" for a, b in merged)


def with_origin(rows: Iterable[OpSupport], origin: str) -> list[OpSupport]:
    return [attrs.evolve(row, origin=origin) for row in rows]
