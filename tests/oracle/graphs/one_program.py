"""All kernels of a partition built as one program: PoCL takes a fifth of the time that all alone take.

For tests that compile thousands of kernels, in place of what :class:`delegraph_opencl.device.device.Device`
does; the single launch of CPUs is one program anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

_FUNCTION = re.compile(r"\b(\w+)\s*\([^()]*\)\s*\{")
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_KEYWORDS = {"if", "for", "while", "switch"}


@contextmanager
def one_program() -> Iterator[None]:
    """Build what is prepared inside this block in this way."""
    from delegraph_opencl.device.device import Device
    from delegraph_opencl.run.binding import Binder

    one_by_one, kernel = Binder.one_by_one, Device.kernel

    def together(self: Any) -> Any:
        sources = [
            (self._preludes[self._is_exact(node)], self._text(launch)) for node, launch in self.launches
        ]
        _build(self.target.device, sources)
        return one_by_one(self)

    def kernel_of(self: Any, source: str, name: str, binary: bytes | None = None) -> Any:
        import pyopencl as cl

        if source not in _built:
            return kernel(self, source, name, binary)
        program, number = _built[source]
        return cl.Kernel(program, f"{name}_{number}")

    with patch.object(Binder, "one_by_one", together), patch.object(Device, "kernel", kernel_of):
        yield


_built: dict[str, tuple[Any, int]] = {}  # program and number, by source


def _build(device: Any, sources: Sequence[tuple[str, str]]) -> None:
    """Build those sources that were not built before, by what stands before each of them."""
    for prelude in dict.fromkeys(before for before, _ in sources):
        new = [s for before, s in dict.fromkeys(sources) if before == prelude and before + s not in _built]
        program = (
            device._built(prelude + "".join(_numbered(s, i) for i, s in enumerate(new))) if new else None
        )
        _built.update({prelude + s: (program, i) for i, s in enumerate(new)})


def _numbered(source: str, number: int) -> str:
    """Return a source in which all functions and macros have names of their own."""
    macros = dict.fromkeys(_MACRO.findall(source))
    names = [n for n in dict.fromkeys(_FUNCTION.findall(source)) if n not in macros and n not in _KEYWORDS]
    names += [
        n for n in re.findall(r"^__constant[^;=]*?\b(\w+)\s*\[", source, re.MULTILINE) if n not in macros
    ]
    renamed = "".join(f"#define {name} {name}_{number}\n" for name in names)
    undone = "".join(f"#undef {name}\n" for name in (*names, *macros))
    return f"{renamed}{source}\n{undone}"
