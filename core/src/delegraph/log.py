"""The logger of delegraph: a warning for each op that falls back and for each plugin that misbehaves.

Most runs have nothing to say: logging is imported for the first message.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from .text import escaped_lines

if TYPE_CHECKING:
    from logging import Logger, LogRecord


class _Log:
    """The logger "delegraph"; characters that a terminal would obey as escapes are shown as text."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_logger(), name)


@cache
def _logger() -> Logger:
    import logging

    found = logging.getLogger("delegraph")
    found.addFilter(_escaping)
    return found


def _escaping(record: LogRecord) -> bool:
    record.msg, record.args = escaped_lines(record.getMessage()), ()
    return True


if TYPE_CHECKING:
    logger: Logger
else:
    logger = _Log()


@contextmanager
def fallbacks_unsaid() -> Iterator[None]:
    """Keep fallbacks out of the log, for what reports them in its own way.

    Of delegraph's log, only errors are kept in the block, whichever thread logs.
    """
    before = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(before)
