"""One-op models whose output claims another type than the op gives it, in four places of a program; loops.

``apart(program, right)`` says in words where LiteRT and delegraph part. LiteRT sets the output's type and
runs, or refuses, or takes the claim and reads one type as another. Delegraph refuses the last, too.
"""

from __future__ import annotations

import attrs
import litert
import numpy as np
from attrs import frozen
from delegraph import DelegateFailed, DelegraphError, Interpreter
from delegraph.file import write_model
from delegraph.model import DTYPES, Builder, Graph, Model, Op, OperatorCode, Record, Tensor
from delegraph_conformance.draft import Draft
from matrix.run import fact_of, relabelled
from one_op import difference
from replaced_tensor import with_tensor

ALONE, READ, BRANCH, ENTERED = "alone", "read by another op", "in a branch", "as the input of a branch"
PLACES = (ALONE, READ, BRANCH, ENTERED)
SITES = (
    "the condition",
    "a counter's next value",
    "a next value",
    "the body's counter",
    "the body's value",
    "the loop's counter",
    "the loop's value",
)
CLAIMS = (*(t for t in DTYPES if DTYPES[t].numpy.name == t), "string", "resource")  # LiteRT can say


@frozen
class Program:
    """A model and what it is fed."""

    op: str
    types: str
    place: str
    claim: str  # "" for the right one
    model: Model
    feeds: tuple[np.ndarray, ...]

    def __str__(self) -> str:
        return f"{self.op} {self.types} {self.place}, claimed {self.claim or 'right'}"


@frozen
class Found:
    """What a runtime made of a program: outputs and what it says of their types, or why not."""

    outputs: tuple[np.ndarray, ...] = ()
    dtypes: tuple[str, ...] = ()
    refused: str = ""
    failed: str = ""  # in another way than by a refusal


def type_of(tensor: Tensor) -> str:
    """Return what LiteRT calls a tensor's type, which has one name for several of few bits."""
    return "int8" if tensor.dtype.startswith("float8") else np.dtype(DTYPES[tensor.dtype].numpy_class).name


def places_of(draft: Draft) -> list[str]:
    """Return the places that a program for this op can have; none where the recipe makes several ops."""
    if draft._op < 0:
        return []
    graph = draft.model().subgraphs[0]
    if len(draft.model().subgraphs) > 1:
        return [ALONE]
    return [p for p in PLACES if p != ENTERED or graph.inputs]


def program(draft: Draft, types: str, place: str, output: int = 0, claim: str = "") -> Program:
    """Return a program in which an output claims a type; the right one if ``claim`` is ""."""
    model = relabelled(_MAKERS[place](draft, output, claim), draft.name, _version(draft.name))
    return Program(draft.name, types, place, claim, model, tuple(draft.feeds))


def claims(draft: Draft, place: str, output: int = 0) -> list[str]:
    """Return the wrong types to claim, but those by which LiteRT would write beyond the memory it took."""
    graph = draft.model().subgraphs[0]
    right = graph.inputs[0] if place == ENTERED else draft.outputs[output]
    wrong = [t for t in CLAIMS if t != type_of(right)]
    bits = DTYPES[right.dtype].bits or 64
    if place == BRANCH and right.dtype == "string":  # LiteRT dies of strings where it planned another type
        return []
    if place == BRANCH:  # the IF has the right type's memory
        return [t for t in wrong if (DTYPES[t].bits or 64) <= bits]
    if draft.name in ("IF", "STABLEHLO_COMPOSITE"):
        return [t for t in wrong if (DTYPES[t].bits or 0) >= bits]
    return wrong


def loop(site: int, claim: str) -> Program:
    """Return a loop of three rounds in which one of seven tensors claims a type, or all the right one."""
    types = ["bool", "int32", "float32", "int32", "float32", "int32", "float32"]
    types[site] = claim or types[site]
    g = Builder()
    cond, body = g.subgraph("cond"), g.subgraph("body")
    n, _ = cond.input((), "int32"), cond.input((2,), "float32")
    cond.returns(cond.op("LESS", [n, cond.constant(np.int32(3))], [cond.tensor((), types[0])]))
    n, x = body.input((), types[3]), body.input((2,), types[4])
    more = body.op("ADD", [n, body.constant(np.int32(1))], [body.tensor((), types[1])])
    body.returns(more, body.op("ADD", [x, x], [body.tensor((2,), types[2])]))
    results = [g.tensor((), types[5]), g.tensor((2,), types[6])]
    indices = {"cond_subgraph_index": cond.index, "body_subgraph_index": body.index}
    g.op("WHILE", [g.input((), "int32"), g.input((2,), "float32")], results, **indices)
    feeds = (np.array(0, np.int32), np.array([1.5, -2], np.float32))
    return Program("WHILE", "float32", SITES[site], claim, g.model(results), feeds)


def litert_s(program: Program) -> Found:
    """Return what LiteRT makes of a program."""
    resolver = fact_of(program.op).answers(fact_of(program.op).last)[0][0]
    try:
        with litert.loaded(write_model(program.model), resolver) as it:
            outputs = tuple(it.run(program.feeds))  # before it, what follows a string is not prepared
            return Found(outputs, tuple(np.dtype(d["dtype"]).name for d in it.details()["outputs"]))
    except litert.LiteRTError as e:
        return Found(refused=str(e))


