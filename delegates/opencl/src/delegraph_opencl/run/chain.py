"""Chains of launches on a CPU: each reads only those rows that the one before it has just computed.

A depthwise convolution, the pointwise one behind it, and a pointwise one behind that run one after the
other on a few rows, which are still in the cache then, before the next rows begin. What nobody but the
chain reads does not leave the cache: each core writes the rows of its next work-item over the last ones.

A chain may also begin with the pointwise convolution before the depthwise one. Windows of neighboring
work-items overlap, so some of its rows are computed twice; where it makes many channels of few, that takes
less time than to store them and to read them again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from delegraph import evolve, frozen

from ..device.buffers import ALIGNMENT
from ..program.launch import Launch, Passed, Rows, RowWindows, Spans, blocks, even_spans, rounded_up
from ..program.memory import nbytes_of, owners
from ..program.node import Node, Value
from ..program.target import Target

Pair = tuple[Node | None, Launch]

_SHARES = (16, 8, 4, 3, 2, 1)  # work-items per core
_READ = 16 << 10  # bytes of weights that a row is worth
_IDLE = (0.05, 0.1)  # of the cores' time that an uneven cut may waste: rather less
_CACHED = 640 << 10  # bytes of rows that stay in a core's cache
_LARGE = 1 << 20  # bytes of a value that does not stay in the caches of all cores
_WORTH = 2  # operations that took as long as to store a byte of such a value and to read it


@frozen(eq=False)
class Chain:
    """Launches that follow each other."""

    pairs: tuple[Pair, ...]
    each: int = 0  # rows of a work-item; 0: a launch on its own, cut as it was
    first: Spans | None = None  # of the first launch, where its work-items overlap

    def spans(self, launch: Launch) -> Spans:
        """Return how the rows of one of its launches are divided."""
        assert launch.rows is not None
        if self.first is not None and launch is self.pairs[0][1]:
            return self.first
        return even_spans(launch.rows.count, self.each)


def chained(launches: Sequence[Pair], target: Target, outputs: Sequence[Value] = ()) -> list[Pair]:
    """Return launches in the same order, those that can be chained cut by the same rows.

    :param outputs: values that are needed after the last launch.
    """
    uses = Counter(id(item) for _, launch in launches for item in owners(launch))
    uses.update(id(value.root) for value in outputs)
    chains: list[Chain] = []
    for pair in launches:
        chains[-1:] = _with(chains[-1], pair, uses, target) if chains else [Chain((pair,))]
    users = _users(chains, outputs)
    return [pair for chain in chains for pair in _cut(chain, users, target)]


def _with(chain: Chain, pair: Pair, uses: Counter[int], target: Target) -> list[Chain]:
    """Return the chain or the chains that a chain and one more launch are."""
    *before, last = chain.pairs
    begun = _begun(last, pair, uses, target)
    if begun is not None:
        rest = evolve(chain, pairs=tuple(before)) if before[1:] else Chain(tuple(before))
        return [rest, begun] if before else [begun]
    longer = _longer(chain, pair, target)
    return [longer] if longer is not None else [chain, Chain((pair,))]


def _longer(chain: Chain, pair: Pair, target: Target) -> Chain | None:
    """Return a chain with one more launch; None if that does not follow it."""
    last, launch = chain.pairs[-1][1], pair[1]
    if last.rows is None or launch.rows is None or launch.rows.follows not in last.writes:
        return None
    pairs = (*chain.pairs, pair)
    if chain.first is not None:
        shortest = last.rows.count - (chain.first.items - 1) * chain.each
        fits = launch.rows.count == last.rows.count and launch.rows.least <= shortest
        return evolve(chain, pairs=pairs) if fits else None
    each = _rows_each([link for _, link in pairs], target.units)
    return None if each is None else Chain(pairs, each)


def _rows_each(chain: Sequence[Launch], units: int) -> int | None:
    """Return how many rows a work-item of each launch takes; None if no cut keeps all cores busy."""
    rows = [launch.rows for launch in chain if launch.rows is not None]
    count, unit = rows[0].count, math.lcm(*(r.unit for r in rows))
    least, read = max(r.least for r in rows), sum(r.read for r in rows)
    if any(r.count != count for r in rows):
        return None
    for most, shares in product(_IDLE, _SHARES):
        each = blocks(count, unit * units * shares) * unit
        items = blocks(count, each)
        shortest = min(each, count - (items - 1) * each)
        busy = _idle(count, rounded_up(each, least), items, units) <= most
        if shortest >= least and each * _READ >= read and busy:
            return each
    return None


def _idle(count: int, each: int, items: int, units: int) -> float:
    """Return which part of the cores' time is lost by a cut into so many work-items."""
    return 1 - count / (each * blocks(items, units) * units)


