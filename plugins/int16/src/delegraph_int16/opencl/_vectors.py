"""What kernels share: how many numbers they take at once, and how work is spread."""

from __future__ import annotations

from delegraph_opencl import Target, blocks, rounded_up

LEAST_WORK = 1024  # elements of a work-item on a CPU: fewer cost more in launching than in computing
_TASKS = 8  # work-items per core
_GROUP = 64  # work-items of a work-group on a GPU

# PoCL makes as many stores of a vstore of short as there are numbers.
STORES = """
typedef short8 short8_anywhere __attribute__((aligned(2)));
typedef short16 short16_anywhere __attribute__((aligned(2)));
#define STORE_SHORTS8(p, i, v) (*(__global short8_anywhere*)((p) + (i)) = (v))
#define STORE_SHORTS16(p, i, v) (*(__global short16_anywhere*)((p) + (i)) = (v))
"""


def shared_out(tasks: int, target: Target, least: int = 1) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """Return how many tasks a work-item takes, on a CPU not fewer than ``least``; global and local size."""
    each = 1 if target.variant == "gpu" else max(least, blocks(tasks, _TASKS * target.units))
    return each, *spread(blocks(tasks, each), target)


def spread(items: int, target: Target) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return global and local size for so many work-items; on a GPU there may be more, without work."""
    if target.variant == "cpu":
        return (max(items, 1),), (1,)
    return (rounded_up(max(items, 1), _GROUP),), (_GROUP,)


def at_once(count: int, target: Target) -> int:
    """Return how many numbers, of so many side by side, a kernel takes at once."""
    return 1 if target.variant == "gpu" else next(n for n in (16, 8, 1) if n <= count)


def vector_defines(width: int, wide: bool = False) -> tuple[tuple[str, object], ...]:
    """Return the macros of a kernel that takes ``width`` (16, 8 or 1) numbers at once.

    :param wide: sums are of 64 bits.
    """
    w, sums = "" if width == 1 else str(width), "long" if wide else "int"
    return (
        ("WIDTH", width),
        ("INTS", f"int{w}"),
        ("TO_INTS", f"convert_int{w}"),
        ("TO_SHORTS", f"convert_short{w}"),
        ("LONGS", f"long{w}"),
        ("TO_LONGS", f"convert_long{w}"),
        ("SUMS", f"{sums}{w}"),
        ("TO_SUMS", f"convert_{sums}{w}"),
        ("LOAD_VECTOR(p, i)", f"vload{w}(0, (p) + (i))" if w else "(p)[i]"),
        ("STORE_VECTOR(p, i, v)", f"STORE_SHORTS{w}(p, i, v)" if w else "(p)[i] = (v)"),
        ("ROUNDED_VECTOR", f"ROUNDED{w}"),
    )
