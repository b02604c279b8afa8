"""A whole 16x8 model against what LiteRT's BUILTIN_REF answered: the repository's digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from delegraph import Interpreter

FOLDER = Path(__file__).parents[3] / "docs" / "models"


@pytest.mark.skipif(not FOLDER.exists(), reason="the models are in the repository, not in the package")
@pytest.mark.parametrize("threads", [1, 2])
def test_the_digits_are_bit_for_bit_litert_s(threads: int) -> None:
    with np.load(FOLDER / "digits_golden.npz") as golden:
        images, expected = golden["digits_int16x8.inputs"], golden["digits_int16x8.outputs"]
    model = str(FOLDER / "digits_int16x8.tflite")
    with Interpreter(model, num_threads=threads, delegates=["reference"]) as interpreter:
        found = [np.asarray(interpreter(image[None])) for image in images]
    np.testing.assert_array_equal(np.concatenate(found), expected)
