"""The tasks: rows of ways to know one, columns of what it lists, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..values import frozen
from . import boxes, classes, masks, points
from .seen import Said, Way

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..inputs.wav import Sound


@frozen
class Task:
    """What a model may be for."""

    name: str
    ways: tuple[Way, ...]
    columns: tuple[str, ...]  # of a record; numbers end in ``>``
    needs: str  # what an output must be, for an error
    draw: Callable[[Image | Sound, list[Said]], Image]


def _drawn(name: str) -> Callable[[Image | Sound, list[Said]], Image]:
    """Return a function of the module ``draw``, which is imported when it is called: it needs Pillow."""

    def draw(over: Image | Sound, said: list[Said]) -> Image:
        from . import draw as pictures

        found: Image = getattr(pictures, name)(over, said)
        return found

    return draw


_CLASS = ("class>", "score>", "label")
_BOX = ("box>", "class>", "score>", "label", "left>", "top>", "right>", "bottom>")
MOMENT = ("from>", "to>", "class>", "score>", "label")  # of ``Said.moments``
_SHARE = ("class>", "share>", "pixels>", "label")
_POINT = ("object>", "point>", "name", "score>", "x>", "y>")

TASKS = {
    task.name: task
    for task in (
        Task("detect", boxes.WAYS, _BOX, boxes.NEEDS, _drawn("boxes")),
        Task("pose", points.POSES, _POINT, points.NEEDS, _drawn("points")),
        Task("keypoints", points.KEYPOINTS, _POINT, points.NEEDS, _drawn("points")),
        Task("audio", classes.SOUNDS, _CLASS, classes.NEEDS, _drawn("spectrogram")),
        Task("segment", masks.WAYS, _SHARE, masks.NEEDS, _drawn("mask")),
        Task("classify", classes.WAYS, _CLASS, classes.NEEDS, _drawn("classes")),
    )
}
