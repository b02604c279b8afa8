"""The compiler's table of a model's ops, and why some stay on the CPU.

Source: the logs of compiler 16, as its users post them in github.com/google-coral/edgetpu/issues.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .reasons import reasons
from .status import Operation

ALL_MAPPED = "All operations run on the Edge TPU."
_NAME, _COUNT = 31, 11  # widths of the table's columns


def table(operations: Sequence[Operation]) -> str:
    """Return the compiler's table: how many ops of a kind have which status, in the model's order."""
    counts = Counter((o.op.name, o.status) for o in operations)
    lines = [f"{name:<{_NAME}}{count:<{_COUNT}}{status}" for (name, status), count in counts.items()]
    return "\n".join([f"{'Operator':<{_NAME}}{'Count':<{_COUNT}}Status", "", *lines])


def why(operations: Sequence[Operation]) -> str:
    """Return why ops stay on the CPU and what would make them pass; "" if all are mapped."""
    lines = [f"- {r}" + (f"\n  way out: {r.way_out}" if r.way_out else "") for r in reasons(operations)]
    return "\n".join(
        ["Why operations run on the CPU, and what would make them pass:", *lines] if lines else []
    )
