"""The installed plugins: found, checked, and asked for their delegates and rows."""

from __future__ import annotations

import numpy  # noqa: F401  # where few calls are under way: see ``later.names``

from .automatic import fastest_first
from .load import Wanted, check_one_works, label_apart, load_delegate, resolve_delegates, wanted_name
from .manager import REFERENCE, Offer, Plugin, Plugins, Problem

__all__ = [
    "REFERENCE",
    "Offer",
    "Plugin",
    "Plugins",
    "Problem",
    "Wanted",
    "check_one_works",
    "fastest_first",
    "label_apart",
    "load_delegate",
    "resolve_delegates",
    "wanted_name",
]
