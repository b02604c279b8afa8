"""Which launches are chained, and how they are cut."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from delegraph import Builder
from delegraph_opencl.program.launch import Launch, Passed, Rows, RowWindows, Spans
from delegraph_opencl.program.node import Value, value_of
from delegraph_opencl.run.chain import chained


class Cores:
    """Stands for a target: it has so many cores."""

    real_size = 4

    def __init__(self, units: int) -> None:
        self.units = units


def _values(n: int, rows: int = 1, channels: int = 32) -> list[Value]:
    g = Builder()
    return [value_of(g.tensor((rows, channels), "float32")) for _ in range(n)]


def _launch(
    x: Value,
    y: Value,
    count: int,
    unit: int = 1,
    least: int = 1,
    read: int = 0,
    follows: bool = True,
    overlaps: bool = False,
    flops: int = 0,
    windows: RowWindows | None = None,
) -> Launch:
    launch = Launch("", "k", (x, y), (1,), writes=(y,), flops=flops)

    def cut(each: int) -> Launch:
        return overlapped(Spans(-(-count // each), each, each))

    def overlapped(spans: Spans) -> Launch:
        return evolve(launch, global_size=(spans.items,), rows=rows)

    source = x if follows else None
    rows = Rows(count, unit, least, read, cut, source, windows, overlapped if overlaps else None)
    return evolve(launch, rows=rows)


def _windows(x: Value, y: Value, several_images: bool = False) -> Launch:
    """Return a launch that reads windows of 3 lines of 64 rows."""
    windows = None if several_images else RowWindows(x, width=64, stride=1, before=1, reach=3)
    return _launch(x, y, 4096, unit=64, follows=False, windows=windows)


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


def test_what_only_a_chain_reads_stays_where_each_core_has_it() -> None:
    a, b, c = _values(3, rows=112)
    launches = [_launch(a, b, 112, unit=14, follows=False), _launch(b, c, 112)]
    assert _passed(launches, [c]) == [(Passed(1, 14 * 128, 56 * 128),), (Passed(0, 14 * 128, 56 * 128),)]


@pytest.mark.parametrize("leaves", [True, False])
def test_what_others_need_is_stored_in_full(leaves: bool) -> None:
    a, b, c, d = _values(4, rows=112)
    launches = [_launch(a, b, 112, follows=False), _launch(b, c, 112)]
    reader = [] if leaves else [_launch(b, d, 50)]
    assert _passed([*launches, *reader], [b, c] if leaves else [c])[:2] == [(), ()]


def test_what_has_no_room_for_the_rows_of_all_cores_is_stored_in_full() -> None:
    a, b, c = _values(3, rows=19)
    launches = [_launch(a, b, 19, unit=10, follows=False), _launch(b, c, 19)]
    assert _passed(launches, [c]) == [(), ()]


def test_windows_of_many_channels_are_chained_to_what_makes_them() -> None:
    """Of 64 lines of 64 rows, 128 numbers each, windows of 3 lines are read; 8 lines of them and 2 more."""
    a, b, c, d = (*_values(3, rows=4096, channels=128), *_values(1, rows=4096))
    launches = [_launch(a, b, 4096, least=7, overlaps=True), _windows(b, c), _launch(c, d, 4096)]
    found = _chained(launches, [d])
    assert [(la.global_size, la.chained) for la in found] == [((8,), False), ((8,), True), ((8,), True)]
    line, part = 64 * 128 * 4, 64 * 64 * 128 * 4 // 2
    written, read = Passed(1, 8 * line, part, line), Passed(0, 8 * line, part, line)
    assert [la.passed for la in found] == [
        (written,),
        (read, Passed(1, 8 * line, part)),
        (Passed(0, 8 * line, part),),
    ]


def test_what_was_before_such_a_chain_stays_one() -> None:
    a, b, c = _values(3, rows=4096)
    d, e = _values(2, rows=4096, channels=128)
    launches = [
        _launch(a, b, 4096),
        _launch(b, c, 4096),
        _launch(c, d, 4096, overlaps=True),
        _windows(d, e),
    ]
    assert [la.chained for la in _chained(launches, [e])] == [False, True, False, True]


@pytest.mark.parametrize("why", ["it is small", "it is read again", "it takes long", "several images"])
def test_windows_are_read_from_memory_where(why: str) -> None:
    small, again, long, images = (
        why == s for s in ("it is small", "it is read again", "it takes long", "several images")
    )
    a, b, c, d = _values(4, rows=4096, channels=16 if small else 128)
    flops = 1 << 26 if long else 0
    launches = [_launch(a, b, 4096, overlaps=True, flops=flops), _windows(b, c, images)]
    launches += [_launch(b, d, 50, follows=False)] if again else []
    assert not any(la.chained for la in _chained(launches, [c, d]))


def test_a_launch_that_reads_something_else_is_not() -> None:
    a, b, c = _values(3)
    assert _sizes([_launch(a, b, 112), _launch(a, c, 112)]) == [(1, False), (1, False)]
    assert _sizes([_launch(a, b, 112), _launch(b, c, 112, follows=False)]) == [(1, False), (1, False)]


def test_rows_that_do_not_share_out_evenly_are_not_chained() -> None:
    a, b, c = _values(3)
    assert _sizes([_launch(a, b, 49, unit=7), _launch(b, c, 49, least=7)]) == [(1, False), (1, False)]


def _passed(launches: list[Launch], outputs: list[Value]) -> list[tuple[Passed, ...]]:
    return [la.passed for la in _chained(launches, outputs)]


def _chained(launches: list[Launch], outputs: list[Value]) -> list[Launch]:
    target: Any = Cores(2)
    return [la for _, la in chained([(None, la) for la in launches], target, outputs)]


@pytest.mark.parametrize(
    ("read", "sizes"), [(1 << 20, [(2, False), (2, True)]), (4 << 20, [(1, False), (1, False)])]
)
def test_many_weights_want_many_rows(read: int, sizes: list[tuple[int, bool]]) -> None:
    a, b, c = _values(3)
    assert _sizes([_launch(a, b, 196, unit=14), _launch(b, c, 196, least=7, read=read)]) == sizes
