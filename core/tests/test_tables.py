"""Tables of the command line."""

from __future__ import annotations

from delegraph.cli.tables import long_table

ROWS = [["op", "needs"], ["ADD", "one two three four five six"], ["LOG", ""]]


def test_long_cells_are_wrapped_to_the_width() -> None:
    assert long_table(ROWS, width=26, flexible=(1,)).splitlines() == [
        "op   needs",
        "ADD  one two three four",
        "     five six",
        "LOG",
    ]


def test_where_the_longest_words_have_no_room_a_row_is_a_list() -> None:
    assert long_table(ROWS, width=9, flexible=(1,)).splitlines() == [
        "op: ADD",
        "  needs:",
        "    one",
        "    two",
        "    three",
        "    four",
        "    five",
        "    six",
        "op: LOG",
    ]
