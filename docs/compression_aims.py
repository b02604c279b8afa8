"""What compression may cost, as a table: an aim a row, a model a column, met or missed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen
from quantized_models import difference

Found = dict[str, Any]

INTRODUCTION = """## Aims, met and missed

Each number is the mean of paired differences, in points: an aim is met if the mean meets it, and the
interval behind ± says how sure that is. Of compressed sizes, the share of the float model's is told.
"""


@frozen
class Aim:
    """What is asked of a recipe."""

    told: str
    recipe: str
    number: str  # of the recipe: a difference, or "compressed"
    limit: float | None  # points at least, percent at most; None: shown to compare

    def cell(self, row: Found) -> str:
        """Return how a model meets it; nothing where it was not measured."""
        of = row["recipes"].get(self.recipe, {})
        if self.number not in of:
            return ""
        value, text = self._value(row, of)
        if self.limit is None:
            return text
        return f"{'met' if value >= 0 else '**missed**'}: {text}"

    def _value(self, row: Found, of: Found) -> tuple[float, str]:
        """Return by how much it is met, and the number as it is told."""
        limit = self.limit or 0
        if self.number == "compressed":
            share = round(100 * of["compressed"] / row["compressed"])
            return limit - share, f"{share} %"
        low, high = of[self.number]
        return round(50 * (low + high) - limit, 6), difference([low, high])


AIMS = (
    Aim("int8, trained, not below int8", "int8, trained", "beside", 0),
    Aim("int8, trained, within 1 point of floats", "int8, trained", "difference", -1),
    Aim("int8, trained, beside trained floats", "int8, trained", "beside trained floats", None),
    Aim(
        "int4 weights, trained, within 2 points where min/max loses more than 10",
        "int4 weights, trained",
        "difference",
        -2,
    ),
    Aim("int4 weights, min/max", "int4 weights", "difference", None),
    Aim("50 % zeros within 0.5 points", "50 % zeros", "difference", -0.5),
    Aim("50 % zeros, trained, within 0.5 points", "50 % zeros, trained", "difference", -0.5),
    Aim("2:4 within 2 points", "2:4", "difference", -2),
    Aim("2:4, trained, within 2 points", "2:4, trained", "difference", -2),
    Aim("32 clusters within 1 point", "32 clusters", "difference", -1),
    Aim("32 clusters, trained, within 1 point", "32 clusters, trained", "difference", -1),
    Aim("32 clusters at most 40 % compressed", "32 clusters", "compressed", 40),
    Aim("50 % zeros at most 55 % compressed", "50 % zeros", "compressed", 55),
    Aim("with 8 significant bits at most 55 %", "50 % zeros, 8 significant bits", "compressed", 55),
    Aim(
        "all three, of 32 values, at most 20 % compressed",
        "50 % zeros, 32 clusters, int8",
        "compressed",
        20,
    ),
    Aim(
        "all three, of 16 values, at most 20 % compressed",
        "50 % zeros, 16 clusters, int8",
        "compressed",
        20,
    ),
    Aim("what these cost", "50 % zeros, 16 clusters, int8", "difference", None),
    Aim("what these cost, trained", "50 % zeros, 16 clusters, int8, trained", "difference", None),
    Aim(
        "all three, 75 % zeros of 16 values, trained, at most 20 % compressed",
        "75 % zeros, 16 clusters, int8, trained",
        "compressed",
        20,
    ),
    Aim("what these cost", "75 % zeros, 16 clusters, int8, trained", "difference", None),
)


def table(models: Found) -> Iterator[str]:
    yield INTRODUCTION
    yield _line("", *models)
    yield "|" + "---|" * (1 + len(models))
    for aim in AIMS:
        yield _line(aim.told, *(aim.cell(row) for row in models.values()))
    yield ""


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
