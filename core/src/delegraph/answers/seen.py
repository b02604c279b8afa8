"""What a run gave and what is known of it, the ways to understand it, and what was understood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ..file import Labels, ModelLabels, OutputLabels
from ..model import Model
from ..run import Argument, Interface
from ..text import escaped, plural, shortened
from ..values import field, frozen

Size = tuple[int, int]  # width, height
Line = dict[str, Any]  # what an answer lists, by column


@frozen
class AnswerSettings:
    """What the caller says of answers."""

    task: str | None = None  # None: what the model gives is found out
    labels: Labels | None = None  # None: those that the model carries
    top: int = 5  # classes that are listed
    threshold: float = 0.5  # the score from which a box, a person or a pixel counts


@frozen(hash=False, slots=False)  # properties that are computed once need a dictionary
class Seen:
    """A run of a model: its outputs, as real values, and what its input was."""

    model: Model
    interface: Interface
    values: Mapping[str, np.ndarray] = field(repr=False)  # real values, by output
    settings: AnswerSettings = AnswerSettings()
    picture: Size | None = None  # of the file that was given; None: it was no picture
    input_size: Size | None = None  # that of the model's input; None: it takes no picture
    is_sound: bool = False
    # Where the picture is in the model's input, as shares of its size: left, top, right, bottom.
    window: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    heard: float = 0.0  # seconds of sound that the model was given; 0: not known

    @property
    def size(self) -> Size:
        """Width and height that answers count their pixels in: the file's, else the input's."""
        return self.picture or self.input_size or (1, 1)

    def in_picture(self, corners: np.ndarray) -> np.ndarray:
        """Return places in pixels of the picture: (…, 2 or 4), x and y as shares of the input."""
        left, top, right, bottom = self.window
        times = corners.shape[-1] // 2
        start, extent = np.asarray((left, top) * times), np.asarray((right - left, bottom - top) * times)
        found: np.ndarray = (corners.astype(np.float64) - start) / extent * np.asarray(self.size * times)
        return found

    def outputs(self) -> Iterator[tuple[Argument, np.ndarray]]:
        """Yield outputs of numbers with their real values."""
        for a in self.interface.outputs:
            if self.values[a.name].dtype.kind in "fiub":
                yield a, self.values[a.name]

    def called(self, *words: str) -> list[tuple[Argument, np.ndarray]]:
        """Return the outputs whose name, or that of whose tensor, has one of these words in it."""
        names = ((a, value, f"{a.name} {a.tensor.name}".lower()) for a, value in self.outputs())
        return [(a, value) for a, value, name in names if any(word in name for word in words)]

    def shaped(self, *shape: int | None) -> list[tuple[str, np.ndarray]]:
        """Return the outputs of a shape, without their axes of one; None: any size."""
        wanted = tuple(n for n in shape if n != 1)
        squeezed = ((a.name, value.reshape(_long(value.shape))) for a, value in self.outputs())
        return [(name, value) for name, value in squeezed if _fits(value.shape, wanted)]

    def labels(self, output: Argument) -> OutputLabels:
        """Return what the model says of the names of an output's classes."""
        return self._carried.of(output.metadata)

    @cached_property
    def _carried(self) -> ModelLabels:
        return ModelLabels(self.model)


@frozen(hash=False)
class Said:
    """What a model said, as a task's records."""

    task: str
    records: tuple[Line, ...]
    output: str  # the output that says it
    why: str = ""  # how it was known what the output is
    is_guess: bool = False
    mask: np.ndarray | None = field(default=None, repr=False)  # of segment: a class for each pixel
    bones: tuple[tuple[int, int], ...] = ()  # of keypoints: which are joined
    named: bool = True  # its classes have labels
    moments: tuple[Line, ...] = ()  # of a sound: the best class from one second to another, with its score

    def __repr__(self) -> str:
        guess = ", a guess" if self.is_guess else ""
        said = f"{plural(len(self.records), 'record')} of output {shortened(escaped(self.output), 60)!r}"
        return f"<Said: {self.task}{guess}, {said}>"

    def _repr_html_(self) -> str:
        from ..report.notebook import report_html
        from .answer_text import answer_parts

        return "".join(map(report_html, answer_parts(self)))


@frozen
class Way:
    """A way in which models give a task: a function that returns what is said, or nothing."""

    why: str
    read: Callable[[Seen], list[Said]]
    is_guess: bool = False
    asked: bool = False  # only where the caller says the task: anything would fit


def _long(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(shape) == len(wanted) and all(w in (None, n) for w, n in zip(wanted, shape, strict=True))
