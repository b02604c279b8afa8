"""Pictures of answers, with Pillow: boxes, a mask in colours, skeletons, and classes below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..inputs.wav import Sound
from ..text import escaped
from .seen import Line, Said
from .spectrogram import loudness

LEAST_SIDE = 320  # pixels: a smaller picture is enlarged, so that labels can be read
LEFT = 64  # pixels beside a spectrogram, for its axis
_NOT_HEARD = "not heard"
OPACITY = 0.55  # of a mask over its picture
Colour = tuple[int, int, int]

# Okabe and Ito's colours, which people who see fewer of them tell apart, too.
COLOURS: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
_SHADES = ((0, 0.0), (0, 0.4), (255, 0.5))  # how far to black or to white they go, time after time
_INK, _PAPER, _BACKGROUND = (20, 20, 20), (255, 255, 255), (90, 90, 90)
# Of a spectrogram, from silence to the loudest: black, violet, red, orange, light yellow.
_HEAT = np.asarray([(0, 0, 4), (81, 18, 124), (183, 55, 121), (252, 137, 97), (252, 253, 191)], np.float64)


def boxes(picture: Image.Image, said: Sequence[Said]) -> Image.Image:
    """Return the picture with a frame for each box, and its label at a corner."""
    picture, factor = _large(picture)
    pen, font, width = _pen(picture)
    lines = [line for one in said for line in one.records]
    for line in reversed(lines):  # the best on top
        colour = colour_of(line["class"])
        corners = [line[side] * factor for side in ("left", "top", "right", "bottom")]
        left, top, right, bottom = _within(corners, picture.size)
        pen.rectangle((left, top, right, bottom), outline=colour, width=width)
        _tag(pen, font, (left, top), f"{name_of(line)} {line['score']:.2f}", colour, picture.size)
    return picture


def mask(picture: Image.Image, said: Sequence[Said]) -> Image.Image:
    """Return the picture under the colours of its classes, and what each colour means."""
    picture, _ = _large(picture)
    one = said[0]
    assert one.mask is not None
    classes = [line["class"] for line in one.records]
    tints = np.zeros((*one.mask.shape, 4), np.uint8)
    for kind in classes:
        opacity = 0 if kind == 0 else round(255 * OPACITY)  # class 0 is the background, by custom
        tints[one.mask == kind] = (*colour_of(kind), opacity)
    layer = Image.fromarray(tints).resize(picture.size, Image.Resampling.NEAREST)
    whole = Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")
    shown = [line for line in one.records if line["share"] >= 0.001]
    texts = [(f"{name_of(line)} {line['share']:.1%}", _tint(line)) for line in shown]
    return _with_legend(whole, texts)


def points(picture: Image.Image, said: Sequence[Said]) -> Image.Image:
    """Return the picture with a dot for each keypoint that counts, and the bones between them."""
    picture, factor = _large(picture)
    pen, _, width = _pen(picture)
    for one in said:
        for number in sorted({line["object"] for line in one.records}):
            found = {line["point"]: line for line in one.records if line["object"] == number}
            places = {i: (p["x"] * factor, p["y"] * factor) for i, p in found.items() if _counts(p)}
            for i, (a, b) in enumerate(one.bones):
                if a in places and b in places:
                    pen.line((*places[a], *places[b]), fill=COLOURS[i % len(COLOURS)], width=width)
            radius = width * (0.5 if len(places) > 100 else 1.2)
            for x, y in places.values():
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_PAPER, outline=_INK)
    return picture


def classes(picture: Image.Image, said: Sequence[Said]) -> Image.Image:
    """Return the picture with its classes below, a bar for each."""
    picture, _ = _large(picture)
    return _with_bars(picture, [line for one in said for line in one.records])


def spectrogram(sound: Sound, said: Sequence[Said]) -> Image.Image:
    """Return how loud a sound is by time and frequency, and its classes below."""
    levels = loudness(sound.samples.mean(axis=1), sound.rate)
    plot = Image.fromarray(_heat(levels)).resize((800, 300), Image.Resampling.BILINEAR)
    seconds = len(sound.samples) / sound.rate
    if sound.heard and sound.heard < 0.999 * seconds:
        plot = _heard(plot, sound.heard / seconds)
    framed = _with_axes(plot, seconds, sound.rate / 2)
    moments = next((one.moments for one in said if len(one.moments) > 1), ())
    framed = _with_moments(framed, moments, seconds) if moments else framed
    return _with_bars(framed, [line for one in said for line in one.records], by_class=bool(moments))


def _heard(plot: Image.Image, share: float) -> Image.Image:
    """Return a plot whose end, which the model was not given, is pale; a line is at the border."""
    x = round(plot.width * share)
    pale = Image.blend(plot, Image.new("RGB", plot.size, _PAPER), 0.7)
    pale.paste(plot.crop((0, 0, x, plot.height)))
    pen, font = ImageDraw.Draw(pale), _font(13)
    pen.line((x, 0, x, plot.height), fill=_INK, width=2)
    width, _ = _extent(font, _NOT_HEARD)
    if x + width + 8 < plot.width:
        _write(pen, font, (x + 6, 4), _NOT_HEARD, _INK)
    return pale


def _with_moments(framed: Image.Image, moments: Sequence[Line], seconds: float) -> Image.Image:
    """Return a plot with a strip below it: the best class of each moment, in its colour."""
    height = 24
    found = Image.new("RGB", (framed.width, framed.height + height), _PAPER)
    found.paste(framed)
    pen, font = ImageDraw.Draw(found), _font(13)
    for line in moments:
        start, end = (LEFT + 800 * min(line[side] / seconds, 1) for side in ("from", "to"))
        colour = _light(colour_of(line["class"]))
        pen.rectangle((start, framed.height, end - 1, framed.height + height - 4), fill=colour)
        text = name_of(line)
        if _extent(font, text)[0] + 8 < end - start:
            _write(pen, font, (start + 4, framed.height + 2), text, _INK)
    return found


def colour_of(kind: int) -> Colour:
    """Return the colour of a class: always the same, and in another shade where colours begin again."""
    again, which = divmod(kind, len(COLOURS))
    end, share = _SHADES[again % len(_SHADES)]
    return _mixed(COLOURS[which], end, share)


def name_of(line: Line) -> str:
    """Return a class's label; without one, its number."""
    return escaped(line["label"]) or f"class {line['class']}"


