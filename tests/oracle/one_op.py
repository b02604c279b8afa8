"""One op, twice: LiteRT and delegraph's reference kernels run it, and the results must agree.

``check(model, inputs)`` is what an op's test calls. It does not go through plugins, partitioner or
interpreter: rows are looked up and kernels called directly, so a fault here is the kernel's. Core's shape
rule of the op is held to LiteRT's shapes on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

import attrs
import litert
import numpy as np
from delegraph.contract import OpSupport, SupportTable
from delegraph.errors import InputError
from delegraph.model import DTYPES, Graph, Model, Op, Tensor
from delegraph.partition.specialize import with_bodies
from delegraph.shapes import has_rule, infer
from delegraph_conformance.random_values import random_array
from delegraph_reference import kernels

FLOAT_RTOL = 1e-5  # of the output's largest value: the reference delegate's promise
_SMALLEST_NORMAL = 2.0**-126  # of float32: what is smaller has fewer bits
ONE_ROUNDING = 2.0**-23  # float32: how far two correctly rounded results may lie apart, relatively

Exact = Callable[..., Any] | Sequence[np.ndarray] | np.ndarray


def check(
    model: Model,
    inputs: Sequence[np.ndarray],
    *,
    resolver: str = "BUILTIN_REF",
    steps: int = 0,
    exact64: Exact | None = None,
    rtol: float | None = None,
    expect_refusal: str | None = None,
    expect_litert_failure: bool = False,
    kernels: Callable[[str], Sequence[OpSupport]] | None = None,
) -> list[np.ndarray] | None:
    """Fail unless delegraph's reference kernels compute what LiteRT computes; return delegraph's outputs.

    :param inputs: arrays in the order of the model's inputs
    :param steps: how far integers may be off; 0 wants them bit for bit
    :param exact64: the float64 answer, or a function of the inputs that gives it (an array, or one per
        output): delegraph may be no further from it than twice LiteRT is
    :param rtol: for floats, relative to the output's largest value; 1e-5 if not given
    :param expect_refusal: text that the refusal of some op must contain; nothing is run then
    :param expect_litert_failure: LiteRT is known to refuse or die of this model while delegraph runs it.
        Without it, a model that LiteRT cannot run must be refused by delegraph, and None is returned.
    :param kernels: rows of an op by its name, in place of the reference delegate's (for this file's tests)
    """
    graph = _main(model)
    rows_of = kernels or rows
    if expect_refusal is not None:
        why = "; ".join(_refusals(graph, rows_of))
        assert expect_refusal in why, f"expected a refusal with {expect_refusal!r}, found: {why or 'none'}"
        return None
    try:
        theirs = _litert_values(model, inputs, resolver)
    except litert.LiteRTError as e:
        if expect_litert_failure:
            return _our_outputs(graph, inputs, rows_of)
        if not _refusals(graph, rows_of) and not _shape_errors(graph, inputs):
            raise AssertionError(f"LiteRT cannot run what delegraph takes: {e}") from e
        return None
    assert not expect_litert_failure, "LiteRT runs this model after all"
    ours = _our_values(_with_shapes(graph, theirs), inputs, rows_of)
    exact = _exact_outputs(exact64, inputs, len(graph.outputs))
    for tensor, answer in zip(graph.outputs, exact, strict=True):
        problem = difference(
            ours[tensor.index],
            theirs[tensor.index],
            steps=steps,
            rtol=FLOAT_RTOL if rtol is None else rtol,
            exact=answer,
        )
        assert problem is None, f"{_named(graph, tensor)}: {problem}"
    return [ours[t.index] for t in graph.outputs]


def difference(
    ours: np.ndarray,
    theirs: np.ndarray,
    *,
    steps: int = 0,
    rtol: float = FLOAT_RTOL,
    exact: np.ndarray | None = None,
    zero_signs: bool = True,
    each: bool = False,
) -> str | None:
    """Return in words how two results differ by more than the rule of "Numbers" allows, or None.

    :param zero_signs: -0.0 in place of 0.0 is a difference, too
    :param each: ``rtol`` is relative to each value, not to the largest
    """
    if ours.dtype != theirs.dtype:
        return f"dtype {ours.dtype}, LiteRT has {theirs.dtype}"
    if ours.shape != theirs.shape:
        return f"shape {ours.shape}, LiteRT has {theirs.shape}"
    if not ours.size:
        return None
    if ours.dtype.kind in "fcV":
        signs = _zero_sign_difference(ours, theirs) if zero_signs else None
        with np.errstate(invalid="ignore"):  # of NaN that signals
            return signs or _float_difference(ours, theirs, rtol, exact, each)
    if ours.dtype.kind in "iu":
        return _integer_difference(ours, theirs, steps)
    return None if np.array_equal(ours, theirs) else _worst(ours, theirs, ours != theirs)


def inputs_for(
    tensor: Tensor, seed: int, low: float | None = None, high: float | None = None, special: bool = False
) -> np.ndarray:
    """Return values for a tensor that reach the edges of its type and of its quantization.

    :param low: smallest value; the type's for integers, -10 for floats, if not given
    :param high: largest value, included for integers
    :param special: floats: also infinities and NaN
    """
    return random_array(tensor.dtype, tensor.shape or (), seed, low, high, special, tensor.zero_point)


@cache
def rows(op: str) -> tuple[OpSupport, ...]:
    """Return the reference delegate's rows for an op and delegraph-int16's."""
    found = kernels.rows().rows_of(op)
    if find_spec("delegraph_int16"):
        from delegraph_int16 import reference

        found = [*found, *reference.rows_of(op)]
    return tuple(found)


def initial_value(tensor: Tensor) -> np.ndarray:
    """Return what a variable tensor holds before the first run."""
    assert tensor.is_variable, f"nobody computes {tensor.name}"
    fill = tensor.zero_point if tensor.dtype == "int8" else 0
    return np.full(tensor.shape or (), fill, DTYPES[tensor.dtype].numpy)


def run_op(
    op: Op,
    graph: Graph,
    arrays: Sequence[np.ndarray | None],
    rows_of: Callable[[str], Sequence[OpSupport]] = rows,
) -> tuple[np.ndarray, ...]:
    """Run one op with known shapes on the reference kernels; fail if no row takes it.

    Inputs are read-only arrays, so a kernel that writes to one fails here. A second run on other values
    must leave the first one's results as they were.
    """
    kernel = prepared(op, graph, rows_of)
    frozen = [None if a is None else _read_only(a) for a in arrays]
    results = kernel(*frozen)
    assert isinstance(results, tuple), f"{op}: run returned {type(results).__name__}, not a tuple"
    assert len(results) == len(op.outputs) + len(op.variables), f"{op}: {len(results)} results"
    before = [np.array(r) for r in results]
    kernel(*[_other_values(t, a) for t, a in zip(op.inputs, frozen, strict=True)])
    for r, b in zip(results, before, strict=True):
        assert r.tobytes() == b.tobytes(), f"{op}: a later run changed the results of an earlier one"
    return tuple(results)


def prepared(
    op: Op, graph: Graph, rows_of: Callable[[str], Sequence[OpSupport]] = rows
) -> Callable[..., tuple[np.ndarray, ...]]:
    """Return the run function of an op with known shapes; fail if no row takes it."""
    table = SupportTable("reference", rows_of(op.name))
    row = table.row_for(op, graph)
    assert row is not None, f"{op} is refused: {'; '.join(map(str, table.refusals(op, graph)))}"
    return row.kernel(op)


def refusals_of(op: Op, graph: Graph) -> list[str]:
    """Return why the reference delegate does not take an op; [] if it does."""
    return [str(r) for r in SupportTable("reference", rows(op.name)).refusals(op, graph)]


def _refusals(graph: Graph, rows_of: Callable[[str], Sequence[OpSupport]]) -> list[str]:
    tables = {op.name: SupportTable("reference", rows_of(op.name)) for op in graph.ops}
    return [f"{op}: {why}" for op in graph.ops for why in tables[op.name].refusals(op, graph)]


def _litert_values(model: Model, inputs: Sequence[np.ndarray], resolver: str) -> dict[int, np.ndarray]:
    """Return LiteRT's value of every tensor that an op of the main subgraph computes."""
    from delegraph.file import write_model

    graph = model.subgraphs[0]
    computed = sorted({t.index for op in graph.ops for t in op.outputs})
    by_index = {t.index: a for t, a in zip(graph.inputs, inputs, strict=True)}
    file = write_model(model)
    found = litert.run(file, by_index, resolver, computed, preserve=len(graph.ops) > 1)
    return dict(zip(computed, found, strict=True))


