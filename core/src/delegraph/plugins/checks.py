"""What is wrong with a plugin: its hooks, the delegate classes and the rows that it gives."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pluggy

from ..contract import CORE, NOBODY, Constraint, Delegate, OpSupport, SupportTable, hookspecs
from ..contract.asking import owner
from ..contract.guard import anything, call, shown
from ..errors import PluginError
from ..values import has_fields


@cache
def _hooks() -> dict[str, list[str]]:
    """Return the arguments of each hook."""
    specs = {name: spec for name, spec in vars(hookspecs).items() if name.startswith("delegraph_")}
    return {name: list(inspect.signature(spec).parameters) for name, spec in specs.items()}


def _marked(plugin: object, manager: pluggy.PluginManager) -> Iterator[tuple[str, str]]:
    """Yield the functions marked ``@hookimpl``: name of the function, name of the hook."""
    for name in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is not None:
            yield name, options.get("specname") or name


def wrong_arguments(plugin: object, manager: pluggy.PluginManager) -> Iterator[str]:
    hooks = _hooks()
    for name, hook in _marked(plugin, manager):
        wanted = inspect.signature(getattr(plugin, name)).parameters
        for argument in wanted if hook in hooks else ():
            if argument not in hooks[hook]:
                offered = ", ".join(hooks[hook]) or "none"
                yield f"its {hook} asks for the argument {argument!r}; this hook's arguments: {offered}"


def never_called(plugin: object, manager: pluggy.PluginManager) -> Iterator[str]:
    """Say which functions look like hooks but will not be called, and why."""
    hooks, marked = _hooks(), dict(_marked(plugin, manager))
    for name, hook in marked.items():
        if hook not in hooks:
            from difflib import get_close_matches

            close = get_close_matches(hook, hooks, 1)
            meant = f"did you mean {close[0]}?" if close else f"hooks: {', '.join(hooks)}"
            yield f"there is no hook {hook}, so it is never called; {meant}"
        elif is_wrapper(manager.parse_hookimpl_opts(plugin, name)):
            yield f"its {hook} is a wrapper, which is never called: each plugin is asked alone"
    for name in hooks:
        if name not in marked and callable(getattr(plugin, name, None)):
            yield f"its {name} is not marked with @hookimpl, so it is never called"


def is_wrapper(options: Any) -> bool:
    read = options.get if isinstance(options, dict) else lambda name: getattr(options, name, False)
    return bool(read("hookwrapper") or read("wrapper"))


def no_delegate_class(cls: Any) -> str | None:
    """Return what a delegate class lacks; None if nothing."""
    if not (isinstance(cls, type) and issubclass(cls, Delegate)):
        return f"delegate classes, found {shown(cls)}"
    name = getattr(cls, "name", None)
    if not isinstance(name, str):
        return f"classes with a name, found {cls.__name__} without one"
    if why := _no_name(name):
        return f"classes with a name {why}, found {shown(name)} of {cls.__name__}"
    if not has_fields(cls.Options):
        return f"classes with Options that are an attrs class, found {shown(cls.Options)} of {cls.__name__}"
    for flag in _FLAGS:
        value = getattr(cls, flag)
        if not isinstance(value, bool) and not hasattr(type(value), "__get__"):  # a property is asked later
            return f"classes with {flag} that is a bool, found {shown(value)} of {cls.__name__}"
    return None


_FLAGS = ("dynamic", "contiguous")
_LONGEST = 100  # characters of a name


def _no_name(name: str) -> str | None:
    """Return what a delegate's name lacks: users type it in lists and before the names of options."""
    if not name or name != name.strip() or len(name) > _LONGEST:
        return f"of 1 to {_LONGEST} characters, without blanks around it"
    if wrong := [c for c in ",:" if c in name]:
        return f"without {wrong[0]!r}"
    if name in (CORE, NOBODY):
        return "that does not mean something else"
    return None


def check_made(delegate: Delegate) -> None:
    """Raise PluginError unless a delegate has what ``Delegate.__init__`` gives it, and may be a key."""
    whose = owner(delegate)
    if not {"options", "label"} <= vars(delegate).keys():
        raise PluginError(f"__init__() of {whose} needs to call super().__init__(options, label)")
    if not isinstance(delegate.label, str):
        raise PluginError(f"label of {whose} needs to be a text, found {shown(delegate.label)}")
    if "table" in vars(delegate) and not isinstance(delegate.table, SupportTable):
        raise PluginError(f"table of {whose} needs to be a SupportTable, found {shown(delegate.table)}")
    call(lambda: f"__hash__() of {whose}", anything, lambda: {delegate: delegate}[delegate])
    call(
        lambda: f"{' or '.join(_FLAGS)} of {whose}",
        anything,
        lambda: [getattr(delegate, f) for f in _FLAGS],
    )


def no_row(row: Any) -> str | None:
    """Return what a support row lacks; None if nothing."""
    if not isinstance(row, OpSupport):
        return f"OpSupport rows, found {shown(row)}"
    for member, (needs, fits) in _ROW.items():
        value = getattr(row, member)
        if not fits(value):
            return f"rows whose {member} is {needs}, found {shown(value)} in one for {shown(row.op)}"
    try:
        row.check_types()
    except ValueError as e:
        return f"rows that can be read, found one for {row.op}: {e}"
    return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_versions(value: Any) -> bool:
    is_pair = isinstance(value, tuple) and len(value) == 2 and all(type(n) is int for n in value)
    return is_pair and 0 <= value[0] <= value[1]


def _are_constraints(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(c, Constraint) and _is_text(c.rule) for c in value)


def _is_distance(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and float(value) >= 0


def _is_function(value: Any) -> bool:
    return value is None or callable(value)


# What each member of a row has to be.
_ROW: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "op": ("the name of an op", lambda value: _is_text(value) and value != ""),
    "versions": ("two integers in order", _are_versions),
    "types": ("a text", _is_text),
    "T": ("a text", _is_text),
    "A": ("a text", _is_text),
    "B": ("a text", _is_text),
    "constraints": ("made of what needs() returns", _are_constraints),
    "kernel": (
        "a function, an object or None",
        lambda value: not isinstance(value, (str, bytes, int, float)),
    ),
    "steps": ("a number of 0 or more", _is_distance),
    "rtol": ("a number of 0 or more", _is_distance),
    "shapes": ("a function or None", _is_function),
}
