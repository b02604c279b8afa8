"""Find the installed plugins, and load the delegates they offer with everybody's support rows.

A plugin that cannot be imported, breaks a hook's contract or claims what another one claims is remembered
as a :class:`Problem`, logged once, and named when somebody asks for what it would have offered; the others
go on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial, wraps
from threading import RLock
from time import perf_counter
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from ..contract import (
    HANDS_ON,
    Conflict,
    Delegate,
    OpSupport,
    RowsByOp,
    SupportTable,
    delegate_name,
    hookimpl,
    hookspecs,
    is_library,
    options_here,
    package_of,
    with_origin,
)
from ..contract.asking import ask, ask_or, owner
from ..contract.guard import anything, begin, call, listed, said, text, text_or_none
from ..errors import DelegateUnavailable, DelegraphError, PluginError, UnknownDelegate
from ..kinds import check_kind
from ..log import logger
from ..model import Op
from ..patience import patiently
from ..text import did_you_mean, few
from ..values import fields, frozen
from . import imports
from .checks import check_made, is_wrapper, never_called, no_delegate_class, no_row, wrong_arguments

if TYPE_CHECKING:
    import click

    from ..contract import Plan
    from .entry_points import EntryPoint

REFERENCE = "reference"  # the delegate that runs what others leave over
T = TypeVar("T")


def _by_one_thread(function: Callable[[], T]) -> Callable[[], T]:
    """Cache a function's answer. Who asks meanwhile waits: imports of plugins turn stdout over, for all."""
    lock, cached = RLock(), cache(function)

    def call() -> T:
        with lock:
            return cached()

    call.cache_clear = cached.cache_clear  # type: ignore[attr-defined]
    return wraps(function)(call)


@frozen
class Problem:
    """Something wrong with plugins, and what is done about it."""

    plugins: tuple[str, ...]  # by entry-point name
    message: str
    about: Any = None  # the delegate that cannot be loaded for it, by name

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


class _Hooks(pluggy.PluginManager):
    """pluggy's manager; what of a module cannot be a hook, it passes over: looking closer takes longer."""

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> pluggy.HookimplOpts | None:
        if isinstance(plugin, ModuleType) and not _is_marked(vars(plugin).get(name)):
            return None
        return super().parse_hookimpl_opts(plugin, name)


_FUNCTIONS = (FunctionType, MethodType, staticmethod, classmethod)


def _is_marked(value: Any) -> bool:
    """Say whether ``@hookimpl`` was put on a function, or on what a static method holds."""
    mark = f"{hookimpl.project_name}_impl"
    return isinstance(value, _FUNCTIONS) and (
        hasattr(value, mark) or hasattr(getattr(value, "__func__", None), mark)
    )