def _begun(first: Pair, then: Pair, uses: Counter[int], target: Target) -> Chain | None:
    """Return the chain of a launch and one that alone reads its rows, by windows, if that is worth it."""
    made, rows = first[1].rows, then[1].rows
    windows = rows.windows if rows is not None else None
    if made is None or made.overlapped is None or rows is None or windows is None:
        return None
    if windows.value not in first[1].writes or uses[id(windows.value)] > 2 or windows.width < made.least:
        return None
    spans = _overlapping(first[1], then[1], rows, windows, target)
    if spans is None:
        return None
    size, source = nbytes_of(windows.value, target.real_size), made.follows
    saved = size - (nbytes_of(source, target.real_size) if source is not None else 0)
    twice = (spans.each / spans.apart - 1) * first[1].flops
    if size < _LARGE or twice > _WORTH * saved:
        return None
    lines = spans.apart // (windows.stride * windows.width)
    return Chain((first, then), lines * rows.unit, spans)


def _overlapping(
    first: Launch, then: Launch, rows: Rows, windows: RowWindows, target: Target
) -> Spans | None:
    """Return the spans of the longest items that keep all cores busy and whose rows stay in the cache."""
    assert first.rows is not None
    row = nbytes_of(windows.value, target.real_size) // first.rows.count
    own = sum(nbytes_of(v, target.real_size) for v in then.writes if isinstance(v, Value)) // rows.count
    lines = rows.count // rows.unit
    for most, shares in product(_IDLE, reversed(_SHARES[:-1])):
        each = blocks(lines, target.units * shares)
        items = blocks(lines, each)
        read = (each - 1) * windows.stride + windows.reach
        fits = read * windows.width * row + each * rows.unit * own <= _CACHED
        if fits and _idle(lines, each, items, target.units) <= most:
            apart = each * windows.stride
            return Spans(items, *(n * windows.width for n in (read, apart, windows.before)))
    return None


def _users(chains: Sequence[Chain], outputs: Sequence[Value]) -> dict[int, set[Chain | None]]:
    """Return the chains that use each value, by the ``id`` of its root; None: what comes after them."""
    found: dict[int, set[Chain | None]] = {id(value.root): {None} for value in outputs}
    for chain in chains:
        for _, launch in chain.pairs:
            for item in owners(launch):
                found.setdefault(id(item), set()).add(chain)
    return found


def _cut(chain: Chain, users: dict[int, set[Chain | None]], target: Target) -> Iterator[Pair]:
    if not chain.each:
        yield from chain.pairs
        return
    for i, (node, launch) in enumerate(chain.pairs):
        assert launch.rows is not None
        overlapped = launch.rows.overlapped if i == 0 and chain.first is not None else None
        cut = overlapped(chain.spans(launch)) if overlapped else launch.rows.cut(chain.each)
        passed = tuple(_passed(chain, launch, users, target))
        yield node, evolve(cut, chained=i > 0, passed=passed)


def _passed(
    chain: Chain, launch: Launch, users: dict[int, set[Chain | None]], target: Target
) -> Iterator[Passed]:
    """Yield the arguments that the chain alone needs; each core's rows lie in its part of the value."""
    writers = {id(value): link for _, link in chain.pairs for value in link.writes}
    for i, arg in enumerate(launch.args):
        writer = writers.get(id(arg))
        if isinstance(arg, Value) and writer and writer.rows and users.get(id(arg)) == {chain}:
            spans, nbytes = chain.spans(writer), nbytes_of(arg, target.real_size)
            row = nbytes // writer.rows.count
            part = nbytes // target.units // ALIGNMENT * ALIGNMENT
            if spans.each * row <= part:
                yield Passed(i, spans.apart * row, part, spans.before * row)
