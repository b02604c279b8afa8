"""Make unlabelled pictures of Debian packages, for models that few samples of one's own say too little of.

``python tests/benchmarks/compressed/pictures.py FOLDER --count 1000`` downloads packages (apt-get, 560 MB)
and writes that many pictures of 224 x 224 pixels: parts of photographs, and cut-out stamps put on them.
What looks drawn (few colours) is left out, and so is what is there twice.
"""

from __future__ import annotations

import argparse
import io
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

PACKAGES = (
    "tuxpaint-stamps-default", "gcompris-qt-data", "dde-account-faces", "gnome-backgrounds",
    "gnome-control-center-data", "jigzo-data", "lomiri-wallpapers-16.04", "lomiri-wallpapers-20.04",
    "mate-backgrounds", "opencv-doc", "palapeli-data", "plasma-workspace-wallpapers", "scratch",
    "ukui-wallpapers",
)  # fmt: skip
SIDE = 224
_KINDS = (".jpg", ".jpeg", ".png", ".webp")
_LARGE, _SMALL = 1200, 120  # pixels: longer sides are made shorter, pictures with shorter ones left out
_DRAWN, _DRAWN_STAMP = 0.45, 0.3  # different colours of 128 x 128 pixels: fewer are drawn
_SAME = 4  # of 255, mean difference of 12 x 12 pixels: less is the same picture
_FOLDER, _PACKED = 2, 1  # flags of an entry of a Qt archive


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as packages:
        photographs, stamps = gathered(unpacked(Path(packages)))
    print(f"{len(photographs)} photographs, {len(stamps)} stamps")
    rng = np.random.default_rng(0)
    for number in range(asked.count):
        if number % 2:
            behind = photographs[rng.integers(len(photographs))]
            picture = stamped(stamps[number // 2 % len(stamps)], behind, rng)
        else:
            picture = part(photographs[number // 2 % len(photographs)], rng, 0.25, 1.0)
        picture.save(asked.folder / f"{number:04}.png")


def unpacked(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Download the packages; yield their pictures: name, content."""
    subprocess.run(["apt-get", "download", *PACKAGES], cwd=folder, check=True)
    for package in PACKAGES:
        (archive,) = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, folder / package], check=True)
        for path in sorted((folder / package).rglob("*")):
            if not path.is_file() or path.is_symlink():
                continue
            if path.suffix == ".rcc":
                yield from of_qt_archive(path.read_bytes())
            elif "symbols" not in path.parts and "cartoon" not in path.parts:
                yield path.name, path.read_bytes()


def of_qt_archive(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a Qt resource archive: name, content."""
    magic, version, tree, contents, names = struct.unpack_from(">4s4I", data)
    if magic != b"qres":
        return
    size = 14 if version == 1 else 22  # bytes of an entry
    waiting = [0]
    while waiting:
        at = tree + size * waiting.pop(0)
        name, flags, count, first = struct.unpack_from(">IHII", data, at)
        if flags & _FOLDER:
            waiting += range(first, first + count)
            continue
        start = contents + struct.unpack_from(">I", data, at + 10)[0]
        content = data[start + 4 : start + 4 + struct.unpack_from(">I", data, start)[0]]
        letters = struct.unpack_from(">H", data, names + name)[0]
        text = data[names + name + 6 : names + name + 6 + 2 * letters].decode("utf-16-be")
        yield text, zlib.decompress(content[4:]) if flags & _PACKED else content


def gathered(files: Iterator[tuple[str, bytes]]) -> tuple[list[Image.Image], list[Image.Image]]:
    """Return photographs, and stamps: pictures of which some is transparent."""
    photographs: list[Image.Image] = []
    stamps: list[Image.Image] = []
    seen: list[np.ndarray] = []
    for name, content in files:
        if not name.lower().endswith(_KINDS):
            continue
        image = _opened(content)
        is_stamp = image.mode == "RGBA" and bool(np.mean(np.asarray(image)[..., 3] < 128) > 0.05)
        if min(image.size) < _SMALL or _colours(image) < (_DRAWN_STAMP if is_stamp else _DRAWN):
            continue
        tiny = np.asarray(image.convert("RGB").resize((12, 12), Image.Resampling.BOX), np.float64)
        if any(np.abs(tiny - other).mean() < _SAME for other in seen):
            continue
        seen.append(tiny)
        if is_stamp:
            stamps.append(image.crop(image.getbbox()))
        else:
            photographs.append(image.convert("RGB"))
    return photographs, stamps


def _opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.draft("RGB", (_LARGE, _LARGE))
    is_clear = image.mode in ("RGBA", "LA") or "transparency" in image.info
    made = image.convert("RGBA" if is_clear else "RGB")
    made.thumbnail((_LARGE, _LARGE), Image.Resampling.BILINEAR)
    return made


def _colours(image: Image.Image) -> float:
    """Return how many of the pixels that are seen have a colour of their own."""
    pixels = np.asarray(image.convert("RGBA").resize((128, 128), Image.Resampling.NEAREST)).reshape(-1, 4)
    seen = pixels[pixels[:, 3] > 200, :3]
    return len(np.unique(seen, axis=0)) / len(seen) if len(seen) > 1000 else 0.0


def part(image: Image.Image, rng: np.random.Generator, least: float, most: float) -> Image.Image:
    """Return a part of a photograph, of so much of the largest square in it, perhaps its mirror image."""
    side = min(image.size) * rng.uniform(least, most) ** 0.5
    wide = float(np.exp(rng.uniform(-0.25, 0.25)))
    sizes = [min(side * wide, image.width), min(side / wide, image.height)]
    left, top = (rng.uniform(0, n - size) for n, size in zip(image.size, sizes, strict=True))
    box = (left, top, left + sizes[0], top + sizes[1])
    return _mirrored(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=box), rng)


def stamped(stamp: Image.Image, photograph: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return a part of a photograph with a stamp on it, of half its size or more."""
    behind = part(photograph, rng, 0.1, 0.6)
    by = SIDE * rng.uniform(0.55, 1.05) / max(stamp.size)
    width, height = (max(int(n * by), 8) for n in stamp.size)
    small = _mirrored(stamp.resize((width, height), Image.Resampling.BILINEAR), rng)
    left, top = (round((SIDE - n) * rng.uniform(0.2, 0.8)) for n in small.size)
    behind.paste(small, (left, top), small)
    return behind


def _mirrored(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else image


if __name__ == "__main__":
    main()
