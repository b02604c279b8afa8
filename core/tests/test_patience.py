"""Python's garbage collector while a program starts."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from delegraph.patience import at_first, patiently


class Ring:
    """Something that only the collector can find to be garbage."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def collector_as_it_was() -> Iterator[None]:
    often, enabled = gc.get_threshold(), gc.isenabled()
    gc.enable()
    yield
    gc.set_threshold(*often)
    (gc.enable if enabled else gc.disable)()


def test_it_looks_seldom_and_then_as_before() -> None:
    gc.set_threshold(123, 4, 5)
    assert patiently(gc.get_threshold) == (50_000, 4, 5)
    assert gc.get_threshold() == (123, 4, 5)


def test_it_is_as_before_after_an_error() -> None:
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError):
        patiently(lambda: 1 / 0)
    assert gc.get_threshold() == before
    assert patiently(gc.get_threshold)[0] == 50_000


def test_what_was_made_is_old_and_still_found_to_be_garbage() -> None:
    ring = patiently(Ring)
    assert not any(found is ring for found in gc.get_objects(generation=0))
    seen = weakref.ref(ring)
    del ring
    gc.collect()
    assert seen() is None


def test_only_the_first_call_is_patient() -> None:
    wanted = at_first(lambda: gc.get_threshold()[0])
    assert wanted() == 50_000
    assert wanted() == gc.get_threshold()[0]


def test_one_within_another_leaves_the_end_to_it() -> None:
    assert patiently(lambda: (patiently(gc.get_threshold), gc.get_threshold()))[1][0] == 50_000


@pytest.mark.parametrize("often", [0, 60_000])
def test_who_has_it_look_seldom_or_never_keeps_that(often: int) -> None:
    gc.set_threshold(often)
    assert patiently(gc.get_threshold)[0] == often


def test_who_has_switched_it_off_or_frozen_objects_keeps_that() -> None:
    gc.disable()
    assert patiently(lambda: gc.get_threshold()[0]) != 50_000
    assert not gc.isenabled()
    gc.enable()
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        assert patiently(lambda: gc.get_threshold()[0]) != 50_000
        assert gc.get_freeze_count() >= frozen > 0
    finally:
        gc.unfreeze()
