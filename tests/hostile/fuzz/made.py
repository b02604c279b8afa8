"""Small models with what random graphs and single ops lack: nested calls, state, blocks, attached files."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
from delegraph import Blocks, Builder, Model, Signature, write_model
from delegraph_conformance.graphs.random_graph import random_graph
from specimens import _MADE


def compiled(seed: int) -> bytes:
    """Return a random int8 graph as the Edge TPU command compiles it, with its custom op and payload."""
    from delegraph_edgetpu.compiler import compiled_together
    from delegraph_edgetpu.cut import CompilationFailed, Settings

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        path.write_bytes(write_model(random_graph(seed, "int8")))
        try:
            (found,) = compiled_together([path], Settings(multiple_subgraphs=True), lambda text: None)
        except CompilationFailed:
            return path.read_bytes()
    return found.data


def _loop_of_branches() -> Model:
    """A WHILE whose body has an IF that calls one subgraph on both sides."""
    g = Builder()
    cond, body, half, same = (g.subgraph(name) for name in ("cond", "body", "half", "same"))
    n, _ = cond.input((), "int32"), cond.input((2, 3), "float32")
    cond.returns(cond.op("LESS", [n, cond.constant(np.int32(4))], [cond.tensor((), "bool")]))
    for branch, factor in ((half, 0.5), (same, 1.0)):
        x = branch.input((2, 3), "float32")
        branch.returns(
            branch.op("MUL", [x, branch.constant(np.float32(factor))], [branch.tensor((2, 3), "float32")])
        )
    n, x = body.input((), "int32"), body.input((2, 3), "float32")
    odd = body.op("GREATER", [n, body.constant(np.int32(1))], [body.tensor((), "bool")])
    sides = {"then_subgraph_index": half.index, "else_subgraph_index": same.index}
    y = body.op("IF", [odd, x], [body.tensor((2, 3), "float32")], **sides)
    more = body.op("ADD", [n, body.constant(np.int32(1))], [body.tensor((), "int32")])
    body.returns(more, y)
    outputs = [g.tensor((), "int32"), g.tensor((2, 3), "float32")]
    g.op(
        "WHILE", [g.input((), "int32"), g.input((2, 3), "float32")], outputs,
        cond_subgraph_index=cond.index, body_subgraph_index=body.index,
    )  # fmt: skip
    return g.model(outputs=outputs, signature="serving_default")


def _blocks() -> Model:
    """int4 weights in blocks, and int8 ones with scales along two axes."""
    g = Builder()
    x = g.input((2, 64), "float32")
    values = (np.arange(4 * 64) % 15 - 7).reshape(4, 64).astype(np.int8)
    scales = g.constant(np.linspace(0.01, 0.1, 8).reshape(4, 2).astype(np.float16))
    w = g.constant(values, "int4", blocks=Blocks(scales, 32))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((2, 4), "float32")], version=12)
    z = g.op("TANH", [y], [g.tensor((2, 4), "float32")])
    return g.model(outputs=[z])


def _blocks_of_bytes() -> Model:
    """An int8 graph with scales in a tensor of their own, which is renumbered with the others."""
    g = Builder()
    x = g.input((2, 8), "int8", scale=0.5, zero_point=3)
    scales = g.constant(np.full((4, 2), 0.01, np.float16))
    w = g.constant(np.ones((4, 8), np.int8), blocks=Blocks(scales, 4))
    y = g.tensor((2, 4), "int8", scale=0.5, zero_point=3)
    g.op("FULLY_CONNECTED", [x, w, None], [y], version=12)
    z = g.op("LOGISTIC", [y], [g.tensor((2, 4), "int8", scale=1 / 256, zero_point=-128)])
    s = g.op("ADD", [x, x], [g.tensor((2, 8), "int8", scale=0.7, zero_point=3)], version=2)
    return g.model(outputs=[z, s])


def _state_of_bytes() -> Model:
    """An int8 state: a variable that an op reads and writes, among ops that the Edge TPU maps."""
    g = Builder()
    x = g.input((1, 8), "int8", scale=0.5, zero_point=0)
    old = g.variable((1, 8), "int8", scale=0.5, zero_point=0)
    both = g.op("CONCATENATION", [old, x], [g.tensor((1, 16), "int8", scale=0.5, zero_point=0)], axis=1)
    w = g.constant(np.ones((8, 16), np.int8), scale=0.1, zero_point=0)
    y = g.tensor((1, 8), "int8", scale=0.5, zero_point=0)
    g.op("FULLY_CONNECTED", [both, w, None], [y], version=4)
    sizes = [g.constant(np.int32(v)) for v in ([0, 0], [1, 8])]
    last = g.op("SLICE", [both, *sizes], [g.tensor((1, 8), "int8", scale=0.5, zero_point=0)], version=2)
    return g.model(outputs=[y, last])


def _signatures() -> Model:
    """Two signatures of one subgraph, names with separators, a description, metadata."""
    g = Builder()
    x = g.input((-1, 4), "float32", name="serving/x:0")
    i = g.input((2,), "int32", name="at")
    y = g.op("GATHER", [x, i], [g.tensor((2, 4), "float32", name="picked")], axis=0)
    s = g.op("SUM", [y, g.constant(np.int32([1]))], [g.tensor((2,), "float32", name="sums")])
    model = g.model(
        [y, s], metadata={"min_runtime_version": b"1.14.0\0\0", "note": b"{}"}, description="two"
    )
    inputs = {"x": x.index, "at": i.index}
    entries = (Signature("pick", inputs, {"y": y.index}), Signature("sum", inputs, {"s": s.index}))
    return attrs.evolve(model, signatures=entries)


def _labelled() -> Model:
    """A classifier with a zip archive behind the file."""
    g = Builder()
    x = g.input((1, 4), "uint8", scale=1 / 255, zero_point=0)
    y = g.tensor((1, 4), "uint8", scale=1 / 256, zero_point=0)
    g.op("SOFTMAX", [x], [y], beta=1.0)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("labels.txt", "cat\ndog\nowl\nfish\n")
    return attrs.evolve(g.model(outputs=[y]), trailer=archive.getvalue())


def _custom() -> Model:
    """A custom op that nobody knows between ops that everybody knows, with options of its own."""
    g = Builder()
    x = g.input((1, 4), "float32")
    a = g.op("TANH", [x], [g.tensor((1, 4), "float32")])
    b = g.op(
        "Mystery", [a, None], [g.tensor((1, 4), "float32")], custom_options=b"\x01\x02\x03\x28\x04\x01"
    )
    return g.model(outputs=[g.op("ABS", [b], [g.tensor((1, 4), "float32")])])


def _strings() -> Model:
    """Strings that are gathered, joined and looked up beside numbers."""
    g = Builder()
    words = g.constant(np.array([b"a", b"", b"long " * 9], object), "string")
    i = g.input((4,), "int32")
    some = g.op("GATHER", [words, i], [g.tensor((4,), "string")], axis=0, version=2)
    both = g.op("CONCATENATION", [some, some], [g.tensor((8,), "string")], axis=0)
    turned = g.op("RESHAPE", [both, g.constant(np.int32([2, 4]))], [g.tensor((2, 4), "string")])
    return g.model(outputs=[turned])


def _many_shapes() -> Model:
    """Shapes that values decide: SHAPE, arithmetic on it, FILL and RESHAPE by it."""
    g = Builder()
    x = g.input((-1, 6), "float32")
    n = g.input((1,), "int32")
    shape = g.op("SHAPE", [x], [g.tensor((2,), "int32")], out_type="INT32")
    rows = g.op("MUL", [n, g.constant(np.int32([2]))], [g.tensor((1,), "int32")])
    wide = g.op("CONCATENATION", [rows, n], [g.tensor((2,), "int32")], axis=0)
    filled = g.op("FILL", [wide, g.constant(np.float32(1.5))], [g.tensor((-1, -1), "float32")])
    back = g.op("RESHAPE", [x, shape], [g.tensor((-1, 6), "float32")])
    return g.model(outputs=[filled, back])


MADE: dict[str, Callable[[], Model]] = {make.__name__.strip("_"): make for make in _MADE}
MADE |= {
    make.__name__.strip("_"): make
    for make in (
        _loop_of_branches, _blocks, _blocks_of_bytes, _state_of_bytes, _signatures, _labelled, _custom,
        _strings, _many_shapes,
    )
}  # fmt: skip
