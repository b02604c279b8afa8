"""What came of the matrix, for people: counts, a table per op, and docs/matrix.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from textwrap import shorten

from delegraph import load_delegate
from rich.table import Table

from .recipe import recipes
from .run import (
    DIFFERS,
    EXACT,
    INT16,
    MEANINGLESS,
    NEITHER,
    ONLY_DELEGRAPH,
    ONLY_LITERT,
    ORDER,
    WITHIN,
    Cell,
)

LEGEND = {
    EXACT: "bit for bit LiteRT's `BUILTIN_REF`, or the default resolver without delegates where that"
    " lacks the op, version or types",
    WITHIN: "floats within 1e-5 of the output's largest value ([numbers](numbers.md))",
    ONLY_DELEGRAPH: "LiteRT refuses it, or dies of it",
    INT16: "computes on int16 activations: for the package delegraph-int16",
    MEANINGLESS: "LiteRT runs it and its answer means nothing; the reasons are below",
    ONLY_LITERT: "LiteRT runs it, the reference delegate refuses it",
    DIFFERS: "both run it and the numbers differ, or the kernel fails",
    NEITHER: "neither runs it",
}

HEAD = """# Every op, version and type against LiteRT

Made by `python tests/oracle/matrix --write` (it needs `ai-edge-litert==2.3.0` and takes minutes). A cell is
one op in one version with one choice of operand types: a model of that op alone, run by LiteRT in a child
process and by the kernels of the reference delegate on the same inputs. All types are tried, listed or not;
of several operands one varies at a time, of ops with weights all combinations of activations, weights and
bias ("-": none) are tried. The tests in `tests/oracle/ops` go into shapes, options
and quantization; this page says what is there.
"""


def summary(found: Sequence[Cell]) -> Table:
    """Return the number of cells by family and by what came of them."""
    table = Table("family", *ORDER, title=f"{len(found)} cells of {len({c.op for c in found})} ops")
    for name, counts in _by_family(found).items():
        table.add_row(name, *(str(counts[kind] or "") for kind in ORDER))
    return table


def details(found: Sequence[Cell]) -> Table:
    """Return a table with the types of each op."""
    table = Table("op", "versions", "", "types")
    for op, versions, kind, types in _lines(found):
        table.add_row(op, versions, kind, types)
    return table


def to_do(found: Iterable[Cell], *kinds: str) -> list[str]:
    """Return a line for each op and reason that LiteRT runs and delegraph does not run rightly."""
    same: dict[tuple[str, str, str], list[Cell]] = defaultdict(list)
    for cell in found:
        if cell.found in (kinds or (ONLY_LITERT, DIFFERS)):
            reason = cell.message.partition(", found ")[0]
            same[cell.op, cell.found, reason].append(cell)
    return [
        f"{op} v{_ranges(c.version for c in cells)}, {kind}: {compact({c.types for c in cells})}: "
        + shorten(message, 160, placeholder=" …")
        for (op, kind, message), cells in sorted(same.items())
    ]


def page(found: Sequence[Cell]) -> str:
    """Return docs/matrix.md."""
    counts = Counter(c.found for c in found)
    lines = [
        HEAD,
        f"{len(found)} cells of {len({c.op for c in found})} ops:",
        "",
        "| | cells | |",
        "|---|---:|---|",
    ]
    lines += [f"| **{kind}** | {counts[kind]} | {LEGEND[kind]} |" for kind in ORDER]
    lines += ["", "| family | " + " | ".join(ORDER) + " |", "|---|" + "---:|" * len(ORDER)]
    for name, each in _by_family(found).items():
        lines.append(f"| {name} | " + " | ".join(str(each[kind] or "") for kind in ORDER) + " |")
    lines += ["", "## What LiteRT runs and the reference delegate does not, or otherwise", ""]
    lines += [f"- {_cell(line)}" for line in to_do(found)] or ["Nothing."]
    lines += ["", "## What means nothing in LiteRT", "", *_meaningless(found)]
    lines += ["", "## Ops that LiteRT does not have", "", *_beyond()]
    lines += ["", "## Op by op", "", "| op | versions | | types |", "|---|---|---|---|"]
    lines += [f"| {_cell(op)} | {v} | {kind} | {_cell(types)} |" for op, v, kind, types in _lines(found)]
    return "\n".join(lines) + "\n"


def compact(types: Iterable[str]) -> str:
    """Write types of several operands shortly: ``float32/int8:int32`` for two that differ in the first."""
    known = sorted(types)
    return min((_grouped(known, last) for last in (True, False)), key=len)


def _grouped(types: Iterable[str], last: bool) -> str:
    """Join those that differ in the last operand, or in the first, and then those with the same choices."""
    tails: dict[tuple[str, str], list[str]] = defaultdict(list)
    for text in types:
        marks = [i for i, char in enumerate(text) if char in ":>"]
        at = marks[-1 if last else 0] if marks else 0
        tails[text[:at], text[at : at + 1] if marks else ""].append(text[at + 1 if marks else 0 :])
    heads: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (head, mark), ends in tails.items():
        heads[mark, tuple(ends)].append(head)
    joined = [
        f"{'/'.join(starts)}{mark}{'/'.join(ends)}" if mark else ", ".join(ends)
        for (mark, ends), starts in heads.items()
    ]
    return ", ".join(sorted(joined))


def _lines(found: Sequence[Cell]) -> list[tuple[str, str, str, str]]:
    """Return (op, versions, what came of it, types), the op's name on its first line only."""
    lines = []
    for op in sorted({c.op for c in found}):
        own = [c for c in found if c.op == op]
        first = True
        for kind in ORDER:
            for versions, types in _by_versions(c for c in own if c.found == kind):
                text = f"{len(types)} others" if kind == NEITHER else compact(types)
                lines.append((op if first else "", _ranges(versions), kind, text))
                first = False
    return lines


def _by_versions(cells: Iterable[Cell]) -> list[tuple[tuple[int, ...], list[str]]]:
    versions: dict[str, list[int]] = defaultdict(list)
    for cell in cells:
        versions[cell.types].append(cell.version)
    types: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for name, numbers in versions.items():
        types[tuple(sorted(numbers))].append(name)
    return sorted(types.items())


def _by_family(found: Sequence[Cell]) -> dict[str, Counter[str]]:
    families: dict[str, Counter[str]] = {}
    for cell in found:
        families.setdefault(recipes()[cell.op].family, Counter())[cell.found] += 1
    return dict(sorted(families.items())) | {"all": Counter(c.found for c in found)}


def _meaningless(found: Sequence[Cell]) -> list[str]:
    reasons: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for cell in found:
        if cell.found == MEANINGLESS:
            reasons[cell.message][cell.op].append(cell.types)
    return [
        f"- {why}: "
        + "; ".join(f"{op} ({_cell(compact(set(types)))})" for op, types in sorted(ops.items()))
        + "."
        for why, ops in reasons.items()
    ]


def _beyond() -> list[str]:
    rows = [row for row in load_delegate("reference").table.rows if row.op not in recipes()]
    lines = [f"- {row.op} v{row.versions_text}: {_cell(row.types_text)}" for row in rows]
    return lines or ["None."]


def _ranges(versions: Iterable[int]) -> str:
    numbers = sorted(set(versions))
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    return ", ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in zip(starts, ends, strict=True))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("_", "\\_").replace("*", "\\*")
