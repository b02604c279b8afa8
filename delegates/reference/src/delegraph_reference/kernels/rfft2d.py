"""RFFT2D: the discrete Fourier transform of real images, the half that is not its own mirror image.

Source: tflite/kernels/rfft2d.cc.
"""

from __future__ import annotations

import numpy as np
from delegraph import InputError, Op, OpSupport, needs, shape_text
from delegraph.rules import shape_of

from ..elementwise import quietly
from ..kernel import Kernel
from ._movement import ints, once


def prepare(op: Op) -> Kernel:
    """x: (*batch, height, width) -> complex64 (*batch, fft height, fft width // 2 + 1).

    The operand ``fft_length`` holds the transform's height and width; x is cut or filled up with zeros
    to them. Computed in float64, as LiteRT does.
    """
    lengths = once(_lengths, op.inputs[1])

    @quietly
    def run(x: np.ndarray, fft_length: np.ndarray) -> tuple[np.ndarray]:
        spectrum = np.fft.rfft2(x.astype(np.float64), lengths(fft_length), axes=(-2, -1))
        return (_with_signs(spectrum).astype(np.complex64),)

    return run


def _with_signs(spectrum: np.ndarray) -> np.ndarray:
    """Give imaginary parts of 0 the signs that LiteRT's order of the bins has: a phase turns on them.

    It negates them all, and once more where a bin is the mirror image of another.
    """
    height, width = spectrum.shape[-2:]
    zero = np.full((height, width), -0.0)
    zero[height // 2 + 1 :, 0] = 0.0
    zero[1 : height // 2, 1:][:, -1:] = 0.0
    np.copyto(spectrum.imag, zero, where=spectrum.imag == 0)
    return spectrum


def _lengths(values: np.ndarray) -> tuple[int, ...]:
    lengths = ints(values)
    if len(lengths) != 2 or any(n < 1 or n & (n - 1) for n in lengths):
        raise InputError(f"needs two lengths that are powers of two, found {lengths}")
    return lengths


@needs("images of at least 2 axes")
def images(op: Op) -> str | None:
    shape = shape_of(op.inputs[0])
    return None if len(shape) >= 2 else f"shape {shape_text(shape)}"


SUPPORT = [OpSupport("RFFT2D", (1, 1), "float32 int32 -> complex64", constraints=(images,), kernel=prepare)]
