"""Better integers for the weights of a quantized model, op by op, from samples of what each op reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from delegraph import Graph, Model, float_range

from ..writer import GraphEdit
from .adaround import RoundingTarget, adaround
from .bias_correction import corrected_bias
from .blocks import Block, blocks_of
from .descent import descended
from .engines import Engines
from .gates import improve_gates
from .gptq import OF_ROUNDINGS, damped_squares, damping, gptq
from .lockstep import LockStep, Values, lockstep
from .nearest import nearest
from .product import WeightedProduct
from .reconstruct import reconstruct
from .slopes import BlockSlopes, has_slopes
from .stored_product import StoredProduct
from .wishes import Wishes

ROWS = 2048  # of an op's inputs that are looked at
_ROWS_OF_A_WEIGHT = 16  # for gptq
_MOST_VALUES = 1 << 23  # of such rows
FEW_SAMPLES = 16  # of a block's inputs, from which steps begin
_FEW_BITS = 7  # the limit of int4: the scale is worth a search
_SHARES = np.linspace(0.5, 1.0, 26)  # of the largest scale that are tried
Told = Callable[[int, int], None]  # gets the number of ops that are done, and of all


def improve_weights(
    floats: Graph,
    edit: GraphEdit,
    samples: Sequence[Mapping[int, np.ndarray]],
    wishes: Wishes,
    engines: Engines,
    told: Told = lambda done, of: None,
    called: tuple[Model | None, Model | None] = (None, None),
) -> tuple[int, int, int]:
    """Make the weights and biases of a quantized graph better; return how many ops are, and could be, and
    of how many LSTMs the gates are.

    :param floats: the graph that it was made of.
    :param samples: values by the number of the input.
    :param called: models whose subgraphs control flow calls: in floats, and as it is edited now.
    """
    of = sum(StoredProduct.of(edit, node) is not None for node in edit.nodes)
    done = rounded = 0
    blocks = _Blocks(floats, edit, wishes)
    for step in lockstep(floats, edit, samples, engines, called):
        is_known = step.floats is not None and step.found is not None
        if is_known:
            blocks.learn_at(step)
        if is_known and wishes.rounds_gates:
            rounded += improve_gates(edit, step, bool(wishes.bias_correction))
        stored = StoredProduct.of(edit, step.node)
        if stored is None:
            continue
        if is_known:
            _improve(stored, step, wishes, step.op.index in blocks.inside, step.op.index in blocks.ends)
            done += 1
        told(done, of)
    return done, of, rounded


class _Blocks:
    """The blocks that are learned whole, when their first op is about to run."""

    def __init__(self, floats: Graph, edit: GraphEdit, wishes: Wishes) -> None:
        self._edit, self._wishes = edit, wishes
        found = blocks_of(floats, has_slopes) if wishes.rounding == "blocks" else []
        self._by_first = {block.ops[0].index: block for block in found}
        self.inside: set[int] = set()  # ops that are learned
        self.ends: set[int] = set()  # those behind which no other is learned with them

    def learn_at(self, step: LockStep) -> None:
        """Learn the block that an op begins, if it does."""
        block = self._by_first.get(step.op.index)
        stored = {} if block is None else self._stored(block)
        if block is None or not stored:
            return
        assert step.floats is not None
        assert step.found is not None
        slopes, found = BlockSlopes(block), np.stack(step.found)
        slopes.forward(found[:FEW_SAMPLES])  # what products read there says which steps are best
        steps = {}
        for index, one in stored.items():
            (rows,) = some_rows(one.product, (list(slopes.products[index].read),), self._wishes.seed)
            steps[index] = _steps(one, one.weights, rows)
        reconstruct(slopes, stored, steps, np.stack(step.floats), found, self._wishes)
        self.inside.update(stored)
        self.ends.add(max(stored))

    def _stored(self, block: Block) -> dict[int, StoredProduct]:
        products = {op.index for op in block.products}
        found = {}
        for node in self._edit.nodes:
            if node.source is not None and node.source.index in products:
                stored = StoredProduct.of(self._edit, node)
                if stored is not None and not stored.is_shared:
                    found[node.source.index] = stored
        return found


def _improve(stored: StoredProduct, step: LockStep, wishes: Wishes, is_inside: bool, is_end: bool) -> None:
    assert step.floats is not None
    assert step.found is not None
    if is_inside and not is_end:
        return
    if wishes.rounding != "nearest" and not stored.is_shared and not is_inside:
        most = _rows_for(stored) if wishes.rounding == "gptq" else ROWS
        x, found = some_rows(stored.product, (step.floats, step.found), wishes.seed, most)
        if wishes.rounding == "gptq":
            stored.write(*_by_gptq(stored, x, found))
        else:
            stored.write(*_by_adaround(stored, x, found, wishes))
    bias = corrected_bias(stored, step) if wishes.bias_correction else stored.bias
    stored.write_bias(bias)


def _rows_for(stored: StoredProduct) -> int:
    """Return how many rows say what rounded columns lose: of few, weights learn the accidents."""
    depth = int(stored.weights.shape[2])
    return max(ROWS, min(_ROWS_OF_A_WEIGHT * depth, _MOST_VALUES // depth))


def some_rows(
    product: WeightedProduct, both: Sequence[Values], seed: int, most: int = ROWS
) -> list[np.ndarray]:
    """Return the same rows of what is read in floats and in the quantized model: some of each sample."""
    rng = np.random.default_rng(seed)
    each = -(-most // len(both[0]))
    counts = [product.count(v) for v in both[0]]
    places = [np.sort(rng.choice(n, min(n, each), replace=False)) for n in counts]
    return [
        np.concatenate([product.rows(v, p) for v, p in zip(values, places, strict=True)], axis=1)
        for values in both
    ]


def _steps(stored: StoredProduct, weights: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return steps for weights: those of 4 bits of the least error, weighed by how large the inputs are."""
    if stored.in_blocks:
        return stored.steps
    largest = np.abs(weights).max(axis=2, initial=0.0, keepdims=True) / stored.limit
    largest = np.maximum(np.where(largest > 0, largest, stored.steps), stored.least_steps)
    if stored.limit > _FEW_BITS:
        return largest
    weigh = np.square(found, dtype=np.float64).mean(axis=1)[:, :, None]
    tried = np.maximum(largest * _SHARES[:, None, None, None], stored.least_steps)
    errors = [np.square(weights - nearest(weights, s, stored.limit) * s) @ weigh for s in tried]
    best = np.argmin(np.stack(errors), axis=0)
    return np.asarray(np.take_along_axis(tried, best[None], axis=0)[0])


