"""Scales and zero points: what the reference delegate refuses for them, OpenCL refuses, too."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from delegraph import Builder, Quantization, load_delegate

SHAPE = (2, 3)
KINDS = {  # scales and zero points
    "usual": ([0.05], [3]),
    "no zero point": ([0.05], []),
    "no scale": ([], [3]),
    "neither": ([], []),
    "several scales": ([0.05, 0.1], [3, 3]),
    "several scales, one zero point": ([0.05, 0.1], [3]),
    "several zero points": ([0.05], [3, 4]),
    "a scale of 0": ([0.0], [3]),
    "a scale below 0": ([-0.05], [3]),
    "an infinite scale": ([np.inf], [3]),
    "a scale of NaN": ([np.nan], [3]),
}


@pytest.fixture(scope="module")
def tables():
    return [load_delegate(name).table for name in ("opencl", "reference")]


def one_op(name, count, dtype):
    g = Builder()
    inputs = [g.input(SHAPE, dtype, scale=0.05, zero_point=3) for _ in range(count)]
    g.op(name, inputs, [g.tensor(SHAPE, dtype, scale=0.05, zero_point=3)])
    return g.model().subgraphs[0]


def variants(op):
    """Yield the op with each operand's quantization, or that of all of them, of each kind."""
    for kind, (scales, points) in KINDS.items():
        q = Quantization(np.float32(scales), np.array(points, np.int64))
        every = [*op.inputs, *op.outputs]
        for chosen in [[i] for i in range(len(every))] + [range(len(every))]:
            given = [attrs.evolve(t, quantization=q) if i in chosen else t for i, t in enumerate(every)]
            places = ", ".join(map(str, chosen))
            count = len(op.inputs)
            yield (
                f"{kind} at {places}",
                attrs.evolve(op, inputs=tuple(given[:count]), outputs=tuple(given[count:])),
            )


def test_what_the_reference_refuses_for_its_scales_opencl_refuses(tables):
    opencl, reference = tables
    wrong, tried = [], set()
    for name in sorted({row.op for row in opencl.rows}):
        for dtype, count in ((d, c) for d in ("int8", "uint8") for c in (1, 2)):
            graph = one_op(name, count, dtype)
            if any(table.decide(graph.ops[0], graph)[0] is None for table in tables):
                continue
            tried.add(name)
            for kind, op in variants(graph.ops[0]):
                if opencl.decide(op, graph)[0] and reference.decide(op, graph)[0] is None:
                    wrong.append(f"{name} {dtype}: {kind}")
    assert {"SQRT", "RSQRT", "ADD", "MAXIMUM"} <= tried, tried
    assert wrong == []
