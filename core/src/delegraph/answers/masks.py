"""Segmentation: a class for each pixel, and the share of the picture that each class has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..run import Argument
from .seen import Line, Said, Seen, Way

NEEDS = "needs an output of height × width, with a class or with scores for each pixel"
LEAST = 16  # pixels of a mask's side: what is smaller is a grid of features
COARSE = 16  # pixels of the input that a pixel of the mask may stand for


def _ordinary(seen: Seen) -> list[Said]:
    """Read what is as large as the input or a part of it, and is neither a picture nor features."""
    if seen.input_size is None:
        return []
    for a, value in _planes(seen):
        height, width, depth = value.shape
        # Three channels are a picture; more than some hundred are features.
        if _covers((width, height), seen.input_size) and depth not in (3, 4) and depth <= 256:
            return [_said(seen, a, value)]
    return []


def _called_mask(seen: Seen) -> list[Said]:
    """Read what is called a mask, of whatever size it is."""
    called = {a.name for a, _ in seen.called("mask", "segment")}
    found = [(a, value) for a, value in _planes(seen) if a.name in called]
    return [_said(seen, *found[0])] if len(found) == 1 and seen.input_size is not None else []


def _any_plane(seen: Seen) -> list[Said]:
    found = sorted(_planes(seen), key=lambda pair: -pair[1].shape[0] * pair[1].shape[1])
    return [_said(seen, *found[0])] if found else []


def _planes(seen: Seen) -> Iterator[tuple[Argument, np.ndarray]]:
    """Yield outputs as (height, width, channels)."""
    for a, value in seen.outputs():
        if value.ndim >= 3 and value.shape[0] == 1:
            value = value[0]
        if value.ndim == 2:
            value = value[..., None]
        if value.ndim == 3 and min(value.shape[:2]) > 1 and value.size:
            yield a, value


def _covers(mask: tuple[int, int], of: tuple[int, int]) -> bool:
    """Say whether a mask is of a size, or one of its parts: as wide for its height."""
    same_form = abs(mask[0] * of[1] - mask[1] * of[0]) <= max(of) * 2
    return min(mask) >= LEAST and same_form and mask[0] * COARSE >= of[0]


def _said(seen: Seen, output: Argument, value: np.ndarray) -> Said:
    mask = _classes(_of_picture(value, seen.window), seen.settings.threshold)
    carried = seen.labels(output)
    labels = seen.settings.labels or carried.value or carried.axis
    names = {0: "background", 1: "foreground"} if value.shape[-1] == 1 and value.dtype.kind == "f" else {}
    names = labels or names
    found, counts = np.unique(mask, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    records: list[Line] = [
        {
            "class": int(found[i]),
            "share": float(counts[i] / mask.size),
            "pixels": int(counts[i]),
            "label": names.get(int(found[i]), ""),
        }
        for i in order.tolist()
    ]
    return Said("segment", tuple(records), output.name, mask=mask, named=bool(names))


def _of_picture(value: np.ndarray, window: tuple[float, float, float, float]) -> np.ndarray:
    """Return the pixels of the picture, without the bars at its sides."""
    height, width = value.shape[:2]
    left, right = (round(share * width) for share in window[::2])
    top, bottom = (round(share * height) for share in window[1::2])
    return value[top : max(bottom, top + 1), left : max(right, left + 1)]


def _classes(value: np.ndarray, threshold: float) -> np.ndarray:
    """Return the class of each pixel: (height, width)."""
    if value.shape[-1] > 1:
        return np.asarray(np.argmax(value, axis=-1))
    plane = value[..., 0]
    if plane.dtype.kind != "f":
        return plane.astype(np.int64)
    finite = plane[np.isfinite(plane)]
    is_logit = bool(finite.size) and bool(finite.min() < 0 or finite.max() > 1)
    # A logit of p is log(p / (1 - p)).
    limit = np.log(threshold / (1 - threshold)) if is_logit and 0 < threshold < 1 else threshold
    return (plane >= limit).astype(np.int64)


WAYS = (
    Way(
        "an output is as large as the picture, with a class or scores for each pixel",
        _ordinary,
        is_guess=True,
    ),
    Way("an output is called a mask", _called_mask, is_guess=True),
    Way("", _any_plane, asked=True),
)
