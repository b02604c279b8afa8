"""Numbers of 8 bits lie as bytes where kernels can deal with them; by numbers written out."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Builder, Delegate, OpSupport, hookimpl, profile
from delegraph_opencl import Kernel, Launch, epilogue_of
from delegraph_opencl.program.lowering import lowered
from delegraph_opencl.program.narrow import narrow
from delegraph_opencl.program.rewrites import rewrite

SHAPE = (1, 4, 64, 4)
ORDER = (0, 2, 1, 3)
ALL = np.arange(256).repeat(4).reshape(SHAPE)
LIMITS = {"int8": (-128, 127), "uint8": (0, 255)}

# -v of each number v, read and stored as bytes where they are.
NEGATE = """
__kernel void negate(__global const X* x, __global Y* y, float low, int n EPILOGUE_PARAMS) {
  for (int i = 0; i < n; i++) STORE(y, PLACE(i, 0), EPILOGUE(-(LOAD(x, i) + (F)low), i, 0));
}
"""


class Negating:
    """A plugin that adds the op Negate, in 8 bits."""

    DELEGRAPH_API = 1

    def __init__(self, narrow: bool) -> None:
        self.kernel = Kernel(self.prepare, fuses=True, narrow=narrow)

    def prepare(self, node, target):
        x, y, epilogue = node.inputs[0], node.outputs[0], epilogue_of(node)
        args = (x, y, np.float32(x.low), np.int32(x.size), *epilogue.args)
        defines = (("X", x.c_type), ("Y", y.c_type))
        yield Launch(epilogue.text + NEGATE, "negate", args, (1,), defines=defines, writes=(y,))

    @hookimpl
    def delegraph_op_support(self, delegate: Delegate) -> list[OpSupport]:
        row = OpSupport("Negate", (1, 1), "T -> T", kernel=self.kernel, steps=1, T="int8 uint8")
        return [row] if delegate.name == "opencl" else []


def stored(dtype):
    """Return every number of a type, as it is in a tensor."""
    return (ALL + LIMITS[dtype][0]).astype(dtype)


def swapped(g, x, dtype, zero_point, scale=1.0):
    """Add a TRANSPOSE."""
    shape = tuple(x.shape[axis] for axis in ORDER)
    out = g.tensor(shape, dtype, scale=scale, zero_point=zero_point)
    return g.op("TRANSPOSE", [x, g.constant(np.int32(ORDER))], [out])


def negated(dtype="int8", zero_point=5):
    """Return a model with Negate between two TRANSPOSEs."""
    g = Builder()
    x = g.input(SHAPE, dtype, scale=1.0, zero_point=zero_point)
    a = swapped(g, x, dtype, zero_point)
    b = g.op("Negate", [a], [g.tensor(a.shape, dtype, scale=1.0, zero_point=zero_point)])
    return g.model(outputs=[swapped(g, b, dtype, zero_point)])


def narrow_ones(interpreter, delegate):
    """Return for each op of a model, after rewrites, whether inputs and outputs are narrow."""
    nodes = lowered(interpreter.plan.partitions[0])
    rewrite(nodes)
    narrow(nodes, delegate.target)
    return [(n.op.name, n.inputs[0].narrow, n.outputs[0].narrow) for n in nodes.nodes]


def test_what_a_kernel_needs_as_real_numbers_is_stored_as_such(interpret, load, plugins):
    plugins.register(Negating(narrow=False), "negating")
    delegate = load(kernels="cpu")
    found = narrow_ones(interpret(negated(), delegate), delegate)
    assert found == [("TRANSPOSE", True, False), ("Negate", False, False), ("TRANSPOSE", False, True)]


def test_a_kernel_that_takes_bytes_gets_them(interpret, load, plugins):
    plugins.register(Negating(narrow=True), "negating")
    delegate = load(kernels="cpu")
    found = narrow_ones(interpret(negated(), delegate), delegate)
    assert found == [("TRANSPOSE", True, True), ("Negate", True, True), ("TRANSPOSE", True, True)]


@pytest.mark.parametrize("options", [{"kernels": "gpu"}, {"kernels": "cpu", "precision": "float16"}])
def test_gpus_and_float16_have_no_bytes(interpret, load, plugins, options):
    plugins.register(Negating(narrow=True), "negating")
    delegate = load(**options)
    found = narrow_ones(interpret(negated(), delegate), delegate)
    assert not any(narrow for _, *ends in found for narrow in ends)


@pytest.mark.parametrize("takes_bytes", [True, False])
@pytest.mark.parametrize(
    ("dtype", "zero_point"), [("int8", 5), ("int8", -128), ("uint8", 0), ("uint8", 200)]
)
def test_bytes_and_real_numbers_give_the_same(interpret, load, plugins, dtype, zero_point, takes_bytes):
    plugins.register(Negating(narrow=takes_bytes), "negating")
    x = stored(dtype)
    found = interpret(negated(dtype, zero_point), load(kernels="cpu"))(x)
    expected = np.clip(2 * zero_point - x.astype(int), *LIMITS[dtype])
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("dtype", "zero_point"), [("int8", -128), ("int8", 127), ("uint8", 0), ("uint8", 255)]
)
def test_every_byte_comes_through(interpret, load, dtype, zero_point):
    g = Builder()
    x = g.input(SHAPE, dtype, scale=0.5, zero_point=zero_point)
    model = g.model(outputs=[swapped(g, x, dtype, zero_point, 0.5)])
    found = interpret(model, load(kernels="cpu"))(stored(dtype))
    assert np.array_equal(found, stored(dtype).transpose(ORDER))


def test_a_uint8_tensor_is_read_and_left_as_it_is(interpret, load):
    g = Builder()
    x = g.input(SHAPE, "uint8", scale=0.5, zero_point=7)
    it = interpret(g.model(outputs=[swapped(g, x, "uint8", 7, 0.5)]), load(kernels="cpu"))
    with profile.listen() as events:
        it(stored("uint8"))
    assert [e.name for e in events if e.name not in ("upload", "read back")] == ["TRANSPOSE"]


@pytest.mark.parametrize(("dtype", "zero_point"), [("int8", -3), ("uint8", 130)])
def test_a_pad_of_bytes_writes_the_zero_point(interpret, load, dtype, zero_point):
    g = Builder()
    x = g.input((2, 3), dtype, scale=1.0, zero_point=zero_point)
    out = g.tensor((4, 5), dtype, scale=1.0, zero_point=zero_point)
    model = g.model(outputs=[g.op("PAD", [x, g.constant(np.int32([[1, 1], [0, 2]]))], [out])])
    given = np.arange(6).reshape(2, 3).astype(dtype)
    found = interpret(model, load(kernels="cpu"))(given)
    assert np.array_equal(found, np.pad(given, ((1, 1), (0, 2)), constant_values=zero_point))


def test_an_op_that_was_fused_reads_bytes_of_another_zero_point(interpret, load):
    """LOGISTIC of 0 is 0.5, whatever it is added to."""
    g = Builder()
    shape = (1, 2, 128, 4)
    x = g.input(shape, "int8", scale=1.0, zero_point=9)
    y = g.input(shape, "int8", scale=1.0, zero_point=-20)
    half = g.op("LOGISTIC", [x], [g.tensor(shape, "int8", scale=1 / 256, zero_point=-128)])
    out = g.op("ADD", [half, y], [g.tensor(shape, "int8", scale=0.5, zero_point=1)])
    added = np.arange(-128, 128).repeat(4).reshape(shape).astype(np.int8)
    given = {x.index: np.full(shape, 9, np.int8), y.index: added}
    (found,) = interpret(g.model(outputs=[out]), load(kernels="cpu")).run(given).values()
    assert np.array_equal(found, np.clip((added.astype(int) + 20) * 2 + 1 + 1, -128, 127))


def test_a_part_of_a_buffer_of_bytes_begins_where_it_should(interpret, load):
    g = Builder()
    shape, q = (2, 512), {"scale": 1.0, "zero_point": 250}
    x = g.input((4, 512), "uint8", scale=1.0, zero_point=3)
    less = g.op(
        "SUB", [x, g.constant(np.uint8(200), scale=1.0, zero_point=0)], [g.tensor((4, 512), "uint8", **q)]
    )
    parts = []
    for begin in (0, 2):
        spec = [g.constant(np.int32(v)) for v in ([begin, 0], shape)]
        parts.append(g.op("SLICE", [less, *spec], [g.tensor(shape, "uint8", **q)]))
    out = g.op("MAXIMUM", parts, [g.tensor(shape, "uint8", **q)])
    given = (np.arange(2048) % 251).astype(np.uint8).reshape(4, 512)
    found = interpret(g.model(outputs=[out]), load(kernels="cpu"))(given)
    stored = np.clip(given.astype(int) - 3 - 200 + 250, 0, 255)
    assert np.array_equal(found, np.maximum(stored[:2], stored[2:]))
