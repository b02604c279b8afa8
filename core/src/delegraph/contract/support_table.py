"""All rows of one delegate, indexed by op: which row covers an op, or why none does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ..errors import DelegateFailed, DelegraphError
from ..model import Graph, Op, Shape
from . import packages
from .conflicts import Conflict, without_conflicts
from .guard import Unfit, count, listed, said
from .operand_types import types_of
from .support_row import OpSupport, Refusal, has_unknown_input, versions_union

Rows = Callable[[], Iterable[OpSupport]]  # finds the rows of some ops


class RowsByOp(Iterable[OpSupport]):
    """Rows that are looked for when somebody asks for their op; who iterates gets all.

    :param groups: functions that return rows, by what :func:`letters_of` makes of their op.
    """

    def __init__(self, groups: Mapping[str, Rows]) -> None:
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

    def rows_of(self, op: str) -> list[OpSupport]:
        return [row for row in self.group(letters_of(op)) if row.op == op]

    def __iter__(self) -> Iterator[OpSupport]:
        return (row for key in self.groups for row in self.group(key))


def letters_of(op: str) -> str:
    """Return an op's letters and digits in lower case, as a file can be named for it: ``conv2d``."""
    return "".join(filter(str.isalnum, op)).lower()


class SupportTable:
    """All rows of one delegate. They are looked for op by op, and those of several plugins merged.

    :param rows: all; or those of each plugin by its name, in the order in which they serve.
    :param lacking: says why rows may be missing: what is wrong with plugins that could have brought some.
    :param hint: what the delegate says would make an op pass that no row has in this version and types.
    :param owner: the plugin that offers the delegate: where a row of it has an op's version and types, the
        others are not looked for.
    :param read: returns a plugin's rows, of what its function for some ops gives.
    :param tell: hears of a row that is left out, since another plugin's claims the same.
    """

    def __init__(
        self,
        delegate: str,
        rows: Iterable[OpSupport] | Mapping[str, Iterable[OpSupport]],
        lacking: Callable[[], str] = str,
        hint: Callable[[Op], str] | None = None,
        owner: str | None = None,
        read: Callable[[str, Rows], list[OpSupport]] = lambda plugin, rows: list(rows()),
        tell: Callable[[Conflict], None] = lambda conflict: None,
    ) -> None:
        self.delegate = delegate
        self._lacking = lacking
        self._way_out = hint
        self._owner = delegate if owner is None else owner
        self._read = read
        self._tell = tell
        claims = rows if isinstance(rows, Mapping) else {self._owner: rows}
        self._claims = {p: r if isinstance(r, RowsByOp) else RowsByOp.of(r) for p, r in claims.items()}
        self._groups: dict[tuple[str, Sequence[str]], list[OpSupport]] = {}  # see ``_group``
        # Distinct (op, version, types) of the models seen -> rows that have them, or the refusal.
        self._known: dict[tuple[Any, ...], list[OpSupport] | Refusal] = {}

    def __repr__(self) -> str:
        return f"<SupportTable of {self.delegate}>"

    @property
    def rows(self) -> tuple[OpSupport, ...]:
        keys = dict.fromkeys(key for found in self._claims.values() for key in found.groups)
        return tuple(row for key in keys for row in self._group(key, tuple(self._claims)))

    def rows_of(self, op: str) -> Sequence[OpSupport]:
        return self._rows_of(op, tuple(self._claims))

    def _rows_of(self, op: str, plugins: Sequence[str]) -> list[OpSupport]:
        return [row for row in self._group(letters_of(op), plugins) if row.op == op]

    def _group(self, key: str, plugins: Sequence[str]) -> list[OpSupport]:
        """Return the rows of plugins for all ops with these letters, conflicts resolved."""
        if (key, plugins) not in self._groups:
            found = [row for p in plugins for row in self._read(p, partial(self._claims[p].group, key))]
            self._groups[key, plugins], conflicts = without_conflicts(found, self._owner)
            for conflict in conflicts:
                self._tell(conflict)
        return self._groups[key, plugins]

    def decide(self, op: Op, graph: Graph | None = None) -> tuple[OpSupport | None, list[Refusal]]:
        """Return the row that covers ``op`` and no refusal; or None, and the reasons of the closest row.

        An op with an input whose shape is not known yet is judged by version and types alone: its
        constraints are checked when the shapes are.
        """
        found = self._match(op)
        if isinstance(found, Refusal):
            return None, [found]
        if has_unknown_input(op):
            return found[0], []
        closest: list[Refusal] | None = None
        for row in found:
            why = row.broken_constraints(op, graph)
            if not why:
                return row, []
            if closest is None or len(why) < len(closest):
                closest = why
        assert closest is not None
        return None, closest

    def row_for(self, op: Op, graph: Graph | None = None) -> OpSupport | None:
        """Return the row that covers ``op``, or None."""
        return self.decide(op, graph)[0]

    def refusals(self, op: Op, graph: Graph | None = None) -> list[Refusal]:
        """Return why no row covers ``op``; [] if one does."""
        return self.decide(op, graph)[1]

    def shapes(self, op: Op, given: Sequence[Shape]) -> Sequence[Shape] | None:
        """Return a custom op's output shapes by the rule of a row that takes its version and types.

        None if there is none.

        :raises DelegateFailed: the rule raised something else than one of the project's errors, or returned
            something else than a shape for each output.
        """
        found = self._match(op)
        rows = [] if isinstance(found, Refusal) else found
        row = next((row for row in rows if row.shapes is not None), None)
        if row is None or row.shapes is None:
            return None
        try:
            return _fitting(op, row.shapes(op, given))
        except DelegraphError:
            raise
        except BaseException as e:
            what = f"{self.delegate} failed to find the shapes of {op}"
            by = f"shapes= of its row of plugin {row.origin or self._owner!r}"
            raise DelegateFailed(f"{what} by {by}: {said(e)}") from e

    def _match(self, op: Op) -> list[OpSupport] | Refusal:
        ins = tuple([t and t.dtype for t in op.inputs])
        key = (op.name, op.version, ins, tuple([t.dtype for t in op.outputs]))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._closest(op, types_of(op))
        return known

    def _closest(self, op: Op, types: str) -> list[OpSupport] | Refusal:
        own = self._rows_of(op.name, (self._owner,)) if self._owner in self._claims else []
        own = [row for row in own if row.takes_types(types)]
        if fitting := [row for row in own if row.takes_version(op.version)]:
            return fitting
        rows = self.rows_of(op.name)
        if not rows:
            hint = self._hint(op, types) or packages.hook_for(op.name)
            return Refusal(f"a row for {op.name}", f"none in the table of {self.delegate}", hint, kind="op")
        typed = [row for row in rows if row.takes_types(types)]
        if not typed:
            lists = " or ".join(dict.fromkeys(row.types_text for row in rows))
            return Refusal(lists, types, self._hint(op, types), kind="types")
        fitting = [row for row in typed if row.takes_version(op.version)]
        if not fitting:
            needed = f"version {versions_union(row.versions for row in typed)}"
            return Refusal(needed, f"version {op.version}", self._own_hint(op), kind="version")
        return fitting

    def _hint(self, op: Op, types: str) -> str:
        return packages.hint_for(self.delegate, op.name, types) or self._own_hint(op) or self._lacking()

    def _own_hint(self, op: Op) -> str:
        return "" if self._way_out is None else self._way_out(op)


def shapes_by_rows(
    tables: Iterable[SupportTable], op: Op, given: Sequence[Shape]
) -> Sequence[Shape] | None:
    """Return a custom op's output shapes by the first table that knows them, or None.

    :raises DelegateFailed: no table knows them, and a rule of one failed.
    """
    failed: DelegateFailed | None = None
    for table in tables:
        try:
            if (found := table.shapes(op, given)) is not None:
                return found
        except DelegateFailed as e:
            failed = failed or e
    if failed is not None:
        raise failed
    return None


def _fitting(op: Op, found: Any) -> list[Shape]:
    """Read the answer of a rule for shapes: for each output a shape, or None where only a run shows it."""
    shapes = [None if shape is None else tuple(map(count, listed(shape))) for shape in listed(found)]
    if len(shapes) != len(op.outputs):
        raise Unfit(f"{len(op.outputs)} shapes are needed, found {len(shapes)}")
    return shapes
