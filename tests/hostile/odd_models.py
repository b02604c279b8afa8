"""Models that are wrong in one place, as no file that is read could be: values of ``Model`` made by hand.

``odd_models()`` yields them; ``complaint(model)`` says what using one ends in, if neither well nor in an
error of the project that is no failure of a delegate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import attrs
import numpy as np
from attrs import frozen
from delegraph import Builder, DelegateFailed, DelegraphError, Interpreter, Model, plan_model, write_model
from delegraph.model import Graph, Op, Record, Signature, Tensor
from replaced_tensor import with_tensor

ODD_INDICES = (-1, 0, 1, 99, 1 << 40)
NO_OPTIONS = Record("NONE", {})
X = "float32"


@frozen
class OddModel:
    """A model, and what was changed in it."""

    name: str
    model: Model

    def __str__(self) -> str:
        return self.name


def complaint(odd: OddModel) -> str | None:
    """Plan, write and run a model; return what ends otherwise than it should, or None."""
    for use in (_plan, write_model, _run):
        try:
            use(odd.model)
        except DelegateFailed as e:
            if not isinstance(e.__cause__, DelegraphError):
                return f"DelegateFailed: {e}"
        except DelegraphError:
            continue
        except Exception as e:
            return f"{type(e).__name__}: {e}"
    return None


def odd_models(names: Iterable[str]) -> Iterator[OddModel]:
    """Yield sound models with each change of each place."""
    for name in names:
        model = SOUND[name]()
        for where, changed in _changes(model):
            yield OddModel(f"{name}, {where}", changed)


def _plan(model: Model) -> None:
    str(plan_model(model, ["reference"], warn=False))


def _run(model: Model) -> None:
    with Interpreter(model=model) as it:
        it.allocate_tensors()
        for d in it.get_input_details():
            it.set_tensor(d["index"], np.ones(d["shape"], d["dtype"]))
        if any(op.name in ("WHILE", "STABLEHLO_WHILE") for g in model.subgraphs for op in g.ops):
            return  # it may have no end
        it.invoke()
        for d in it.get_output_details():
            it.get_tensor(d["index"])
        for key in it.get_signature_list():
            it.get_signature_runner(key).get_output_details()


def _changes(model: Model) -> Iterator[tuple[str, Model]]:
    for g, graph in enumerate(model.subgraphs):
        for where, changed in _graph_changes(graph):
            graphs = [changed if i == g else other for i, other in enumerate(model.subgraphs)]
            yield f"subgraph {g}: {where}", attrs.evolve(model, subgraphs=tuple(graphs))
    for where, signature in _signatures(model):
        yield where, attrs.evolve(model, signatures=(signature,))
    yield "no subgraph", attrs.evolve(model, subgraphs=())
    yield "no operator codes", attrs.evolve(model, operator_codes=())
    yield "no buffers", attrs.evolve(model, buffers=())


def _signatures(model: Model) -> Iterator[tuple[str, Signature]]:
    for i in ODD_INDICES:
        yield f"a signature of input {i}", Signature("s", {"a": i}, {}, 0)
        yield f"a signature of output {i}", Signature("s", {}, {"a": i}, 0)
        yield f"a signature of subgraph {i}", Signature("s", {}, {}, i)


def _graph_changes(graph: Graph) -> Iterator[tuple[str, Graph]]:
    for i, op in enumerate(graph.ops):
        for where, changed in _op_changes(op, graph):
            ops = [changed if j == i else other for j, other in enumerate(graph.ops)]
            yield f"{op.name} {where}", attrs.evolve(graph, ops=tuple(ops))
        rest = tuple(o for o in graph.ops if o is not op)
        yield f"without {op.name}", attrs.evolve(graph, ops=rest)
    yield "its ops turned around", attrs.evolve(graph, ops=graph.ops[::-1])
    for t in _odd_tensors(graph):
        yield f"input {t.name}", attrs.evolve(graph, inputs=(*graph.inputs, t))
        yield f"output {t.name}", attrs.evolve(graph, outputs=(*graph.outputs, t))
    for side in ("inputs", "outputs"):
        tensors = getattr(graph, side)
        yield f"without {side}", attrs.evolve(graph, **{side: ()})
        yield f"its {side} twice", attrs.evolve(graph, **{side: tensors * 2})
    for i, t in enumerate(graph.tensors):
        for where, changed in _tensor_changes(t):
            yield f"tensor {i} {where}", with_tensor(graph, changed)


def _op_changes(op: Op, graph: Graph) -> Iterator[tuple[str, Op]]:
    for field, value in op.options:
        if "subgraph" in field:
            for i in ODD_INDICES:
                indices = (i,) * len(value) if isinstance(value, tuple) else i
                yield f"{field}={i}", attrs.evolve(op, options=op.options.replace(**{field: indices}))
            if isinstance(value, tuple):
                yield f"{field}=()", attrs.evolve(op, options=op.options.replace(**{field: ()}))
    for options in (NO_OPTIONS, Record("Conv2DOptions", {"padding": "SAME"}), Record("IfOptions", {})):
        yield f"with {options.table}", attrs.evolve(op, options=options)
    for version in (-1, 0, 99):
        yield f"version {version}", attrs.evolve(op, version=version)
    yield "index 99", attrs.evolve(op, index=99)
    yield "code 99", attrs.evolve(op, code=99)
    for name in ("", "NONE", "CONV_2D", "WHILE", "Nobody's", "STABLEHLO_COMPOSITE:"):
        yield f"named {name!r}", attrs.evolve(op, name=name)
    for side in ("inputs", "outputs"):
        tensors = getattr(op, side)
        yield f"without {side}", attrs.evolve(op, **{side: ()})
        yield f"its {side} twice", attrs.evolve(op, **{side: tensors * 2})
        yield f"its {side} turned around", attrs.evolve(op, **{side: tensors[::-1]})
        for t in (*_odd_tensors(graph), *graph.inputs[:1], *graph.outputs[:1], None):
            if t is None and side == "outputs":
                continue
            for i in range(len(tensors)):
                other = tuple(t if j == i else u for j, u in enumerate(tensors))
                yield f"{side}[{i}] {'None' if t is None else t.name}", attrs.evolve(op, **{side: other})


def _odd_tensors(graph: Graph) -> Iterator[Tensor]:
    """Yield tensors that are not of a graph."""
    count = len(graph.tensors)
    yield Tensor(count, "beyond", X, (2,))
    yield Tensor(-1, "negative", X, (2,))
    yield Tensor(1 << 40, "far beyond", X, (2,))
    yield Tensor(0, "another one of index 0", "int8", (7,))


def _tensor_changes(t: Tensor) -> Iterator[tuple[str, Tensor]]:
    for dtype in ("int8", "string", "resource", "bfloat16"):
        yield f"of {dtype}", attrs.evolve(t, dtype=dtype, data=None)
    for shape in ((), (0,), (-1, 2), (1 << 40, 1 << 40), None):
        yield f"of shape {shape}", attrs.evolve(t, shape=shape, data=None)
    yield "that keeps its value", attrs.evolve(t, is_variable=True, data=None)
    yield "without data", attrs.evolve(t, data=None, buffer=0)
    yield "of buffer 99", attrs.evolve(t, buffer=99)
    yield "with a signature of rank 3", attrs.evolve(t, shape_signature=(-1, 2, 2))


def _plain() -> Model:
    g = Builder()
    x = g.input((2,), X, name="x")
    y = g.op("MUL", [x, g.constant(np.float32([2, 3]))], [g.tensor((2,), X)])
    g.op("RESHAPE", [y, g.constant(np.int32([1, 2]))], [g.tensor((1, 2), X)], new_shape=(1, 2))
    return g.model(signature="main")


def _branches(g: Builder, count: int) -> list[int]:
    bodies = [g.subgraph(f"branch {i}") for i in range(count)]
    for b in bodies:
        b.returns(b.op("NEG", [b.input((2,), X)], [b.tensor((2,), X)]))
    return [b.index for b in bodies]


def _if() -> Model:
    g = Builder()
    then, otherwise = _branches(g, 2)
    operands = [g.input((), "bool"), g.input((2,), X)]
    indices = {"then_subgraph_index": then, "else_subgraph_index": otherwise}
    return g.model([g.op("IF", operands, [g.tensor((2,), X)], **indices)], signature="main")


def _case() -> Model:
    g = Builder()
    operands = [g.input((), "int32"), g.input((2,), X)]
    options = {"branch_subgraph_indices": _branches(g, 2)}
    return g.model([g.op("STABLEHLO_CASE", operands, [g.tensor((2,), X)], **options)])


def _composite() -> Model:
    g = Builder()
    (body,) = _branches(g, 1)
    options = {"name": "a", "decomposition_subgraph_index": body}
    return g.model([g.op("STABLEHLO_COMPOSITE", [g.input((2,), X)], [g.tensor((2,), X)], **options)])


def _while(name: str = "WHILE") -> Model:
    g = Builder()
    cond, body = g.subgraph("cond"), g.subgraph("body")
    n = cond.input((), "int32")
    cond.returns(cond.op("LESS", [n, cond.constant(np.int32(3))], [cond.tensor((), "bool")]))
    n = body.input((), "int32")
    body.returns(body.op("ADD", [n, body.constant(np.int32(1))], [body.tensor((), "int32")]))
    indices = {"cond_subgraph_index": cond.index, "body_subgraph_index": body.index}
    return g.model([g.op(name, [g.input((), "int32")], [g.tensor((), "int32")], **indices)])


def _once() -> Model:
    g, names = Builder(), {"container": "", "shared_name": "v"}
    first = g.subgraph("init")
    handle = first.op("VAR_HANDLE", [], [first.tensor((), "resource")], **names)
    first.op("ASSIGN_VARIABLE", [handle, first.constant(np.float32([1, 2]))], [])
    first.returns()
    g.op("CALL_ONCE", [], [], init_subgraph_index=first.index)
    handle = g.op("VAR_HANDLE", [], [g.tensor((), "resource")], **names)
    return g.model([g.op("READ_VARIABLE", [handle], [g.tensor((2,), X)])])


def _table() -> Model:
    g = Builder()
    options = {"table_id": 1, "key_dtype": "INT64", "value_dtype": "FLOAT32"}
    table = g.op("HASHTABLE", [], [g.tensor((1,), "resource")], **options)
    keys, values = g.constant(np.int64([1, 2])), g.constant(np.float32([3, 4]))
    g.op("HASHTABLE_IMPORT", [table, keys, values], [])
    missing = g.constant(np.float32([0]))
    found = g.op("HASHTABLE_FIND", [table, g.input((2,), "int64"), missing], [g.tensor((2,), X)])
    return g.model([found, g.op("HASHTABLE_SIZE", [table], [g.tensor((1,), "int64")])])


def _scatter() -> Model:
    g = Builder()
    b = g.subgraph("update")
    b.returns(b.op("STABLEHLO_ADD", [b.input((), X), b.input((), X)], [b.tensor((), X)]))
    operands = [g.input((4,), X), g.constant(np.int32([[1], [2]])), g.input((2,), X)]
    options = {
        "update_window_dims": [],
        "inserted_window_dims": [0],
        "scatter_dims_to_operand_dims": [0],
        "index_vector_dim": 1,
        "update_computation_subgraph_index": b.index,
    }
    return g.model([g.op("STABLEHLO_SCATTER", operands, [g.tensor((4,), X)], **options)])


SOUND: dict[str, Callable[[], Model]] = {
    "plain": _plain,
    "IF": _if,
    "CASE": _case,
    "COMPOSITE": _composite,
    "WHILE": _while,
    "STABLEHLO_WHILE": lambda: _while("STABLEHLO_WHILE"),
    "CALL_ONCE": _once,
    "HASHTABLE": _table,
    "SCATTER": _scatter,
}
