"""What became of each op of a model, as values."""

from __future__ import annotations

from collections import Counter
from typing import Any

from attrs import asdict, frozen
from delegraph import bytes_text, report_html


@frozen
class Outcome:
    """What became of one op."""

    subgraph: int
    index: int  # of the op in the model that was given
    op: str
    name: str  # of its first output
    scheme: str  # "int8", "int16x8", "dynamic", "weights", "float16"; "float32" where it stays as it was
    reason: str = ""  # why it is not what was asked for; "" where it is
    weights: str = ""  # the type in which its weights are stored, where that changed


@frozen
class Report:
    """What a quantization did."""

    scheme: str  # that was asked for
    outcomes: tuple[Outcome, ...]  # an entry for each op, in the model's order
    notes: tuple[str, ...]  # a sentence each: what was done to the model before
    bytes_before: int  # of the file
    bytes_after: int

    @property
    def quantized(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if o.scheme != "float32")

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """The ops that are not what was asked for, each with its reason."""
        return tuple(o for o in self.outcomes if o.reason)

    @property
    def reasons(self) -> Counter[str]:
        return Counter(o.reason for o in self.refused)

    def to_json(self) -> dict[str, Any]:
        """Return it as values that ``json.dumps`` takes."""
        return {**asdict(self, recurse=False), "outcomes": [asdict(o) for o in self.outcomes]}

    def __repr__(self) -> str:
        counts = f"{len(self.quantized)} of {len(self.outcomes)} ops quantized"
        sizes = f"{bytes_text(self.bytes_before)} to {bytes_text(self.bytes_after)}"
        return f"<Report of {self.scheme}: {counts}, {len(self.refused)} refused, {sizes}>"

    def _repr_html_(self) -> str:
        from .text import render

        return report_html(render(self))

    def __str__(self) -> str:
        from .text import report_text

        return report_text(self)
