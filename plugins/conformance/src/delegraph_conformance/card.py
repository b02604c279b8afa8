"""The support card: what came of each op, version and type, as JSON, Markdown or one page of HTML."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from attrs import asdict, define, field

from .html_page import PAGE

HEADS = ("op", "versions", "types", "", "cases", "steps", "relative", "µs")
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

    :param about: delegate, options and versions
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
    from delegraph import html_text

    heads = "".join(f"<th>{html_text(head)}</th>" for head in HEADS)
    body = "\n".join(_html_row(line, html_text) for line in card["lines"])
    return Template(PAGE).substitute(
        title=html_text(_title(card)), about=html_text(_about(card)), heads=heads, rows=body
    )


def _html_row(line: Mapping[str, Any], html_text: Callable[[str], str]) -> str:
    cells = "".join(f"<td>{html_text(cell)}</td>" for cell in _cells(line))
    why = f' title="{html_text(line["why"])}"' if line["why"] else ""
    return f'<tr class="{line["kind"]}"{why}>{cells}</tr>'


def _cells(line: Mapping[str, Any]) -> list[str]:
    measured = line["kind"] in ("delegated", "failed")
    microseconds = line["microseconds"]
    return [
        line["op"],
        _ranges(line["versions"]),
        line["types"],
        line["kind"],
        str(line["cases"]),
        f"{line['steps']:g}" if measured and line["steps"] else "",
        f"{line['rtol']:.1e}" if measured and line["rtol"] else "",
        "" if microseconds is None else f"{microseconds:g}",
    ]


def _ranges(versions: Sequence[int]) -> str:
    starts = [v for v in versions if v - 1 not in versions]
    ends = [v for v in versions if v + 1 not in versions]
    return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=True))


def _title(card: Mapping[str, Any]) -> str:
    options = " ".join(f"{k}={v}" for k, v in card["options"].items())
    return f"Support card of {card['delegate']} {options}".strip()


def _about(card: Mapping[str, Any]) -> str:
    counts: Counter[str] = Counter()
    for line in card["lines"]:
        counts[line["kind"]] += line["cases"]
    ops = len({line["op"] for line in card["lines"] if line["kind"] == "delegated"})
    cases = ", ".join(f"{counts[kind]} {kind}" for kind in ORDER if counts[kind])
    versions = ", ".join(f"{name} {version}" for name, version in card["versions"].items())
    return f"{ops} ops; cases: {cases or 'none'}; {versions}"


FORMS = {".json": to_json, ".md": to_markdown, ".html": to_html}
