"""What a model is asked to run on, and which kernels of the CPU."""

from __future__ import annotations

import enum


class HardwareAccelerator(enum.IntFlag):
    """Kinds of hardware, to be combined: what one leaves over goes to the CPU, if that is among them."""

    CPU = 1
    GPU = 2
    NPU = 4


class CpuKernelMode(enum.IntEnum):
    """Which kernels run on the CPU: XNNPACK's, the exact ones, or LiteRT's own."""

    DELEGATE = 0
    XNNPACK = 0  # the name that it had
    REFERENCE = 1
    BUILTIN = 2
