"""Plugins that misbehave: for each member and hook, each way to be wrong.

``CASES`` are (what, how) by name: a plugin ``bad`` whose delegate takes NEG, one thing in it wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from delegraph import Delegate, InputError, OpSupport, hookimpl, needs, run_op_by_op
from delegraph.contract import hookspecs
from delegraph.plugins import Plugins

KERNELS = {"NEG": lambda x: (-x,), "ADD": lambda x, y: (x + y,)}


class Panic(BaseException):
    """As an extension in Rust raises it."""


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("nothing to say")


class Unspeakable(BaseException):
    def __str__(self) -> str:
        raise Panic("do not read")


class Text(str):
    """What a text should do, this one does not."""

    def _raise(self, *args: object) -> Any:
        raise Panic("do not read")

    __len__ = __getitem__ = __format__ = __str__ = _raise  # type: ignore[assignment]


class Verbose(Exception):
    def __str__(self) -> str:
        return Text("words")


class Hostile:
    """Raises whatever it is asked."""

    def _raise(self, *args: object) -> Any:
        raise Panic("do not touch")

    __repr__ = __str__ = __iter__ = __len__ = __bool__ = __eq__ = __call__ = __index__ = __array__ = _raise
    __getitem__ = __enter__ = __float__ = __hash__ = _raise  # type: ignore[assignment]


def raising(error: BaseException) -> Callable[..., Any]:
    def fails(*args: Any, **named: Any) -> Any:
        raise error

    return fails


def returning(answer: Any) -> Callable[..., Any]:
    return lambda *args, **named: answer


def without_end() -> Iterator[int]:
    return itertools.count()


WRONG: dict[str, Callable[..., Any]] = {
    "raises ValueError": raising(ValueError("wrong")),
    "raises an error of delegraph": raising(InputError("does not fit")),
    "raises SystemExit": raising(SystemExit(3)),
    "raises a panic": raising(Panic("index out of bounds")),
    "raises without a word": raising(Mute()),
    "raises what panics when it is read": raising(Unspeakable()),
    "raises a text that is none": raising(Verbose()),
    "returns None": returning(None),
    "returns a number": returning(-7),
    "returns NaN": returning(float("nan")),
    "returns a text": returning("text"),
    "returns a long text": returning("text" * 250_000),
    "returns nothing": returning([]),
    "returns two": returning([np.zeros(2, np.float32), np.zeros(2, np.float32)]),
    "returns lists": returning([[1.0, 2.0]]),
    "returns another type": returning((np.zeros(2, np.float64),)),
    "returns another shape": returning((np.zeros((2, 1), np.float32),)),
    "returns without end": lambda *args, **named: without_end(),
    "returns what is hostile": lambda *args, **named: Hostile(),
    "returns hostile ones": lambda *args, **named: [Hostile()],
    "returns a dictionary": returning({"weights": "many", 0: "no", None: None}),
    "returns a class": returning(Delegate),
}
METHODS = (
    "unavailable decide hint partition_limit check adapted cost device_name priority advise prepare "
    "running device_bytes close"
).split()
MEMBERS = "min_ops max_partitions keep dynamic contiguous Options name label options table".split()
DEVICE = "shape dtype __array__ host_view wait".split()
ROW = "op versions types constraints kernel steps rtol shapes T origin".split()
CALLED = ["run", "kernel of run_op_by_op", "constraint", "hint of a constraint", "shapes=", "__init__"]
CONTEXT = ["__enter__ of running", "__exit__ of running"]
HOOKS = [name for name in vars(hookspecs) if name.startswith("delegraph_")]
WHAT = [*METHODS, *MEMBERS, *DEVICE, *ROW, *CALLED, *CONTEXT, *HOOKS]
CASES = [(what, how) for what in WHAT for how in WRONG]


class Device:
    """A value on the delegate's device, right in all."""

    def __init__(self, array: np.ndarray) -> None:
        self._array, self.shape, self.dtype = array, array.shape, array.dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self._array

    def host_view(self) -> np.ndarray:
        return self._array

    def wait(self) -> None:
        pass


