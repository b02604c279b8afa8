"""Custom options: read as they were written; whatever is broken in them is a ModelError."""

from __future__ import annotations

import random
import struct
from contextlib import suppress
from typing import Any

import pytest
from delegraph import ModelError, Op
from delegraph_reference.flexbuffer import FlexOptions
from flatbuffers import flexbuffers

OPTIONS = {
    "small": -3,
    "large": 2**40,
    "half": 0.5,
    "third": 1 / 3,
    "yes": True,
    "name": "bilinear",
    "numbers": [1, -70000, 3],
    "mixed": [1, 2.5, True],
    "nothing": None,
}


def settings(stored: bytes) -> FlexOptions:
    return FlexOptions(Op(7, "Mine", 1, (), (), custom_options=stored))


def written(options: Any) -> FlexOptions:
    return settings(bytes(flexbuffers.Dumps(options)))


def test_values_are_read_as_they_were_written() -> None:
    read = written(OPTIONS).values
    assert read == OPTIONS | {"numbers": (1, -70000, 3), "mixed": (1, 2.5, True)}


def test_what_is_absent_or_null_has_its_default() -> None:
    options = written(OPTIONS)
    assert options.integer("nothing") == options.integer("absent") == 0
    assert options.real("absent", 2.5) == 2.5
    assert options.integers("absent") == ()
    assert not options.flag("absent")
    assert options.text("absent", "none") == "none"


def test_numbers_are_converted_to_what_is_asked_for() -> None:
    options = written({"real": 2.75, "integer": 3, "yes": True})
    assert options.integer("real") == 2
    assert options.real("integer") == 3.0
    assert options.integer("yes") == 1
    assert options.flag("integer")


def test_reals_are_rounded_to_float32() -> None:
    stored = bytes(flexbuffers.Dumps({"third": 1 / 3}))
    assert settings(stored).real("third") == 0.3333333432674408
    larger = stored.replace(struct.pack("<d", 1 / 3), struct.pack("<d", 1e300))
    assert settings(larger).real("third") == float("inf")


@pytest.mark.parametrize("ask", ["integer", "real", "flag", "integers"])
def test_a_text_is_no_number(ask: str) -> None:
    with pytest.raises(
        ModelError, match=r"op #7 Mine v1: custom options need .* as name, found 'bilinear'"
    ):
        getattr(written(OPTIONS), ask)("name")


def test_infinity_is_no_integer() -> None:
    with pytest.raises(ModelError, match="need an integer as endless, found inf"):
        written({"endless": float("inf")}).integer("endless")


@pytest.mark.parametrize("stored", [b"", b"\x01", b"\x00\x24\x03", b"\x05\x04\x01", b"\xff\x24\x01"])
def test_what_is_no_map_is_an_error(stored: bytes) -> None:
    with pytest.raises(ModelError, match="custom options that are a FlexBuffer need"):
        settings(stored)


def test_mutated_options_are_read_or_are_a_model_error() -> None:
    """The seed is 1."""
    dice, good = random.Random(1), bytes(flexbuffers.Dumps(OPTIONS))
    for _ in range(3000):
        bad = bytearray(good[: dice.randint(1, len(good))] if dice.random() < 0.2 else good)
        for _ in range(dice.randint(1, 3)):
            bad[dice.randrange(len(bad))] = dice.randrange(256)
        with suppress(ModelError):
            settings(bytes(bad))


def test_vectors_that_overlap_endlessly_are_an_error() -> None:
    """Each of 200 names shows the same vector of 200 numbers: 40,000 elements from 2,000 bytes."""
    inner, names = bytes([200]) + bytes(200), b"a\0"
    keys = b"".join([bytes([200])] + [bytes([3 + i]) for i in range(200)])
    with pytest.raises(ModelError):
        settings(inner + names + keys + bytes(600))
