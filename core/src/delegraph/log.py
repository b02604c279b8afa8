"""The logger of delegraph: a warning for each op that falls back and for each plugin that misbehaves."""

from __future__ import annotations

import logging

logger = logging.getLogger("delegraph")
