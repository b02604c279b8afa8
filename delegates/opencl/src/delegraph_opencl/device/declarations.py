"""OpenCL's own functions, declared as far as a program names them: PoCL's whole header takes long to read.

When: PyPI's PoCL 3.0 builds a program from its source.
Why: it puts its header before every source and reads that twice: 14,500 functions, 0.2 s of a program. What
is left takes a tenth of that.
How: the macro that guards the header is set, so that it is skipped, and what it holds stands before the
source, without the functions that the source does not name. One that is named is declared for all types,
so that the same one is called and the same code comes of it. A name that macros put together otherwise than
thought of here does not compile; such a program is built with the whole header.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

SKIPPED = "-D_OPENCL_H_"  # the option by which the header is taken for one that was read
_INCLUDED = '#include "opencl-c-base.h"\n'
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\n\s*(?=\n)", re.DOTALL)  # and empty lines
# A function's declaration, which may take several lines; or a line.
_PART = re.compile(
    r"^(?![#\s]|typedef)[\w\s]+?\*?\s*\b(\w+)\([^;#{}]*\)\s*;[^\n]*\n|^[^\n]*\n", re.MULTILINE
)


def declared(source: str) -> str | None:
    """Return a source with what it needs declared before it; None where PyPI's PoCL is not installed."""
    if not (parts := _parts()):
        return None
    named = {"", *re.findall(r"[A-Za-z_]\w*", source)}
    kept = (text for spellings, text in parts if not named.isdisjoint(spellings))
    return "".join(["#undef _OPENCL_H_\n", *kept, "#line 1\n", source])


@cache
def _parts() -> list[tuple[set[str], str]]:
    """Return the header's functions by how a source may name them, and what lies between them by ""."""
    spec = find_spec("pocl_binary_distribution")
    if spec is None or spec.origin is None:
        return []
    folder = Path(spec.origin).parent / ".libs" / "share" / "pocl" / "include"
    try:
        base, text = ((folder / name).read_text() for name in ("opencl-c-base.h", "opencl-c.h"))
    except OSError:
        return []
    whole = _COMMENT.sub("", text.replace(_INCLUDED, base))
    alike = groupby(_PART.finditer(whole), lambda part: part[1] or "")
    return [(_spellings(name), "".join(part[0] for part in parts)) for name, parts in alike]


def _spellings(name: str) -> set[str]:
    """Return how a source may name a function: vload4 as ``vload``; convert_int4 as ``int4`` or ``int``."""
    short = name.rstrip("0123456789")
    return {name, short, name.removeprefix("convert_"), short.removeprefix("convert_")}
