"""Spoken digits in recorded noise, as spectra for DTLN: blocks of 512 samples at 16 kHz, every 128."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import models
import numpy as np
from runs import Sample, Samples, in_turn

TOLD = (
    "spoken digits in recorded noise, 0, 5, 10 and 15 dB above it: calibrated with the spectra of 4 "
    "recordings, judged by 12 others. The model, a published one, says how much of each frequency is "
    "speech; it is right where it gives more than a half to what is more speech than noise"
)
MODEL = "float32/model_1.tflite"
STATE = np.zeros((1, 2, 128, 2), np.float32)
DECIBELS = (0, 5, 10, 15)  # of speech above noise
DIGITS = 4  # of a recording
BANDS = 129  # below 4 kHz, above which the recordings, of 8 kHz, have nothing


def calibrating() -> Samples:
    """Return spectra, each with the state that the float model has come to."""
    found: list[Sample] = []
    for noisy, _ in _recordings(0, len(DECIBELS)):
        steps = _steps(noisy)
        ((_, after),) = in_turn(models.path(MODEL), [[steps, STATE]])
        found += [list(sample) for sample in zip(steps, [STATE, *after[:-1]], strict=True)]
    return found


def judging() -> tuple[Samples, Sequence[np.ndarray]]:
    """Return recordings, and of each frequency at each step whether it is more speech than noise."""
    found, truth = [], []
    for noisy, clean in _recordings(len(DECIBELS), 12):
        found.append([_steps(noisy), STATE])
        speech, noise = _spectra(clean), _spectra(noisy - clean)
        truth.append((np.abs(speech) > np.abs(noise))[:, :BANDS])
    return found, truth


def _recordings(first: int, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return recordings with noise and without."""
    files = sorted(models.data("fsdd").glob("*.wav"))
    order = np.random.default_rng(0).permutation(len(files))[first * DIGITS :]
    chosen = [[files[i] for i in order[k * DIGITS : (k + 1) * DIGITS]] for k in range(count)]
    return [_recording(some, first + k) for k, some in enumerate(chosen)]


def _recording(files: Sequence[Path], number: int) -> tuple[np.ndarray, np.ndarray]:
    clean = np.concatenate([np.pad(_twice_as_fast(_read(file)), (0, 1600)) for file in files])
    recorded = _read(models.data("tflm_samples", "noise_1000ms.wav"))
    begin = np.random.default_rng(number).integers(len(recorded))
    noise = np.resize(np.roll(recorded, begin), len(clean))
    noise *= clean.std() / noise.std() * 10 ** (-DECIBELS[number % len(DECIBELS)] / 20)
    return clean + noise, clean


def _read(file: Path) -> np.ndarray:
    with wave.open(str(file)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768.0


def _twice_as_fast(sound: np.ndarray) -> np.ndarray:
    """Return the sound with twice as many samples a second: above its frequencies there is nothing."""
    return np.fft.irfft(np.fft.rfft(sound), 2 * len(sound)) * 2


def _steps(sound: np.ndarray) -> np.ndarray:
    return np.abs(_spectra(sound)).astype(np.float32)[:, None, None]


def _spectra(sound: np.ndarray) -> np.ndarray:
    blocks = np.lib.stride_tricks.sliding_window_view(sound, 512)[::128]
    return np.fft.rfft(blocks)
