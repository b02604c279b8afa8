"""The ops that the interpreter itself runs: control flow, variables that outlive a run, hash tables.

``prepare(op, graphs, call)`` returns ``run(transaction, *values) -> values``. Subgraphs run through
``call(index, transaction, values)``, the interpreter's own executor, so their ops are delegated like those
of the main graph.

Source: tflite/kernels/{if,while,call_once,stablehlo_case,stablehlo_composite}.cc,
{var_handle,read_variable,assign_variable}.cc, hashtable*.cc; tflite/experimental/resource.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ModelError, StateError
from ..model import COMPOSITE, DTYPES, Graph, Op, Tensor, called_subgraphs
from ..text import shape_text
from .device_values import as_array
from .input_values import objects
from .state import HashTable, Transaction

Operands = Sequence[Tensor | None]
Values = Sequence[Any]
Call = Callable[[int, Transaction, Values], Values]
CoreRun = Callable[..., Values]


def prepare(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    """Return the function that runs a core op.

    :raises ModelError: the subgraphs it calls do not take or give as many values as it has.
    """
    family = COMPOSITE if op.name.startswith(COMPOSITE) else op.name
    _check_operands(op)
    try:
        return _PREPARE[family](op, graphs, call)
    except (ValueError, IndexError, AttributeError) as e:
        raise e if isinstance(e, ModelError) else ModelError(f"{op} cannot be run: {e}") from e


def _if(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    then, otherwise = called_subgraphs(op)
    for index in (then, otherwise):
        _needs(op, graphs[index], op.inputs[1:], op.outputs)

    def run(state: Transaction, condition: Any, *values: Any) -> Values:
        return call(then if _truth(op, condition) else otherwise, state, values)

    return run


def _while(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    cond, body = called_subgraphs(op)
    _needs(op, graphs[cond], op.inputs, [None])
    _needs(op, graphs[body], op.inputs, op.inputs)
    _needs(op, graphs[body], op.inputs, op.outputs)

    from ..partition.counters import rounds_of

    rounds = rounds_of(graphs[cond], graphs[body])

    def run(state: Transaction, *values: Any) -> Values:
        now: Values = values
        count = None if rounds is None else rounds.count(lambda place: int(_one(op, values[place])))
        if count is None:
            while _truth(op, call(cond, state, now)[0]):
                state.count_rounds(op)
                now = call(body, state, now)
            return now
        state.count_rounds(op, count)
        for _ in range(count):  # nothing is waited for in between
            now = call(body, state, now)
        call(cond, state, now)  # false; its tensors may be asked for
        return now

    return run


def _case(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    branches = called_subgraphs(op)
    if not branches:
        raise ModelError(f"{op} needs a branch, found none")
    if op.inputs[0] is None or op.inputs[0].dtype != "int32":
        found = "none" if op.inputs[0] is None else op.inputs[0].dtype
        raise ModelError(f"{op} needs an index of type int32, found {found}")
    for index in branches:
        _needs(op, graphs[index], op.inputs[1:], op.outputs)

    def run(state: Transaction, index: Any, *values: Any) -> Values:
        i = int(_one(op, index))
        return call(branches[i if 0 <= i < len(branches) else -1], state, values)  # the last is the default

    return run


def _call(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    (index,) = called_subgraphs(op)
    _needs(op, graphs[index], op.inputs, op.outputs)
    return lambda state, *values: call(index, state, values)


def _call_once(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    (index,) = called_subgraphs(op)
    _needs(op, graphs[index], (), ())

    def run(state: Transaction) -> Values:
        if not state.was_called(index):
            call(index, state, ())
            state.called.add(index)
        return ()

    return run


def _var_handle(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    names = (op.options.get("container") or "", op.options.get("shared_name") or "")
    return lambda state: (_handle(op, state.state.handle(*names)),)


def _read_variable(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    def run(state: Transaction, handle: Any) -> Values:
        value = state.resource(("variable", _number(op, handle)))
        if value is None:
            raise StateError(f"{op} needs a variable that has a value; nothing was assigned to it yet")
        return (value,)

    return run


def _assign_variable(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    def run(state: Transaction, handle: Any, value: Any) -> Values:
        state.assign(("variable", _number(op, handle)), value, op)
        return ()

    return run


def _hashtable(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    number = op.options.table_id
    return lambda state: (_handle(op, number),)


def _hashtable_import(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    types = _types(op.inputs[1:])

    def run(state: Transaction, handle: Any, keys: Any, values: Any) -> Values:
        key = ("table", _number(op, handle))
        if _table(state, key) is None:  # a second import does nothing
            names, found = _flat(keys), _flat(values)
            if len(names) != len(found):
                raise ModelError(f"{op} needs a value for each of {len(names)} keys, found {len(found)}")
            pairs = list(zip(names, found, strict=True))
            table = HashTable(dict(reversed(pairs)), types)  # of equal keys the first counts
            state.assign(key, table, op)
        return ()

    return run


def _hashtable_find(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    keys_type, default_type, out_type = _types((*op.inputs[1:], *op.outputs))
    if default_type != out_type:
        raise ModelError(f"{op} needs a default of type {out_type}, as its output is, found {default_type}")

    def run(state: Transaction, handle: Any, keys: Any, default: Any) -> Values:
        table = _table(state, ("table", _number(op, handle)))
        if table is None:
            raise StateError(f"{op} needs a hash table with entries; nothing was imported into it yet")
        if table.types != (keys_type, out_type):
            raise ModelError(
                f"{op} needs a table of {out_type} values by {keys_type} keys, found one of "
                f"{table.types[1]} by {table.types[0]}"
            )
        missing = next(iter(_flat(default)), None)
        if missing is None:
            raise ModelError(f"{op} needs a value for keys that it lacks, found none")
        found = objects((table.entries.get(k, missing) for k in _flat(keys)), keys.shape)
        return (found.astype(DTYPES[out_type].numpy),)

    return run


def _hashtable_size(op: Op, graphs: Sequence[Graph], call: Call) -> CoreRun:
    def run(state: Transaction, handle: Any) -> Values:
        table = _table(state, ("table", _number(op, handle)))
        size = 0 if table is None else len(table.entries)
        return (np.full(op.outputs[0].shape or (1,), size, np.int64),)

    return run


def _check_operands(op: Op) -> None:
    """Raise ModelError if the op has not the operands that its kind has; how many, a callee decides."""
    if None in op.inputs:
        raise ModelError(f"{op} needs all its inputs, found none at place {op.inputs.index(None)}")
    needs = _OPERANDS.get(op.name)
    found = len(op.inputs), len(op.outputs)
    if needs is not None and found != needs:
        raise ModelError(
            f"{op} needs {needs[0]} inputs and {needs[1]} outputs, found {found[0]} and {found[1]}"
        )


def _needs(op: Op, graph: Graph, inputs: Operands, outputs: Operands) -> None:
    """Raise ModelError if a subgraph cannot be called with these values, or does not make those.

    :param outputs: None for one of any type.
    """
    found = len(graph.inputs), len(graph.outputs)
    if found != (len(inputs), len(outputs)):
        raise ModelError(
            f"{op} needs subgraph {graph.index} to have {len(inputs)} inputs and {len(outputs)} outputs, "
            f"found {found[0]} and {found[1]}"
        )
    _needs_types(op, graph, "input", inputs, graph.inputs)
    _needs_types(op, graph, "output", outputs, graph.outputs)


def _needs_types(op: Op, graph: Graph, what: str, wanted: Operands, found: Operands) -> None:
    for i, (a, b) in enumerate(zip(wanted, found, strict=True)):
        if a is not None and b is not None and a.dtype != b.dtype:
            raise ModelError(
                f"{op} needs {what} {i} of subgraph {graph.index} to be {a.dtype}, as its tensor {a.index} "
                f"{a.name!r} is, found {b.dtype}"
            )


def _one(op: Op, value: Any) -> Any:
    """Return the one element of a condition, an index or a handle."""
    array = as_array(value)
    if array.size != 1:
        raise ModelError(f"{op} needs a single value to decide, found shape {shape_text(array.shape)}")
    return array.item()


def _number(op: Op, handle: Any) -> int:
    """Return the number of a variable or a table."""
    found = _one(op, handle)
    if type(found) is not int:
        raise ModelError(f"{op} needs a handle, as VAR_HANDLE and HASHTABLE make, found {handle.dtype}")
    return found


def _truth(op: Op, value: Any) -> bool:
    if value.dtype != bool:
        raise ModelError(f"{op} needs a bool condition, found {value.dtype}")
    return bool(_one(op, value))


def _handle(op: Op, number: int) -> np.ndarray:
    return np.full(op.outputs[0].shape or (), number, np.int32)


def _table(state: Transaction, key: tuple[str, int]) -> HashTable | None:
    table = state.resource(key)
    return table if isinstance(table, HashTable) else None


def _types(tensors: Operands) -> tuple[str, ...]:
    return tuple("" if t is None else t.dtype for t in tensors)


def _flat(value: Any) -> list[Any]:
    return as_array(value).ravel().tolist()  # type: ignore[no-any-return]


_PREPARE: dict[str, Callable[[Op, Sequence[Graph], Call], CoreRun]] = {
    "ASSIGN_VARIABLE": _assign_variable,
    "CALL": _call,
    "CALL_ONCE": _call_once,
    "HASHTABLE": _hashtable,
    "HASHTABLE_FIND": _hashtable_find,
    "HASHTABLE_IMPORT": _hashtable_import,
    "HASHTABLE_SIZE": _hashtable_size,
    "IF": _if,
    "READ_VARIABLE": _read_variable,
    "STABLEHLO_CASE": _case,
    COMPOSITE: _call,
    "STABLEHLO_WHILE": _while,
    "VAR_HANDLE": _var_handle,
    "WHILE": _while,
}

# How many inputs and outputs the ops on variables and tables have.
_OPERANDS = {
    "ASSIGN_VARIABLE": (2, 0),
    "HASHTABLE": (0, 1),
    "HASHTABLE_FIND": (3, 1),
    "HASHTABLE_IMPORT": (3, 0),
    "HASHTABLE_SIZE": (1, 1),
    "READ_VARIABLE": (1, 1),
    "VAR_HANDLE": (0, 1),
}