def _tint(line: Line) -> Colour:
    return _BACKGROUND if line["class"] == 0 else colour_of(line["class"])


def _counts(line: Line) -> bool:
    return bool(np.isfinite([line["x"], line["y"]]).all()) and not line["score"] < 0.3  # none: NaN


def _large(picture: Image.Image) -> tuple[Image.Image, float]:
    """Return a picture in which labels can be read, and how much larger it is."""
    factor = max(1.0, LEAST_SIDE / max(min(picture.size), 1))
    if factor == 1 or max(picture.size) * factor > 4096:
        return picture.convert("RGB"), 1.0
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    return picture.convert("RGB").resize(size, Image.Resampling.NEAREST), factor


def _pen(picture: Image.Image) -> tuple[ImageDraw.ImageDraw, Any, int]:
    """Return what draws on a picture, a font, and the width of lines: all of a size that fits it."""
    side = min(picture.size)
    return ImageDraw.Draw(picture), _font(max(12, side // 28)), max(2, side // 160)


def _font(size: int) -> Any:
    try:
        return ImageFont.load_default(size)
    except TypeError:  # Pillow before 10.1 has one of one size
        return ImageFont.load_default()


def _within(corners: list[float], size: tuple[int, int]) -> tuple[float, ...]:
    """Return corners inside a picture, the lower ones first."""
    x = sorted(min(max(corners[i], 0.0), size[0] - 1.0) for i in (0, 2))
    y = sorted(min(max(corners[i], 0.0), size[1] - 1.0) for i in (1, 3))
    return x[0], y[0], x[1], y[1]


def _tag(
    pen: ImageDraw.ImageDraw,
    font: Any,
    place: tuple[float, float],
    text: str,
    colour: Colour,
    size: tuple[int, int],
) -> None:
    """Write on a ground of the colour: above a place, or below it at the picture's upper edge."""
    width, height = _extent(font, text)
    x = min(max(place[0], 0), max(size[0] - width - 8, 0))
    y = place[1] - height - 6 if place[1] > height + 6 else place[1]
    pen.rectangle((x, y, x + width + 8, y + height + 6), fill=colour)
    _write(pen, font, (x + 4, y + 2), text, _ink_on(colour))


def _ink_on(colour: Colour) -> Colour:
    brightness = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    return _INK if brightness > 120 else _PAPER


def _extent(font: Any, text: str) -> tuple[int, int]:
    box = font.getbbox(_writable(font, text))
    return int(box[2]), int(box[3])


def _write(pen: ImageDraw.ImageDraw, font: Any, place: tuple[float, float], text: str, ink: Colour) -> None:
    pen.text(place, _writable(font, text), fill=ink, font=font)


def _writable(font: Any, text: str) -> str:
    """Return a text as the font can write it: Pillow's old one knows Latin letters only."""
    return (
        text
        if isinstance(font, ImageFont.FreeTypeFont)
        else text.encode("latin-1", "replace").decode("latin-1")
    )


def _with_legend(picture: Image.Image, texts: Sequence[tuple[str, Colour]]) -> Image.Image:
    """Return a picture with lines of text below it, a square of its colour before each."""

    def draw(pen: ImageDraw.ImageDraw, font: Any, line: int, y: int, height: int) -> None:
        text, colour = texts[line]
        pen.rectangle((10, y + 2, 10 + height - 4, y + height - 2), fill=colour)
        _write(pen, font, (10 + height + 6, y), text, _INK)

    return _with_lines(picture, len(texts), draw)


def _with_bars(picture: Image.Image, lines: Sequence[Line], by_class: bool = False) -> Image.Image:
    """Return a picture with a line for each class below it: score, label, and a bar of the score."""
    most = max((abs(line["score"]) for line in lines if np.isfinite(line["score"])), default=0) or 1
    whole = most if most > 1 else 1.0

    def draw(pen: ImageDraw.ImageDraw, font: Any, number: int, y: int, height: int) -> None:
        line = lines[number]
        score = line["score"] if np.isfinite(line["score"]) else 0.0
        length = max(score / whole, 0) * (picture.width - 20)
        pen.rectangle(
            (10, y + 1, 10 + length, y + height - 2),
            fill=_light(colour_of(line["class"] if by_class else number)),
        )
        _write(pen, font, (14, y), f"{line['score']:.3g}  {name_of(line)}", _INK)

    return _with_lines(picture, len(lines), draw)


def _light(colour: Colour) -> Colour:
    return _mixed(colour, 255, 0.5)


def _mixed(colour: Colour, end: int, share: float) -> Colour:
    red, green, blue = (round(n + (end - n) * share) for n in colour)
    return red, green, blue


def _with_lines(picture: Image.Image, count: int, draw: Callable[..., None]) -> Image.Image:
    size = max(13, min(picture.size) // 26)
    height = size + 8
    found = Image.new(
        "RGB", (picture.width, picture.height + count * height + (12 if count else 0)), _PAPER
    )
    found.paste(picture)
    pen, font = ImageDraw.Draw(found), _font(size)
    for i in range(count):
        draw(pen, font, i, picture.height + 6 + i * height, height)
    return found


def _heat(levels: np.ndarray) -> np.ndarray:
    """Return colours of values from 0 to 1: (height, width, 3)."""
    at = np.linspace(0, 1, len(_HEAT))
    return np.stack([np.interp(levels, at, _HEAT[:, i]) for i in range(3)], axis=-1).astype(np.uint8)


def _with_axes(plot: Image.Image, seconds: float, highest: float) -> Image.Image:
    """Return a plot with seconds below it and kHz at its left."""
    left, below = LEFT, 28
    found = Image.new("RGB", (plot.width + left + 16, plot.height + below + 10), _PAPER)
    found.paste(plot, (left, 8))
    pen, font = ImageDraw.Draw(found), _font(13)
    for i in range(6):
        x, y = left + plot.width * i / 5, 8 + plot.height * (1 - i / 5)
        pen.line((x, 8 + plot.height, x, 13 + plot.height), fill=_INK)
        pen.line((left - 5, y, left, y), fill=_INK)
        text, tall = f"{seconds * i / 5:.2f} s", f"{highest * i / 5 / 1000:.2g} kHz"
        width, height = _extent(font, text)
        _write(pen, font, (min(x - width / 2, found.width - width - 2), 14 + plot.height), text, _INK)
        width, height = _extent(font, tall)
        _write(pen, font, (left - 8 - width, min(max(y - height / 2, 0), plot.height)), tall, _INK)
    return found
