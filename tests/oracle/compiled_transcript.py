"""Plays calls of ``CompiledModel`` and writes down every answer, LiteRT's in a process of its own.

A step is a tuple: what to do, then its arguments. Buffers are named by numbers. Answers are
``("value", value)`` or ``("error", names of the exception's classes)``.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

Answer = tuple[str, Any]


class Player:
    """Plays steps on a compiled model of ``module``."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.model: Any = None
        self.buffers: dict[int, Any] = {}

    def play(self, step: tuple[Any, ...]) -> Answer:
        try:
            return "value", getattr(self, step[0])(*step[1:])
        except Exception as e:
            return "error", [cls.__name__ for cls in type(e).__mro__]

    def new(self, content: bytes) -> None:
        self.buffers.clear()
        self.model = self.module.CompiledModel.from_buffer(content)

    def call(self, method: str, *args: Any) -> Any:
        return getattr(self.model, method)(*args)

    def buffer(self, number: int, method: str, *args: Any) -> None:
        self.buffers[number] = filled(getattr(self.model, method)(*args))

    def lists(self, signature: int) -> tuple[int, int]:
        """Make a list of buffers for inputs, from number 0 on, and one for outputs, from 100 on."""
        for start, method in ((0, "create_input_buffers"), (100, "create_output_buffers")):
            found = getattr(self.model, method)(signature)
            self.buffers.update(enumerate(map(filled, found), start))
        return len([n for n in self.buffers if n < 100]), len([n for n in self.buffers if n >= 100])

    def of(self, number: int, method: str, *args: Any) -> Any:
        return getattr(self.buffers[number], method)(*args)

    def run(self, signature: int, inputs: list[int], outputs: list[int]) -> None:
        self.model.run_by_index(signature, *([self.buffers[n] for n in ns] for ns in (inputs, outputs)))

    def run_by_name(self, key: str, inputs: dict[str, int], outputs: dict[str, int]) -> None:
        maps = ({name: self.buffers[n] for name, n in ns.items()} for ns in (inputs, outputs))
        self.model.run_by_name(key, *maps)

    def make(self, what: str, *args: Any) -> str:
        """Return how a value of a class looks."""
        return repr(getattr(self.module, what)(*args))

    def interface(self, address: str) -> dict[str, Any]:
        """Return the public classes of a module: methods with their parameters, members of enums."""
        found = vars(import_module(address)).items()
        return {n: _members(c) for n, c in found if inspect.isclass(c) and n[0] != "_"}


def filled(buffer: Any) -> Any:
    """Return a buffer with zeros in it: LiteRT leaves there what the memory had."""
    details = buffer.get_tensor_details()
    nbytes = np.dtype(details["dtype"]).itemsize * int(np.prod(details["shape"]))
    buffer.write(np.zeros(nbytes, np.uint8))
    return buffer


def _members(cls: Any) -> dict[str, Any]:
    if hasattr(cls, "__members__"):
        return {name: int(value) for name, value in cls.__members__.items()}
    named = {n: m for n in dir(cls) if not n.startswith("_") and callable(m := getattr(cls, n))}
    fields = {"__init__": cls} if "Options" in cls.__name__ else {}
    return {n: _parameters(m) for n, m in {**named, **fields}.items()} | {
        n: "property" for n in dir(cls) if not n.startswith("_") and isinstance(getattr(cls, n), property)
    }


def _parameters(function: Any) -> Any:
    if inspect.isclass(function) and hasattr(function, "__members__"):
        return sorted(function.__members__)
    found = inspect.signature(function).parameters.values()
    return [(p.name, _shown(p.default)) for p in found if p.name != "delegates"]


def _shown(default: Any) -> str:
    return "" if default is inspect.Parameter.empty else repr(default).split(" object at")[0]


def plain(value: Any) -> Any:
    """Return a value in which arrays compare by type and values."""
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.tolist()
    return value


def main() -> None:
    from ai_edge_litert import compiled_model
    from child import serve

    player = Player(compiled_model)
    serve(lambda step: (True, player.play(step)))


if __name__ == "__main__":
    main()
