"""Real inputs of every model: photographs, digits, sound; resized, scaled and quantized as each wants.

``inputs_of(name, details)`` gives arrays in the order of the model's inputs. ``SOURCES`` at the end
says what each model is fed.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import models
import numpy as np
import pytest

Source = Callable[[tuple[int, ...], int], np.ndarray]  # (shape, variant) -> real values
Range = tuple[float, float]  # real = pixel / first - second

SIGNED: Range = (127.5, 1.0)
UNIT: Range = (255.0, 0.0)
RAW: Range = (1.0, 0.0)

PHOTOS = ("cat.bmp", "grace_hopper.bmp", "pets.jpg", "squat.bmp", "sunflower.bmp", "owl.jpg")
FACES = ("grace_hopper.bmp", "squat.bmp", "posenet__test_image.bmp")
WORDS = ("yes_1000ms.wav", "no_1000ms.wav", "noise_1000ms.wav")


def inputs_of(name: str, details: Sequence[dict[str, Any]], variant: int = 0) -> list[np.ndarray]:
    """Return real inputs for a model named as in the manifest.

    :param details: LiteRT's details of the inputs
    :param variant: which photograph, recording or sample; any number
    """
    sources = SOURCES[name.removesuffix(".tflite")]
    shapes = [tuple(map(int, d["shape"])) for d in details]
    return [stored(s(shape, variant), d) for s, shape, d in zip(sources, shapes, details, strict=True)]


def stored(real: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    """Return real values as the input wants them: quantized where it has a scale."""
    dtype = np.dtype(detail["dtype"])
    if dtype.kind == "f":
        return real.astype(dtype)
    scale, zero_point = detail["quantization"]
    steps = real / scale + zero_point if scale else real
    limits = np.iinfo(dtype)
    return np.clip(np.round(steps), limits.min, limits.max).astype(dtype)


def photo(scaling: Range, names: Sequence[str] = PHOTOS) -> Source:
    """Photographs, squeezed to the input's size."""

    def source(shape: tuple[int, ...], variant: int) -> np.ndarray:
        _, height, width, _ = shape
        file = models.data("coral_images", names[variant % len(names)])
        return scaled(_pixels(str(file), height, width), scaling)[None]

    return source


