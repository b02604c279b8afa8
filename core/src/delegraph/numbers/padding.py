"""Where a sliding window lies: output sizes and padding of convolutions and pools.

Source: tflite/kernels/padding.h (ComputeOutSize, ComputePaddingWithOffset).
"""

from __future__ import annotations

from ..values import frozen


@frozen
class Window:
    """A sliding window along one axis."""

    size: int  # elements of the filter
    stride: int
    dilation: int
    output: int  # number of positions
    before: int  # padding in front of the first element
    after: int  # and behind the last; at most one more than ``before`` for SAME

    @property
    def reach(self) -> int:
        """Elements from the window's first tap to its last, both included."""
        return (self.size - 1) * self.dilation + 1


def window(input: int, size: int, stride: int, dilation: int, padding: str) -> Window:
    """Lay a window over ``input`` elements; ``padding`` is "SAME" or "VALID".

    SAME pads so that there are ceil(input / stride) positions, the odd element behind.
    """
    reach = (size - 1) * dilation + 1
    reachable = input + stride - (1 if padding == "SAME" else reach)
    output = max(reachable // stride, 0)
    total = max((output - 1) * stride + reach - input, 0)
    return Window(size, stride, dilation, output, total // 2, total - total // 2)
