"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: what they share."""

from __future__ import annotations

import numpy as np
from delegraph import InputError, frozen

from ._movement import ints


@frozen
class SpatialBlocks:
    """Blocks over the axes behind the batch, and what is added to or cut from each of those axes."""

    sizes: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many entries of the batch one entry is spread over."""
        return int(np.prod(self.sizes, dtype=np.int64))


def blocks_of(shape: tuple[int, ...], sizes: np.ndarray, edges: np.ndarray) -> SpatialBlocks:
    """Return the blocks that the operands ``block_shape`` and ``paddings`` or ``crops`` hold."""
    found = SpatialBlocks(ints(sizes), ints(edges)[::2], ints(edges)[1::2])
    if not len(found.sizes) == len(found.before) == len(found.after) < len(shape):
        raise InputError(f"needs a block and two edges for some of {len(shape) - 1} axes, found {found}")
    if min(found.sizes, default=1) < 1 or min(*found.before, *found.after, 0) < 0:
        raise InputError(f"needs blocks of at least 1 and edges of at least 0, found {found}")
    return found
