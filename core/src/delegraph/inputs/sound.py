"""Inputs from .wav files: mixed to one channel, cut or filled with silence to the input's length.

A float or quantized input gets -1 to 1; an int16 input without a scale gets the samples of 16 bits as they
are. Nothing is resampled.
"""

from __future__ import annotations

import wave
from pathlib import Path
from shlex import quote

import numpy as np
from attrs import frozen

from ..errors import InputError
from ..model import DTYPES
from ..numbers import is_quantized, stored_from_real
from ..run import Argument
from ..text import escaped
from . import Tell


@frozen
class Sound:
    """What a .wav file holds."""

    samples: np.ndarray  # float64 (frames, channels), -1 to 1
    rate: int  # Hz


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


def read_wav(file: str) -> Sound:
    """Return the samples of a PCM file of 8, 16, 24 or 32 bits.

    :raises InputError: it is no such file, or is cut off.
    """
    try:
        with wave.open(file, "rb") as opened:
            width, channels, rate = opened.getsampwidth(), opened.getnchannels(), opened.getframerate()
            data = opened.readframes(opened.getnframes())
    except (wave.Error, EOFError, OSError, RuntimeError) as e:  # RuntimeError: a length that is wrong
        why = str(e) or "it is cut off"
        raise InputError(f"sound {file!r} needs to be .wav with PCM of 8, 16, 24 or 32 bits: {why}") from e
    if width not in (1, 2, 3, 4) or not channels:
        raise InputError(f"sound {file!r} needs 8, 16, 24 or 32 bits a sample, found {8 * width}")
    data = data[: len(data) // (width * channels) * width * channels]
    return Sound(_levels(data, width).reshape(-1, channels), rate)


def _levels(data: bytes, width: int) -> np.ndarray:
    """Return samples as -1 to 1."""
    if width == 1:
        return np.frombuffer(data, np.uint8) / 128.0 - 1  # 8 bits alone are unsigned
    # Each sample becomes the upper bytes of an int32, which all widths then share.
    padded = np.zeros((len(data) // width, 4), np.uint8)
    padded[:, 4 - width :] = np.frombuffer(data, np.uint8).reshape(-1, width)
    return padded.view("<i4").ravel() / 2.0**31


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
