"""How bytes, shapes, counts and names from outside read in messages and reports: the same everywhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from unicodedata import category


def bytes_text(nbytes: int) -> str:
    """Write a number of bytes, in units of 1024: ``147.0 KiB``."""
    size, units = float(nbytes), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{nbytes} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


def count_text(n: int) -> str:
    """Write a large number with three digits: ``301 M``; a small one in full."""
    for size, unit in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k")):
        if n >= size:
            value = n / size
            return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} {unit}"
    return str(n)


def shape_text(shape: Sequence[int] | None) -> str:
    """Write a shape: ``1×224×224×3``, with ``?`` for a size that is left open (-1)."""
    if shape is None:
        return "of unknown shape"
    return "×".join("?" if n < 0 else str(n) for n in shape) or "scalar"


def plural(n: int, noun: str) -> str:
    """Write a number of things: ``1 op``, ``2 ops``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def shortened(text: str, letters: int = 60) -> str:
    """Return a text; a long one loses its middle."""
    half = letters // 2
    return text if len(text) <= letters else f"{text[:half]}…{text[-half:]}"


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return ``; did you mean 'opencl'?`` where a name is almost a known one, else ""."""
    from difflib import get_close_matches

    names = {n.lower(): n for n in known}
    close = get_close_matches(str(name).lower(), names, 1) if len(str(name)) < 200 else []
    return f"; did you mean {escaped(names[close[0]])!r}?" if close else ""


def few(texts: Sequence[str], shown: int = 3) -> str:
    """List the first of some texts, each shortened: ``a, b, c and 5 more``."""
    more = len(texts) - shown
    listed = ", ".join(shortened(escaped(text), 40) for text in texts[:shown])
    return f"{listed} and {more} more" if more > 0 else listed


def escaped(name: str | os.PathLike[str]) -> str:
    r"""Write what a file or a caller calls something, with escapes for what would not be seen as it is.

    Control characters (a line break and a tab, too), characters without width, those that turn the
    direction of writing, halves of surrogate pairs, and what is unassigned or of private use, as in
    Python's own ``repr``: ``\x1b``, ``\u202e``. What is escaped stays so.
    """
    return _ODD.sub(_escape, os.fspath(name))


def escaped_lines(text: str) -> str:
    """Write a text of several lines as :func:`escaped` does, but keep its line breaks and tabs."""
    return _ODD_IN_LINES.sub(_escape, text)


def html_text(text: str) -> str:
    """Write a text for a page: nothing in it is markup, and nothing unseen."""
    import html

    return html.escape(escaped_lines(text))


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if category(character) not in _UNSEEN:
        return character
    return character.encode("unicode_escape").decode()


_ODD = re.compile("[^ -~]")
_ODD_IN_LINES = re.compile("[^ -~\n\t]")
# Controls, formats, surrogates, private use, unassigned; separators of lines and of paragraphs.
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def time_text(seconds: float) -> str:
    """Write a time with three digits: ``35.2 ms``."""
    for limit, unit, factor in ((1e-3, "µs", 1e6), (1.0, "ms", 1e3)):
        if seconds < limit:
            return f"{_three_digits(seconds * factor)} {unit}"
    return f"{_three_digits(seconds)} s"


def number_text(value: float) -> str:
    """Write a number with four digits; an integer in full."""
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def _three_digits(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
