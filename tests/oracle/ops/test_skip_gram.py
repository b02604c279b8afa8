"""SKIP_GRAM: LiteRT's own test cases (tflite/kernels/skip_gram_test.cc).

Its Python interface gives strings in a dtype of their own length, and none where there are none, so the
expected phrases are written out here.
"""

from __future__ import annotations

import numpy as np
import pytest
from delegraph.model import Builder
from one_op import run_op

SENTENCE = b"The quick\t brown fox\n jumps over\n the lazy dog!"


@pytest.mark.parametrize(
    ("text", "size", "skip", "everything", "expected"),
    [
        (SENTENCE, 1, 0, False, b"The|quick|brown|fox|jumps|over|the|lazy|dog!"),
        (
            SENTENCE,
            2,
            0,
            False,
            b"The quick|quick brown|brown fox|fox jumps|jumps over|over the|the lazy|lazy dog!",
        ),
        (
            b"The quick brown fox jumps",
            2,
            1,
            False,
            b"The quick|The brown|quick brown|quick fox|brown fox|brown jumps|fox jumps",
        ),
        (b"The quick brown", 2, 0, True, b"The quick|The|quick brown|quick|brown"),
        (b"The quick", 3, 0, False, b""),
        (b" ", 1, 0, False, b" "),
        (b"", 1, 0, False, b""),
    ],
)
def test_phrases_may_skip_words(
    text: bytes, size: int, skip: int, everything: bool, expected: bytes
) -> None:
    g = Builder()
    x = g.input((1,), "string")
    options = {"ngram_size": size, "max_skip_size": skip, "include_all_ngrams": everything}
    y = g.op("SKIP_GRAM", [x], [g.tensor((1,), "string")], **options)
    graph = g.model([y]).subgraphs[0]
    (found,) = run_op(graph.ops[0], graph, [np.array([text], object)])
    assert found.tolist() == (expected.split(b"|") if expected else [])
