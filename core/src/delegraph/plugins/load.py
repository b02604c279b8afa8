"""Delegates as programs ask for them: by name, loaded already, or by the path of a native library."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Union

from ..contract import Delegate, delegate_name
from ..errors import DelegateUnavailable, InputError, PluginError
from ..kinds import several
from ..patience import at_first
from .absent import Absent
from .automatic import AUTO, fastest_first, none_works, tell_once
from .manager import REFERENCE, Plugins

Wanted = Union[str, "os.PathLike[str]", Delegate]  # a delegate, its name, or its library's path


def load_delegate(
    library: str | os.PathLike[str], options: Mapping[str, Any] | None = None, label: str | None = None
) -> Delegate:
    """Make a delegate of an installed package; a drop-in for LiteRT's ``load_delegate``.

    :param library: the delegate's name, or the name or path of a library that LiteRT programs load
        (``libedgetpu.so.1``).
    :param options: as the delegate documents them, as Python values or as strings.
    :param label: names this instance in reports; by default its name, then ``name:2``.
    :raises UnknownDelegate: no installed package offers it; the message names the package that would.
    :raises DelegateUnavailable: its package is installed but could not be imported.
    :raises OptionError: an option is unknown or of another type; the message lists the valid ones.
    """
    return _loaded(library, options, label)


@at_first
def resolve_delegates(
    delegates: Wanted | Sequence[Wanted] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    plugins: Plugins | None = None,
    must_run: bool = False,
    num_threads: int | None = None,
) -> list[Delegate]:
    """Return loaded delegates in order of preference, with the reference delegate as the last resort.

    :param delegates: names or loaded delegates; None or none at all means the reference delegate alone.
        The name ``"auto"`` stands for those that can work here, the fastest first.
        Where it is installed, the reference delegate is appended, to run what the others leave over.
    :param options: by label, for the delegates given by name: ``{"opencl:2": {"device": "1"}}``.
    :param must_run: find out which cannot work on this machine; these take no op, with a warning. Nor do
        those that cannot be loaded, though their package is installed.
    :param num_threads: for delegates that are loaded here, have such an option and were not given it.
    :raises InputError: options are given for a label that no delegate loaded here has.
    :raises DelegateUnavailable: ``must_run``, and none can work here.
    """
    plugins = plugins or Plugins.installed()
    if isinstance(delegates, (str, os.PathLike, Delegate)):
        delegates = [delegates]
    given_ones = [] if delegates is None else several("delegates", delegates, object, "names or delegates")
    wanted = given_ones or [REFERENCE]
    names = [wanted_name(d) for d in wanted]
    if AUTO in names:
        wanted = _with_auto(wanted, names, plugins, options or {})
        names = [wanted_name(d) for d in wanted]
    with_spare = REFERENCE not in names and REFERENCE in plugins.delegates()
    if with_spare:
        wanted.append(REFERENCE)
        names.append(REFERENCE)
    labels = _distinct([getattr(d, "label", name) for d, name in zip(wanted, names, strict=True)])
    given = dict(options or {})
    loaded = []
    for d, name, label in zip(wanted, names, labels, strict=True):
        if isinstance(d, Delegate):
            loaded.append(plugins.with_table(d))
        else:
            later = must_run and with_spare and d == REFERENCE  # it may not be needed
            loaded.append(_load(plugins, name, given.pop(label, None), label, num_threads, later))
    if given:
        raise InputError(f"options for {next(iter(given))!r}, but the delegates are: {', '.join(labels)}")
    label_apart(loaded)
    if must_run:
        plugins.look_for(loaded)
        check_one_works(loaded)
    return loaded


@at_first
def _loaded(
    library: str | os.PathLike[str], options: Mapping[str, Any] | None, label: str | None
) -> Delegate:
    return Plugins.installed().load(library, options, label)


def _with_auto(
    wanted: list[Wanted], names: list[str], plugins: Plugins, options: Mapping[str, Mapping[str, Any]]
) -> list[Wanted]:
    """Return what is wanted, with the names of the fastest delegates in the place of ``auto``."""
    found = fastest_first(plugins, options, names)
    if not found and set(names) == {AUTO} and REFERENCE not in plugins.delegates():
        raise none_works(plugins, options)
    tell_once(plugins, options, found)
    place = names.index(AUTO)
    before, after = wanted[:place], wanted[place + 1 :]
    return [*before, *(d.name for d in found), *after] or [REFERENCE]


def _load(
    plugins: Plugins,
    name: str,
    options: Mapping[str, Any] | None,
    label: str,
    num_threads: int | None,
    table_later: bool,
) -> Delegate:
    """Return a delegate; one that cannot be loaded refuses every op, as one without a device does."""
    try:
        return plugins.load(name, options, label, num_threads, table_later)
    except (DelegateUnavailable, PluginError) as e:
        return Absent(name, label, str(e))


def check_one_works(delegates: Sequence[Delegate]) -> None:
    """Raise :class:`DelegateUnavailable` if none of the delegates can work on this machine."""
    if all(d.out_of_use is not None for d in delegates):
        raise DelegateUnavailable(
            "; ".join(f"delegate {d.label!r} cannot work here: {d.out_of_use}" for d in delegates)
        )


def wanted_name(wanted: Wanted) -> str:
    """Return the name of a delegate that is loaded, or given by name or by its library's path."""
    if isinstance(wanted, Delegate):
        return wanted.name
    if isinstance(wanted, (str, os.PathLike)):
        return delegate_name(wanted)
    what = "a delegate of LiteRT" if hasattr(wanted, "_get_native_delegate_pointer") else repr(wanted)
    raise InputError(
        f"delegates need to be names or what delegraph.load_delegate() returns, found {what}; "
        "native libraries cannot be used"
    )


def label_apart(delegates: Iterable[Delegate]) -> None:
    """Give delegates that are used together labels of their own: ``opencl``, ``opencl:2``."""
    different = list({id(d): d for d in delegates}.values())
    for delegate, label in zip(different, _distinct([d.label for d in different]), strict=True):
        delegate.label = label


def _distinct(labels: Sequence[str]) -> list[str]:
    """Return the labels; one that was there before gets the lowest number that makes it new."""
    found: dict[str, None] = {}
    for label in labels:
        n, new = 1, label
        while new in found:
            n += 1
            new = f"{label}:{n}"
        found[new] = None
    return list(found)
