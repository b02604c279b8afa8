"""What commands print, other than tables: names from models and plugins are shown, never obeyed."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from textwrap import wrap
from typing import Any, TextIO

import click

from ..report.layout import screen_width
from ..text import escaped_lines

# What reports have besides ASCII, for a terminal that cannot show it.
_PLAIN = dict(zip("×µ·•–−─━", "xu|*----", strict=True)) | {"…": "...", "→": "->"}


def echo(text: str = "", err: bool = False) -> None:
    """Print lines on stdout or stderr, with escapes for characters in them that a terminal would obey.

    On a terminal, lines are broken between words; what goes to a file or a pipe keeps its lines.
    """
    shown = escaped_lines(text)
    if (sys.stderr if err else sys.stdout).isatty():
        width = screen_width()
        shown = "\n".join(_broken(line, width) for line in shown.split("\n"))
    say(shown, err)


def echo_json(values: Any) -> None:
    """Print values as JSON, in ASCII characters that can be seen."""
    say(json.dumps(values, indent=1).replace("\x7f", "\\u007f"))


def say(text: str, err: bool = False) -> None:
    """Print what is escaped already, in the stream's encoding: click takes UTF-8 in place of ASCII."""
    click.echo(text, file=sys.stderr if err else sys.stdout)


def print_in_any_encoding() -> None:
    """Let what the encoding of stdout or stderr lacks be printed in ASCII, not raise."""
    codecs.register_error("delegraph", _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        _take_any(stream)


def _take_any(stream: TextIO) -> None:
    with suppress(AttributeError, OSError, ValueError):  # it is closed, or no text stream of Python's own
        if stream.errors == "strict":
            stream.reconfigure(errors="delegraph")  # type: ignore[attr-defined]


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c, c.encode("unicode_escape").decode()) for c in lost), error.end


def _broken(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    broken = wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(broken)


def echo_csv(columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> None:
    """Print records as CSV, a line each below the columns' names; no cell is a spreadsheet's formula."""
    from ..report.records import csv_text

    click.echo(csv_text(columns, records), nl=False)
