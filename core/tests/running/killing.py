"""A judge of answers that some files are not lived through with; worker processes import it by its name."""

from __future__ import annotations

import os
import signal
from typing import Any


def judged(said: Any, seen: Any, truth: Any) -> str:
    """Return ``lived``, unless the truth of a file is that it kills."""
    if truth:
        os.kill(os.getpid(), signal.SIGKILL)
    return "lived"
