"""``delegraph plugins``: what is installed, what it offers, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click
from attrs import frozen

from ..contract import PACKAGES, Delegate, Package, describe_options
from ..errors import DelegraphError
from ..log import fallbacks_unsaid
from ..plugins import Offer, Plugins
from .common import console
from .echo import echo_json
from .tables import table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def plugins(as_json: bool) -> None:
    """List the installed plugins and the delegates they offer.

    Problems with plugins are listed too, with what is used instead.
    """
    with fallbacks_unsaid():  # problems are part of the list
        installed = Plugins.installed()
        delegates = [_look(installed, name) for name in sorted(installed.delegates())]
    if as_json:
        echo_json(_json(installed, delegates))
    else:
        _print(installed, delegates)


@frozen
class Looked:
    """What is known of a delegate without running it."""

    name: str
    offer: Offer
    state: str  # "ready", or why it cannot work here
    ops: int  # different ones that its table has
    rows: dict[str, int]  # of its table, by plugin
    options: tuple[str, ...]


def _look(installed: Plugins, name: str) -> Looked:
    offer = installed.delegates()[name]
    try:
        delegate = installed.load(name)
    except DelegraphError as e:
        return Looked(name, offer, f"cannot be loaded: {e}", 0, {}, ())
    rows = delegate.table.rows
    return Looked(
        name,
        offer,
        _state(installed, delegate),
        len({row.op for row in rows}),
        dict(Counter(row.origin for row in rows)),
        tuple(describe_options(offer.cls.Options)),
    )


def _state(installed: Plugins, delegate: Delegate) -> str:
    why = installed.unavailable(delegate)
    return f"cannot work here: {why}" if why else "ready"


def _print(installed: Plugins, delegates: list[Looked]) -> None:
    out = console()
    for title, heads, rows in (
        ("Plugins", ("plugin", "module", "package", "version"), _plugin_rows(installed)),
        (
            "Delegates",
            ("delegate", "plugin", "ops>", "rows>", "state", "options"),
            _delegate_rows(delegates),
        ),
    ):
        found = table(*heads)
        for row in rows:
            found.add_row(*row)
        out.print(title, style="bold")
        out.print(found if rows else "none", "")
    if installed.problems:
        out.print("Problems", style="bold")
        for problem in installed.problems:
            out.print(f"- {problem}")
        out.print()
    if missing := [p for p in PACKAGES if not p.is_installed]:
        out.print("Not installed: " + "; ".join(map(_offered, missing)))


def _plugin_rows(installed: Plugins) -> list[tuple[str, ...]]:
    return [(p.name, p.value, p.distribution, p.version) for p in installed.registered.values()]


def _delegate_rows(delegates: list[Looked]) -> list[tuple[str, ...]]:
    return [
        (d.name, d.offer.plugin.name, str(d.ops), _rows_text(d), d.state, "\n".join(d.options))
        for d in delegates
    ]


def _rows_text(looked: Looked) -> str:
    """Say how many rows there are, and from whom where they are not all the delegate's own."""
    if looked.rows.keys() <= {looked.offer.plugin.name}:
        return str(sum(looked.rows.values()))
    return ", ".join(f"{n} from {origin}" for origin, n in looked.rows.items())


def _offered(package: Package) -> str:
    adds = [f"delegate {name}" for name in package.delegates]
    adds += [f"{t} for {' and '.join(package.adds_types_to)}" for t in package.types]
    return f"{package.name} ({', '.join(adds)})"


def _json(installed: Plugins, delegates: list[Looked]) -> dict[str, Any]:
    return {
        "plugins": [
            {"name": p.name, "module": p.value, "package": p.distribution, "version": p.version}
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
        "problems": [{"plugins": list(p.plugins), "message": p.message} for p in installed.problems],
    }
