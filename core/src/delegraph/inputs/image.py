"""Inputs from images: resized to the input's height and width, scaled as the model wants its pixels.

Scaling, the first that applies: what the caller says; the model's metadata; the quantization of the input;
what the model's family takes; the quantization by the QUANTIZE that reads the input;
(pixel - 127.5) / 127.5. What was used is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..file import normalization as metadata_normalization
from ..log import logger
from ..model import DTYPES, Tensor
from ..numbers import is_quantized, stored_from_real, stored_limits
from ..run import Argument
from . import Normalization, Tell
from .families import Family
from .layout import Layout, layout_of, placed

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 1 << 26  # a photograph has some 2**24; a file can unpack to a thousand times its size
# Of Pillow's formats those of pixels: EPS would be handed to Ghostscript, a program of the machine.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # Pillow's, by number of channels
_BILINEAR = 2  # Pillow's
_BARS = 114  # the grey of YOLO's bars
LETTERBOX = "letterbox"
FITS = ("stretch", LETTERBOX)  # how a picture of another form fits
_ORIENTATION, _TURNED = 0x0112, (5, 6, 7, 8)  # the EXIF tag, and its values that swap width and height
_SIGNED = Normalization((127.5,), (127.5,))  # pixels become -1 to 1
_RAW = Normalization()
_CENTERED = Normalization((128.0,))  # for int8 without a scale


def read(
    argument: Argument,
    file: str,
    normalization: Normalization | None,
    tell: Tell,
    family: Family | None = None,
    fit: str | None = None,
) -> np.ndarray:
    """Return an image as the input wants it; see the module for the rules.

    :param fit: of a picture of another form: ``stretch``, or ``letterbox``; None: as the family takes it
    """
    layout = layout_of(argument.tensor)
    if layout is None:
        raise InputError(
            f"input {argument.text} is not an image (needs a batch of one, height, width and 1, 3 or 4 "
            f"channels); compute its values from {file!r} first and give them as .npy"
        )
    has_bars = keeps_aspect(family, fit)
    pixels = _pixels(argument, file, layout, has_bars)
    scaling, why = _scaling(argument, normalization, layout.channels, family)
    mean, std = (np.asarray(v, np.float32) for v in (scaling.mean, scaling.std))
    bars = f"; grey fills its sides{_why_bars(family, fit)}" if has_bars else ""
    tell(f"input {argument.name!r}: {_formula(scaling)}, {why}{bars}")
    real = (pixels.astype(np.float32) - mean) / std
    stored = stored_from_real(layout.placed(real), argument.tensor)
    rank = len(argument.tensor.shape or ())
    return stored.reshape((1,) * (rank - stored.ndim) + stored.shape)


def keeps_aspect(family: Family | None, fit: str | None) -> bool:
    """Say whether bars fill what a picture of another form than the input's leaves free."""
    return family is not None and family.keeps_aspect if fit is None else fit == LETTERBOX


def _why_bars(family: Family | None, fit: str | None) -> str:
    return f", as {family.name} wants pictures: --fit changes it" if family and fit is None else ""


def size_of(file: str) -> tuple[int, int] | None:
    """Return width and height of a picture as it is looked at; None: it is no picture that can be read."""
    try:
        from PIL import Image

        with Image.open(file, formats=_FORMATS) as image:
            turned = image.getexif().get(_ORIENTATION, 1) in _TURNED
            return (image.height, image.width) if turned else (image.width, image.height)
    except Exception:  # as in _opened: nearly anything
        return None


def picture(file: str) -> Image:
    """Return a picture in RGB, as it is looked at.

    :raises InputError: it cannot be read
    """
    return _opened("picture", file, "RGB")


