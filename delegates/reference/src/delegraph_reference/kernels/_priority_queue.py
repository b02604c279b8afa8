"""A heap with the best item in front that leaves equal scores in the order of GNU's std::priority_queue.

In that order LiteRT, and what was written for it, takes items of one score.

Source: libstdc++, bits/stl_heap.h.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeVar


class Scored(Protocol):
    """What has a score."""

    @property
    def score(self) -> Any: ...


Item = TypeVar("Item", bound=Scored)


def push(heap: list[Item], item: Item) -> None:
    heap.append(item)
    _rise(heap, len(heap) - 1, item)


def pop(heap: list[Item]) -> Item:
    """Take the best item out. The hole goes down to a leaf first; the last item rises from there."""
    best, last = heap[0], heap.pop()
    if not heap:
        return best
    hole = 0
    while (child := 2 * hole + 2) < len(heap):
        child -= bool(heap[child].score < heap[child - 1].score)
        heap[hole], hole = heap[child], child
    if child == len(heap):  # the hole has a left child alone
        heap[hole], hole = heap[child - 1], child - 1
    _rise(heap, hole, last)
    return best


def _rise(heap: list[Item], hole: int, item: Item) -> None:
    while hole and heap[(hole - 1) // 2].score < item.score:
        heap[hole], hole = heap[(hole - 1) // 2], (hole - 1) // 2
    heap[hole] = item
