"""Chains of launches on a CPU: each reads only those rows that the one before it has just computed.

A depthwise convolution, the pointwise one behind it, and a pointwise one behind that run one after the
other on a few rows, which are still in the cache then, before the next rows begin.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs

from .launch import Launch, blocks, rounded_up
from .node import Node
from .target import Target

Pair = tuple[Node | None, Launch]

_SHARES = (16, 8, 4, 3, 2, 1)  # work-items per core
_READ = 16 << 10  # bytes of weights that a row is worth
_IDLE = 0.1  # of the cores' time that an uneven cut may waste


def chained(launches: Sequence[Pair], target: Target) -> list[Pair]:
    """Return launches in the same order, those that can be chained cut by the same rows."""
    found: list[Pair] = []
    for pair in launches:
        chain = _chain_before(found)
        if not (chain and _fits(chain, pair[1], target)):
            found.append(pair)
            continue
        each = _rows_each([*(launch for _, launch in chain), pair[1]], target.units)
        assert each is not None
        found[-len(chain) :] = [
            _cut(*chain[0], each),
            *(_cut(*p, each, chained=True) for p in (*chain[1:], pair)),
        ]
    return found


def _chain_before(found: Sequence[Pair]) -> list[Pair]:
    """Return the chain at the end of some launches: the last one, and those that it is chained to."""
    first = len(found) - 1
    while first > 0 and found[first][1].chained:
        first -= 1
    return list(found[first:]) if found and found[first][1].rows else []


def _fits(chain: Sequence[Pair], launch: Launch, target: Target) -> bool:
    last = chain[-1][1]
    if launch.rows is None or launch.rows.follows not in last.writes or last.rows is None:
        return False
    return _rows_each([*(link for _, link in chain), launch], target.units) is not None


def _cut(node: Node | None, launch: Launch, each: int, chained: bool = False) -> Pair:
    assert launch.rows is not None
    return node, attrs.evolve(launch.rows.cut(each), chained=chained)


def _rows_each(chain: Sequence[Launch], units: int) -> int | None:
    """Return how many rows a work-item of each launch takes; None if no cut keeps all cores busy."""
    rows = [launch.rows for launch in chain if launch.rows is not None]
    count, unit = rows[0].count, math.lcm(*(r.unit for r in rows))
    least, read = max(r.least for r in rows), sum(r.read for r in rows)
    if any(r.count != count for r in rows):
        return None
    for shares in _SHARES:
        each = blocks(count, unit * units * shares) * unit
        items = blocks(count, each)
        idle = 1 - count / (rounded_up(each, least) * blocks(items, units) * units)
        shortest = min(each, count - (items - 1) * each)
        if shortest >= least and each * _READ >= read and idle <= _IDLE:
            return each
    return None
