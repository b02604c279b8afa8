"""Inputs from .wav files: mixed to one channel, cut or filled with silence to the input's length.

A float or quantized input gets -1 to 1; an int16 input without a scale gets the samples of 16 bits as they
are. Nothing is resampled.
"""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import numpy as np

from ..errors import InputError
from ..model import DTYPES
from ..numbers import is_quantized, stored_from_real
from ..run import Argument
from ..text import escaped
from . import Tell
from .wav import Sound, read_wav


def read(argument: Argument, file: str, tell: Tell) -> np.ndarray:
    """Return a sound as the input wants it; see the module for the rules."""
    shape = _waveform_shape(argument, file)
    sound = read_wav(file)
    _check_rate(argument, sound, file)
    mono = sound.samples.mean(axis=1)
    length = max(shape) if -1 not in shape else len(mono)
    tell(f"input {argument.name!r}: {_account(sound, length, escaped(Path(file).name))}")
    fitted = np.zeros(length)
    fitted[: len(mono)] = mono[:length]
    placed = fitted.reshape([length if n == -1 else n for n in shape])
    if DTYPES[argument.tensor.dtype].is_integer and not is_quantized(argument.tensor):
        placed = placed * 32768
    return stored_from_real(placed, argument.tensor)


def _waveform_shape(argument: Argument, file: str) -> tuple[int, ...]:
    """Return the input's shape, which has one axis for the samples; the others are 1."""
    shape = tuple(argument.tensor.shape_signature or argument.tensor.shape or ())
    if len(shape) > 1 and shape[0] == -1 and any(n > 1 for n in shape):
        shape = (1, *shape[1:])  # an open batch
    if [n for n in shape if n != 1] == [] or len([n for n in shape if n != 1]) > 1:
        raise InputError(
            f"input {argument.text} is not a waveform (needs one axis of samples); compute its features "
            f"from {file!r} first and give them as .npy"
        )
    return shape


def _check_rate(argument: Argument, sound: Sound, file: str) -> None:
    content = argument.metadata.content if argument.metadata is not None else None
    properties = content.content_properties if content is not None else None
    if properties is None or properties.table != "AudioProperties" or not properties.sample_rate:
        return
    if properties.sample_rate != sound.rate:
        raise InputError(
            f"input {argument.name!r} needs sound of {properties.sample_rate} Hz, found {sound.rate} Hz in "
            f"{file!r}; resample it first: "
            f"sox {quote(escaped(file))} -r {properties.sample_rate} resampled.wav"
        )


def _account(sound: Sound, length: int, name: str) -> str:
    """Say what of the sound is used."""
    frames, channels = sound.samples.shape
    parts = [f"{length} samples from {name} ({frames} at {sound.rate} Hz)"]
    if frames > length:
        parts.append(f"the last {frames - length} are left out")
    if frames < length:
        parts.append(f"the last {length - frames} are silence")
    if channels > 1:
        parts.append(f"{channels} channels are averaged")
    return "; ".join(parts) + "; not resampled"
