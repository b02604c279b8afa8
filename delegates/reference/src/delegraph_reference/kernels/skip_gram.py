"""SKIP_GRAM: the phrases of so many words that a text has when words in between may be skipped.

Source: tflite/kernels/skip_gram.cc.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import operand_shape

from ..kernel import Kernel

_SPACES = b" \t\n\v\f\r"


def prepare(op: Op) -> Kernel:
    """text: one string -> (phrases,), words joined by one blank."""

    def run(text: np.ndarray) -> tuple[np.ndarray]:
        phrases = [b" ".join(phrase) for phrase in _phrases(_words(text.reshape(-1)[0]), op.options)]
        return (np.array(phrases, object),)

    return run


def _words(text: bytes) -> list[bytes]:
    """Split the text; what begins with a blank is no word, unless it is the end of the text."""
    words, start = [], 0
    for i in range(1, len(text)):
        if text[i] in _SPACES:
            if i > start and text[start] not in _SPACES:
                words.append(text[start:i])
            start = i + 1
    return [*words, text[start:]] if start < len(text) else words


def _phrases(words: list[bytes], options: Any) -> Iterator[list[bytes]]:
    """Give the phrases in the order of a search by depth: longer ones before those they begin with."""
    size, most = options.ngram_size, options.max_skip_size
    if len(words) < size:
        return

    def deeper(chosen: list[int]) -> Iterator[list[bytes]]:
        if len(chosen) < size:
            last = chosen[-1]
            for following in range(last + 1, min(last + most + 2, len(words))):
                yield from deeper([*chosen, following])
        if len(chosen) == size or options.include_all_ngrams:
            yield [words[i] for i in chosen]

    for first in range(len(words)):
        yield from deeper([first])


@needs("a text")
def some_text(op: Op) -> str | None:
    return f"shape {shape_text(operand_shape(op))}" if 0 in operand_shape(op) else None


SUPPORT = [OpSupport("SKIP_GRAM", (1, 1), "string -> string", (some_text,), prepare)]
