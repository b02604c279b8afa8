"""AudioSpectrogram: how strong each frequency is, window by window of a sound.

Source: tflite/kernels/audio_spectrogram.cc, internal/spectrogram.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import InputError, Op, OpSupport, Shape, needs, shape_text
from delegraph.rules import shape_of, stateless

from ..elementwise import quietly
from ..flexbuffer import FlexOptions
from ..kernel import Kernel


def prepare(op: Op) -> Kernel:
    """x: (samples, channels) -> (channels, windows, frequencies), float32; computed in float64."""
    options = FlexOptions(op)
    size, squared = options.integer("window_size"), options.flag("magnitude_squared")
    channels, windows, frequencies = _result(op, shape_of(op.inputs[0]))
    if not windows:  # the window may be of any size
        return lambda x: (np.zeros((channels, 0, frequencies), np.float32),)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    places = options.integer("stride") * np.arange(windows)[:, None] + np.arange(size)

    @quietly
    def run(x: np.ndarray) -> tuple[np.ndarray]:
        seen = x.T.astype(np.float64)[:, places] * hann
        spectrum = np.fft.rfft(seen, 2 * (frequencies - 1))
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        return (power if squared else np.sqrt(power),)

    return run


def _result(op: Op, shape: tuple[int, ...]) -> tuple[int, int, int]:
    options = FlexOptions(op)
    size, stride = options.integer("window_size"), options.integer("stride")
    samples, channels = shape
    windows = (samples - size) // stride + 1 if samples >= size else 0
    return channels, windows, (1 << (size - 1).bit_length()) // 2 + 1


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    x = given[0]
    if x is None:
        return [None]
    if len(x) != 2:
        raise InputError(f"{op} needs {sound.rule}, found {shape_text(x)}")
    if found := sound_options.found(op):
        raise InputError(f"{op} needs {sound_options.rule}, found {found}")
    return [_result(op, x)]


@needs("a window_size of at least 2 and a stride of at least 1")
def sound_options(op: Op) -> str | None:
    o = FlexOptions(op)
    return None if o.integer("window_size") > 1 and o.integer("stride") > 0 else str(o.values)


@needs("x (samples, channels)")
def sound(op: Op) -> str | None:
    x = shape_of(op.inputs[0])
    return None if len(x) == 2 else f"{shape_text(x)}"


SUPPORT = [
    OpSupport(
        "AudioSpectrogram",
        (1, 1),
        "float32 -> float32",
        (stateless, sound_options, sound),
        prepare,
        shapes=shapes,
    )
]