def ours(program: Program) -> Found:
    """Return what delegraph makes of it: what it refuses, it refuses before it runs."""
    try:
        it = Interpreter(model=program.model)
        it.allocate_tensors()
    except DelegateFailed as e:
        return Found(failed=str(e))
    except DelegraphError as e:
        return Found(refused=str(e))
    for tensor, array in zip(program.model.subgraphs[0].inputs, program.feeds, strict=True):
        it.set_tensor(tensor.index, array)
    dtypes = tuple(np.dtype(d["dtype"]).name for d in it.get_output_details())
    try:
        it.invoke()
    except DelegraphError as e:
        return Found(dtypes=dtypes, failed=str(e))
    return Found(tuple(it.get_tensor(d["index"]) for d in it.get_output_details()), dtypes)


def apart(program: Program, right: Found) -> str | None:
    """Return in words how the two differ on a program, or None.

    :param right: what LiteRT gives for the program with the right types
    """
    theirs, found = litert_s(program), ours(program)
    if found.failed:
        return f"fails: {found.failed}"
    if found.refused:
        overrides = theirs.outputs and theirs.dtypes == right.dtypes
        return f"LiteRT gives {theirs.dtypes}, delegraph refuses: {found.refused}" if overrides else None
    if not theirs.outputs:
        return f"LiteRT refuses: {theirs.refused}"
    if theirs.dtypes != found.dtypes:
        return f"LiteRT gives {theirs.dtypes}, delegraph {found.dtypes}"
    pairs = zip(found.outputs, theirs.outputs, strict=True)
    return next((p for a, b in pairs if (p := difference(np.asarray(a), np.asarray(b)))), None)


def _version(op: str) -> int:
    fact = fact_of(op)
    return fact.answers(fact.last)[0][1]


def _alone(draft: Draft, output: int, claim: str) -> Model:
    return _with_graph(draft, _claiming(draft, output, claim))


def _read(draft: Draft, output: int, claim: str) -> Model:
    """Let EXPAND_DIMS read each output; what it writes claims the same type."""
    graph = _claiming(draft, output, claim)
    axis = Tensor(len(graph.tensors), "axis", "int32", (), data=np.int32(0).reshape(()))
    tensors, ops, outputs = [*graph.tensors, axis], list(graph.ops), []
    for t in graph.outputs:
        wider = Tensor(len(tensors), f"wider{t.index}", t.dtype, (1, *(t.shape or ())))
        tensors.append(wider)
        ops.append(Op(len(ops), "EXPAND_DIMS", 1, (t, axis), (wider,), Record("ExpandDimsOptions", {})))
        outputs.append(wider)
    graph = attrs.evolve(graph, tensors=tuple(tensors), ops=tuple(ops), outputs=tuple(outputs))
    return _with_graph(draft, graph)


def _branch(draft: Draft, output: int, claim: str) -> Model:
    """Put the op into the branch of an IF, whose own output has the right type."""
    return _with_graph(draft, _calling(draft), attrs.evolve(_claiming(draft, output, claim), index=1))


def _entered(draft: Draft, output: int, claim: str) -> Model:
    """Let the first input of the branch claim another type than what the IF hands it."""
    body = _claiming(draft, output, "")
    first = body.inputs[0]
    body = with_tensor(body, attrs.evolve(first, dtype=claim or first.dtype))
    return _with_graph(draft, _calling(draft), attrs.evolve(body, index=1))


_MAKERS = {ALONE: _alone, READ: _read, BRANCH: _branch, ENTERED: _entered}


def _calling(draft: Draft) -> Graph:
    body = _claiming(draft, 0, "")
    inputs = tuple(attrs.evolve(t, index=i) for i, t in enumerate(body.inputs))
    outputs = tuple(attrs.evolve(t, index=len(inputs) + 1 + i) for i, t in enumerate(body.outputs))
    condition = Tensor(len(inputs), "condition", "bool", (), data=np.array(True))
    options = Record("IfOptions", {"then_subgraph_index": 1, "else_subgraph_index": 1})
    op = Op(0, "IF", 1, (condition, *inputs), outputs, options)
    return Graph("main", (*inputs, condition, *outputs), (op,), inputs, outputs)


def _claiming(draft: Draft, output: int, claim: str) -> Graph:
    """Return the draft's graph up to the op, whose outputs are the graph's."""
    graph = draft.model().subgraphs[0]
    graph = attrs.evolve(graph, ops=graph.ops[: draft._op + 1], outputs=draft.op_of(graph).outputs)
    tensor = graph.outputs[output]
    return with_tensor(graph, attrs.evolve(tensor, dtype=claim or tensor.dtype))


def _with_graph(draft: Draft, main: Graph, *called: Graph) -> Model:
    model = draft.model()
    return _coded(attrs.evolve(model, subgraphs=(main, *(called or model.subgraphs[1:]))))


def _coded(model: Model) -> Model:
    """Return a model with the operator codes of its ops."""
    codes = list(model.operator_codes)

    def of(op: Op) -> Op:
        code = OperatorCode(op.name, op.version)
        if op.name in ("EXPAND_DIMS", "IF"):
            if code not in codes:
                codes.append(code)
            return attrs.evolve(op, code=codes.index(code))
        return op

    graphs = [attrs.evolve(g, ops=tuple(map(of, g.ops))) for g in model.subgraphs]
    return attrs.evolve(model, subgraphs=tuple(graphs), operator_codes=tuple(codes))
