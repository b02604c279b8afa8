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


def test_a_column_keeps_some_room_however_narrow_the_terminal_is() -> None:
    assert long_table(ROWS, width=5, flexible=(1,)).splitlines()[1] == "ADD  one two three"
