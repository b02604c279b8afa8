"""Find the installed plugins, and load the delegates they offer with everybody's support rows.

A plugin that cannot be imported, breaks a hook's contract or claims what another one claims is remembered
as a :class:`Problem`, logged once, and named when somebody asks for what it would have offered; the others
go on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

import pluggy
from attrs import fields_dict, frozen

from ..contract import (
    Conflict,
    Delegate,
    OpSupport,
    RowsByOp,
    SupportTable,
    delegate_name,
    hookspecs,
    package_of,
    with_origin,
)
from ..errors import DelegateUnavailable, DelegraphError, PluginError, UnknownDelegate
from ..kinds import check_kind
from ..log import logger
from ..model import Op
from .checks import is_wrapper, never_called, no_delegate_class, no_row, wrong_arguments

if TYPE_CHECKING:
    import click

    from ..contract import Plan

GROUP = "delegraph"  # of entry points
REFERENCE = "reference"  # the delegate that runs what others leave over


@frozen
class Problem:
    """Something wrong with plugins, and what is done about it."""

    plugins: tuple[str, ...]  # by entry-point name
    message: str

    def __str__(self) -> str:
        return self.message


@frozen
class Plugin:
    """Where a plugin comes from."""

    name: str  # of its entry point
    value: str = ""  # what the entry point names: "delegraph_reference"
    distribution: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name!r} ({self.value})" if self.value else repr(self.name)


@frozen(hash=False)
class Offer:
    """A delegate that can be loaded."""

    cls: type[Delegate]
    plugin: Plugin


class Plugins:
    """The plugins in use; ``Plugins()`` has none yet, ``Plugins.installed()`` those of the environment."""

    def __init__(self) -> None:
        self.registered: dict[str, Plugin] = {}  # by name
        self.left_out: dict[str, tuple[Plugin, str]] = {}  # by name, with the reason
        self._manager = pluggy.PluginManager("delegraph")
        self._manager.add_hookspecs(hookspecs)
        self._problems: dict[tuple[str, ...], Problem] = {}
        self._offers: dict[str, Offer] | None = None

    @staticmethod
    @cache
    def installed() -> Plugins:
        """Return every plugin published under the entry-point group; read once."""
        plugins = Plugins()
        found = {(ep.name, ep.value): ep for ep in entry_points(group=GROUP)}
        for key in sorted(found):
            plugins._import(found[key])
        return plugins

    @property
    def problems(self) -> list[Problem]:
        """What was found wrong so far; a delegate's rows are looked at when it is loaded."""
        return list(self._problems.values())

    def register(self, plugin: object, name: str, about: Plugin | None = None) -> None:
        """Take a plugin in: a module, or any object with functions marked ``@hookimpl``.

        It never raises: whatever is wrong with the plugin becomes a problem.
        """
        about = about or Plugin(name, getattr(plugin, "__name__", type(plugin).__name__))
        why = self._unfit(plugin, name) or self._try_to_register(plugin, name)
        if why:
            self._leave_out(about, why)
            return
        self.registered[name] = about
        self._offers = None
        for message in never_called(plugin, self._manager):
            self._note((name,), f"plugin {about}: {message}")

    def delegates(self) -> Mapping[str, Offer]:
        """Return what can be loaded, by name. Nothing is instantiated."""
        if self._offers is None:
            self._offers = {}
            for plugin, classes in self._ask("delegraph_delegates"):
                for cls in classes:
                    self._offer(self._offers, plugin, cls)
        return self._offers

    def load(
        self,
        name: str | os.PathLike[str],
        options: Mapping[str, Any] | None = None,
        label: str | None = None,
        num_threads: int | None = None,
        table_later: bool = False,
    ) -> Delegate:
        """Make an instance of a delegate and give it its support table; see :func:`load_delegate`.

        :param num_threads: the option of this name, for a delegate that has it and was not given it.
        :param table_later: look for its rows when somebody asks for them: they may be in many modules.
        """
        name = delegate_name(name)
        check_kind("options", options, (Mapping, type(None)), "a dictionary of options by name")
        offer = self.delegates().get(name)
        if offer is None:
            raise self._unknown(name)
        given = dict(options or {})
        if num_threads is not None and "num_threads" in fields_dict(offer.cls.Options):
            given.setdefault("num_threads", num_threads)
        try:
            delegate = offer.cls(given, label)
        except DelegraphError:
            raise
        except Exception as e:
            maker = f"delegate {name!r} of plugin {offer.plugin}"
            raise PluginError(f"{maker} could not be made: {type(e).__name__}: {e}") from e
        if table_later:
            delegate.find_rows = self.table
            return delegate
        return self.with_table(delegate)

    def with_table(self, delegate: Delegate) -> Delegate:
        """Give a delegate its support table, unless it has one."""
        if not delegate.has_table:
            delegate.table = self.table(delegate)
        return delegate

    def table(self, delegate: Delegate) -> SupportTable:
        """Return all rows that the plugins have for a delegate instance, conflicts resolved.

        Rows that a plugin finds op by op are looked at when somebody asks for their op.
        """
        offer = self.delegates().get(delegate.name)
        owner = offer.plugin.name if offer else ""
        answers = self._ask("delegraph_op_support", _rows_or_list, delegate=delegate)
        rows = {p: self._fit(delegate.name, p, found) for p, found in answers}
        table = SupportTable(
            delegate.name,
            {p: rows[p] for p in sorted(rows, key=lambda p: (p != owner, p))},
            self._why_rows_lack,
            delegate.hint,
            owner,
            partial(self._read, delegate.name),
            partial(self._note_conflict, delegate.name),
        )
        for found in rows.values():
            if isinstance(found, list):  # they are here: so are their conflicts
                for row in found:
                    table.rows_of(row.op)
        return table

    def veto(self) -> Callable[[Op, Delegate], list[str]] | None:
        """Return a function that gives all reasons against an op on a delegate; None if nobody vetoes."""
        if not self._implementations("delegraph_veto"):
            return None

        def reasons(op: Op, delegate: Delegate) -> list[str]:
            answers = self._ask("delegraph_veto", _text_or_none, op=op, delegate=delegate)
            return [f"a veto by plugin {plugin!r}: {why}" for plugin, why in answers if why is not None]

        return reasons

    def partitioned(self, plan: Plan) -> None:
        """Show a finished plan to every plugin that wants to see it."""
        self._ask("delegraph_partitioned", _ignored, plan=plan)

    def add_commands(self, cli: click.Group) -> None:
        """Let every plugin add its commands to the command line."""
        self._ask("delegraph_commands", _ignored, cli=cli)

    def conformance_cases(self) -> list[Any]:
        """Return the conformance cases of all plugins."""
        return [case for _, cases in self._ask("delegraph_conformance_cases") for case in cases]

    def unavailable(self, delegate: Delegate) -> str | None:
        """Return why a delegate cannot work here, or None; one whose check raises cannot."""
        try:
            return delegate.unavailable()
        except Exception as e:
            return f"{type(e).__name__} while looking for its device: {e}"

    def look_for(self, delegates: Sequence[Delegate]) -> None:
        """Find out which delegates cannot work on this machine: they take no op. Each is a problem."""
        for delegate in delegates:
            delegate.out_of_use = self.unavailable(delegate)
        rest = ", ".join(d.label for d in delegates if d.out_of_use is None)
        for d in delegates:
            if d.out_of_use is not None:
                instead = f"; {rest} is used instead" if rest else ""
                self._note((), f"delegate {d.label!r} cannot work here: {d.out_of_use}{instead}")

    def _import(self, ep: EntryPoint) -> None:
        dist = ep.dist
        about = Plugin(ep.name, ep.value, dist.name if dist else "", dist.version if dist else "")
        try:
            plugin = ep.load()
        except (Exception, SystemExit) as e:  # a driver missing for one delegate must not stop the others
            self._leave_out(about, f"it could not be imported: {type(e).__name__}: {e}")
        else:
            self.register(plugin, ep.name, about)

    def _unfit(self, plugin: object, name: str) -> str | None:
        """Return why a plugin cannot be used, before anything of it is."""
        if name in self.registered:
            return f"there is another plugin of this name: {self.registered[name]}"
        if known := self._manager.get_name(plugin):
            return f"it is the plugin {known!r} under another name"
        api = getattr(plugin, "DELEGRAPH_API", None)
        if api is None:
            return f"it does not say which API it is written for (DELEGRAPH_API = {hookspecs.API})"
        if api != hookspecs.API:
            return (
                f"it is written for DELEGRAPH_API = {api!r}, this delegraph has {hookspecs.API}; "
                "upgrade the older of the two"
            )
        return next(wrong_arguments(plugin, self._manager), None)

    def _try_to_register(self, plugin: object, name: str) -> str | None:
        try:
            self._manager.register(plugin, name)
        except (pluggy.PluginValidationError, ValueError) as e:
            if self._manager.has_plugin(name):
                self._manager.unregister(name=name)
            return " ".join(str(e).split())
        return None

    def _leave_out(self, plugin: Plugin, why: str) -> None:
        self.left_out[plugin.name] = plugin, why
        self._note((plugin.name,), f"plugin {plugin} is left out: {why}")

    def _offer(self, offers: dict[str, Offer], plugin: str, cls: Any) -> None:
        if why := no_delegate_class(cls):
            self._note((plugin,), f"delegraph_delegates of plugin {plugin!r} needs {why}; it is ignored")
            return
        first = offers.setdefault(cls.name, Offer(cls, self.registered[plugin]))
        if first.cls is not cls:
            both = f"plugins {first.plugin.name!r} and {plugin!r} both offer a delegate {cls.name!r}"
            self._note((first.plugin.name, plugin), f"{both}; that of {first.plugin.name!r} is used")

    def _read(self, delegate: str, plugin: str, rows: Callable[[], Iterable[OpSupport]]) -> list[OpSupport]:
        """Return the rows that a plugin has for some ops; [] where its function for them raises."""
        try:
            found = rows()
        except Exception as e:
            self._note_failure("delegraph_op_support", plugin, e)
            return []
        return with_origin(self._fit(delegate, plugin, found), plugin)

    def _fit(self, delegate: str, plugin: str, found: Iterable[Any]) -> Iterable[OpSupport]:
        """Return those of a plugin's rows that are rows; as they are where they are found op by op."""
        if isinstance(found, RowsByOp):
            return found
        rows = []
        for row in found:
            if why := no_row(row):
                hook = f"delegraph_op_support of plugin {plugin!r} for delegate {delegate!r}"
                self._note((plugin,), f"{hook} needs {why}; it is ignored")
            else:
                rows.append(row)
        return rows

    def _why_rows_lack(self) -> str:
        """Say which plugins could have brought rows, had nothing been wrong with them."""
        failed = [p.message for key, p in self._problems.items() if key[-1] == "delegraph_op_support"]
        left_out = [f"plugin {plugin} is left out: {why}" for plugin, why in self.left_out.values()]
        return "; ".join(failed + left_out)

    def _note_conflict(self, delegate: str, conflict: Conflict) -> None:
        serves, refused = conflict.serves, conflict.refused
        self._note(
            (refused.origin, serves.origin),
            f"plugins {refused.origin!r} and {serves.origin!r} both claim {serves.op} with "
            f"{conflict.types} on delegate {delegate!r} (versions {refused.versions_text} and "
            f"{serves.versions_text}); the row of {serves.origin!r} serves",
        )

    def _implementations(self, hook: str) -> list[pluggy.HookImpl]:
        found = getattr(self._manager.hook, hook).get_hookimpls()
        return sorted((i for i in found if not is_wrapper(i)), key=lambda impl: impl.plugin_name)

    def _ask(
        self, hook: str, read: Callable[[Any], Any] | None = None, **arguments: Any
    ) -> list[tuple[str, Any]]:
        """Ask each implementation alone, in order of plugin names; return who answered what."""
        answers = []
        for impl in self._implementations(hook):
            given = [arguments[name] for name in impl.argnames]
            try:
                answer = (read or _listed)(impl.function(*given))
            except Exception as e:
                self._note_failure(hook, impl.plugin_name, e)
            else:
                answers.append((impl.plugin_name, answer))
        return answers

    def _note_failure(self, hook: str, plugin: str, e: Exception) -> None:
        failed = f"{hook} of plugin {plugin!r} failed and is ignored"
        self._note((plugin,), f"{failed}: {type(e).__name__}: {e}", once=hook)

    def _note(self, plugins: tuple[str, ...], message: str, once: str = "") -> None:
        """Remember a problem and log it, the first time: per message, or per plugin and ``once``."""
        problem = Problem(plugins, message)
        if self._problems.setdefault((*plugins, once or message), problem) is problem:
            logger.warning("%s", message)

    def _unknown(self, name: str) -> DelegraphError:
        package = package_of(name)
        for plugin, why in self.left_out.values():
            if name == plugin.name or (package and plugin.value.split(".")[0] == package.module):
                return DelegateUnavailable(f"delegate {name!r}: its plugin {plugin} is left out: {why}")
        parts = [f"no delegate {name!r}; installed: {', '.join(sorted(self.delegates())) or 'none'}"]
        if package:
            parts.append(f"It is in the package {package.name}: pip install {package.name}")
        elif close := get_close_matches(name, self.delegates(), 1):
            parts.append(f"Did you mean {close[0]!r}?")
        elif name.endswith((".so", ".dll", ".dylib")) or ".so." in name:
            parts.append("Delegates are Python packages here; a shared library cannot be loaded")
        parts += [f"Plugin {plugin} is left out: {why}" for plugin, why in self.left_out.values()]
        return UnknownDelegate(". ".join(parts), name, sorted(self.delegates()))


def _rows_or_list(answer: Any) -> Iterable[Any]:
    return answer if isinstance(answer, RowsByOp) else _listed(answer)


def _listed(answer: Any) -> list[Any]:
    return [] if answer is None else list(answer)


def _ignored(answer: Any) -> None:
    """Read the answer of a hook whose result is not looked at."""


def _text_or_none(answer: Any) -> str | None:
    if answer is None or isinstance(answer, str):
        return answer
    raise TypeError(f"a veto is a text or None, found {answer!r}")
