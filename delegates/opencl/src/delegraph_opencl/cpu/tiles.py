"""How large a tile of sums is on a CPU: as many rows and channels as its registers hold.

A step along the depth of a product of matrices reads a vector of weights for each 16 channels of a tile,
and a number from each of its rows. The larger the tile, the less is read for each multiply-add, until sums
no longer fit the registers and go to memory and back at each step.
"""

from __future__ import annotations

from delegraph import frozen

from ..device.device import Device
from ..program.launch import blocks


@frozen
class Sizes:
    """The tiles that suit a CPU."""

    heights: tuple[int, ...]  # rows, the most first
    many: int  # rows of which those computed twice cost less than a smaller tile
    tall: int  # rows of a tile of floats that is one vector wide, where there are many rows
    eight: int  # rows of a tile of floats of at most 8 channels, where there are many rows
    widths: tuple[int, ...]  # vectors of 16 channels
    single: int  # vectors for a single row, which has one sum in each

    def rows(self, count: int) -> int:
        """Return the rows of a tile: the most, or of few rows the height that computes the fewest twice."""
        if count >= self.many:
            return self.heights[0]
        fitting = [height for height in self.heights if height <= count]
        return min(fitting, key=lambda height: (blocks(count, height) * (height + 0.5), -height))

    def vectors(self, rows: int, channels: int) -> int:
        """Return the vectors of 16 channels in a tile: the width that computes the fewest twice."""
        vectors = blocks(channels, 16)
        if vectors == 1:
            return 1
        if rows == 1 and channels > 64:
            return self.single
        return min(self.widths, key=lambda width: (blocks(vectors, width) * width, width))


# AVX-512 has 32 registers of 16 floats. 14 of them hide the latency of the multiply-add, 7 rows divide the
# sizes of most images, and 7 x 48 still fit. Of 8 channels half a register is better than one half empty.
LARGE = Sizes(heights=(7, 5, 4, 1), many=49, tall=14, eight=14, widths=(2, 3), single=8)
# AVX2 has 16 registers of 8 floats: 6 x 16 sums take 12 of them, a vector of weights takes two, and a
# number of a row one. A seventh row halved the speed. Of 8 channels it is 12 rows.
SMALL = Sizes(heights=(6, 5, 4, 1), many=98, tall=6, eight=12, widths=(1,), single=4)


def tile_sizes(device: Device) -> Sizes:
    """Return the tiles that suit a device, of sums of 32 bits."""
    return LARGE if device.lanes >= 16 else SMALL
