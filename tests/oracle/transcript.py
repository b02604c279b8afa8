"""Plays a program of interpreter calls and writes down every answer, LiteRT's in a process of its own.

A program is a list of tuples: what to do, then its arguments. Answers are ``("value", value)`` or
``("error", class name)``; types of values are kept apart (``numpy.int32`` is not ``int``).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

Answer = tuple[str, Any]


class Player:
    """Plays steps on an interpreter of ``module``."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.interpreter: Any = None
        self.runners: dict[Any, Any] = {}
        self.held: Any = None

    def play(self, program: list[tuple[Any, ...]]) -> list[Answer]:
        return [self._answer(getattr(self, step[0]), step[1:]) for step in program]

    def new(self, *args: Any, resolver: str = "BUILTIN_REF", **kwargs: Any) -> None:
        self.runners.clear()
        self.interpreter = self.held = None
        kwargs["experimental_op_resolver_type"] = getattr(self.module.OpResolverType, resolver)
        self.interpreter = self.module.Interpreter(*args, **kwargs)

    def make(self, kwargs: dict[str, Any]) -> None:
        self.new(**kwargs)

    def begin(self) -> None:
        """Allocate, and let inputs be zeros: LiteRT leaves there what the memory had."""
        self.interpreter.allocate_tensors()
        for d in self.interpreter.get_input_details():
            self.interpreter.set_tensor(d["index"], np.zeros(d["shape"], d["dtype"]))

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.interpreter, method)(*args, **kwargs)

    def keyed(self, method: str, kwargs: dict[str, Any]) -> Any:
        return self.call(method, **kwargs)

    def wrapped(self, call: str, *args: Any) -> Any:
        return getattr(self.interpreter._interpreter, call)(*args)

    def get(self, attribute: str) -> Any:
        return getattr(self.interpreter, attribute)

    def hold(self, tensor: int) -> None:
        self.held = self.interpreter.tensor(tensor)()

    def drop(self) -> None:
        self.held = None

    def read(self, tensor: int) -> np.ndarray:
        return np.array(self.interpreter.tensor(tensor)())

    def write(self, tensor: int, value: Any) -> None:
        self.interpreter.tensor(tensor)()[...] = value

    def runner(self, key: Any) -> None:
        self.runners[key] = self.interpreter.get_signature_runner(key)

    def run(self, key: Any, inputs: dict[str, Any]) -> Any:
        return self.runners[key](**inputs)

    def ask(self, key: Any, method: str) -> Any:
        return getattr(self.runners[key], method)()

    def names(self, cls: str) -> list[str]:
        """Return the public methods and properties of a class, sorted."""
        return sorted(n for n in vars(getattr(self.module, cls)) if not n.startswith("_"))

    def parameters(self, cls: str, method: str) -> list[str]:
        """Return the names of a method's parameters, without those that are for keywords only."""
        found = inspect.signature(getattr(getattr(self.module, cls), method)).parameters.values()
        return [p.name for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]

    def _answer(self, do: Callable[..., Any], args: tuple[Any, ...]) -> Answer:
        try:
            return "value", do(*args)
        except Exception as e:
            return "error", [cls.__name__ for cls in type(e).__mro__]


def main() -> None:
    from ai_edge_litert import interpreter
    from child import serve

    player = Player(interpreter)  # one for all programs, which may come step by step
    serve(lambda program: (True, player.play(program)))


if __name__ == "__main__":
    main()
