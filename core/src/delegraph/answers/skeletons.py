"""The keypoints that models give: their names in order, and which of them are joined.

Source: COCO's 17 keypoints (MoveNet, PoseNet); MediaPipe's hand landmarks and the 33 of its pose landmarks.
"""

from __future__ import annotations

from itertools import pairwise

from ..values import frozen


@frozen
class Skeleton:
    """Names of keypoints, and bones: pairs of their indices."""

    names: tuple[str, ...]
    bones: tuple[tuple[int, int], ...]


def _bones(*chains: str) -> tuple[tuple[int, int], ...]:
    """Return pairs of chains: ``0 1 2`` is (0, 1), (1, 2)."""
    lines = [[int(word) for word in chain.split()] for chain in chains]
    return tuple(pair for line in lines for pair in pairwise(line))


def _sides(*parts: str) -> tuple[str, ...]:
    return tuple(f"{side} {part}" for part in parts for side in ("left", "right"))


COCO = Skeleton(
    ("nose", *_sides("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")),
    _bones("3 1 0 2 4", "9 7 5 6 8 10", "5 11 13 15", "6 12 14 16", "11 12"),
)
HAND = Skeleton(
    (
        "wrist",
        *(
            f"{finger} {joint}"
            for finger, joints in (
                ("thumb", ("CMC", "MCP", "IP", "tip")),
                *((name, ("MCP", "PIP", "DIP", "tip")) for name in ("index", "middle", "ring", "pinky")),
            )
            for joint in joints
        ),
    ),
    _bones("0 1 2 3 4", "0 5 6 7 8", "5 9 10 11 12", "9 13 14 15 16", "13 17 18 19 20", "0 17"),
)
BODY = Skeleton(
    (
        "nose",
        *(f"{side} eye{part}" for side in ("left", "right") for part in (" inner", "", " outer")),
        *_sides("ear"),
        "mouth left",
        "mouth right",
        *_sides(
            "shoulder", "elbow", "wrist", "pinky", "index", "thumb", "hip", "knee", "ankle", "heel", "foot"
        ),
    ),
    _bones(
        "8 6 5 4 0 1 2 3 7",
        "9 10",
        "11 13 15 17 19 15 21",
        "12 14 16 18 20 16 22",
        "11 12 24 23 11",
        "23 25 27 29 31 27",
        "24 26 28 30 32 28",
    ),
)
UNNAMED = Skeleton((), ())
