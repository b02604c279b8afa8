"""Fixtures for a conftest: with ``DELEGRAPH_GUARDS=1`` the buffers of its folder's tests are guarded."""

from __future__ import annotations

import os
from collections.abc import Iterator

import guards
import pytest


@pytest.fixture(scope="module", autouse=True)
def guarded(_device: None) -> Iterator[None]:
    if not os.environ.get("DELEGRAPH_GUARDS"):
        yield
        return
    with guards.guarded():
        yield


@pytest.fixture(autouse=True)
def nothing_overwritten() -> Iterator[None]:
    yield
    found = guards.overwritten()
    assert not found, found
