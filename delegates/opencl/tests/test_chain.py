"""Which launches are chained, and how they are cut."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from delegraph import Builder
from delegraph_opencl.chain import chained
from delegraph_opencl.launch import Launch, Rows
from delegraph_opencl.node import Value, value_of


class Cores:
    """Stands for a target: it has so many cores."""

    def __init__(self, units: int) -> None:
        self.units = units


def _values(n: int) -> list[Value]:
    g = Builder()
    return [value_of(g.tensor((1,), "float32")) for _ in range(n)]


def _launch(
    x: Value, y: Value, count: int, unit: int = 1, least: int = 1, read: int = 0, follows: bool = True
) -> Launch:
    launch = Launch("", "k", (x, y), (1,), writes=(y,))

    def cut(each: int) -> Launch:
        return evolve(launch, global_size=(-(-count // each),), rows=rows)

    rows = Rows(count, unit, least, read, cut, x if follows else None)
    return evolve(launch, rows=rows)


def _sizes(launches: list[Launch], units: int = 2) -> list[tuple[int, bool]]:
    target: Any = Cores(units)
    return [(la.global_size[0], la.chained) for _, la in chained([(None, la) for la in launches], target)]


def test_a_launch_that_reads_the_rows_just_computed_is_chained() -> None:
    a, b, c, d = _values(4)
    launches = [
        _launch(a, b, 112, unit=14, follows=False),
        _launch(b, c, 112, least=7),
        _launch(c, d, 112, least=7),
    ]
    assert _sizes(launches) == [(8, False), (8, True), (8, True)]


def test_a_launch_that_reads_something_else_is_not() -> None:
    a, b, c = _values(3)
    assert _sizes([_launch(a, b, 112), _launch(a, c, 112)]) == [(1, False), (1, False)]
    assert _sizes([_launch(a, b, 112), _launch(b, c, 112, follows=False)]) == [(1, False), (1, False)]


def test_rows_that_do_not_share_out_evenly_are_not_chained() -> None:
    a, b, c = _values(3)
    assert _sizes([_launch(a, b, 49, unit=7), _launch(b, c, 49, least=7)]) == [(1, False), (1, False)]


@pytest.mark.parametrize(
    ("read", "sizes"), [(1 << 20, [(2, False), (2, True)]), (4 << 20, [(1, False), (1, False)])]
)
def test_many_weights_want_many_rows(read: int, sizes: list[tuple[int, bool]]) -> None:
    a, b, c = _values(3)
    assert _sizes([_launch(a, b, 196, unit=14), _launch(b, c, 196, least=7, read=read)]) == sizes
