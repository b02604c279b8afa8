"""Operand types as rows write them."""

from __future__ import annotations

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
