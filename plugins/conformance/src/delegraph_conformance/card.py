"""The support card: what came of each op, version and type, as JSON, Markdown or one page of HTML."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from attrs import asdict, define, field

from .html_page import BOX, PAGE

HEADS = ("op", "versions", "types", "came out", "cases", "steps", "relative", "µs", "why")
FEW = 10  # failures that are shown unasked
ORDER = ("failed", "delegated", "folded", "refused")


@define
class CardLine:
    """What came of the cases of one op and one choice of types that ended alike."""

    op: str
    types: str
    kind: str  # one of ORDER
    versions: list[int] = field(factory=list)
    cases: int = 0
    steps: float = 0.0  # the largest difference of integers from the right numbers, in quantization steps
    rtol: float = 0.0  # of floats, relative to the largest value of the output
    microseconds: float | None = None  # of a run of the plainest case
    why: str = ""  # what is wrong, or why it was refused


def card_of(about: Mapping[str, Any], results: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a card.

    :param about: delegate, options and versions; how many tests came out how, and which of them failed
    :param results: what :func:`result_of` recorded of each case
    """
    lines: dict[tuple[str, str, str], CardLine] = {}
    for result in results:
        key = (result["op"], result["types"], result["kind"])
        _add(lines.setdefault(key, CardLine(*key)), result)
    return {**about, "lines": [asdict(line) for _, line in sorted(lines.items())]}


def _add(line: CardLine, result: Mapping[str, Any]) -> None:
    line.cases += 1
    if result["version"] not in line.versions:
        line.versions = sorted([*line.versions, result["version"]])
    line.steps, line.rtol = max(line.steps, result["steps"]), max(line.rtol, result["rtol"])
    line.why = line.why or result["why"]
    seconds = result["seconds"]
    if seconds is not None and line.microseconds is None:
        line.microseconds = round(seconds * 1e6, 1)


def write_card(file: Path, card: Mapping[str, Any]) -> None:
    """Write a card in the form that the file's name asks for."""
    file.write_text(FORMS[file.suffix](card), encoding="utf-8")


def to_json(card: Mapping[str, Any]) -> str:
    return json.dumps(card, indent=1, ensure_ascii=False) + "\n"


def to_markdown(card: Mapping[str, Any]) -> str:
    rows = [HEADS, ["---"] * len(HEADS), *map(_cells, card["lines"])]
    table = "\n".join(f"| {' | '.join(c.replace('|', chr(92) + '|') for c in row)} |" for row in rows)
    return f"# {_title(card)}\n\n{_about(card)}\n\n{table}\n"


def to_html(card: Mapping[str, Any]) -> str:
    """Return the page: failures first, and a box for each way in which cases came out."""
    from delegraph import html_text

    lines = sorted(card["lines"], key=lambda line: line["kind"] != "failed")
    counts = _counts(card)
    return Template(PAGE).substitute(
        title=html_text(_title(card)),
        about=html_text(_about(card)),
        failures=_html_failures(card.get("failures", ()), html_text),
        boxes="".join(BOX.substitute(kind=kind, count=counts[kind]) for kind in ORDER if counts[kind]),
        heads="".join(f"<th>{html_text(head)}</th>" for head in HEADS),
        rows="\n".join(_html_row(line, html_text) for line in lines),
    )


def _html_failures(names: Sequence[str], html_text: Callable[[str], str]) -> str:
    if not names:
        return ""
    found = "".join(f"<li>{html_text(name)}" for name in names)
    state = " open" if len(names) <= FEW else ""
    return f"<details{state}><summary>{len(names)} tests failed</summary><ul>{found}</ul></details>"


def _html_row(line: Mapping[str, Any], html_text: Callable[[str], str]) -> str:
    cells = "".join(f"<td>{html_text(cell)}</td>" for cell in _cells(line))
    return f'<tr class="{line["kind"]}">{cells.replace(":", ":<wbr>")}</tr>'


def _cells(line: Mapping[str, Any]) -> list[str]:
    is_exact = line["kind"] == "delegated" and not line["steps"] and not line["rtol"]
    microseconds = line["microseconds"]
    return [
        line["op"],
        _ranges(line["versions"]),
        line["types"],
        line["kind"],
        str(line["cases"]),
        "exact" if is_exact else f"{line['steps']:g}" if line["steps"] else "",
        f"{line['rtol']:.1e}" if line["rtol"] else "",
        "" if microseconds is None else f"{microseconds:g}",
        line["why"],
    ]


def _ranges(versions: Sequence[int]) -> str:
    starts = [v for v in versions if v - 1 not in versions]
    ends = [v for v in versions if v + 1 not in versions]
    return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=True))


def _title(card: Mapping[str, Any]) -> str:
    options = " ".join(f"{k}={v}" for k, v in card["options"].items())
    return f"Support card of {card['delegate']} {options}".strip()


def _about(card: Mapping[str, Any]) -> str:
    counts = _counts(card)
    ops = len({line["op"] for line in card["lines"] if line["kind"] == "delegated"})
    cases = ", ".join(f"{counts[kind]} {kind}" for kind in ORDER if counts[kind])
    tests = ", ".join(f"{count} {name}" for name, count in card.get("tests", {}).items())
    versions = ", ".join(f"{name} {version}" for name, version in card["versions"].items())
    all_tests = f"all tests: {tests}; " if tests else ""
    return f"{ops} ops; cases of ops: {cases or 'none'}; {all_tests}{versions}"


def _counts(card: Mapping[str, Any]) -> Counter[str]:
    """Return how many cases came out in each way."""
    counts: Counter[str] = Counter()
    for line in card["lines"]:
        counts[line["kind"]] += line["cases"]
    return counts


FORMS = {".json": to_json, ".md": to_markdown, ".html": to_html}
