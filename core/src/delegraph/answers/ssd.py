"""Boxes that an SSD gives as distances from anchors, where the model does not end in an op for them.

Source: the TensorFlow Object Detection API: multiple_grid_anchor_generator.py and
multiscale_grid_anchor_generator.py of its anchor_generators, box_coders/faster_rcnn_box_coder.py.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ..numbers import is_quantized, real_from_stored
from ..run import Argument
from .anchors import apart
from .seen import Seen

SCALES = np.asarray((10.0, 10.0, 5.0, 5.0))  # of y, x, height and width, as detectors are trained with
OVERLAP = 0.6  # of two boxes of one class, from which they are of one object
MOST = 1000  # boxes, the best, that are looked at
LEAST = 100  # anchors that a detector has


def ssd_anchors(grids: tuple[int, ...]) -> np.ndarray:
    """Return the anchors of SSD on MobileNet: (anchors, 4), center y and x, height, width, as shares.

    :param grids: cells along a side, from the finest grid on
    """
    scales = [*np.linspace(0.2, 0.95, len(grids)), 1.0]
    found = []
    for i, n in enumerate(grids):
        forms = [(0.1, 1.0), (scales[0], 2.0), (scales[0], 0.5)]
        if i:
            forms = [(scales[i], ratio) for ratio in (1.0, 2.0, 0.5, 3.0, 0.3333)]
            forms.append((float(np.sqrt(scales[i] * scales[i + 1])), 1.0))
        sizes = np.asarray([(s / np.sqrt(ratio), s * np.sqrt(ratio)) for s, ratio in forms])
        found.append(_grid(n, 1 / n, 0.5 / n, sizes))
    return np.concatenate(found)


def pyramid_anchors(side: int) -> np.ndarray:
    """Return the anchors of SSD on a feature pyramid, levels 3 to 7, as :func:`ssd_anchors` does."""
    forms = [(4 * octave, ratio) for ratio in (1.0, 2.0, 0.5) for octave in (1.0, 2**0.5)]
    found = []
    for stride in (8, 16, 32, 64, 128):
        sizes = np.asarray([(s * stride / np.sqrt(r), s * stride * np.sqrt(r)) for s, r in forms])
        start = 0 if side % stride else stride / 2
        found.append(_grid(-(-side // stride), stride / side, start / side, sizes / side))
    return np.concatenate(found)


def anchors_of(seen: Seen, count: int) -> tuple[np.ndarray, str] | None:
    """Return so many anchors, and where they are from: the file, else a known layout; None: not known."""
    graph = seen.model.subgraphs[seen.interface.subgraph]
    for t in graph.tensors:
        if t.is_constant and t.shape == (count, 4) and (t.dtype == "float32" or is_quantized(t)):
            values = real_from_stored(np.asarray(t.data), t).astype(np.float64)
            if np.isfinite(values).all() and (values[:, 2:] > 0).all():
                return values, f"with the anchors of the file, tensor {t.index}"
    known = _LAYOUTS.get((max(seen.input_size or (0,)), count))
    return None if known is None else (known[0](), f"with the anchors of {known[1]}")


def raw_outputs(seen: Seen) -> tuple[Argument, Argument] | None:
    """Return the outputs of distances (1, anchors, 4) and of scores (1, anchors, classes); None: others."""
    found = [(a, v) for a, v in seen.outputs() if v.ndim == 3 and len(v) == 1 and v.dtype.kind == "f"]
    if len(found) != 2 or len(seen.values) != 2:
        return None
    boxes = next((a for a, v in found if v.shape[2] == 4 and v.shape[1] >= LEAST), None)
    if boxes is None:
        return None
    scores = next((a for a, v in found if a.name != boxes.name), None)
    fits = scores is not None and seen.values[scores.name].shape[1] == seen.values[boxes.name].shape[1]
    return (boxes, scores) if fits and scores is not None else None


def decoded(
    distances: np.ndarray, scores: np.ndarray, anchors: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return boxes (left, top, right, bottom, as shares of the input), classes and scores, the best first.

    :param distances: (anchors, 4): of y, x, height and width
    :param scores: (anchors, classes): probabilities or logits; class 0 is no object where there are several
    """
    shares = scores.astype(np.float64)
    if shares.size and (shares.min() < 0 or shares.max() > 1):
        shares = 1 / (1 + np.exp(-np.clip(shares, -100, 100)))
    if shares.shape[1] > 1:
        shares = shares[:, 1:]
    classes, best = shares.argmax(axis=1), shares.max(axis=1)
    usable = np.isfinite(distances).all(axis=1) & np.isfinite(scores).all(axis=1)
    likely = np.nonzero((best >= threshold) & usable)[0]
    likely = likely[np.argsort(-best[likely], kind="stable")][:MOST]
    y, x, height, width = (distances[likely].astype(np.float64) / SCALES).T
    tall, wide = (np.exp(np.clip(n, -100, 20)) * anchors[likely, i] for n, i in ((height, 2), (width, 3)))
    y, x = (n * anchors[likely, i + 2] + anchors[likely, i] for i, n in enumerate((y, x)))
    corners = np.stack([x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2], axis=1)
    kept = apart(corners.clip(-1, 2) + 10 * classes[likely, None], best[likely], OVERLAP)
    return corners[kept], classes[likely][kept], best[likely][kept]


def _grid(cells: int, stride: float, start: float, sizes: np.ndarray) -> np.ndarray:
    """Return anchors of some sizes in each cell, row by row."""
    y, x = np.divmod(np.arange(cells * cells), cells)
    centers = np.stack([y, x], axis=1) * stride + start
    return np.concatenate(
        [np.repeat(centers, len(sizes), axis=0), np.tile(sizes, (cells * cells, 1))], axis=1
    )


# By side of the input and number of anchors.
_LAYOUTS: dict[tuple[int, int], tuple[Callable[[], np.ndarray], str]] = {
    (300, 1917): (partial(ssd_anchors, (19, 10, 5, 3, 2, 1)), "SSD MobileNet, 300×300"),
    (320, 2034): (partial(ssd_anchors, (20, 10, 5, 3, 2, 1)), "SSD MobileNet, 320×320"),
    (320, 12804): (partial(pyramid_anchors, 320), "SSD MobileNet FPNLite, 320×320"),
    (640, 51150): (partial(pyramid_anchors, 640), "SSD MobileNet FPN, 640×640"),
}
