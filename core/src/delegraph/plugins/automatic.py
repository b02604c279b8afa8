"""``delegates="auto"``: the delegates that are installed and can work here, the fastest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..contract import Delegate
from ..contract.asking import ask_or
from ..contract.guard import count_or_none, text
from ..errors import DelegateUnavailable, DelegraphError
from ..log import logger
from ..text import shortened
from .manager import REFERENCE, Plugins

AUTO = "auto"
_said: set[str] = set()


def fastest_first(
    plugins: Plugins, options: Mapping[str, Mapping[str, Any]], but: Sequence[str] = ()
) -> list[Delegate]:
    """Return delegates that can work here and say where they come in ``auto``, the reference delegate last.

    :param options: by name, for those that are found.
    :param but: names of delegates that are not looked for.
    """
    found = []
    for name in plugins.delegates():
        if name not in but and name != REFERENCE:
            delegate = _loaded(plugins, name, options.get(name))
            if delegate is None or plugins.unavailable(delegate) is not None:
                continue
            place = ask_or(delegate, "priority", count_or_none, None)
            if place is not None:
                found.append((place, delegate))
    return [delegate for _, delegate in sorted(found, key=lambda one: -one[0])]


def tell_once(
    plugins: Plugins, options: Mapping[str, Mapping[str, Any]], found: Sequence[Delegate]
) -> None:
    """Say what ``auto`` stands for here, and what cannot work, once for each set of delegates."""
    spare = [REFERENCE] if REFERENCE in plugins.delegates() else []
    named = ", ".join([*(_named(d) for d in found), *spare])
    if named and named not in _said:
        _said.add(named)
        lacking = "".join(f"; {why}" for why in _reasons(plugins, options))
        logger.warning('delegates="auto" takes what can work here: %s%s', named, lacking)


def none_works(plugins: Plugins, options: Mapping[str, Mapping[str, Any]]) -> DelegateUnavailable:
    """Return the error of an ``auto`` that stands for nothing."""
    only = ", ".join(plugins.delegates())
    only = f"{only} runs where it is named, no other is installed" if only else "none is installed"
    reasons = "; ".join(_reasons(plugins, options)) or only
    package = f"delegraph-{REFERENCE}"
    way_out = "" if package in reasons else f". pip install {package} brings one that does"
    return DelegateUnavailable(f'delegates="auto" finds none that can work here: {reasons}{way_out}')


def _reasons(plugins: Plugins, options: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return why delegates that are installed cannot work here."""
    loaded = [_loaded(plugins, name, options.get(name)) for name in plugins.delegates()]
    reasons = [(d.name, plugins.unavailable(d)) for d in loaded if d is not None]
    return [f"{name} cannot: {why}" for name, why in reasons if why is not None]


def _loaded(plugins: Plugins, name: str, options: Mapping[str, Any] | None) -> Delegate | None:
    try:
        return plugins.load(name, options, table_later=True)
    except DelegraphError:
        if options:  # an option that is wrong is said
            raise
        return None


def _named(delegate: Delegate) -> str:
    device = ask_or(delegate, "device_name", text, "")
    return f"{delegate.name} ({shortened(device, 40)})" if device else delegate.name
