"""What a quantized model's outputs are worth beside the float model's, with the interval of the difference.

An interval holds the mean of the paired differences with 95 %: each sample is judged by both models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Outputs = Sequence[Sequence[np.ndarray]]  # of each sample
Labels = Sequence[np.ndarray] | np.ndarray | None  # of all samples
Row = dict[str, "float | list[float]"]
Measure = Callable[[Outputs, Outputs, "Labels"], Row]


def interval(differences: np.ndarray) -> list[float]:
    """Return the ends of the interval of a mean.

    mean ± 1.96 deviation / √samples
    """
    values = np.asarray(differences, np.float64)
    half = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    return [float(values.mean() - half), float(values.mean() + half)]


def classes(floats: Outputs, found: Outputs, labels: Labels) -> Row:
    """How often the class is the float model's, and how often the right one."""
    before, after = _classes(floats), _classes(found)
    row: Row = {"agreement": float(np.mean(before == after))}
    if labels is not None:
        row["top1"] = float(np.mean(right(found, labels)))
        row["difference"] = interval(right(found, labels) - right(floats, labels))
    return row


def right(outputs: Outputs, labels: Labels) -> np.ndarray:
    """Return 1 for each sample that gets the right class, else 0."""
    offset = len(np.ravel(outputs[0][0])) - 1000  # MobileNet's first class is "background"
    return (_classes(outputs) == np.asarray(labels) + (offset if offset == 1 else 0)).astype(int)


def _classes(outputs: Outputs) -> np.ndarray:
    return np.array([np.ravel(of[0]).argmax() for of in outputs])


def masks(floats: Outputs, found: Outputs, labels: Labels) -> Row:
    """The share of pixels that get the float model's class, and its interval over images."""
    same = [np.mean(f[0].argmax(-1) == q[0].argmax(-1)) for f, q in zip(floats, found, strict=True)]
    return {"agreement": float(np.mean(same)), "interval": interval(np.array(same))}


def decisions(floats: Outputs, found: Outputs, labels: Labels) -> Row:
    """How often a share is on the float model's side of a half, and how often on the right one."""
    assert labels is not None
    same, right, before = [], [], []
    for (wanted, *_), (given, *_), truth in zip(floats, found, labels, strict=True):
        wanted, given = (
            np.reshape(s, (len(truth), -1))[:, : truth.shape[1]] > 0.5 for s in (wanted, given)
        )
        same.append(np.mean(given == wanted))
        right.append(np.mean(given == truth))
        before.append(np.mean(wanted == truth))
    differences = np.array(right) - np.array(before)
    means = {"agreement": float(np.mean(same)), "right": float(np.mean(right))}
    return {**means, "difference": interval(differences)}


def boxes(floats: Outputs, found: Outputs, labels: Labels) -> Row:
    """Of each photograph's most likely face: how much both boxes overlap, and how far the score is off."""
    overlaps, errors = [], []
    for before, after in zip(floats, found, strict=True):
        (where, score), (other, its_score) = _by_size(before), _by_size(after)
        best = int(score.argmax())
        errors.append(abs(_sigmoid(score[best]) - _sigmoid(its_score[best])))
        if _sigmoid(score[best]) > 0.5:  # elsewhere there is no box
            overlaps.append(_overlap(where[best, :4], other[best, :4]))
    return {
        "faces": len(overlaps),
        "overlap": float(np.mean(overlaps)),
        "interval": interval(np.array(overlaps)),
        "score error": float(np.mean(errors)),
    }


def _by_size(outputs: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes (anchors, 16) and the scores (anchors,) of BlazeFace."""
    flat = [np.asarray(o, np.float64).reshape(-1, o.shape[-1]) for o in outputs]
    wide = np.concatenate([o for o in flat if o.shape[1] > 1])
    return wide, np.concatenate([o for o in flat if o.shape[1] == 1])[:, 0]


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return intersection over union of boxes (x, y, width, height) about their centers."""
    low = np.maximum(one[:2] - one[2:] / 2, other[:2] - other[2:] / 2)
    high = np.minimum(one[:2] + one[2:] / 2, other[:2] + other[2:] / 2)
    both = float(np.prod(np.maximum(high - low, 0)))
    return both / max(float(np.prod(one[2:]) + np.prod(other[2:])) - both, 1e-9)


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))
