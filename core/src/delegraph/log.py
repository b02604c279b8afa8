"""The logger of delegraph: a warning for each op that falls back and for each plugin that misbehaves."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from .text import escaped_lines


class _Escaping(logging.Filter):
    """Shows characters in names from models and plugins that a terminal would obey as escapes."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = escaped_lines(record.getMessage()), ()
        return True


logger = logging.getLogger("delegraph")
logger.addFilter(_Escaping())


@contextmanager
def fallbacks_unsaid() -> Iterator[None]:
    """Keep fallbacks out of the log, for what reports them in its own way.

    Of delegraph's log, only errors are kept in the block, whichever thread logs.
    """
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
