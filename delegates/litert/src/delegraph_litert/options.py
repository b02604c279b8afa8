"""Options of the LiteRT delegate."""

from __future__ import annotations

from typing import Any, Literal

from delegraph import at_least, field, frozen

EDGETPU = "edgetpu-custom-op"  # what the Edge TPU compiler makes of ops: a native delegate alone runs it


def _pairs(options: Any, attribute: Any, values: tuple[str, ...]) -> None:
    for value in values:
        if not value.partition("=")[0] or "=" not in value:
            raise ValueError(f"library_options needs key=value, found {value!r}")


@frozen
class Options:
    """Options of the LiteRT delegate."""

    num_threads: int | None = field(default=None, validator=at_least(1))  # None is 1, as in LiteRT
    # Which kernels of LiteRT: "auto" and "builtin" use XNNPACK for what it takes; "builtin_ref" is exact
    resolver: Literal["auto", "builtin", "builtin_ref", "builtin_without_default_delegates"] = "auto"
    library: str | None = None  # name or path of a native delegate: "libedgetpu.so.1"
    library_options: tuple[str, ...] = field(default=(), validator=_pairs)  # for it: ("device=usb:0",)
