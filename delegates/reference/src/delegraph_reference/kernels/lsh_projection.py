"""LSH_PROJECTION: bits that are alike for inputs that are alike, from hashes of their items.

Source: tflite/kernels/lsh_projection.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..kernel import Kernel
from ._farmhash import fingerprint64


def prepare(op: Op) -> Kernel:
    """seeds: float32 (functions, bits), x: (items, *rest), weights: float32 (items,), 1 if absent.

    A bit is whether the weighted sum of the items' hashes, signed 64-bit, is above 0. DENSE gives the bits;
    SPARSE gives one number a function, offset so that functions do not collide.
    """
    dense = op.options.type == "DENSE"

    def run(seeds: np.ndarray, x: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray]:
        items = [item.tobytes() for item in x]
        factors = [1.0] * len(items) if weights is None else weights.tolist()
        bits = [[_bit(seed.tobytes(), items, factors) for seed in row] for row in seeds]
        if dense:
            return (np.array(bits, np.int32).reshape(-1),)
        return (np.array([_signature(row, i) for i, row in enumerate(bits)], np.int64).astype(np.int32),)

    return run


def _bit(seed: bytes, items: list[bytes], weights: list[float]) -> int:
    score = 0.0
    for item, weight in zip(items, weights, strict=True):
        stored = fingerprint64(seed + item)
        score += weight * float(stored - (1 << 64) if stored >> 63 else stored)
    return int(score > 0)


def _signature(bits: list[int], function: int) -> int:
    value = int("".join(map(str, bits)) or "0", 2)
    return (value + function * (1 << len(bits))) % 2**32


@needs("seeds (functions, bits) with at most 32 bits, and a weight for each item")
def seeds_and_weights(op: Op) -> str | None:
    seeds, items, *weights = (shape_of(t) for t in op.inputs if t is not None)
    fits = len(seeds) == 2 and seeds[1] <= 32 and len(items) >= 1 and items[0] >= 1
    if fits and all(w == items[:1] for w in weights):
        return None
    return f"seeds {shape_text(seeds)}, items {shape_text(items)}, weights {weights or 'none'}"


@needs("the option type SPARSE or DENSE")
def known_type(op: Op) -> str | None:
    return None if op.options.type in ("SPARSE", "DENSE") else str(op.options.type)


# Not strings and packed integers: their bytes in memory are not those of LiteRT.
_ITEMS = (
    "float32 float16 bfloat16 float64 float8_e4m3fn float8_e5m2 int8 uint8 int16 uint16 int32 uint32 int64 "
    "uint64 bool complex64"
)
SUPPORT = [
    OpSupport(
        "LSH_PROJECTION",
        (1, 1),
        "float32 T float32? -> int32",
        T=_ITEMS,
        constraints=(known_type, seeds_and_weights),
        kernel=prepare,
    )
]
