"""``delegraph support NAME``: the table of what a delegate claims it can run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import click
from attrs import asdict

from ..contract import Delegate, OpSupport, SupportTable, delegate_name
from ..errors import InputError, InputNotFound
from ..plugins import Plugins
from ..report.layout import screen_width
from ..text import plural
from .common import console, form_options, option_option
from .echo import echo, echo_csv, echo_json
from .tables import long_table

HEADS = ["op", "versions", "types", "needs", "distance", "from"]
# Of the CSV; with --diff it has what the JSON has.
COLUMNS = (
    "delegate",
    "op",
    "first_version",
    "last_version",
    "types",
    "choices",
    "needs",
    "steps",
    "rtol",
    "from",
)
BAR = r"\|"  # in a cell of a Markdown table


@click.command()
@click.argument("name", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "json", "csv"]),
    default="table",
    show_default=True,
)
@form_options(json="The same as --format json.", csv="The same as --format csv.")
@click.option("--diff", "other", metavar="OTHER", help="Say how NAME's table differs from this one's.")
@option_option
def support(
    name: str | None,
    form: str,
    as_json: bool,
    as_csv: bool,
    other: str | None,
    options: dict[str, dict[str, str]],
) -> None:
    """Print what the delegate NAME claims it can run; without a name, what every installed one claims.

    A row is an op, its versions, the types of its operands, what else it needs, and how far its results may
    be from those of the reference delegate. Options of a delegate may change its rows.

    NAME and OTHER are delegates, or .json files: what this command printed with --format json, or support
    cards of the conformance suite. Options of OTHER have its name before them, or NAME:2 where it is NAME
    once more: delegraph support opencl --diff opencl -o opencl:2.precision=float16.
    """
    form = "json" if as_json else "csv" if as_csv else form
    if other is not None:
        _print_differences(name, other, form, options)
        return
    installed = Plugins.installed()
    names = [delegate_name(name)] if name else sorted(installed.delegates())
    loaded = [installed.load(n, options.pop(n, None)) for n in names]
    if options:
        raise InputError(f"options for {next(iter(options))!r}, but the table is of: {', '.join(names)}")
    FORMATS[form](loaded)


def _print_differences(name: str | None, other: str, form: str, options: dict[str, dict[str, str]]) -> None:
    from ..report.support_diff import differences, summary

    if name is None:
        raise InputError("--diff needs two delegates or files: delegraph support NAME --diff OTHER")
    second = f"{other}:2" if other == name else other
    found = differences(_side(name, name, options), _side(other, second, options))
    if options:
        raise InputError(f"options for {next(iter(options))!r}, but compared are: {name}, {second}")
    if form == "json":
        echo_json([{**asdict(d), "types": list(d.types)} for d in found])
        return
    if form == "csv":
        records = ({**asdict(d), "types": "; ".join(d.types)} for d in found)
        echo_csv(("op", "types", "what", "first", "second"), records)
        return
    heads = ["op", "types", "differs in", name, second]
    rows = [heads, *([d.op, "; ".join(d.types), d.what, d.first, d.second] for d in found)]
    if found and form == "table":
        echo(long_table(rows, flexible=(heads.index("types"), 3, 4)) + "\n")
    elif found:
        lines = [heads, ["---"] * len(heads), *rows[1:]]
        echo("\n".join(f"| {' | '.join(c.replace('|', BAR) for c in line)} |" for line in lines) + "\n")
    echo(summary(found))


def _side(name: str, label: str, options: dict[str, dict[str, str]]) -> Any:
    """Return the rows of a delegate, or what a file holds: a table or a support card."""
    if name.endswith(".json"):
        from ..report.support_diff import side_of

        return side_of(_content(name), name)
    delegate = Plugins.installed().load(delegate_name(name), options.pop(label, None))
    return [_json(row) for row in _in_order(delegate.table)]


def _content(file: str) -> Any:
    try:
        return json.loads(Path(file).read_text(encoding="utf-8"))
    except FileNotFoundError as e:
        raise InputNotFound(f"no file {file!r}") from e
    except OSError as e:
        raise InputError(f"cannot read {file}: {e.strerror or e}") from e
    except ValueError as e:
        raise InputError(f"{file} needs JSON, found none: {e}") from e


def support_markdown(rows: SupportTable) -> str:
    """Return a support table in Markdown."""
    common = _common(rows)
    lines = [HEADS, ["---"] * len(HEADS), *(_cells(row, common) for row in _in_order(rows))]
    table = "\n".join(f"| {' | '.join(cell.replace('|', BAR) for cell in line)} |" for line in lines)
    return f"{_every_row(common)}\n\n{table}" if common else table


def _print_tables(delegates: Sequence[Delegate]) -> None:
    for delegate in delegates:
        console().print(f"{delegate.label}: {_count(delegate.table)}", style="bold")
        common = _common(delegate.table)
        if common:
            echo(fill(_every_row(common), screen_width(), break_long_words=False, break_on_hyphens=False))
        rows = [HEADS, *(_cells(row, common) for row in _in_order(delegate.table))]
        echo(long_table(rows, flexible=(HEADS.index("types"), HEADS.index("needs"))) + "\n")


def _print_markdown(delegates: Sequence[Delegate]) -> None:
    for d in delegates:
        echo(f"## {d.label}\n\n{_count(d.table)}\n\n{support_markdown(d.table)}\n")


def _print_json(delegates: Sequence[Delegate]) -> None:
    tables = {d.label: [_json(row) for row in _in_order(d.table)] for d in delegates}
    echo_json(tables)


def _print_csv(delegates: Sequence[Delegate]) -> None:
    rows = [(d.label, row) for d in delegates for row in _in_order(d.table)]
    echo_csv(COLUMNS, ({"delegate": label, **_flat(row)} for label, row in rows))


FORMATS = {
    "table": _print_tables,
    "markdown": _print_markdown,
    "json": _print_json,
    "csv": _print_csv,
}


def _in_order(rows: SupportTable) -> list[OpSupport]:
    return sorted(rows.rows, key=lambda row: (row.op, row.versions))


def _count(rows: SupportTable) -> str:
    return f"{plural(len({row.op for row in rows.rows}), 'op')} in {plural(len(rows.rows), 'row')}"


def _common(rows: SupportTable) -> list[str]:
    """Return the rules that stand in each of several rows: they are said once."""
    if len(rows.rows) < 2:
        return []
    first, *others = ([constraint.rule for constraint in row.constraints] for row in rows.rows)
    return [rule for rule in first if all(rule in rules for rules in others)]


def _every_row(common: Sequence[str]) -> str:
    return f"Every row needs: {'; '.join(common)}."


def _cells(row: OpSupport, common: Sequence[str]) -> list[str]:
    needs = "; ".join(c.rule for c in row.constraints if c.rule not in common)
    return [row.op, row.versions_text, row.types_text, needs, _distance(row), row.origin]


def _distance(row: OpSupport) -> str:
    """How far results may be from the reference: in steps for integers, relative for floats."""
    results = row.types.rpartition("->")[2] + " ".join(row.choices.values())
    parts = [plural(row.steps, "step")] if row.steps else []
    if "float" in results or "complex" in results:
        parts.append(f"{row.rtol:g} relative")
    return ", ".join(parts) or "none"


def _flat(row: OpSupport) -> dict[str, Any]:
    """Return a row as a line of CSV has it: lists as text."""
    first, last = row.versions
    choices = "; ".join(f"{name}: {types}" for name, types in row.choices.items())
    needs = "; ".join(constraint.rule for constraint in row.constraints)
    versions = {"first_version": first, "last_version": last}
    return {**_json(row), **versions, "choices": choices, "needs": needs}


def _json(row: OpSupport) -> dict[str, Any]:
    return {
        "op": row.op,
        "versions": list(row.versions),
        "types": row.types,
        "choices": row.choices,
        "needs": [constraint.rule for constraint in row.constraints],
        "steps": row.steps,
        "rtol": row.rtol,
        "from": row.origin,
    }