def _main(model: Model) -> Graph:
    """Return the main subgraph, its ops with the subgraphs that are part of what they mean."""
    graph = model.subgraphs[0]
    return with_bodies(graph, model)


def _with_shapes(graph: Graph, values: dict[int, np.ndarray]) -> Graph:
    """Give the computed tensors the shapes that LiteRT found."""

    def known(t: Tensor | None) -> Tensor | None:
        return t if t is None or t.index not in values else attrs.evolve(t, shape=values[t.index].shape)

    ops = [
        attrs.evolve(op, inputs=tuple(map(known, op.inputs)), outputs=tuple(map(known, op.outputs)))
        for op in graph.ops
    ]
    return attrs.evolve(graph, ops=tuple(ops), outputs=tuple(map(known, graph.outputs)))


def _our_outputs(
    graph: Graph, inputs: Sequence[np.ndarray], rows_of: Callable[[str], Sequence[OpSupport]]
) -> list[np.ndarray]:
    values = _our_values(graph, inputs, rows_of)
    return [values[t.index] for t in graph.outputs]


def _our_values(
    graph: Graph, inputs: Sequence[np.ndarray], rows_of: Callable[[str], Sequence[OpSupport]]
) -> dict[int, np.ndarray]:
    values = {t.index: a for t, a in zip(graph.inputs, inputs, strict=True)}
    for op in graph.ops:
        arrays = [None if t is None else _value(t, values) for t in op.inputs]
        _check_shape_rule(op, arrays)
        results = run_op(op, graph, arrays, rows_of)
        for t, array in zip((*op.outputs, *op.variables), results, strict=True):
            assert array.dtype == DTYPES[t.dtype].numpy, f"{op}: {t.name} is {array.dtype}, not {t.dtype}"
            values[t.index] = array
    return values


