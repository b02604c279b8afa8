"""What a run may do with the arrays that it is given, and with those that it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from delegraph import Delegate, DelegraphError

from ..distance import distance
from .samples import (
    PartSample,
    copied,
    differing,
    each_part,
    ran,
    read_only,
)


@each_part
def inputs_stay(part: PartSample, delegate: Delegate) -> str | None:
    """A run leaves its inputs as they are."""
    run = delegate.prepare(part.partition)
    own = [a.copy() for a in part.given[0]]
    try:
        copied(run(*map(read_only, own)))
    except (DelegraphError, ValueError) as e:
        if "read-only" not in str(e):
            raise
        return f"run writes into its inputs, which are read-only: {e}"
    if (i := differing(part.given[0], own)) is not None:
        return f"run writes into its inputs: {part.partition.inputs[i].name} is changed"
    return None


@each_part
def results_stay(part: PartSample, delegate: Delegate) -> str | None:
    """What a run returned stays as it is while the next ones run."""
    run = delegate.prepare(part.partition)
    results = run(*map(read_only, part.given[0]))
    before = copied(results)
    ran(run, part.given[-1])
    if (i := differing(before, copied(results))) is not None:
        return f"what run returned changes when it runs again: result {i} is in a buffer that is used again"
    return None


@each_part
def runs_are_alike(part: PartSample, delegate: Delegate) -> str | None:
    """The same inputs give the same bits, whatever ran in between."""
    run = delegate.prepare(part.partition)
    first, *_, again = [ran(run, given) for given in (*part.given, part.given[0])]
    if (i := differing(first, again)) is not None:
        return f"equal inputs give other results after another run: run keeps something (result {i})"
    return None


@each_part
def strides_count(part: PartSample, delegate: Delegate) -> str | None:
    """A delegate that says ``contiguous = False`` reads arrays by their strides."""
    if delegate.contiguous:
        return None
    run = delegate.prepare(part.partition)
    packed = ran(run, [np.ascontiguousarray(a) for a in part.given[0]])
    for name, laid in LAYOUTS.items():
        if _is_another(copied(run(*[read_only(laid(a)) for a in part.given[0]])), packed):
            return f"it says contiguous = False, but ignores strides: {name} input is read as if packed"
    return None


def _is_another(found: Sequence[np.ndarray], packed: Sequence[np.ndarray]) -> bool:
    """Say whether results come of other values: BLAS may add up a strided row in another order."""
    off = distance(found, packed)
    return isinstance(off, str) or bool(off.beyond(*_ROUNDING))


def _spread(array: np.ndarray) -> np.ndarray:
    """Return the same values as every second one of a wider array."""
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype) if array.ndim else array
    view = wide[..., ::2] if array.ndim else wide
    if array.ndim:
        view[...] = array
    return view


def _backwards(array: np.ndarray) -> np.ndarray:
    return np.flip(np.flip(array).copy()) if array.ndim else array


_ROUNDING = (1, 1e-3)  # steps and rtol: more than sums in another order, less than other values
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "a Fortran-ordered": np.asfortranarray,
    "a strided": _spread,
    "a reversed": _backwards,
}
