"""What is wrong with a plugin: its hooks, the delegate classes and the rows that it gives."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import pluggy

from ..contract import Delegate, OpSupport, hookspecs


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
        return f"delegate classes, found {cls!r}"
    if not isinstance(getattr(cls, "name", None), str):
        return f"classes with a name, found {cls.__name__} without one"
    return None


def no_row(row: Any) -> str | None:
    """Return what a support row lacks; None if nothing."""
    if not isinstance(row, OpSupport):
        return f"OpSupport rows, found {row!r}"
    try:
        row.check_types()
    except ValueError as e:
        return f"rows that can be read, found one for {row.op}: {e}"
    return None
