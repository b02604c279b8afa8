"""Inputs from .wav files: mixed to one channel, resampled to the rate that the model wants, cut or filled.

The rate is what the caller says, else what the model's metadata say, else that of the file. A float or
quantized input gets -1 to 1; an int16 input without a scale gets the samples of 16 bits as they are. What
is too long is cut, or taken in parts one after the other; what is too short is filled with silence.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..model import DTYPES, Op, Tensor
from ..numbers import is_quantized, stored_from_real, stored_limits
from ..run import Argument
from ..text import escaped, shape_text
from ..values import frozen
from . import Tell
from .wav import Sound, read_wav


@frozen
class SoundParts:
    """A sound in parts that are as long as the input."""

    arrays: tuple[np.ndarray, ...]  # one for each part, as the input stores it
    seconds: float  # of a part

    @property
    def heard(self) -> float:
        """Return how many seconds there are in all, with the silence at the end."""
        return len(self.arrays) * self.seconds


def read(argument: Argument, file: str, rate: int | None, tell: Tell) -> np.ndarray:
    """Return the beginning of a sound as the input wants it; see the module for the rules.

    :param rate: Hz that the model wants; None: what its metadata say
    """
    return windows(argument, file, rate, tell, most=1).arrays[0]


def windows(
    argument: Argument, file: str, rate: int | None, tell: Tell, most: int | None = None
) -> SoundParts:
    """Return a sound in parts, one after the other; the last one ends in silence.

    :param most: parts that are wanted; None: all
    """
    shape = _waveform_shape(argument, file)
    sound = read_wav(file)
    wanted = rate or sample_rate(argument)
    mono = at_rate(sound.samples.mean(axis=1), sound.rate, wanted or sound.rate, file)
    length = max(shape) if -1 not in shape else len(mono)
    parts = max(1, -(-len(mono) // max(length, 1))) if most is None else most
    name = escaped(Path(file).name)
    tell(f"input {argument.name!r}: {_account(sound, wanted, len(mono), length, parts, name)}")
    fitted = np.zeros(parts * length)
    fitted[: len(mono)] = mono[: len(fitted)]
    placed = fitted.reshape(parts, *(length if n == -1 else n for n in shape))
    if DTYPES[argument.tensor.dtype].is_integer and not is_quantized(argument.tensor):
        placed = placed * 32768
    arrays = tuple(stored_from_real(part, argument.tensor) for part in placed)
    return SoundParts(arrays, length / (wanted or sound.rate))


def sample_rate(argument: Argument) -> int | None:
    """Return the rate in Hz that the model's metadata want; None where they do not say."""
    content = argument.metadata.content if argument.metadata is not None else None
    properties = content.content_properties if content is not None else None
    if properties is None or properties.table != "AudioProperties":
        return None
    return properties.sample_rate or None


def at_rate(mono: np.ndarray, rate: int, wanted: int, file: str) -> np.ndarray:
    """Return a sound at another rate: (samples,).

    :raises InputError: the package soxr is not there
    """
    if rate == wanted:
        return mono
    try:
        import soxr
    except ImportError as e:
        raise InputError(
            f"the sound {file!r} has {rate} Hz, and the model wants {wanted}: resampling needs the package "
            'soxr, which is not installed; pip install "delegraph[sound]"'
        ) from e
    found: np.ndarray = np.clip(soxr.resample(mono, rate, wanted), -1, 1)  # a filter overshoots
    return found


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
    if sample_rate(argument) is None and (why := _wants_features(argument)):
        raise InputError(
            f"input {argument.text} wants features, not samples: {why}; compute them from {file!r} first "
            "and give them as .npy"
        )
    return shape


def _wants_features(argument: Argument) -> str | None:
    """Return why an input of one axis takes no samples of a sound, or None."""
    if why := _range_of_features(argument.quantized_as or argument.tensor):
        return why
    found = (rule(op) for op in argument.readers if (rule := _FEATURES.get(op.name)) is not None)
    return next((why for why in found if why), None)


def _range_of_features(tensor: Tensor) -> str | None:
    """Return why integers do not stand for -1 to 1, or None."""
    if not DTYPES[tensor.dtype].is_integer:
        return None
    if not is_quantized(tensor):
        return None if tensor.dtype == "int16" else f"{tensor.dtype} without a scale holds no samples"
    low, high = ((n - tensor.zero_point) * tensor.scale for n in stored_limits(tensor))
    if low < -0.4 and high > 0.4 and high < 4:  # calibrated on speech, which is not at its loudest
        return None
    return f"it holds {low:.3g} to {high:.3g}, and samples are -1 to 1"


def _reshaped(op: Op) -> str | None:
    shape = op.outputs[0].shape or ()
    if len([n for n in shape if n > 1]) < 2:
        return None
    return f"{op} makes {shape_text(shape)} of it, which is a picture of a sound"


def _connected(op: Op) -> str | None:
    return f"{op} weighs every value by its place, which means nothing for samples"


def _account(sound: Sound, wanted: int | None, count: int, length: int, windows: int, name: str) -> str:
    """Say what of the sound is used."""
    frames, channels = sound.samples.shape
    several = f"{windows} windows of " if windows > 1 else ""
    total = windows * length
    parts = [f"{several}{length} samples from {name} ({frames} at {sound.rate} Hz)"]
    if count > total:
        parts.append(f"the last {count - total} are left out")
    if count < total:
        parts.append(f"the last {total - count} are silence")
    if channels > 1:
        parts.append(f"{channels} channels are averaged")
    if wanted is None:
        parts.append("not resampled: the model does not say its rate; --sample-rate does")
    elif wanted != sound.rate:
        parts.append(f"resampled to {wanted} Hz")
    return "; ".join(parts)


_FEATURES: dict[str, Callable[[Op], str | None]] = {"RESHAPE": _reshaped, "FULLY_CONNECTED": _connected}