class Plugins:
    """The plugins in use; ``Plugins()`` has none yet, ``Plugins.installed()`` those of the environment."""

    def __init__(self) -> None:
        self.registered: dict[str, Plugin] = {}  # by name
        self.left_out: dict[str, tuple[Plugin, str]] = {}  # by name, with the reason
        self.import_seconds: dict[str, float] = {}  # by name
        self._manager = _Hooks("delegraph")
        self._manager.add_hookspecs(hookspecs)
        self._problems: dict[tuple[str, ...], Problem] = {}
        self._offers: dict[str, Offer] | None = None
        self._lost: dict[str, dict[str, type[Delegate]]] = {}  # by delegate's name, by plugin: not used

    def __repr__(self) -> str:
        return f"<Plugins: {few(list(self.registered), 12) or 'none'}>"

    @staticmethod
    @_by_one_thread
    def installed() -> Plugins:
        """Return every plugin published under the entry-point group; read once."""

        def found() -> Plugins:
            plugins, off = Plugins(), imports.turned_off()
            for ep in imports.published():
                plugins._import(ep, ep.name in off)
            return plugins

        return patiently(found)

    @staticmethod
    def forget() -> None:
        """Let :meth:`installed` look again, and import what was not imported yet."""
        clear = getattr(Plugins.installed, "cache_clear", None)
        if clear is not None:
            clear()

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
            self._offers, self._lost = {}, {}
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
        library, name = name, delegate_name(name)
        check_kind("options", options, (Mapping, type(None)), "a dictionary of options by name")
        given = dict(options or {})
        offer = self.delegates().get(name)
        if offer is None and is_library(name) and HANDS_ON in self.delegates():
            return self._of_library(name, given, label, num_threads)
        if offer is None:
            raise self._unknown(name)
        if os.fspath(library) != name:
            given, unused = options_here(name, [f.name for f in fields(offer.cls.Options)], given)
            for option in unused:
                of = f"option {option!r} of the library {os.fspath(library)}"
                self._note((), f"{of} has no meaning for delegate {name!r}: it is ignored")
        if num_threads is not None and "num_threads" in [f.name for f in fields(offer.cls.Options)]:
            given.setdefault("num_threads", num_threads)
        begin(lambda: f"__init__() of delegate {name!r} of plugin {offer.plugin.name!r}")
        try:
            delegate = offer.cls(given, label)
            delegate.plugin = offer.plugin.name
            check_made(delegate)
        except DelegraphError:
            raise
        except BaseException as e:
            maker = f"delegate {name!r} of plugin {offer.plugin}"
            raise PluginError(f"{maker} could not be made: {said(e)}") from e
        if table_later:
            delegate.find_rows = self.table
            return delegate
        return self.with_table(delegate)

    def _of_library(
        self, library: str, options: Mapping[str, Any], label: str | None, num_threads: int | None
    ) -> Delegate:
        """Let LiteRT load a native library, in the delegate that hands partitions to it."""
        pairs = tuple(f"{name}={value}" for name, value in options.items())
        delegate = self.load(HANDS_ON, {"library": library, "library_options": pairs}, label, num_threads)
        if why := self.unavailable(delegate):
            raise UnknownDelegate(f"delegate {HANDS_ON!r}: {why}", library, sorted(self.delegates()))
        return delegate

    def with_table(self, delegate: Delegate) -> Delegate:
        """Give a delegate its support table, unless it has one.

        :raises PluginError: the delegate was not made as one has to be.
        """
        check_made(delegate)
        if not delegate.has_table:
            place = partial("table of {}".format, owner(delegate))
            call(place, anything, lambda: setattr(delegate, "table", self.table(delegate)))
        return delegate

    def table(self, delegate: Delegate) -> SupportTable:
        """Return all rows that the plugins have for a delegate instance, conflicts resolved.

        Rows that a plugin finds op by op are looked at when somebody asks for their op.
        """
        owner, rivals = self._rivals(delegate)
        answers = self._ask("delegraph_op_support", _rows_or_list, delegate=delegate)
        rows = {p: self._fit(delegate.name, p, found) for p, found in answers if p not in rivals}
        table = SupportTable(
            delegate.name,
            {p: rows[p] for p in sorted(rows, key=lambda p: (p != owner, p))},
            self._why_rows_lack,
            partial(ask_or, delegate, "hint", text, ""),
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
            answers = self._ask("delegraph_veto", text_or_none, op=op, delegate=delegate)
            return [f"a veto by plugin {plugin!r}: {why}" for plugin, why in answers if why is not None]

        return reasons

    def partitioned(self, plan: Plan) -> None:
        """Show a finished plan to every plugin that wants to see it."""
        self._ask("delegraph_partitioned", anything, plan=plan)

    def add_commands(self, cli: click.Group) -> None:
        """Let every plugin add its commands to the command line."""
        self._ask("delegraph_commands", anything, cli=cli)

    def conformance_cases(self) -> list[Any]:
        """Return the conformance cases of all plugins."""
        return [case for _, cases in self._ask("delegraph_conformance_cases") for case in cases]

    def unavailable(self, delegate: Delegate) -> str | None:
        """Return why a delegate cannot work here, or None; one that cannot say cannot."""
        try:
            return ask(delegate, "unavailable", _reason)
        except PluginError as e:
            return str(e)

    def look_for(self, delegates: Sequence[Delegate]) -> None:
        """Find out which delegates cannot work on this machine: they take no op. Each is a problem."""
        for delegate in delegates:
            delegate.out_of_use = self.unavailable(delegate)
        rest = ", ".join(d.label for d in delegates if d.out_of_use is None)
        for d in delegates:
            if d.out_of_use is not None:
                instead = f"; {rest} is used instead" if rest else ""
                self._note((), f"delegate {d.label!r} cannot work here: {d.out_of_use}{instead}")

    def _import(self, ep: EntryPoint, is_off: bool) -> None:
        about = Plugin(ep.name, ep.value, ep.distribution, ep.version)
        if is_off:
            self.left_out[ep.name] = about, f"it is turned off, by -p no:{ep.name} or {imports.OFF}"
            return
        start = perf_counter()
        try:
            plugin = imports.loaded(ep)
        except BaseException as e:  # a driver missing for one delegate must not stop the others
            self._leave_out(about, f"it could not be imported: {said(e)}")
        else:
            self.import_seconds[ep.name] = perf_counter() - start
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
            message = f"delegraph_delegates of plugin {plugin!r} needs {why}; it is ignored"
            self._note((plugin,), message, about=getattr(cls, "name", None))
            return
        offer = Offer(cls, self.registered[plugin])
        known = offers.setdefault(cls.name, offer)
        if known.cls is cls:
            return
        wins, loses = (offer, known) if _owns(offer) and not _owns(known) else (known, offer)
        offers[cls.name] = wins
        self._lost.setdefault(cls.name, {})[loses.plugin.name] = loses.cls
        names = sorted((known.plugin.name, plugin))
        both = f"plugins {names[0]!r} and {names[1]!r} both offer a delegate {cls.name!r}"
        self._note((known.plugin.name, plugin), f"{both}; that of {wins.plugin.name!r} is used")

    def _rivals(self, delegate: Delegate) -> tuple[str, set[str]]:
        """Return the plugin whose delegate it is, and those that offer another of this name."""
        offer = self.delegates().get(delegate.name)
        lost = self._lost.get(delegate.name, {})
        own = next((p for p, cls in lost.items() if cls is type(delegate)), "")
        winner = {offer.plugin.name} if offer else set()
        return own or "".join(winner), ({*lost} | winner) - {own} if own else {*lost}

    def _read(self, delegate: str, plugin: str, rows: Callable[[], Iterable[OpSupport]]) -> list[OpSupport]:
        """Return the rows that a plugin has for some ops; [] where its function for them raises."""
        place = partial("delegraph_op_support of plugin {!r}".format, plugin)
        try:
            found = call(place, listed, rows)
        except PluginError as e:
            self._note((plugin,), f"{e}; it is ignored", once="delegraph_op_support")
            return []
        return with_origin(self._fit(delegate, plugin, found), plugin)

    def _fit(self, delegate: str, plugin: str, found: Iterable[Any]) -> Iterable[OpSupport]:
        """Return those of a plugin's rows that are rows; as they are where they are found op by op."""
        if isinstance(found, RowsByOp):
            return found
        rows = []
        for place, row in enumerate(found):
            if why := no_row(row):
                hook = f"delegraph_op_support of plugin {plugin!r} for delegate {delegate!r}"
                self._note((plugin,), f"{hook} needs {why}, in row {place}; it is ignored")
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
            place = partial("{} of plugin {!r}".format, hook, impl.plugin_name)
            try:
                answer = call(place, read or listed, partial(impl.function, *given))
            except PluginError as e:
                if not _lacks_suite(e.__cause__):
                    self._note((impl.plugin_name,), f"{e}; it is ignored", once=hook)
            else:
                answers.append((impl.plugin_name, answer))
        return answers

    def _note(self, plugins: tuple[str, ...], message: str, once: str = "", about: Any = None) -> None:
        """Remember a problem and log it, the first time: per message, or per plugin and ``once``."""
        problem = Problem(plugins, message, about)
        if self._problems.setdefault((*plugins, once or message), problem) is problem:
            logger.warning("%s", message)

    def _unknown(self, name: str) -> DelegraphError:
        package = package_of(name)
        for plugin, why in self.left_out.values():
            if name == plugin.name or (package and plugin.value.split(".")[0] == package.module):
                return DelegateUnavailable(f"delegate {name!r}: its plugin {plugin} is left out: {why}")
        if wrong := [p.message for p in self.problems if name in p.plugins or p.about == name]:
            return DelegateUnavailable(f"delegate {name!r}: {'; '.join(wrong)}")
        parts = [f"no delegate {name!r}; installed: {', '.join(sorted(self.delegates())) or 'none'}"]
        if package:
            parts.append(f"It is in the package {package.name}: pip install {package.name}")
        elif close := did_you_mean(name, self.delegates()):
            parts = [parts[0] + close]
        elif is_library(name):
            parts.append(
                "Delegates are Python packages here; LiteRT loads shared libraries for the package "
                f"delegraph-{HANDS_ON}: pip install delegraph-{HANDS_ON}"
            )
        parts += [f"Plugin {plugin} is left out: {why}" for plugin, why in self.left_out.values()]
        return UnknownDelegate(". ".join(parts), name, sorted(self.delegates()))


def _owns(offer: Offer) -> bool:
    """Say whether a delegate is in the distribution of its name: the name is that one's."""
    distribution = re.sub(r"[-_.]+", "-", offer.plugin.distribution).lower()
    return distribution == f"delegraph-{offer.cls.name}".lower()


def _reason(answer: Any) -> str | None:
    return "it does not say why" if text_or_none(answer) == "" else text_or_none(answer)


def _rows_or_list(answer: Any) -> Iterable[Any]:
    return answer if isinstance(answer, RowsByOp) else listed(answer)


def _lacks_suite(e: BaseException | None) -> bool:
    """Say whether a plugin misses the suite that its cases are for: few users install it."""
    return isinstance(e, ModuleNotFoundError) and e.name == "delegraph_conformance"
