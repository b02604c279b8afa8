"""A small model, run by LiteRT and by the OpenCL delegate in each of its variants: the numbers must agree.

``check(model, inputs)`` is what an op's test calls. Every op has to go to the delegate, as one partition,
and each output has to lie within what the ops' rows claim. ``OPENCL_MEASURE=1`` prints how far that was;
``OPENCL_VARIANTS="gpu,gpu float16"`` runs these variants alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import litert
import numpy as np
from delegraph import Delegate, Graph, Interpreter, Model, load_delegate, write_model
from one_op import difference

# The device's own kernels, those of a GPU, and real numbers stored in half precision.
VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "gpu": {"kernels": "gpu"},
    "float16": {"precision": "float16"},
}
OTHERS: Mapping[str, Mapping[str, Any]] = {
    "gpu float16": {"kernels": "gpu", "precision": "float16"},
    "bfloat16": {"precision": "bfloat16"},  # on CPUs that have it
}
CHOSEN = {
    name: {**VARIANTS, **OTHERS}[name]
    for name in os.environ.get("OPENCL_VARIANTS", ",".join(VARIANTS)).split(",")
}
SMALL = "what is too small for a half is a zero of its sign, which activations keep"
# Op, variants and reason: where zeros have another sign than LiteRT's. test_special_values.py has more.
OTHER_ZEROS: tuple[tuple[str, str, str], ...] = (
    *((op, ".*float16", SMALL) for op in "ADD MUL MAX_POOL_2D RELU RELU6 RELU_0_TO_1 FAKE_QUANT".split()),
    ("MAX_POOL_2D", "gpu.*", "work-items share large windows: the first zero is not known"),
)
# float16 rounds each stored number by up to 2**-11 of it, inputs included; ops may amplify that.
HALF_RTOL = 4e-3


def check(
    model: Model,
    inputs: Sequence[np.ndarray],
    *,
    steps: int | None = None,
    rtol: float | None = None,
    half_rtol: float | None = HALF_RTOL,
    resolver: str = "BUILTIN_REF",
    expected: Sequence[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """Fail unless the OpenCL delegate runs all of ``model`` and computes what LiteRT computes.

    :param inputs: arrays in the order of the model's inputs.
    :param steps: how far integers may be off; by default what the ops' rows claim, the largest of them.
    :param rtol: for floats, relative to the output's largest value; by default the sum of the rows' claims.
    :param half_rtol: the same where real numbers are stored as float16; None leaves that variant out.
    :param resolver: LiteRT's, for ops that BUILTIN_REF lacks.
    :param expected: the outputs, where LiteRT cannot give them.
    :return: the outputs of the first variant.
    """
    theirs = list(expected) if expected is not None else litert.run(write_model(model), inputs, resolver)
    found = {}
    for name, options in CHOSEN.items():
        is_half = options.get("precision") == "float16"
        if is_half and half_rtol is None:
            continue
        found[name], claimed = run(model, inputs, options)
        allowed = {"steps": claimed[0] if steps is None else steps}
        allowed |= {"rtol": claimed[1] if rtol is None else rtol}
        if is_half:
            assert half_rtol is not None
            allowed["rtol"] = max(allowed["rtol"], half_rtol)
        _compare(model.subgraphs[0], found[name], theirs, name, allowed)
    return next(iter(found.values()), [])


def run(
    model: Model, inputs: Sequence[np.ndarray], options: Mapping[str, Any] | None = None
) -> tuple[list[np.ndarray], tuple[int, float]]:
    """Return the outputs of a model that the OpenCL delegate has to run whole, and what its rows claim."""
    graph = model.subgraphs[0]
    interpreter = Interpreter(
        model=model, delegates=[loaded(tuple((options or {}).items()))], require_full_delegation=True
    )
    given = {t.index: a for t, a in zip(graph.inputs, inputs, strict=True)}
    outputs = list(interpreter.run(given).values())
    plan = interpreter.plan
    assert [p.label for p in plan.partitions] == ["opencl"], str(plan)
    table = plan.delegates[0].table
    rows = [table.row_for(op, plan.subgraphs[0].graph) for op in plan.partitions[0].ops]
    assert all(row is not None for row in rows)
    return outputs, (max(r.steps for r in rows if r), sum(r.rtol for r in rows if r))


@cache
def loaded(options: tuple[tuple[str, Any], ...] = ()) -> Delegate:
    """Return the delegate with these options, one for all tests."""
    return load_delegate("opencl", dict(options))


def refusal(model: Model, options: Mapping[str, Any] | None = None) -> str:
    """Return why the OpenCL delegate does not take a model's ops; "" if it takes all."""
    delegate = loaded(tuple((options or {}).items()))
    graph = model.subgraphs[0]
    return "; ".join(str(r) for op in graph.ops for r in delegate.table.refusals(op, graph))


@cache
def unavailable() -> str | None:
    """Return why no test can run here, or None."""
    if find_spec("delegraph_opencl") is None:
        return "delegraph-opencl is not installed"
    return loaded().unavailable()


def _compare(
    graph: Graph,
    ours: Sequence[np.ndarray],
    theirs: Sequence[np.ndarray],
    variant: str,
    allowed: Mapping[str, Any],
) -> None:
    ops = " ".join(dict.fromkeys(op.name for op in graph.ops))
    signs = not any(
        op.name == o and re.fullmatch(v, variant) for op in graph.ops for o, v, _ in OTHER_ZEROS
    )
    for tensor, a, b in zip(graph.outputs, ours, theirs, strict=True):
        note(f"{ops} {tensor.dtype} {variant}", a, b)
        problem = difference(a, b, zero_signs=signs, **allowed)
        assert problem is None, f"{ops}, {variant}: output {tensor.name!r} ({tensor.dtype}): {problem}"


_differences: dict[str, float] = {}


def note(what: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    """Remember how far outputs are from LiteRT's, if that is to be measured."""
    if not os.environ.get("OPENCL_MEASURE") or ours.shape != theirs.shape or not ours.size:
        return
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    if not finite.any():
        return
    off = np.abs(a[finite] - b[finite]).max()
    if ours.dtype.kind == "f":
        off /= max(np.abs(b[finite]).max(), 1e-30)
    _differences[what] = max(_differences.get(what, 0.0), float(off))


def differences() -> dict[str, float]:
    """Return how far each op, type and variant was off, in steps or relative to the largest."""
    return dict(_differences)


def measured() -> list[str]:
    """Return how far each op, type and variant was off: in steps, or relative to the largest value."""
    return [f"{what}: {off:.3g}" for what, off in sorted(_differences.items())]