def _check_shape_rule(op: Op, arrays: Sequence[np.ndarray | None]) -> None:
    """Hold core's shape rule to LiteRT's shapes, with all values known and with constants only."""
    if not has_rule(op.name):
        return
    shapes = _shapes(op, arrays)
    theirs = [t.shape for t in op.outputs]
    found = infer(op, shapes, lambda i: arrays[i])
    assert found == theirs, f"{op}: core's shape rule gives {found}, LiteRT has {theirs}"
    constant = [t is not None and t.is_constant for t in op.inputs]
    early = infer(op, shapes, lambda i: arrays[i] if constant[i] else None)
    assert all(s in (None, t) for s, t in zip(early, theirs, strict=True)), (
        f"{op}: core's shape rule gives {early} when only constants are known, LiteRT has {theirs}"
    )


def _shape_errors(graph: Graph, inputs: Sequence[np.ndarray]) -> list[str]:
    """Return what core's shape rules say against the first op, if anything."""
    op = graph.ops[0]
    values = {t.index: a for t, a in zip(graph.inputs, inputs, strict=True)}
    if not has_rule(op.name) or any(
        t is not None and t.index not in values and t.data is None for t in op.inputs
    ):
        return []
    arrays = [None if t is None else _value(t, values) for t in op.inputs]
    try:
        infer(op, _shapes(op, arrays), lambda i: arrays[i])
    except InputError as e:
        return [str(e)]
    return []


def _shapes(op: Op, arrays: Sequence[np.ndarray | None]) -> list[tuple[int, ...] | None]:
    """Return the inputs' shapes; a sparse constant's array holds its stored values only."""
    pairs = zip(op.inputs, arrays, strict=True)
    return [None if t is None or a is None else t.shape if t.is_constant else a.shape for t, a in pairs]


def _value(tensor: Tensor, values: dict[int, np.ndarray]) -> np.ndarray:
    if tensor.index in values:
        return values[tensor.index]
    if tensor.data is not None:
        return tensor.data
    return initial_value(tensor)


