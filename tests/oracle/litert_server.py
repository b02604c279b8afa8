"""The child process that holds LiteRT: reads pickled requests on stdin, answers on what was stdout.

It is a program of its own so that a model that aborts LiteRT takes only this process with it.
Whatever LiteRT prints goes to stderr.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from ai_edge_litert import interpreter as lite
from child import serve

_loaded: dict[int, lite.Interpreter] = {}


def answer(request: tuple[str, dict[str, Any]]) -> tuple[bool, Any]:
    """Return (True, what the command returns) or (False, LiteRT's message)."""
    command, arguments = request
    try:
        return True, _COMMANDS[command](**arguments)
    except (ValueError, RuntimeError, TypeError, IndexError, KeyError) as e:
        return False, f"{type(e).__name__}: {e}"


def load(
    key: int,
    model: bytes | str,
    resolver: str,
    num_threads: int,
    preserve: bool,
    resize: dict[int, tuple[int, ...]] | None,
) -> None:
    """Make an interpreter with its tensors allocated and keep it under ``key``."""
    source = {"model_path": model} if isinstance(model, str) else {"model_content": model}
    made = lite.Interpreter(
        **source,
        num_threads=num_threads,
        experimental_op_resolver_type=lite.OpResolverType[resolver],
        experimental_preserve_all_tensors=preserve,
    )
    for index, shape in (resize or {}).items():
        made.resize_tensor_input(index, shape)
    made.allocate_tensors()
    _loaded[key] = made


def unload(key: int) -> None:
    _loaded.pop(key, None)


def invoke(key: int, inputs: Any, outputs: list[int] | None, invokes: int) -> list[np.ndarray]:
    """Set the inputs, invoke, and return the values of the tensors ``outputs``."""
    model = _loaded[key]
    _set(model, inputs)
    for _ in range(invokes):
        model.invoke()
    return [model.get_tensor(i) for i in _wanted(model, outputs)]


def sample(key: int, outputs: list[int] | None, repeats: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    """Return the outputs of one run per entry of ``repeats``, variables reset before each."""
    model = _loaded[key]
    results = []
    for arrays in repeats:
        model.reset_all_variables()
        _set(model, arrays)
        model.invoke()
        results.append([model.get_tensor(i) for i in _wanted(model, outputs)])
    return results


def times(key: int, inputs: Any, runs: int) -> list[float]:
    """Return the seconds of each of ``runs`` invokes."""
    model = _loaded[key]
    if inputs is not None:
        _set(model, inputs)
    seconds = []
    for _ in range(runs):
        start = perf_counter()
        model.invoke()
        seconds.append(perf_counter() - start)
    return seconds


def details(key: int) -> dict[str, Any]:
    """Return what LiteRT says of the model: inputs, outputs, tensors, ops, signatures."""
    model = _loaded[key]
    return {
        "inputs": model.get_input_details(),
        "outputs": model.get_output_details(),
        "tensors": model.get_tensor_details(),
        "ops": model._get_ops_details(),
        "signatures": model.get_signature_list(),
    }


def tensors(key: int, indices: list[int]) -> dict[int, np.ndarray]:
    """Return the values of those of the tensors that hold any."""
    model = _loaded[key]
    found = {}
    for i in indices:
        try:
            found[i] = model.get_tensor(i)
        except (ValueError, RuntimeError):
            continue
    return found


def _set(model: lite.Interpreter, inputs: Any) -> None:
    if not isinstance(inputs, dict):
        inputs = dict(zip(model._interpreter.InputIndices(), inputs, strict=True))
    for index, array in inputs.items():
        model.set_tensor(int(index), array)


def _wanted(model: lite.Interpreter, outputs: list[int] | None) -> list[int]:
    return [int(i) for i in (model._interpreter.OutputIndices() if outputs is None else outputs)]


_COMMANDS = {f.__name__: f for f in (load, unload, invoke, sample, times, details, tensors)}

if __name__ == "__main__":
    serve(answer)
