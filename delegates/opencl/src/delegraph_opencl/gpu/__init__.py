"""Kernels of GPU shape for convolutions and pools: many small work-items, sums in registers.

No GPU was at hand when they were written: their results are tested on CPUs, their speed on no GPU.
"""
