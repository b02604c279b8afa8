"""The types of an op's operands as a support row writes them: ``"T T* -> T"``.

Operands stand in schema order, inputs left of ``->``, outputs right of it. One capital letter is one
type throughout the row (its choices are given beside it: ``T="float32 int8"``); ``x?`` may be absent,
``x*`` repeats any number of times, ``x?*`` as well, each of them may be absent, ``a|b`` is either, ``any``
is every type.

A row's types become one regular expression over a text with one character per operand, so matching
costs the same for ADD and for a CONCATENATION of a thousand inputs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice, product, zip_longest

from ..model import DTYPES, Op

ABSENT = "none"  # how an operand that was left out is written
_CHAR = {name: chr(ord("A") + i) for i, name in enumerate(DTYPES)} | {ABSENT: "-"}
_WITNESSES = 4096  # per row; beyond it a conflict between two packages may go unnoticed


def types_of(op: Op) -> str:
    """Return the op's operand types as text: ``"int8 int8 none -> int8"``."""
    ins = " ".join(ABSENT if t is None else t.dtype for t in op.inputs)
    return f"{ins} -> {' '.join(t.dtype for t in op.outputs)}"


def check(spec: str, choices: Mapping[str, str]) -> None:
    """Raise ValueError unless a row's types are written as this module's head says."""
    _pattern_text(spec, tuple(sorted(choices.items())))


def matches(spec: str, choices: Mapping[str, str], types: str) -> bool:
    """Say whether operand types, written as ``types_of`` writes them, fit a row's types."""
    if "*" not in spec:
        return _fit_one_by_one(spec, choices, types)
    return _pattern(spec, tuple(sorted(choices.items()))).fullmatch(encode(types)) is not None


def _fit_one_by_one(spec: str, choices: Mapping[str, str], types: str) -> bool:
    """Say the same where nothing repeats, in less time than a regular expression takes to be compiled."""
    bound: dict[str, str] = {}  # by letter; "": where it stands first, nothing does
    for words, names in zip(_sides(spec), _sides(types), strict=True):
        if len(names) > len(words):
            return False
        for word, name in zip_longest(words, names, fillvalue=ABSENT):
            base = word.rstrip("?")
            found = "" if name == ABSENT and base != word else name
            allowed = bound.get(base) or choices.get(base) or base.replace("|", " ")
            if found not in ("", *_expanded(allowed.split())):
                return False
            if base in choices:
                bound.setdefault(base, found)
    return True


def _sides(text: str) -> list[list[str]]:
    return [side.split() for side in text.split("->")]


@lru_cache(maxsize=65536)
def encode(types: str) -> str:
    """Write operand types with one character each: the text that patterns match."""
    ins, outs = types.split("->")
    return ">".join("".join(_CHAR[t] for t in side.split()) for side in (ins, outs))


def witnesses(spec: str, choices: Mapping[str, str]) -> Iterator[str]:
    """Yield operand types that fit: optionals absent and present, repeats once and twice."""
    letters = sorted(choices)
    for picked in product(*(_expanded(choices[letter].split()) for letter in letters)):
        bound = dict(zip(letters, picked, strict=True))
        for optional, repeats in product((False, True), (1, 2)):
            words = spec.replace("->", " -> ").split()
            columns = [_alternatives(word, bound, optional, repeats) for word in words]
            yield from map(" ".join, islice(product(*columns), _WITNESSES))


def _expanded(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(n for name in names for n in (DTYPES if name == "any" else (name,)))


def _alternatives(word: str, bound: Mapping[str, str], optional: bool, repeats: int) -> tuple[str, ...]:
    if word == "->":
        return (word,)
    names = _expanded([bound.get(a, a) for a in word.rstrip("?*").split("|")])
    if "?" in word and not optional:
        names = (ABSENT,)
    if word.endswith("*"):
        return tuple(" ".join([n] * repeats) for n in names)
    return names


@cache
def _pattern(spec: str, choices: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    return re.compile(_pattern_text(spec, choices))


@cache
def _pattern_text(spec: str, choices: tuple[tuple[str, str], ...]) -> str:
    if spec.count("->") != 1:
        raise ValueError(f"types {spec!r}: exactly one '->' separates inputs from outputs")
    seen: set[str] = set()
    inputs, outputs = (_side(side.split(), dict(choices), seen, spec) for side in spec.split("->"))
    for letter in set(dict(choices)) - seen:
        raise ValueError(f"types {spec!r}: {letter}= is given but not used")
    return f"{inputs}>{outputs}"


def _side(words: list[str], choices: Mapping[str, str], seen: set[str], spec: str) -> str:
    """Return the pattern of one side: an operand can only be left out with all that follow it."""
    pieces = [_piece(word, choices, seen, spec) for word in words]
    pattern, open_end = "", True  # built from the end; open_end: all of it may be left out
    for word, piece in zip(reversed(words), reversed(pieces), strict=True):
        open_end = open_end and word[-1] in "?*"
        pattern = f"(?:{piece}{pattern})?" if open_end and word[-1] == "?" else piece + pattern
    return pattern


def _piece(word: str, choices: Mapping[str, str], seen: set[str], spec: str) -> str:
    base = word.rstrip("?*")
    suffix = word[len(base) :]
    first = base in choices and base not in seen
    one = _one(base, choices, seen, spec)
    if suffix == "?":
        return f"(?:{one}|-)"
    if suffix in ("*", "?*"):
        gap, again = ("-*", "|-") if suffix == "?*" else ("", "")
        rest = f"(?:{_one(base, choices, seen, spec)}{again})*"
        return f"{gap}(?:{one}{rest})?" if first else rest
    if suffix:
        raise ValueError(f"types {spec!r}: {word!r} needs one of ?, * and ?* behind its types")
    return one


def _one(base: str, choices: Mapping[str, str], seen: set[str], spec: str) -> str:
    if base in choices:
        one = _set(choices[base].split(), spec)
        if base in seen:  # the same as before; any of its choices where that operand is absent
            return f"(?({base})(?P={base})|{one})"
        seen.add(base)
        return f"(?P<{base}>{one})"
    return _set(base.split("|"), spec)


def _set(names: list[str], spec: str) -> str:
    if names == ["any"]:
        return f"[{''.join(c for n, c in _CHAR.items() if n != ABSENT)}]"
    for name in names:
        if name in ("T", "A", "B"):
            raise ValueError(f'types {spec!r}: say what {name} stands for: {name}="float32 int8"')
        if name not in _CHAR:
            raise ValueError(f"types {spec!r}: no type {name!r}; known: {', '.join(DTYPES)}")
    return f"[{''.join(_CHAR[name] for name in names)}]"