def portrait_with_mask(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """A portrait, 0..1, and as fourth channel the mask of the frame before: none."""
    colors = photo(UNIT, FACES)((*shape[:3], 3), variant)
    return np.concatenate([colors, np.zeros((*shape[:3], 1))], axis=3)


def scaled(pixels: np.ndarray, scaling: Range) -> np.ndarray:
    """Return pixels of 0..255 as the model's real values."""
    return pixels.astype(np.float64) / scaling[0] - scaling[1]


def cifar10(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """One of the test images of CIFAR-10, 0..255."""
    return samples("cifar10", "cifar10_dev.npz", "x_test")[variant].astype(np.float64).reshape(shape)


def mnist(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """One of the test digits of MNIST, 0..1."""
    return (samples("mnist5k", "mnist_dev.npz", "x_test")[variant] / 255.0).reshape(shape)


@cache
def samples(folder: str, file: str, array: str) -> np.ndarray:
    """Return an array of one of the data sets."""
    with np.load(models.data(folder, file)) as found:
        return found[array]


def waveform(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """A second of speech at 16 kHz, -1..1, or as much of it as the input takes."""
    return _words(variant)[: int(np.prod(shape))].reshape(shape)


def magnitudes(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """Magnitude spectrum of 512 samples of speech."""
    return np.abs(np.fft.rfft(_words(variant)[4000:4512])).reshape(shape)


def speech_block(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """512 samples from the middle of a spoken word."""
    return _words(variant)[4000:4512].reshape(shape)


def cepstrum(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """Ten cepstral coefficients of each of 49 frames of speech (keyword spotting)."""
    bands = _log_mel(_words(variant), frame=640, step=320, bands=40)[:49]
    angles = np.pi / 40 * (np.arange(40) + 0.5)[:, None] * np.arange(10)
    return (bands @ np.cos(angles) * np.sqrt(2 / 40)).reshape(shape)


def spectrogram(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """Log mel energies of frames of 40 bands, 0..26 as the micro frontend gives them."""
    bands = _log_mel(_words(variant), frame=480, step=320, bands=40)
    bands -= bands.min()
    return (bands / bands.max() * 26)[: int(np.prod(shape)) // 40].reshape(shape)


def machine_sound(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """Five frames of log mel energies of a running machine, from MLPerf Tiny."""
    file = next(models.data("mlperf_tiny").glob("*normal_id_01*_hist_librosa.bin"))
    frames = np.fromfile(file, np.float32).reshape(-1, 128)
    return frames[variant * 5 : variant * 5 + 5].astype(np.float64).reshape(shape)


def words_of_text(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """Word numbers as a short review has them: rare words seldom, padded with 0."""
    ids = np.zeros(shape)
    ids[0, : 60 + variant] = [4 + (k * k * 31 + variant) % 997 for k in range(60 + variant)]
    return ids


def still(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """State as it is before the first run: zeros."""
    return np.zeros(shape)


def style(shape: tuple[int, ...], variant: int) -> np.ndarray:
    """A style vector of the size that the style network gives: the tones of a photograph, centered."""
    pixels = _pixels(str(models.data("coral_images", PHOTOS[variant % len(PHOTOS)])), 64, 64)
    counts = np.histogram(pixels, bins=int(np.prod(shape)), range=(0, 255))[0]
    return ((counts - counts.mean()) / counts.std()).reshape(shape)


@cache
def _pixels(file: str, height: int, width: int) -> np.ndarray:
    image = pytest.importorskip("PIL.Image", reason="Pillow reads the photographs: pip install pillow")
    with image.open(file) as opened:
        small = opened.convert("RGB").resize((width, height), image.Resampling.BILINEAR)
        return np.asarray(small)


def crop(file: str, side: int, fraction: float = 0.875) -> np.ndarray:
    """Return the middle of an image, resized to ``side`` by ``side`` pixels."""
    return _square(file, side, fraction, (0.5, 0.5))


def part(file: str, side: int, seeds: np.random.Generator) -> np.ndarray:
    """Return a square part of an image, somewhere, of 0.4 to all of its height or width."""
    return _square(file, side, seeds.uniform(0.4, 1), seeds.uniform(0, 1, 2))


def _square(file: str, side: int, fraction: float, at: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return a square of an image, resized.

    :param at: how much of what is left over lies to the left of it, and above it
    """
    image = pytest.importorskip("PIL.Image", reason="Pillow reads the photographs: pip install pillow")
    with image.open(file) as opened:
        rgb = opened.convert("RGB")
        part = min(rgb.size) * fraction
        left, top = ((size - part) * share for size, share in zip(rgb.size, at, strict=True))
        box = (left, top, left + part, top + part)
        return np.asarray(rgb.resize((side, side), image.Resampling.BILINEAR, box=box))


@cache
def _words(variant: int) -> np.ndarray:
    file = models.data("tflm_samples", WORDS[variant % len(WORDS)])
    with wave.open(str(file)) as sound:
        frames = sound.readframes(sound.getnframes())
    return np.frombuffer(frames, "<i2") / 32768.0


def _log_mel(signal: np.ndarray, frame: int, step: int, bands: int) -> np.ndarray:
    """Return log energies, shape (frames, bands), of triangular bands spaced on the mel scale."""
    starts = range(0, len(signal) - frame + 1, step)
    pieces = np.stack([signal[s : s + frame] for s in starts]) * np.hanning(frame)
    power = np.abs(np.fft.rfft(pieces, 1024)) ** 2
    hertz = np.fft.rfftfreq(1024, 1 / 16000)
    mel = np.linspace(_mel(20.0), _mel(7600.0), bands + 2)
    low, center, high = mel[:-2, None], mel[1:-1, None], mel[2:, None]
    at = _mel(hertz)
    weights = np.clip(np.minimum((at - low) / (center - low), (high - at) / (high - center)), 0, None)
    return np.log(power @ weights.T + 1e-6)


def _mel(hertz: Any) -> Any:
    return 2595 * np.log10(1 + hertz / 700)


SOURCES: dict[str, tuple[Source, ...]] = {
    "uint8/mobilenet_v1_0.25_128_quant": (photo(SIGNED),),
    "uint8/mobilenet_v2_1.0_224_quant": (photo(SIGNED),),
    "uint8/ssd_mobilenet": (photo(SIGNED),),
    "uint8/deeplabv3_mnv2_dm05_pascal_quant": (photo(SIGNED),),
    "int8/tf2_mobilenet_v2_1.0_224_ptq": (photo(SIGNED),),
    "int8/pretrainedResnet_quant": (cifar10,),
    "int8/vww_96_int8": (photo(UNIT),),
    "int8/kws_ref_model": (cepstrum,),
    "int8/ad01_int8": (machine_sound,),
    "int8/movenet_single_pose_lightning_ptq": (photo(RAW, FACES),),
    "int8/posenet_mobilenet_v1_100_257x257_multi_kpt_stripped_integer_quant": (photo(SIGNED, FACES),),
    "int8/face_detection_front_128_full_integer_quant": (photo(SIGNED, FACES),),
    "int8/yamnet": (waveform,),
    "int8/micro_speech_quantized": (spectrogram,),
    "int8/okay_nabu": (spectrogram,),
    "int8/posenet_mobilenet_v1_075_353_481_16_quant_decoder": (photo(SIGNED, FACES),),
    "int8/mlperf_resnet8_int8io": (cifar10,),
    "int8/mnist_vit_int8": (mnist,),
    "int8/mnist_vit_int8io": (mnist,),
    "float32/mobilenet_v1_0.25_224_1_default_1": (photo(SIGNED),),
    "float32/mobilenet_v1_1.0_224_random_fp32": (photo(SIGNED),),
    "float32/deeplabv3_257_mv_gpu": (photo(SIGNED),),
    "float32/pretrainedResnet": (cifar10,),
    "float32/vww_96_float": (photo(UNIT),),
    "float32/ad01_fp32": (machine_sound,),
    "float32/model_1": (magnitudes, still),
    "float32/model_2": (speech_block, still),
    "float32/pose_detection": (photo(SIGNED, FACES),),
    "float32/face_detection_front": (photo(SIGNED, FACES),),
    "float32/mobilenet_v2_1.0_224_float_from_ptq": (photo(SIGNED),),
    "float32/mnist_vit_fp32": (mnist,),
    "float32/mnist_vit_mulln_fp32": (mnist,),
    "float32/movie_review": (words_of_text,),
    "float32/mnist_lstm2_fp32": (mnist,),
    "float32/hair_segmentation": (portrait_with_mask,),
    "float16/face_detection_short_range": (photo(SIGNED, FACES),),
    "float16/pose_landmark_lite": (photo(UNIT, FACES),),
    "float16/hand_landmark_lite": (photo(UNIT, FACES),),
    "float16/object_detection_ssd_mobilenetv2_oidv4_fp16": (photo(SIGNED),),
    "float16/face_detection_full_range_sparse": (photo(SIGNED, FACES),),
    "float16/mlperf_resnet8_fp16": (cifar10,),
    "float16/mlperf_vww96_fp16": (photo(UNIT),),
    "float16/mlperf_ad01_fp16": (machine_sound,),
    "float16/mnist_vit_fp16": (mnist,),
    "float16/mnist_lstm2_fp16": (mnist,),
    "float16/selfie_segmentation": (photo(UNIT, FACES),),
    "lstm/trained_lstm": (mnist,),
    "lstm/trained_lstm_int8": (mnist,),
    "lstm/keras_lstm_mnist_ptq": (mnist,),
    "lstm/mnist_lstm2_int8": (mnist,),
    "lstm/mnist_lstm2_int8io": (mnist,),
    "lstm/dtln_noise_suppression": (magnitudes,),
    "dynamic_range/kws_ref_model_float32": (cepstrum,),
    "dynamic_range/model_quant_1": (magnitudes, still),
    "dynamic_range/model_quant_2": (speech_block, still),
    "dynamic_range/style_transfer_quantized_dynamic": (photo(UNIT), style),
    "dynamic_range/model_ToyCar_quant": (machine_sound,),
    "dynamic_range/mobilenet_v2_035_96_embedder_with_metadata": (photo(UNIT),),
    "dynamic_range/mlperf_resnet8_dr": (cifar10,),
    "dynamic_range/mlperf_vww96_dr": (photo(UNIT),),
    "dynamic_range/mnist_vit_dr": (mnist,),
    "dynamic_range/mnist_lstm2_dr": (mnist,),
    "dynamic_range/mobilenet_v2_1.0_224_aeq_dr": (photo(SIGNED),),
    "int16x8/mlperf_resnet8_int16x8": (cifar10,),
    "int16x8/mlperf_vww96_int16x8": (photo(UNIT),),
    "int16x8/mnist_vit_mulln_int16x8": (mnist,),
    "int16x8/mobilenet_v1_1.0_224_random_int16x8": (photo(SIGNED),),
    "int16x8/mobilenet_v2_1.0_224_aeq_int16x8": (photo(SIGNED),),
}
