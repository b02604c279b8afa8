"""``delegraph plugins``: what is installed, what it offers, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from ..contract import PACKAGES, Package
from ..log import fallbacks_unsaid
from ..plugins import Plugins, imports
from .common import console, form_options
from .echo import echo, echo_csv, echo_json
from .plugins_look import Looked, looked_at
from .tables import table

# Of the CSV: a line for each delegate, and for each plugin that offers none.
COLUMNS = ("delegate", "plugin", "module", "package", "version", "state", "ops", "rows", "options")


@click.command()
@form_options(json="Print the list as JSON.", csv="Print the delegates as CSV.")
@click.option(
    "--check",
    is_flag=True,
    help="Also call every hook, in another process first: some end it. Exit with 1 on problems.",
)
@click.pass_context
def plugins(ctx: click.Context, as_json: bool, as_csv: bool, check: bool) -> None:
    """List the installed plugins and the delegates they offer.

    Problems with plugins are listed too, with what is used instead.
    """
    ends: dict[str, str] = {}
    if check:
        from . import plugins_check

        ends = plugins_check.ends()
    with fallbacks_unsaid(), imports.turning_off(ends):  # problems are part of the list
        if ends:
            Plugins.forget()
        installed, delegates = looked_at()
        if check:
            plugins_check.call_hooks(installed, [d.delegate for d in delegates if d.delegate is not None])
    problems = [f"plugin {name!r} is left out: {how}" for name, how in ends.items()]
    problems += [str(problem) for problem in installed.problems]
    problems += [text for d in delegates for text in d.problems]
    if as_json:
        echo_json(_json(installed, delegates, problems))
    elif as_csv:
        echo_csv(COLUMNS, _lines(installed, delegates))
        for text in problems:
            echo(f"problem: {text}", err=True)
    else:
        _print(installed, delegates, problems)
    if check and problems:
        ctx.exit(1)


def _print(installed: Plugins, delegates: list[Looked], problems: list[str]) -> None:
    out = console()
    for title, heads, rows in (
        ("Plugins", ("plugin", "module", "package", "version", "import>"), _plugin_rows(installed)),
        (
            "Delegates",
            ("delegate", "plugin", "ops>", "rows>", "state", "options"),
            list(_delegate_rows(delegates)),
        ),
    ):
        found = table(*heads)
        for row in rows:
            found.add_row(*row)
        out.print(title, style="bold")
        out.print(found if rows else "none", "")
    for title, lines in (("Problems", problems), ("Slow", _slow(installed)), ("Left out", _off(installed))):
        if lines:
            out.print(title, style="bold")
            for line in lines:
                out.print(f"- {line}")
            out.print()
    if missing := [p for p in PACKAGES if not p.is_installed]:
        out.print("Not installed: " + "; ".join(map(_offered, missing)))


def _lines(installed: Plugins, delegates: list[Looked]) -> Iterator[dict[str, Any]]:
    plugins = {
        p.name: {"plugin": p.name, "module": p.value, "package": p.distribution, "version": p.version}
        for p in installed.registered.values()
    }
    for d in delegates:
        about = {"delegate": d.name, "state": d.state, "ops": d.ops, "rows": sum(d.rows.values())}
        yield {**plugins.get(d.offer.plugin.name, {}), **about, "options": "; ".join(d.options)}
    offering = {d.offer.plugin.name for d in delegates}
    yield from (about for name, about in plugins.items() if name not in offering)


def _slow(installed: Plugins) -> list[str]:
    return [
        f"plugin {name!r} takes {seconds:.1f} s to import: let it import what is heavy where it is used"
        for name, seconds in installed.import_seconds.items()
        if seconds > imports.SLOW
    ]


def _off(installed: Plugins) -> list[str]:
    off = imports.turned_off()
    return [f"plugin {p}: {why}" for p, why in installed.left_out.values() if p.name in off]


def _plugin_rows(installed: Plugins) -> list[tuple[str, ...]]:
    return [
        (p.name, p.value, p.distribution, p.version, _milliseconds(installed, p.name))
        for p in installed.registered.values()
    ]


def _milliseconds(installed: Plugins, name: str) -> str:
    seconds = installed.import_seconds.get(name)
    return "" if seconds is None else f"{seconds * 1e3:.0f} ms"


def _delegate_rows(delegates: list[Looked]) -> Iterator[tuple[str, ...]]:
    for d in delegates:
        first, *others = d.options or ("",)
        yield d.name, d.offer.plugin.name, str(d.ops), _rows_text(d), d.state, first
        yield from (("", "", "", "", "", option) for option in others)


def _rows_text(looked: Looked) -> str:
    """Say how many rows there are, and from whom where they are not all the delegate's own."""
    if looked.rows.keys() <= {looked.offer.plugin.name}:
        return str(sum(looked.rows.values()))
    return ", ".join(f"{n} from {origin}" for origin, n in looked.rows.items())


def _offered(package: Package) -> str:
    adds = [f"delegate {name}" for name in package.delegates]
    adds += [f"{t} for {' and '.join(package.adds_types_to)}" for t in package.types]
    return f"{package.name} ({', '.join(adds)})"


def _json(installed: Plugins, delegates: list[Looked], problems: list[str]) -> dict[str, Any]:
    named = {problem.message: list(problem.plugins) for problem in installed.problems}
    return {
        "plugins": [
            {
                "name": p.name,
                "module": p.value,
                "package": p.distribution,
                "version": p.version,
                "import_seconds": installed.import_seconds.get(p.name),
            }
            for p in installed.registered.values()
        ],
        "delegates": [
            {
                "name": d.name,
                "plugin": d.offer.plugin.name,
                "state": d.state,
                "ops": d.ops,
                "rows": d.rows,
                "options": list(d.options),
            }
            for d in delegates
        ],
        "left_out": {plugin.name: why for plugin, why in installed.left_out.values()},
        "problems": [{"plugins": named.get(text, []), "message": text} for text in problems],
    }
