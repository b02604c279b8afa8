"""Operand types as rows write them."""

from __future__ import annotations

import random

import pytest
from delegraph.contract import types_of
from delegraph.contract.operand_types import check, matches, witnesses
from delegraph.model import Builder


@pytest.mark.parametrize(
    ("spec", "choices", "types", "fits"),
    [
        ("int8 int8 -> int8", {}, "int8 int8 -> int8", True),
        ("int8 int8 -> int8", {}, "int8 uint8 -> int8", False),
        ("int8 int8 -> int8", {}, "int8 -> int8", False),
        ("int8 -> int8", {}, "int8 -> int8 int8", False),
        # one letter is one type throughout
        ("T T -> T", {"T": "int8 float32"}, "float32 float32 -> float32", True),
        ("T T -> T", {"T": "int8 float32"}, "float32 int8 -> float32", False),
        ("T T -> T", {"T": "int8 float32"}, "int32 int32 -> int32", False),
        ("A -> B", {"A": "int8 int32", "B": "float32 bool"}, "int32 -> bool", True),
        ("A -> B", {"A": "int8 int32", "B": "float32 bool"}, "bool -> int32", False),
        # x? may be absent
        ("int8 int8 int32? -> int8", {}, "int8 int8 int32 -> int8", True),
        ("int8 int8 int32? -> int8", {}, "int8 int8 none -> int8", True),
        ("int8 int8 int32? -> int8", {}, "int8 int8 -> int8", True),
        ("int8 int8 int32? -> int8", {}, "int8 int8 int8 -> int8", False),
        ("int8 int8 -> int8", {}, "int8 none -> int8", False),
        # an operand too many is one, absent or not: LiteRT counts it, too
        ("int8 -> int8", {}, "int8 none -> int8", False),
        ("int8? int8 -> int8", {}, "none int8 -> int8", True),
        ("int8? int32? -> int8", {}, "-> int8", True),
        ("int8? int32? -> int8", {}, "none int32 -> int8", True),
        # ... but an operand has its place: none slips into that of an absent one before it
        ("int32? int8 -> int8", {}, "int8 -> int8", False),
        ("int8? int32? -> int8", {}, "int32 -> int8", False),
        # x* repeats
        ("T T* -> T", {"T": "int8 float32"}, "int8 -> int8", True),
        ("T T* -> T", {"T": "int8 float32"}, "int8 int8 int8 int8 -> int8", True),
        ("T T* -> T", {"T": "int8 float32"}, "int8 int8 float32 -> int8", False),
        ("int32 T* -> T*", {"T": "int8 float32"}, "int32 int8 int8 -> int8", True),
        ("T* -> int32", {"T": "int8 float32"}, "int8 float32 -> int32", False),
        ("any* -> any*", {}, "string int4 bfloat16 -> resource", True),
        ("T? int8 -> T", {"T": "int8 float32"}, "none int8 -> float32", True),
        ("T? int8 -> T", {"T": "int8 float32"}, "int8 int8 -> float32", False),
        # x?* repeats, and each may be absent
        ("int8 int32?* -> int8", {}, "int8 -> int8", True),
        ("int8 int32?* -> int8", {}, "int8 none int32 none none int32 -> int8", True),
        ("int8 int32?* -> int8", {}, "int8 int32 int8 -> int8", False),
        ("T?* -> T", {"T": "int8 float32"}, "none none int8 none int8 -> int8", True),
        ("T?* -> T", {"T": "int8 float32"}, "none int8 none float32 -> int8", False),
        ("T?* -> T", {"T": "int8 float32"}, "none none -> float32", True),
        # a|b is either, any is every type
        ("int8|uint8 int32 -> bool", {}, "uint8 int32 -> bool", True),
        ("any -> int32|int64", {}, "complex64 -> int64", True),
        ("any -> int32|int64", {}, "complex64 -> int8", False),
        ("any -> any", {}, "none -> int8", False),
    ],
)
def test_types_fit_a_row_as_its_language_says(spec, choices, types, fits):
    assert matches(spec, choices, types) is fits


