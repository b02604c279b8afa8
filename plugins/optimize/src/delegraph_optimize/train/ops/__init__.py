"""What each op computes, in torch and with gradients: a row for each op.

A row is a function of the op and of its inputs (None for one left out), which gives the output, or a tuple
of them. Tensors have the axes that TFLite gives them; a batch may be larger than the model's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import elementwise, lstm, movement, pools, products, reductions, resize

Forward = Callable[..., Any]

ROWS: dict[str, Forward] = {
    name: row
    for module in (elementwise, lstm, movement, pools, products, reductions, resize)
    for name, row in module.ROWS.items()
}

__all__ = ["ROWS", "Forward"]
