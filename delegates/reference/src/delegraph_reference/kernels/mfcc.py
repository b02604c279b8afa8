"""Mfcc: mel-frequency cepstral coefficients of a spectrogram.

Source: tflite/kernels/mfcc.cc, internal/mfcc.cc, mfcc_mel_filterbank.cc, mfcc_dct.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import InputError, Op, OpSupport, Shape, needs, shape_text
from delegraph.rules import shape_of, stateless

from ..elementwise import quietly
from ..flexbuffer import FlexOptions
from ..kernel import Kernel
from ._movement import once, scalar

FLOOR = 1e-12  # of a filter's output, before its logarithm


def prepare(op: Op) -> Kernel:
    """x: (channels, windows, frequencies), squared magnitudes; rate: one int32 -> (..., coefficients).

    The logarithms of what triangular filters let through of sqrt(x), under a discrete cosine transform; in
    float64. Zeros where the filters reach beyond the highest frequency of x.
    """
    shape, options = shape_of(op.inputs[0]), FlexOptions(op)
    count = options.integer("filterbank_channel_count")
    cosines = _cosines(options.integer("dct_coefficient_count"), count)
    filters = once(lambda rate: _filters(op, shape[2], scalar(rate)), op.inputs[1])

    @quietly
    def run(x: np.ndarray, rate: np.ndarray) -> tuple[np.ndarray]:
        bank = filters(rate)
        if bank is None:
            return (np.zeros((*shape[:2], len(cosines)), np.float32),)
        used, left, falling = bank
        magnitude = np.sqrt(x.reshape(-1, shape[2]).T[used].astype(np.float64))  # (bins, spectra)
        energy = np.zeros((count + 2, magnitude.shape[1]))
        np.add.at(energy, left, magnitude * falling[:, None])
        np.add.at(energy, left + 1, magnitude - magnitude * falling[:, None])
        energy = energy[1:-1]
        # Not np.maximum: a NaN, from a negative x, stays one.
        logs = np.log(np.where(energy < FLOOR, FLOOR, energy))
        return ((cosines @ logs).T.reshape(*shape[:2], len(cosines)).astype(np.float32),)

    return run


def _filters(op: Op, bins: int, rate: int) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return the bins that are used, and for each the filter that falls there and its weight.

    The filter after it rises there, with the rest of the weight. Filters are counted from 1. None if they
    reach beyond the last bin.
    """
    o = FlexOptions(op)
    low, high = (float(o.integer(f"{side}_frequency_limit")) for side in ("lower", "upper"))
    count = o.integer("filterbank_channel_count")
    if rate <= 0:
        raise InputError(f"{op} needs a sample rate above 0, found {rate}")
    width = 0.5 * rate / (bins - 1)  # of a bin in Hz
    first, last = int(1.5 + low / width), int(high / width)
    if last >= bins:
        return None
    used = np.arange(first, last + 1)
    mel = _mel(used * width)
    edges = _mel(low) + (_mel(high) - _mel(low)) / (count + 1) * np.arange(
        count + 2
    )  # of filter i: i - 1, i + 1
    left = np.searchsorted(edges[1 : count + 1], mel)
    return used, left, (edges[left + 1] - mel) / (edges[left + 1] - edges[left])


def _mel(hertz: np.ndarray | float) -> np.ndarray:
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz) / 700.0))


def _cosines(coefficients: int, inputs: int) -> np.ndarray:
    """Return the discrete cosine transform (coefficients, inputs), orthogonal but for its first row."""
    angles = np.arange(coefficients)[:, None] * (np.arange(inputs) + 0.5)
    return np.asarray(np.sqrt(2.0 / inputs) * np.cos(np.pi / inputs * angles))


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    x, count = given[0], FlexOptions(op).integer("dct_coefficient_count")
    if x is None:
        return [None]
    if len(x) != 3 or count < 1:
        raise InputError(
            f"{op} needs x of rank 3 and a coefficient or more, found {shape_text(x)} and {count}"
        )
    return [(*x[:2], count)]


@needs("a spectrogram (channels, windows, 2 or more frequencies) and one sample rate")
def spectrogram(op: Op) -> str | None:
    x, rate = shape_of(op.inputs[0]), shape_of(op.inputs[1])
    return (
        None
        if len(x) == 3 and x[2] > 1 and int(np.prod(rate)) == 1
        else f"{shape_text(x)} and {shape_text(rate)}"
    )


@needs("frequency limits that rise from 0 or more, no more coefficients than filters, at most 4096 of them")
def sound_options(op: Op) -> str | None:
    o = FlexOptions(op)
    rising = 0 <= o.integer("lower_frequency_limit") < o.integer("upper_frequency_limit")
    fits = 0 < o.integer("dct_coefficient_count") <= o.integer("filterbank_channel_count") <= 4096
    return None if rising and fits else str(o.values)


SUPPORT = [
    OpSupport(
        "Mfcc",
        (1, 1),
        "float32 int32 -> float32",
        (stateless, spectrogram, sound_options),
        prepare,
        shapes=shapes,
    )
]