def _by_gptq(stored: StoredProduct, x: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round so that quantized inputs give what floats give, but for the mean: the bias has that."""
    centred = [v - v.mean(axis=1, keepdims=True, dtype=np.float64) for v in (x, found)]
    damped = damped_squares(centred[1], OF_ROUNDINGS)
    moved = stored.weights
    if stored.limit <= _FEW_BITS:  # of 8 bits, inputs are off by their own rounding: no weights mend that
        lost = stored.weights @ (centred[0] - centred[1]).transpose(0, 2, 1) @ centred[1]
        moved = moved + np.linalg.solve(damped, lost.transpose(0, 2, 1)).transpose(0, 2, 1)
    steps = _steps(stored, moved, found)
    made = [gptq(w, s, stored.limit, a) for w, s, a in zip(moved, steps, damped, strict=True)]
    if stored.limit > _FEW_BITS:
        return np.stack(made), steps
    better = [
        descended(q, w, s, stored.limit, a) for q, w, s, a in zip(made, moved, steps, damped, strict=True)
    ]
    numbers, steps = (np.stack(some) for some in zip(*better, strict=True))
    return numbers, np.maximum(steps, stored.least_steps)


def _by_adaround(
    stored: StoredProduct, x: np.ndarray, found: np.ndarray, wishes: Wishes
) -> tuple[np.ndarray, np.ndarray]:
    steps = _steps(stored, stored.weights, found)
    low, high = float_range(stored.product.op)
    weights = stored.weights.transpose(0, 2, 1)
    sums = x @ weights + stored.bias[:, None]
    shift = ((x - found).mean(axis=1, keepdims=True, dtype=np.float64) @ weights)[:, 0]
    target = RoundingTarget(
        found.astype(np.float32),
        np.clip(sums, low, high).astype(np.float32),
        (stored.bias + shift).astype(np.float32),
        low,
        high,
        damping(*found.shape[1:]) * np.square(found).mean(axis=(1, 2), dtype=np.float64)[:, None],
    )
    made = adaround(
        stored.weights, steps, stored.limit, target, iterations=wishes.iterations, seed=wishes.seed
    )
    return made, steps