@pytest.mark.parametrize(
    ("spec", "choices", "message"),
    [
        ("int8 int8", {}, "exactly one '->'"),
        ("int8 -> int9", {}, "no type 'int9'; known: float32, float16"),
        ("T -> T", {}, 'say what T stands for: T="float32 int8"'),
        ("int8 -> int8", {"T": "int8"}, "T= is given but not used"),
        ("T -> T", {"T": "int7"}, "no type 'int7'"),
        ("int8*? -> int8", {}, r"'int8\*\?' needs one of \?, \* and \?\* behind its types"),
        ("int8 -> int8**", {}, r"'int8\*\*' needs one of"),
    ],
)
def test_types_that_cannot_be_read_say_why(spec, choices, message):
    with pytest.raises(ValueError, match=message):
        check(spec, choices)


def test_the_types_of_an_op_stand_in_schema_order_with_absent_operands_named():
    g = Builder()
    x, w = g.input((1, 2), "int8"), g.constant([[1, 2]], "int8")
    g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 1), "int8")])

    assert types_of(g.model().subgraphs[0].ops[0]) == "int8 int8 none -> int8"


@pytest.mark.parametrize(
    ("spec", "choices"),
    [
        ("int8 int8 int32? -> int8", {}),
        ("T T* -> T", {"T": "int8 float32"}),
        ("A -> B", {"A": "int8 int32", "B": "float32 bool"}),
        ("any int32? -> any", {}),
        ("T T -> T", {"T": "any"}),
        ("int8|bool T? -> T", {"T": "int8 int16"}),
        ("int8 T?* -> T", {"T": "int8 int16"}),
    ],
)
def test_a_row_fits_its_own_witnesses(spec, choices):
    found = list(witnesses(spec, choices))

    assert found
    assert all(matches(spec, choices, types) for types in found)


def test_witnesses_have_optionals_absent_and_present_and_repeats_once_and_twice():
    assert set(witnesses("int8 int32? T* -> T", {"T": "bool"})) == {
        "int8 none bool -> bool",
        "int8 int32 bool -> bool",
        "int8 none bool bool -> bool",
        "int8 int32 bool bool -> bool",
    }


def fits(words: list[str], operands: list[str], bound: dict[str, str], binds: dict[int, str]) -> list[dict]:
    """Return what letters may stand for where operands fit the words: the language, written out.

    :param binds: the letters by the id of the word in which they stand first.
    """
    if not words:
        return [bound] if not operands else []
    word, rest = words[0], words[1:]
    base = word.rstrip("?*")
    here = binds.get(len(words), "")
    found = []
    if all(w[-1] in "?*" for w in words) and not operands:
        found.append(bound)
    if word.endswith("*"):
        found += fits(rest, operands, bound, binds)
    if operands:
        kind, left = operands[0], words if word.endswith("*") else rest
        if "?" in word and kind == "none":
            found += fits(left, operands[1:], bound, binds)
        choices = CHOICES if base == "T" else base.split("|")
        if kind in choices and (base != "T" or bound.get("T", kind) == kind):
            now = {**bound, "T": kind} if here == "T" else bound
            found += fits(left, operands[1:], now, binds)
    return found


CHOICES = ("int8", "float32")


@pytest.mark.parametrize("seed", range(4))
def test_any_row_matches_what_the_written_out_language_does(seed):
    draw = random.Random(seed)
    matched = 0
    for _ in range(500):
        sides = [[_word(draw) for _ in range(draw.randrange(n))] for n in (5, 3)]
        spec = " -> ".join(map(" ".join, sides))
        letters = {"T": " ".join(CHOICES)} if "T" in spec else {}
        for _ in range(8):
            types = [[draw.choice(KINDS) for _ in range(draw.randrange(5))] for _ in range(2)]
            binds = [_first(sides[0])]
            binds.append({} if binds[0] else _first(sides[1]))
            expected = any(
                fits(sides[1], types[1], after, binds[1])
                for after in fits(sides[0], types[0], {}, binds[0])
            )
            text = " -> ".join(map(" ".join, types))
            assert matches(spec, letters, text) == expected, (spec, text)
            matched += expected
    assert matched > 50


def _first(words: list[str]) -> dict[int, str]:
    """Return the first word with a letter, by how many words stand from there on."""
    return next(({len(words) - i: "T"} for i, word in enumerate(words) if word[0] == "T"), {})


def _word(draw: random.Random) -> str:
    return draw.choice(("int8", "T", "T", "int8|int32")) + draw.choice(("", "", "?", "*", "?*"))


KINDS = ("int8", "int8", "float32", "int32", "none")
