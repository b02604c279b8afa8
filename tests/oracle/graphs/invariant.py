"""The invariant of rewrites, checked after each one: whatever somebody reads, somebody wrote before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def checked_rewrites() -> Iterator[None]:
    """Let every rewrite inside this block fail that breaks it."""
    from delegraph_opencl.program import rewrites
    from delegraph_opencl.program.uses import unwritten

    plain = rewrites.rewrite

    def checked(lowered: Any) -> None:
        def after_each(row: Any) -> None:
            said = unwritten(lowered)
            assert said is None, f"{row.name}: {said}"

        plain(lowered, after_each)

    with patch.object(rewrites, "rewrite", checked):
        yield