def _read_only(array: np.ndarray) -> np.ndarray:
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def _other_values(tensor: Tensor | None, array: np.ndarray | None) -> np.ndarray | None:
    """Reverse an operand's values; constants, and integers that may be indices or sizes, stay."""
    if tensor is None or array is None or tensor.is_constant or array.dtype.kind in "OV":
        return array
    if array.dtype.kind in "iu" and array.dtype.itemsize > 1:
        return array
    return _read_only(array.reshape(-1)[::-1].reshape(array.shape))


def _exact_outputs(exact64: Exact | None, inputs: Sequence[np.ndarray], n: int) -> list[Any]:
    if exact64 is None:
        return [None] * n
    answer = exact64(*inputs) if callable(exact64) else exact64
    return [answer] if isinstance(answer, np.ndarray) else list(answer)


def _float_difference(
    ours: np.ndarray, theirs: np.ndarray, rtol: float, exact: np.ndarray | None, each: bool
) -> str | None:
    wide = np.complex128 if ours.dtype.kind == "c" else np.float64
    a, b = ours.astype(wide), theirs.astype(wide)
    finite = np.isfinite(b)
    odd = ~finite & ~((a == b) | (np.isnan(a) & np.isnan(b))) | (finite & ~np.isfinite(a))
    if odd.any():
        return "infinities or NaN elsewhere; " + _worst(ours, theirs, odd)
    if not finite.any():
        return None
    sizes = np.abs(np.where(finite, b, 0))
    largest = max(sizes.max(), _SMALLEST_NORMAL)  # denormal numbers have few bits
    off = np.where(finite, np.abs(np.where(finite, a, 0) - np.where(finite, b, 0)), 0)
    wrong = off > (rtol * np.maximum(sizes, _SMALLEST_NORMAL) if each else rtol * largest)
    if wrong.any():
        text = _worst(ours, theirs, wrong, off)
        return f"off by {off.max() / largest:.3g} of the largest value, {rtol:g} is allowed; {text}"
    return None if exact is None else _distance_from_exact(a[finite], b[finite], np.asarray(exact)[finite])


def _zero_sign_difference(ours: np.ndarray, theirs: np.ndarray) -> str | None:
    if ours.dtype.kind == "c":
        parts = ((ours.real, theirs.real), (ours.imag, theirs.imag))
        return next((text for a, b in parts if (text := _zero_sign_difference(a, b))), None)
    odd = (ours == 0) & (theirs == 0) & (np.signbit(ours) != np.signbit(theirs))
    return "zeros of another sign; " + _worst(ours, theirs, odd) if odd.any() else None


def _distance_from_exact(ours: np.ndarray, theirs: np.ndarray, exact: np.ndarray) -> str | None:
    mine, litert_s = np.abs(ours - exact).max(), np.abs(theirs - exact).max()
    allowed = 2 * litert_s + ONE_ROUNDING * np.abs(exact).max()
    if mine <= allowed:
        return None
    return f"{mine:.3g} from the float64 answer; LiteRT is {litert_s:.3g} from it, twice that is allowed"


def _integer_difference(ours: np.ndarray, theirs: np.ndarray, steps: int) -> str | None:
    # float128 does not exist everywhere and int64 - int64 may wrap: compare before subtracting.
    off = np.where(ours > theirs, ours - theirs, theirs - ours).astype(np.uint64)
    if ours.dtype.kind == "i":  # the difference of two int8 needs nine bits
        off = np.abs(ours.astype(np.float64) - theirs.astype(np.float64))
        off = np.maximum(off, (ours != theirs).astype(np.float64))
    wrong = off > steps
    return _worst(ours, theirs, wrong, off) if wrong.any() else None


def _worst(ours: np.ndarray, theirs: np.ndarray, wrong: np.ndarray, off: np.ndarray | None = None) -> str:
    where = np.unravel_index(np.argmax(wrong if off is None else off), wrong.shape)
    at = ", ".join(map(str, map(int, where)))
    return (
        f"{int(wrong.sum())} of {wrong.size} values differ, the worst at [{at}]: "
        f"{ours[where]!r}, LiteRT has {theirs[where]!r}"
    )


def _named(graph: Graph, tensor: Tensor) -> str:
    maker = next((str(op) for op in graph.ops if any(t.index == tensor.index for t in op.outputs)), "input")
    return f"{maker}, output {tensor.name!r} ({tensor.dtype})"
