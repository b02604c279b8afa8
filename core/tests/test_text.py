"""Bytes and shapes as people read them."""

from __future__ import annotations

import pytest
from delegraph.text import bytes_text, plural, shape_text


@pytest.mark.parametrize(
    ("nbytes", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3 << 30, "3.0 GiB"), (1 << 60, "1048576.0 TiB")],
)
def test_bytes_have_units_of_1024(nbytes, text):
    assert bytes_text(nbytes) == text


def test_shapes_say_which_size_is_open():
    assert shape_text((1, 4, 8)) == "1×4×8"
    assert shape_text((1, -1)) == "1×?"
    assert shape_text(()) == "scalar"
    assert shape_text(None) == "of unknown shape"


def test_one_thing_has_no_plural():
    assert [plural(n, "op") for n in (0, 1, 2)] == ["0 ops", "1 op", "2 ops"]
