"""Bytes and shapes as people read them."""

from __future__ import annotations

import pytest
from delegraph.text import bytes_text, escaped, escaped_lines, html_text, plural, shape_text


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


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("conv/größe 名前", "conv/größe 名前"),
        ("\x1b[2J\x07", r"\x1b[2J\x07"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x9b\x85\x7f", r"\x9b\x85\x7f"),
        ("\u202e\u2066\u200b\u2028\ufeff\xad", r"\u202e\u2066\u200b\u2028\ufeff\xad"),
        ("\udc80\U000e0041", r"\udc80\U000e0041"),
        ("\ue000\uffff", r"\ue000\uffff"),
    ],
)
def test_what_would_not_be_seen_is_escaped(name, text):
    assert escaped(name) == text
    assert escaped(text) == text


def test_lines_stay_lines():
    assert escaped_lines("a\n\tb\x1b") == "a\n\tb\\x1b"


def test_a_page_shows_markup():
    assert html_text("<b>\u202e") == "&lt;b&gt;\\u202e"
