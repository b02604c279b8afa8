"""aeq.hadamard_rotation: blocks of features under a normalized Walsh-Hadamard transform.

Source: tflite/kernels/hadamard_rotation.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import Op, OpSupport, Shape, needs, shape_text
from delegraph.rules import shape_of, stateless

from ..elementwise import quietly
from ..flexbuffer import FlexOptions
from ..kernel import Kernel

_UNROLLED = 16  # from this size on LiteRT normalizes by a factor computed in double


def prepare(op: Op) -> Kernel:
    """x: (..., features), rank 2 or 3. Float32 sums and differences, then one factor 1 / sqrt(size)."""
    size = _size(op)
    *rows, features = shape_of(op.inputs[0])
    blocks = int(np.prod(rows)) * (features // size)
    root = np.sqrt(np.float64(size)) if size >= _UNROLLED else np.sqrt(np.float32(size))
    factor = np.float32(1 / root)

    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        out = np.array(x)
        chosen = out.reshape(-1)[: blocks * size].reshape(blocks, size)
        chosen[...] = _transformed(chosen) * factor
        return (out,)

    return run


def _transformed(x: np.ndarray) -> np.ndarray:
    """Return blocks (n, size) under the transform, one butterfly of each distance after another."""
    count, size = x.shape
    distance = 1
    while distance < size:
        pairs = x.reshape(count, size // (2 * distance), 2, distance)
        x = np.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], 2)
        distance *= 2
    return x.reshape(count, size)


def _size(op: Op) -> int:
    return FlexOptions(op).integer("hadamard_size")


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    return [given[0]]


@needs("a hadamard_size that is a power of two")
def power_of_two(op: Op) -> str | None:
    size = _size(op)
    return None if size > 0 and size & (size - 1) == 0 else f"{size}"


@needs("x of rank 2 or 3")
def rank_2_or_3(op: Op) -> str | None:
    shape = shape_of(op.inputs[0])
    return None if len(shape) in (2, 3) else f"{shape_text(shape)}"


# LiteRT takes int32, too, and computes with its bits as if they were floats.
SUPPORT = [
    OpSupport(
        "aeq.hadamard_rotation",
        (1, 1),
        "float32 -> float32",
        (stateless, power_of_two, rank_2_or_3),
        prepare,
        shapes=shapes,
    )
]
