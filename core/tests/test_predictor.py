"""``delegraph.batch.Predictor``: one callable, sent to workers, for tables of files and for arrays."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from delegraph import Interpreter
from delegraph.batch import Predictor
from delegraph.errors import ArgumentTypeError, InputError

pytest.importorskip("delegraph_reference")
DOCS = Path(__file__).parents[2] / "docs" / "models"
MODEL = DOCS / "digits_int8.tflite"


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    with np.load(DOCS / "digits_test.npz") as found:
        return np.asarray(found["x"][:6], np.float32) / 16


def test_arrays_become_the_outputs_that_an_interpreter_gives(pixels: np.ndarray) -> None:
    predictor = pickle.loads(pickle.dumps(Predictor(MODEL)))
    with Interpreter(DOCS / "digits_float32.tflite") as interpreter:
        expected = np.stack([np.asarray(interpreter(x[None]))[0] for x in pixels])
    found = predictor(pixels)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=0.1)  # int8 beside float32
    np.testing.assert_array_equal(predictor({"image": pixels})["probabilities"], found)


def test_files_of_a_table_have_answers_and_errors() -> None:
    pytest.importorskip("PIL")
    files = [str(DOCS / "digits" / "3.png"), "nowhere.png", str(DOCS / "digits" / "5.png")]
    found = Predictor(MODEL, column="file", top=1)({"file": np.asarray(files), "id": np.arange(3)})
    assert list(found) == ["file", "id", "task", "answer", "error"]
    assert [[line["label"] for line in json.loads(text)] for text in found["answer"]] == [
        ["three"],
        [],
        ["five"],
    ]
    assert [bool(error) for error in found["error"]] == [False, True, False]


def test_an_empty_table_has_the_columns() -> None:
    found = Predictor(MODEL)({"path": np.asarray([], str)})
    assert {name: len(column) for name, column in found.items()} == dict.fromkeys(
        ("path", "task", "answer", "error"), 0
    )


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        (
            {"other": np.zeros((1, 8, 8, 1))},
            "a batch needs the inputs image or a column 'path', found other",
        ),
        (7, "a batch needs to be an array, a mapping or a DataFrame"),
        (np.zeros((2, 3), np.float32), "needs shape"),
    ],
)
def test_what_is_no_batch_is_an_error(batch: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Predictor(MODEL)(batch)


def test_nothing_is_opened_before_it_is_called() -> None:
    predictor = Predictor("nowhere.tflite")
    assert "nowhere.tflite" in repr(pickle.loads(pickle.dumps(predictor)))
    with pytest.raises(ArgumentTypeError):
        Predictor(7)  # type: ignore[arg-type]
