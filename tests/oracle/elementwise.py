"""What the tests of elementwise ops share: one op on given arrays, every 8-bit value, half precision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import litert
import numpy as np
from delegraph.file import write_model
from delegraph.model import Builder, Model, dtype_of
from one_op import check, difference, run_op

DEFAULT = "BUILTIN_WITHOUT_DEFAULT_DELEGATES"  # for what BUILTIN_REF lacks
EIGHT_BIT = ("int8", "uint8")
SPECIAL = np.float32([np.inf, -np.inf, np.nan, 0, -0.0, 1, -1, 3e38, -3e38, 1e-40])
Stored = dict[str, Any]  # {"scale": ..., "zero_point": ...}; {} without quantization

_CHECK = ("resolver", "steps", "exact64", "rtol", "expect_refusal", "expect_litert_failure")


def check_op(
    op: str, arrays: Sequence[np.ndarray], out: str, *stored: Stored, version: int = 1, **rest: Any
) -> list[np.ndarray] | None:
    """Compare one op on arrays that are broadcast; ``out`` is the output's type.

    :param stored: quantization of each input, then of the output
    :param rest: options of the op, and what ``check`` takes
    """
    options = {k: v for k, v in rest.items() if k not in _CHECK}
    model = model_of(op, arrays, out, *stored, version=version, **options)
    return check(model, arrays, **{k: v for k, v in rest.items() if k in _CHECK})


def model_of(
    op: str, arrays: Sequence[np.ndarray], out: str, *stored: Stored, version: int = 1, **options: Any
) -> Model:
    g = Builder()
    each = stored or ({},) * (len(arrays) + 1)
    inputs = [g.input(a.shape, dtype_of(a), **q) for a, q in zip(arrays, each, strict=False)]
    y = g.tensor(np.broadcast_shapes(*(a.shape for a in arrays)), out, **each[-1])
    return g.model([g.op(op, inputs, [y], version=version, **options)])


def check_bfloat16(
    op: str,
    arrays: Sequence[np.ndarray],
    out: str = "bfloat16",
    version: int = 1,
    resolver: str = "BUILTIN_REF",
) -> None:
    """Compare an op on bfloat16, which LiteRT's Python interface cannot hand over: between two CASTs."""
    g = Builder()
    inputs = [g.input(a.shape, "float32") for a in arrays]
    narrow = [g.op("CAST", [x], [g.tensor(x.shape, "bfloat16")], version=7) for x in inputs]
    y = g.op(op, narrow, [g.tensor(np.broadcast_shapes(*(a.shape for a in arrays)), out)], version=version)
    model = g.model([g.op("CAST", [y], [g.tensor(y.shape, "float32")], version=7)])
    (theirs,) = litert.run(write_model(model), arrays, resolver)
    graph = model.subgraphs[0]
    values = {t.index: a for t, a in zip(graph.inputs, arrays, strict=True)}
    for each in graph.ops:
        (values[each.outputs[0].index],) = run_op(each, graph, [values[t.index] for t in each.inputs])
    assert difference(values[graph.outputs[0].index], theirs) is None


def all_values(dtype: str) -> np.ndarray:
    """Return the 256 values of an 8-bit type."""
    return np.arange(256, dtype=np.uint8).view(dtype)


def all_pairs(dtype: str) -> list[np.ndarray]:
    """Return two arrays with the 65,536 pairs of values of an 8-bit type."""
    values = all_values(dtype)
    return [np.repeat(values, 256).reshape(256, 256), np.tile(values, (256, 1))]


def all_halves() -> np.ndarray:
    """Return every float16 but NaN."""
    values = np.arange(65536, dtype=np.uint16).view(np.float16)
    return values[~np.isnan(values)]


def all_special_pairs() -> list[np.ndarray]:
    """Return two arrays that pair each infinity, NaN and other edge of float32 with each other."""
    n = len(SPECIAL)
    return [np.repeat(SPECIAL, n).reshape(n, n), np.tile(SPECIAL, (n, 1))]
