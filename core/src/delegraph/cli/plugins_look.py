"""What ``delegraph plugins`` knows of each delegate without running it."""

from __future__ import annotations

from collections import Counter
from functools import partial

from ..contract import Delegate, describe_options
from ..contract.asking import owner, tell
from ..contract.guard import call, texts
from ..errors import DelegraphError, PluginError
from ..plugins import Offer, Plugins
from ..values import frozen


@frozen
class Looked:
    """What is known of a delegate without running it."""

    name: str
    offer: Offer
    delegate: Delegate | None  # None: it cannot be loaded
    state: str  # "ready", or why it cannot work here
    ops: int  # different ones that its table has
    rows: dict[str, int]  # of its table, by plugin
    options: tuple[str, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        return (f"{self.name} {self.state}",) if self.delegate is None else self.delegate.problems


def looked_at() -> tuple[Plugins, list[Looked]]:
    """Return the installed plugins, and what is known of the delegates that they offer."""
    installed = Plugins.installed()
    return installed, [_look(installed, name) for name in sorted(installed.delegates())]


def _look(installed: Plugins, name: str) -> Looked:
    offer = installed.delegates()[name]
    try:
        delegate = installed.load(name)
    except DelegraphError as e:
        return Looked(name, offer, None, f"cannot be loaded: {e}", 0, {}, ())
    rows = delegate.table.rows
    return Looked(
        name,
        offer,
        delegate,
        _state(installed, delegate),
        len({row.op for row in rows}),
        dict(Counter(row.origin for row in rows)),
        _options(delegate),
    )


def _options(delegate: Delegate) -> tuple[str, ...]:
    try:
        place = partial("Options of {}".format, owner(delegate))
        return tuple(call(place, texts, lambda: describe_options(delegate.Options)))
    except PluginError as e:
        tell(delegate, str(e))
        return ()


def _state(installed: Plugins, delegate: Delegate) -> str:
    why = installed.unavailable(delegate)
    return f"cannot work here: {why}" if why else "ready"
