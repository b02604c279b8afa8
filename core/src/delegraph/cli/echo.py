"""What commands print, other than tables: names from models and plugins are shown, never obeyed."""

from __future__ import annotations

import json
from typing import Any

import click

from ..text import escaped_lines


def echo(text: str = "", err: bool = False) -> None:
    """Print lines on stdout or stderr, with escapes for characters in them that a terminal would obey."""
    click.echo(escaped_lines(text), err=err)


def echo_json(values: Any) -> None:
    """Print values as JSON, in ASCII characters that can be seen."""
    click.echo(json.dumps(values, indent=1).replace("\x7f", "\\u007f"))
