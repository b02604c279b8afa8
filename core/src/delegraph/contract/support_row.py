"""Support rows: what a delegate claims it can run, and why it refuses the rest.

One row is one claim. The same rows give the check, the text of a refusal, the table that
``delegraph support NAME`` prints and the conformance cases a delegate must pass.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from types import FunctionType
from typing import Any, Literal, get_args

from ..errors import DelegraphError
from ..model import Graph, Op, Shape
from ..text import escaped, shortened
from ..values import Factory, evolve, field, frozen
from . import operand_types
from .guard import MOST, said, shown, text

Found = str | None  # what breaks a rule, or None


@frozen(hash=False)
class Constraint:
    """A rule as text, and a function that returns what breaks it in an op, or None."""

    rule: str  # completes the sentence "needs ..."
    found: Callable[..., Found] = field(repr=False)  # (op) or (op, graph)
    wants_graph: bool = False
    hint: str | Callable[[Op], str] = field(default="", repr=False)  # the way out of a refusal
    # What code knows it by, whatever the rule says: the function's name.
    name: str = Factory(lambda self: getattr(self.found, "__name__", ""), takes_self=True)

    def check(self, op: Op, graph: Graph | None, refused: bool = False) -> Refusal | None:
        """Return why ``op`` breaks the rule, or None. A rule that raises refuses the op.

        :param refused: the op breaks a rule that stands before this one, which may take it for granted:
            that this one raises is not told then.
        """
        try:
            found = self.found(op, graph) if self.wants_graph else self.found(op)
        except DelegraphError as e:
            found = str(e)
        except BaseException as e:
            why = said(e, " in the check itself")
            return None if refused else self._refusal(why)
        if found is None:
            return None
        if not isinstance(found, str):
            found = f"{shown(found)} from the check itself, which must return a text or None"
        return self._refusal(found, self._way_out(op))

    def _refusal(self, found: str, hint: str = "") -> Refusal:
        return Refusal(self.rule, found, hint, kind="constraint", constraint=self.name)

    def _way_out(self, op: Op) -> str:
        if isinstance(self.hint, str):
            return self.hint
        try:
            return text(self.hint(op))
        except BaseException as e:
            return said(e, " in the hint itself")


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
        return Constraint(rule, found, _parameters(found) > 1, hint)

    return decorate


def _parameters(found: Callable[..., Found]) -> int:
    if type(found) is not FunctionType or vars(found):
        return len(inspect.signature(found).parameters)
    code = found.__code__  # what inspect would find, in a hundredth of the time
    others = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_argcount + code.co_kwonlyargcount + others


# What kind of reason a refusal is. No row has the op ("op"), or none its operand types ("types") or its
# "version"; a row's "constraint" is broken; a shape is "dynamic", known only while running; a plugin's
# "veto"; the delegate's "check" of the whole partition; a "limit" on partitions: too few ops, too many of
# them; a "cost" that running it there would not save; the delegate is "unavailable" on this machine, or
# "failed" at the op before.
RefusalKind = Literal[
    "op",
    "types",
    "version",
    "constraint",
    "dynamic",
    "veto",
    "check",
    "limit",
    "cost",
    "unavailable",
    "failed",
]


def _known(_: Any, field: Any, value: Any) -> None:
    if value not in get_args(RefusalKind):
        raise ValueError(f"{field.name!r} must be in {get_args(RefusalKind)!r} (got {value!r})")


@frozen
class Refusal:
    """One reason why a delegate does not take an op; reads "needs …, found …"."""

    rule: str
    found: str
    hint: str = ""  # the way out: "it is in the package delegraph-int16"
    kind: RefusalKind = field(default="check", validator=_known, kw_only=True)
    constraint: str = field(default="", kw_only=True)  # the name of the one that is broken

    def __repr__(self) -> str:
        return f"<Refusal, {self.kind}: {shortened(escaped(str(self)), 120)}>"

    def __str__(self) -> str:
        return f"needs {self.rule}, found {self.found}" + (f" ({self.hint})" if self.hint else "")


@frozen
class CutHere:
    """What a check may say of an op in place of refusals: with this op a new partition begins."""


def has_unknown_input(op: Op) -> bool:
    """Say whether the shape of some input is known only while running."""
    return None in [t.shape for t in op.inputs if t is not None]  # a third of the time any() takes


def has_unknown_shape(op: Op) -> bool:
    """Say whether the shape of some input or output is known only while running."""
    return has_unknown_input(op) or None in [t.shape for t in op.outputs]


def _constraints(given: Any) -> Any:
    # What is wrong with a row is said when it is collected; a list without end ends here.
    return tuple(islice(given, MOST)) if isinstance(given, Iterable) else given


@frozen(hash=False)
class OpSupport:
    """One claim: this op, these versions, these operand types, under these constraints."""

    op: str  # schema spelling; a custom op's name; "STABLEHLO_COMPOSITE:name"
    versions: tuple[int, int]  # first and last, both included (TFLite's min_, max_version)
    types: str  # see operand_types: "int8 int8 int32? -> int8", "T T* -> T"
    constraints: tuple[Constraint, ...] = field(default=(), converter=_constraints)
    # What this delegate's prepare needs for the op. For the reference: prepare(op) -> run(*arrays).
    # None when a partition is compiled as a whole.
    kernel: Any = field(default=None, repr=False)
    steps: int = 0  # largest difference from the reference for integers, in quantization steps
    rtol: float = 1e-5  # and for floats, relative to the output's largest value before its activation
    T: str = ""  # choices of the type variable T, separated by blanks
    A: str = ""
    B: str = ""
    # Output shapes of a custom op: (op, shapes of its inputs) -> shapes. Builtin ops have theirs in core.
    shapes: Callable[[Op, Sequence[Shape]], Sequence[Shape]] | None = field(default=None, repr=False)
    origin: str = field(default="", eq=False)  # the plugin that made the claim; set by core

    def __repr__(self) -> str:
        types = shortened(str(self.types), 80)
        return f"<OpSupport {shortened(str(self.op), 60)}, versions {self.versions}: {types}>"

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
        return versions_union([self.versions])

    def check_types(self) -> None:
        """Raise ValueError if the types are not written as ``delegraph.contract.operand_types`` says."""
        operand_types.check(self.types, self.choices)

    def takes_types(self, types: str) -> bool:
        return operand_types.matches(self.types, self.choices, types)

    def takes_version(self, version: int) -> bool:
        return self.versions[0] <= version <= self.versions[1]

    def broken_constraints(self, op: Op, graph: Graph | None = None) -> list[Refusal]:
        found: list[Refusal] = []
        for constraint in self.constraints:
            if (why := constraint.check(op, graph, bool(found))) is not None:
                found.append(why)
        return found


def versions_union(ranges: Iterable[tuple[int, int]]) -> str:
    """Write ranges of versions, those that touch as one: ``"1..3 or 5"``."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return " or ".join(f"{a}" if a == b else f"{a}..{b}" for a, b in merged)


def with_origin(rows: Iterable[OpSupport], origin: str) -> list[OpSupport]:
    return [evolve(row, origin=origin) for row in rows]
