"""Estimates of memory and time on the Edge TPU: fitted figures, never measured on a device.

Source: docs/edgetpu-estimates.md states the fit, its error and what is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from attrs import frozen
from delegraph import InputError, Op

from .estimate_parameters import parameter_bytes
from .estimate_tiles import (
    NARROW_MEMORY,
    TILES,
    activation_bytes,
    activations,
    compute_cycles,
    macs,
    narrow_bytes,
    narrow_memory_per_tile,
    tile_bytes,
)

SRAM = 8 * 1024 * 1024  # bytes on the chip for parameters, "about 8 MB" in Coral's documentation

# Fitted to published cycle figures. Bytes of activations that a tile moves in a cycle:
NARROW_BYTES_PER_CYCLE = 6.0  # while the op fits the tile's own memory
PIECES_BYTES_PER_CYCLE = 3.1  # where it has to run piece by piece

# Assumed. libedgetpu sets this clock for the highest performance, half of it in its standard package.
CLOCK_HZ = 500_000_000
# Assumed: USB 3 and PCIe Gen 2 x1 both carry at most 500 MB/s, one byte a cycle.
STREAM_BYTES_PER_CYCLE = 1


@frozen(hash=False)
class OpEstimate:
    """What one op is estimated to cost."""

    op: Op
    macs: int  # multiply-accumulates; 0 for an op without products
    compute_cycles: int  # what its arithmetic takes
    memory_cycles: int  # what moving its activations takes, or its streamed parameters if that is longer
    parameter_bytes: int  # as the compiler would pack them
    streamed_bytes: int  # of parameter_bytes: fetched from the host in every run
    activation_bytes: int  # inputs and outputs that are not constant

    @property
    def cycles(self) -> int:
        """The larger of compute and memory: one goes on beside the other."""
        return max(self.compute_cycles, self.memory_cycles)

    @property
    def seconds(self) -> float:
        return self.cycles / CLOCK_HZ


@frozen(hash=False)
class Estimate:
    """What ops are estimated to cost that run together as one Edge TPU subgraph."""

    rows: tuple[OpEstimate, ...]
    cache_bytes: int  # on-chip memory that could hold parameters, for all models compiled together
    cache_remaining: int  # of it left, when all of them have taken their part
    narrow_memory_per_tile: int  # bytes of activations in each of the 16 tiles

    @property
    def parameter_bytes(self) -> int:
        """Bytes of all parameters as packed."""
        return sum(row.parameter_bytes for row in self.rows)

    @property
    def streamed_bytes(self) -> int:
        """Bytes of the parameters that do not fit the cache and are fetched in every run."""
        return sum(row.streamed_bytes for row in self.rows)

    @property
    def cached_bytes(self) -> int:
        """Bytes of the parameters that stay on the chip between runs."""
        return self.parameter_bytes - self.streamed_bytes

    @property
    def narrow_memory_bytes(self) -> int:
        """Bytes of activations in all 16 tiles: at most 3 MiB."""
        return TILES * self.narrow_memory_per_tile

    @property
    def macs(self) -> int:
        return sum(row.macs for row in self.rows)

    @property
    def cycles(self) -> int:
        return sum(row.cycles for row in self.rows)

    @property
    def seconds(self) -> float:
        return self.cycles / CLOCK_HZ


def estimate(ops: Sequence[Op], cache_bytes: int | None = None) -> Estimate:
    """Estimate memory and time of ops that run as one Edge TPU subgraph.

    :param ops: accepted ops of one subgraph, in dependency order
    :param cache_bytes: on-chip memory for parameters; None for what the activations leave (a guess)
    """
    return co_compile([ops], cache_bytes)[0]


def co_compile(models: Sequence[Sequence[Op]], cache_bytes: int | None = None) -> list[Estimate]:
    """Estimate models compiled together: one parameter cache, filled in the order of the arguments.

    :param models: the accepted ops of each model, in dependency order
    :param cache_bytes: on-chip memory for all their parameters; None for what the largest activations leave
    """
    available = cache_size([op for ops in models for op in ops]) if cache_bytes is None else cache_bytes
    cache = _Cache(available)
    filled = [tuple(_row(op, cache) for op in ops) for ops in models]
    return [
        Estimate(rows, available, cache.remaining, narrow_memory_per_tile(ops))
        for rows, ops in zip(filled, models, strict=True)
    ]


def cache_size(ops: Sequence[Op]) -> int:
    """Guess the on-chip memory that ops leave for parameters: 8 MiB less the activations of one op.

    The direction is that of public compiler reports; the amount is verified by none.
    """
    return max(0, SRAM - max(map(activation_bytes, ops), default=0))


def segments(ops: Sequence[Op], count: int) -> list[tuple[Op, ...]]:
    """Cut ops into ``count`` parts for the Edge TPUs of a pipeline so that the slowest takes least time.

    Each part is a run of consecutive ops and has a parameter cache to itself.

    :param ops: accepted ops of one subgraph, in dependency order
    :raises InputError: ``count`` is less than 1 or more than the number of ops
    """
    if not 1 <= count <= len(ops):
        raise InputError(f"a pipeline needs 1 to {len(ops)} segments, one op each at least; found {count}")
    available = cache_size(ops)
    fastest, slowest = 0, estimate(ops, 0).cycles  # nothing cached: no part takes longer
    while fastest < slowest:
        limit = (fastest + slowest) // 2
        if _cut(ops, count, limit, available) is None:
            fastest = limit + 1
        else:
            slowest = limit
    found = _cut(ops, count, slowest, available)
    assert found is not None, (
        "the slowest limit is one that was kept, or all ops together with nothing cached"
    )
    return found


class _Cache:
    """The parameter cache while it is filled: an op's parameters go in whole where they still fit."""

    def __init__(self, nbytes: int) -> None:
        self.remaining = nbytes

    def streamed(self, nbytes: int) -> int:
        """Take parameters in; return how many bytes of them do not fit: none or all."""
        if nbytes > self.remaining:
            return nbytes
        self.remaining -= nbytes
        return 0


