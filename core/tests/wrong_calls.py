"""Calls of the public interface with one argument of a wrong kind: what programs get wrong, of every sort.

``calls()`` yields them. Each ends well, or in a delegraph error, or in a ValueError or TypeError that names
the argument: ``complaint(call)`` says what else it ended in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from conftest import Toy
from delegraph import (
    Builder,
    DelegraphError,
    Interpreter,
    Model,
    SignatureRunner,
    check_output,
    is_same_file,
    load_delegate,
    plan_model,
    read_model,
    write_file,
    write_model,
)
from delegraph.partition import Budget, partition, specialize


class Hostile:
    """A value whose every use but ``repr`` raises."""

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no array")

    def __len__(self) -> int:
        raise RuntimeError("no length")

    def __repr__(self) -> str:
        return "Hostile()"


def odd_values() -> dict[str, Any]:
    """Return values of every sort by what is odd about them."""
    x = np.ones((2, 3), np.float32)
    return {
        "None": None,
        "True": True,
        "zero": 0,
        "negative": -1,
        "beyond all": 7,
        "huge": 2**70,
        "a float": 1.5,
        "NaN": float("nan"),
        "complex": 1j,
        "empty text": "",
        "text": "x",
        "text with a zero": "a\0b",
        "bytes": b"x",
        "an empty list": [],
        "a list": [1, 2],
        "a ragged list": [[1], [2, 3]],
        "a list of text": ["x"],
        "a list of None": [None],
        "a tuple": (2, 3),
        "a negative tuple": (-1, 3),
        "a huge tuple": (2**40, 2**40),
        "a set": {1},
        "a dictionary": {"x": 1},
        "a dictionary of None": {None: None},
        "a function": len,
        "a class": int,
        "an object": object(),
        "hostile": Hostile(),
        "a generator": (i for i in range(2)),
        "a path": Path("/nowhere/at all"),
        "float64": x.astype(np.float64),
        "int32": x.astype(np.int32),
        "complex64": x.astype(np.complex64),
        "text array": np.full((2, 3), "x"),
        "object array": np.full((2, 3), None, object),
        "rank 0": np.float32(1),
        "rank 1": x[0],
        "rank 5": x[None, None, None],
        "no element": x[:0],
        "another size": np.ones((2, 4), np.float32),
        "strided": np.ones((4, 6), np.float32)[::2, ::2],
        "reversed": x[::-1, ::-1],
        "Fortran": np.asfortranarray(x),
        "read-only": np.broadcast_to(np.float32(1), (2, 3)),
        "big-endian": x.astype(">f4"),
        "a record array": np.zeros((2, 3), [("a", "f4")]),
        "a date": np.zeros((2, 3), "M8[s]"),
        "a masked array": np.ma.masked_array(x, x > 0),
        "a list of arrays": [x],
    }


@frozen
class Call:
    """A function, its arguments by name, and which of them is odd."""

    name: str  # "Interpreter.run"
    run: Callable[..., Any]
    arguments: Mapping[str, Any]
    odd: str  # the argument
    kind: str  # a key of ``odd_values``
    after: Callable[[], str | None] = lambda: None  # says what the call has broken

    def __str__(self) -> str:
        return f"{self.name}({self.odd}: {self.kind})"


def complaint(call: Call) -> str | None:
    """Make the call; return what is wrong with how it ended, or None."""
    try:
        call.run(**call.arguments)
    except DelegraphError as e:
        if not str(e):
            return "an error without words"
    except (ValueError, TypeError) as e:
        if type(e) not in (ValueError, TypeError) or call.odd not in str(e):
            return f"{type(e).__name__}: {e}"
    except Exception as e:
        return f"{type(e).__name__}: {e}"
    return call.after()


def model() -> Model:
    """Return (x: float32 2×3, n: int32) -> x + x, and a variable."""
    g = Builder()
    x, n = g.input((2, 3), "float32", name="x"), g.input((), "int32", name="n")
    y = g.op("ADD", [x, x], [g.tensor((2, 3), "float32", name="y")])
    m = g.op("NEG", [n], [g.tensor((), "int32", name="m")])
    return g.model([y, m], signature="main")


def interpreter(model: Model) -> Interpreter:
    return Interpreter(model=model, delegates=[Toy()])


def calls(folder: Path) -> Iterator[Call]:
    """Yield each function with each of its arguments in turn of each odd kind."""
    found = model()
    for name, run, arguments, after in [*_functions(found, folder), *_methods(found)]:
        for odd in arguments:
            for kind, value in odd_values().items():
                yield Call(name, run, {**arguments, odd: value}, odd, kind, after)


def _nothing() -> None:
    return None


def _functions(found: Model, folder: Path) -> Iterator[tuple[str, Callable[..., Any], dict[str, Any], Any]]:
    toy = Toy()
    settings = {
        "experimental_delegates": None,
        "num_threads": 1,
        "experimental_preserve_all_tensors": False,
        "delegates": [Toy()],
        "on_failure": "raise",
        "min_ops": 1,
        "max_partitions": 1,
        "policy": "greedy",
        "require_full_delegation": False,
        "max_tensor_bytes": 1 << 20,
        "max_total_bytes": 1 << 30,
        "max_while_iterations": 9,
        "device_outputs": False,
        "experimental_disable_delegate_clustering": False,
        "mmap": True,
        "allow_external_buffers": False,
        "plugins": None,
    }
    table: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (_interpreter, {"model_path": None, "model": found}),
        (_interpreter, {"model_content": write_model(found)}),
        (_interpreter, {"model": found, **settings}),
        (load_delegate, {"library": "reference", "options": {}, "label": None}),
        (read_model, {"source": write_model(found), "max_tensor_bytes": 1 << 20}),
        (write_model, {"model": found}),
        (write_file, {"path": folder / "f", "data": b"", "read": ()}),
        (check_output, {"path": folder / "f", "read": ()}),
        (is_same_file, {"path": folder / "f", "other": folder / "g"}),
        (plan_model, {"model": found, "delegates": [Toy()], "min_ops": 1, "policy": "greedy"}),
        (Budget, {"max_tensor_bytes": 1, "max_total_bytes": 2, "max_while_iterations": 3}),
        (partition, {"model": found, "delegates": [toy], "max_partitions": 1, "refused": None}),
        (
            specialize,
            {"model": found, "input_shapes": {}, "delegates": [toy], "budget": Budget()},
        ),
        (SignatureRunner, {"interpreter": interpreter(found), "signature_key": "main"}),
    ]
    for run, arguments in table:
        yield run.__name__, run, arguments, _nothing
    yield from _builder_methods()


def _interpreter(**arguments: Any) -> None:
    Interpreter(**{"delegates": [Toy()], **arguments}).allocate_tensors()


def _builder_methods() -> Iterator[tuple[str, Callable[..., Any], dict[str, Any], Any]]:
    x = {"shape": (2, 3), "dtype": "float32"}
    methods: dict[str, dict[str, Any]] = {
        "input": {**x, "name": "a", "scale": 0.5, "zero_point": 0},
        "constant": {"values": np.ones(3, np.float32), "dtype": None, "name": "a"},
        "variable": x,
        "tensor": x,
        "subgraph": {"name": "a"},
        "model": {"outputs": [], "signature": "main"},
    }
    yield "Builder.op", _op, {"name": "ADD", "inputs": [], "outputs": [], "version": 1}, _nothing
    for name, arguments in methods.items():
        yield f"Builder.{name}", _of_new(name), arguments, _nothing


def _op(name: Any, inputs: Any, outputs: Any, version: Any) -> Any:
    return Builder().op(name, inputs, outputs, version=version)


def _of_new(name: str) -> Callable[..., Any]:
    return lambda **arguments: getattr(Builder(), name)(**arguments)


def _methods(found: Model) -> Iterator[tuple[str, Callable[..., Any], dict[str, Any], Any]]:
    it = interpreter(found)
    x, n = np.ones((2, 3), np.float32), np.array(3, np.int32)
    it(x, n)
    runner = it.get_signature_runner()

    def broken() -> str | None:
        try:
            y, m = it(x, n)
        except DelegraphError as e:
            return f"then the interpreter fails: {e}"
        return (
            None
            if y.tolist() == (x + x).tolist() and m == -3
            else "the interpreter computes something else"
        )

    methods: dict[str, dict[str, Any]] = {
        "run": {"inputs": {"x": x, "n": n}},
        "set_tensor": {"tensor_index": 0, "value": x},
        "get_tensor": {"tensor_index": 0, "subgraph_index": 0},
        "device_value": {"tensor_index": 0, "subgraph_index": 0},
        "tensor": {"tensor_index": 0},
        "resize_tensor_input": {"input_index": 0, "tensor_size": (2, 3), "strict": True},
        "get_tensor_details": {"subgraph_index": 0},
        "get_signature_runner": {"signature_key": "main"},
        "modify_graph_with_delegate": {"delegate": Toy()},
        "memory": {"subgraph_index": 0},
        "_get_op_details": {"op_index": 0},
    }
    for name, arguments in methods.items():
        if name == "modify_graph_with_delegate":
            yield f"Interpreter.{name}", _of_another(found, name), arguments, _nothing
        elif name == "tensor":
            yield (
                f"Interpreter.{name}",
                lambda tensor_index: it.tensor(tensor_index)().tolist(),
                arguments,
                broken,
            )
        else:
            yield f"Interpreter.{name}", getattr(it, name), arguments, broken
    for run in (it, runner):
        yield f"{type(run).__name__}.__call__", run, {"x": x, "n": n}, broken
    for key in ("x", 0):
        yield "Interpreter.run", lambda value, key=key: it.run({key: value, "n": n}), {"value": x}, broken
    yield "Interpreter.__call__", lambda first, second: it(first, second), {"first": x, "second": n}, broken


def _of_another(found: Model, name: str) -> Callable[..., Any]:
    return lambda **arguments: getattr(interpreter(found), name)(**arguments)