def mask_of(file: str) -> np.ndarray:
    """Return a picture of classes as it stores them: (height, width) of int64.

    :raises InputError: it cannot be read, or has colours rather than one number for each pixel
    """
    image_module, _ = _pillow("mask", file)
    try:
        with image_module.open(file, formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise InputError(f"mask {file!r} needs at most {MAX_PIXELS:,} pixels")
            if image.mode not in ("1", "L", "P", "I", "I;16"):
                raise InputError(f"mask {file!r} needs a class for each pixel, found mode {image.mode!r}")
            return np.asarray(image).astype(np.int64)
    except InputError:
        raise
    except Exception as e:  # as in _opened
        raise InputError(f"mask {file!r} cannot be read: {e}") from e


def resized_mask(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a mask of another size: (height, width); of each pixel the class at its middle."""
    rows, columns = (
        np.minimum((np.arange(new) + 0.5) * old / new, old - 1).astype(int)
        for old, new in zip(mask.shape, shape, strict=True)
    )
    found: np.ndarray = mask[rows[:, None], columns]
    return found


def _pixels(argument: Argument, file: str, layout: Layout, has_bars: bool) -> np.ndarray:
    """Return an image as uint8 (height, width, channels), of the layout's size."""
    image = _opened(f"input {argument.name!r}", file, _MODES[layout.channels])
    height, width = layout.height or image.height, layout.width or image.width
    if has_bars:
        image = _with_bars(image, (width, height))
    if image.size != (width, height):
        # When it shrinks, Pillow's filter averages over all pixels that fall together.
        image = image.resize((width, height), _BILINEAR)
    return np.asarray(image, np.uint8).reshape(height, width, layout.channels)


def _with_bars(image: Image, room: tuple[int, int]) -> Image:
    image_module, _ = _pillow("picture", "")

    left, top, width, height = placed(image.size, room)
    whole: Image = image_module.new(
        image.mode, room, _BARS if image.mode == "L" else (_BARS,) * len(image.getbands())
    )
    whole.paste(image.resize((width, height), _BILINEAR), (left, top))
    return whole


def _opened(what: str, file: str, mode: str) -> Image:
    image_module, ops = _pillow(what, file)
    try:
        with image_module.open(file, formats=_FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:  # known before they are unpacked
                size = f"{opened.width}×{opened.height}"
                raise InputError(
                    f"image {file!r} needs at most {MAX_PIXELS:,} pixels, found {size}; resize it first"
                )
            image: Image = ops.exif_transpose(opened)  # phones store how they were held beside the pixels
            if image.mode in ("I", "F") or image.mode.startswith("I;"):
                raise InputError(
                    f"image {file!r} needs 8 bits a channel, found Pillow's mode {image.mode!r}"
                )
            return image.convert(mode)
    except InputError:
        raise
    except Exception as e:  # a broken image makes Pillow raise nearly anything
        raise InputError(f"{what}: {file!r} cannot be read as .npy, .npz, .wav or an image: {e}") from e


def _pillow(what: str, file: str) -> tuple[Any, Any]:
    try:
        from PIL import Image, ImageOps
    except ImportError as e:
        raise InputError(
            f"{what}: reading the image {file!r} needs Pillow, which is not installed; "
            'pip install "delegraph[image]"'
        ) from e
    return Image, ImageOps


def _scaling(
    argument: Argument, given: Normalization | None, channels: int, family: Family | None
) -> tuple[Normalization, str]:
    """Return how pixels become real values, and why so."""
    tensor = argument.tensor
    if given is not None:
        if why := _misfit(given, channels):
            raise InputError(f"input {argument.text}: {why}")
        return given, "as you said"
    if DTYPES[tensor.dtype].is_integer and not is_quantized(tensor):
        return (_CENTERED if tensor.dtype == "int8" else _RAW), "as the input stores integers"
    if (known := metadata_normalization(argument.metadata)) is not None:
        said = Normalization(*map(tuple, known))
        why = _misfit(said, channels)
        if why is None:
            return said, "as the model's metadata says"
        logger.warning("input %s: metadata is left out: %s", argument.text, why)
    if is_quantized(tensor):
        return _by_range(tensor, "as the input is quantized")
    if family is not None:
        return family.normalization, f"a guess: {family.name} wants that; --mean and --std change it"
    if argument.quantized_as is not None:
        return _by_range(argument.quantized_as, "as the input is quantized by the model's first op")
    return _SIGNED, _GUESS


def _misfit(scaling: Normalization, channels: int) -> str | None:
    """Return what is wrong with mean or std for an image of so many channels, or None."""
    for name, values in (("mean", scaling.mean), ("std", scaling.std)):
        if len(values) not in (1, channels):
            wanted = "one value" if channels == 1 else f"one value or {channels}"
            return f"{name} needs {wanted}, found {len(values)}"
        if not np.isfinite(values).all() or (name == "std" and not np.all(values)):
            return f"{name} needs finite values{' other than 0' if name == 'std' else ''}, found {values}"
    return None


def _by_range(tensor: Tensor, why: str) -> tuple[Normalization, str]:
    """Let pixels fill the range of a quantized tensor: 8 bits store the pixel, or the pixel - 128."""
    low, high = stored_limits(tensor)
    if high - low == 255:
        return Normalization((float(tensor.zero_point - low),), (1 / tensor.scale,)), why
    reach = tensor.scale * (high - tensor.zero_point)
    return (_RAW, why) if reach > 200 else (_SIGNED, _GUESS)  # 16 bits say only how far values go


def _formula(scaling: Normalization) -> str:
    mean, std = _numbers(scaling.mean), _numbers(scaling.std)
    shifted = "pixel" if mean == "0" else f"(pixel - {mean})"
    return f"real = {shifted}" if std == "1" else f"real = {shifted} / {std}"


def _numbers(values: tuple[float, ...]) -> str:
    text = ", ".join(f"{v:.6g}" for v in values)
    return f"({text})" if len(values) > 1 else text


_GUESS = "a guess: the model does not say; --mean and --std change it"