def _row(op: Op, cache: _Cache) -> OpEstimate:
    parameters = parameter_bytes(op)
    streamed = cache.streamed(parameters)
    return OpEstimate(
        op=op,
        macs=macs(op),
        compute_cycles=compute_cycles(op),
        memory_cycles=max(_activation_cycles(op), ceil(streamed / STREAM_BYTES_PER_CYCLE)),
        parameter_bytes=parameters,
        streamed_bytes=streamed,
        activation_bytes=activation_bytes(op),
    )


def _activation_cycles(op: Op) -> int:
    fits = narrow_bytes(op) <= NARROW_MEMORY
    speed = NARROW_BYTES_PER_CYCLE if fits else PIECES_BYTES_PER_CYCLE
    return ceil(sum(map(tile_bytes, activations(op))) / speed)


def _cut(ops: Sequence[Op], count: int, limit: int, available: int) -> list[tuple[Op, ...]] | None:
    """Return ``count`` parts of at most ``limit`` cycles, each the longest there is; None if none."""
    parts: list[tuple[Op, ...]] = []
    start = 0
    for later in reversed(range(count)):  # parts still to come: each needs an op
        stop = _reach(ops, start, len(ops) - later, limit, available)
        if stop == start:
            return None
        parts.append(tuple(ops[start:stop]))
        start = stop
    return parts if start == len(ops) else None


def _reach(ops: Sequence[Op], start: int, stop: int, limit: int, available: int) -> int:
    """Return the end of the longest part that begins at ``start`` and keeps within ``limit`` cycles."""
    cache = _Cache(available)
    cycles = 0
    for i in range(start, stop):
        cycles += _row(ops[i], cache).cycles
        if cycles > limit:
            return i
    return stop
