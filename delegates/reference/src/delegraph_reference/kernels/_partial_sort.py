"""The largest values in order, equal ones in the order in which GNU's std::partial_sort leaves them.

Source: libstdc++, bits/stl_algo.h and bits/stl_heap.h: a heap of those kept, its worst in front.
"""

from __future__ import annotations

from collections.abc import Sequence


def largest(values: Sequence[float], count: int) -> list[int]:
    """Return the indices of the ``count`` largest values, largest first."""
    heap = list(range(count))
    for parent in range(count // 2 - 1, -1, -1):
        _sink(heap, values, parent, count, heap[parent])
    for i in range(count, len(values)):
        if values[i] > values[heap[0]]:
            _sink(heap, values, 0, count, i)
    for last in range(count - 1, 0, -1):
        moved, heap[last] = heap[last], heap[0]
        _sink(heap, values, 0, last, moved)
    return heap


def _sink(heap: list[int], values: Sequence[float], hole: int, size: int, item: int) -> None:
    """Put an item where the hole is: the hole goes down to a leaf first, then up as far as it must."""
    top = hole
    while (child := 2 * hole + 2) < size:
        child -= bool(values[heap[child]] > values[heap[child - 1]])
        heap[hole], hole = heap[child], child
    if child == size:  # the hole has a left child alone
        heap[hole], hole = heap[child - 1], child - 1
    while hole > top and values[heap[(hole - 1) // 2]] > values[item]:
        heap[hole], hole = heap[(hole - 1) // 2], (hole - 1) // 2
    heap[hole] = item