class Bad(Delegate):
    """Takes NEG, and the custom op Mine, and does all right: the cases make one thing wrong."""

    name = "bad"

    def decide(self, op: Any, graph: Any = None) -> Any:
        return super().decide(op, graph)

    def check(self, partition: Any) -> Any:
        return {}

    @contextmanager
    def running(self) -> Iterator[None]:
        yield

    def prepare(self, partition: Any) -> Any:
        return run_op_by_op(partition, lambda op: KERNELS[op.name])


class Good(Bad):
    name = "good"

    def prepare(self, partition: Any) -> Any:
        return run_op_by_op(partition, lambda op: KERNELS[op.name])


def rows(constraint: Any = None, **wrong: Any) -> list[OpSupport]:
    members = {"op": "NEG", "versions": (1, 9), "types": "T -> T", "T": "float32"}
    members["constraints"] = [constraint] if constraint else []
    return [OpSupport(**{**members, **wrong}), OpSupport("MUL", (1, 9), "float32 float32 -> float32")]


def plugin_of(cls: type[Delegate], found: Callable[[Any], list[OpSupport]], **hooks: Any) -> Any:
    """Return a plugin that offers a delegate with these rows and has these other hooks."""
    known = {
        "delegraph_delegates": lambda: [cls],
        "delegraph_op_support": lambda delegate: found(delegate) if delegate.name == cls.name else [],
    }
    plugin = ModuleType("plugin")  # few names to look through
    vars(plugin).update({name: hookimpl(function) for name, function in {**known, **hooks}.items()})
    vars(plugin)["DELEGRAPH_API"] = 1
    return plugin


def hook(name: str, wrong: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with the arguments of a hook."""
    if name == "delegraph_op_support":
        return lambda delegate: wrong()
    if name == "delegraph_veto":
        return lambda op, delegate: wrong() if delegate.name == "bad" else None
    return lambda: wrong()


def bad_plugin(what: str, how: str) -> Any:
    """Return the plugin of a case."""
    wrong, cls, hooks = WRONG[how], type("Bad", (Bad,), {}), {}

    def found(delegate: Any) -> list[OpSupport]:
        return rows()

    if what in METHODS:
        setattr(cls, what, wrong)
    elif what in MEMBERS:
        setattr(cls, what, property(wrong) if how.startswith("raises") else wrong())
    elif what in DEVICE:
        cls.prepare = lambda self, partition: lambda x: (wrong_device(what, wrong)(-x),)
    elif what in ROW:
        found = lambda delegate: rows(**{what: wrong()})  # noqa: E731
    elif what == "run":
        cls.prepare = lambda self, partition: wrong
    elif what == "kernel of run_op_by_op":
        cls.prepare = lambda self, partition: run_op_by_op(partition, lambda op: wrong)
    elif what == "constraint":
        found = lambda delegate: rows(needs("luck")(lambda op: wrong()))  # noqa: E731
    elif what == "hint of a constraint":
        found = lambda delegate: rows(needs("luck", hint=lambda op: wrong())(lambda op: "none"))  # noqa: E731
    elif what == "shapes=":
        found = lambda delegate: rows(op="Mine", shapes=wrong)  # noqa: E731
    elif what == "__init__":
        cls.__init__ = wrong  # type: ignore[misc]
    elif what in CONTEXT:
        part = what.split()[0]
        members = {"__enter__": returning(None), "__exit__": returning(None), part: wrong}
        cls.running = lambda self: type("Scope", (), members)()  # type: ignore[method-assign]
    else:
        hooks[what] = hook(what, wrong)
    return plugin_of(cls, found, **hooks)


def wrong_device(member: str, wrong: Callable[..., Any]) -> type:
    is_plain = member in ("shape", "dtype")
    return type("Wrong", (Device,), {"__init__": _hold, member: property(wrong) if is_plain else wrong})


def _hold(self: Any, array: np.ndarray) -> None:
    self._array = array
    for name in ("shape", "dtype"):
        if not isinstance(getattr(type(self), name, None), property):
            setattr(self, name, getattr(array, name))


def plugins_of(what: str, how: str) -> Plugins:
    """Return plugins ``bad``, of a case, and ``good``, which does all right."""
    plugins = Plugins()
    plugins.register(bad_plugin(what, how), "bad")
    plugins.register(
        plugin_of(Good, lambda d: [OpSupport(op, (1, 9), "any* -> any*") for op in KERNELS]), "good"
    )
    return plugins
