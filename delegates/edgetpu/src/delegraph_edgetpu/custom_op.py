"""The op that stands for all that an Edge TPU runs at once."""

from __future__ import annotations

CUSTOM_OP = "edgetpu-custom-op"  # as the compiler calls it
