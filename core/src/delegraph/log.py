"""The logger of delegraph: a warning for each op that falls back and for each plugin that misbehaves."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger("delegraph")


@contextmanager
def fallbacks_unsaid() -> Iterator[None]:
    """Keep fallbacks out of the log, for what reports them in its own way."""
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
