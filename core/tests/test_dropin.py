"""A program written for LiteRT runs with one import changed."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph.file import write_model
from delegraph.interpreter import Interpreter
from delegraph.model import Builder
from delegraph.plugins import Plugins


@pytest.fixture
def path(tmp_path):
    """A model file: scores = x + x, for any number of rows."""
    g = Builder()
    x = g.input((-1, 3), "float32", name="x")
    y = g.op("ADD", [x, x], [g.tensor((1, 3), "float32", name="scores")])
    file = tmp_path / "model.tflite"
    file.write_bytes(write_model(g.model(outputs=[y], signature="serving_default")))
    return file


@pytest.fixture
def make(path, toy):
    return lambda **settings: Interpreter(
        model_path=str(path), experimental_delegates=[toy()], plugins=Plugins(), **settings
    )


def test_the_usual_loop(make):
    interpreter = make(num_threads=2)
    interpreter.allocate_tensors()
    input_details = interpreter.get_input_details()
    output_details = interpreter.get_output_details()
    image = np.ones(input_details[0]["shape"], dtype=input_details[0]["dtype"])
    for n in (1, 2):
        interpreter.set_tensor(input_details[0]["index"], image * n)
        interpreter.invoke()
        scores = interpreter.get_tensor(output_details[0]["index"])
        assert np.argmax(scores) == 0
        assert scores.tolist() == [[2 * n] * 3]


def test_the_loop_without_copies(make):
    interpreter = make()
    interpreter.allocate_tensors()
    input_view = interpreter.tensor(interpreter.get_input_details()[0]["index"])
    output_view = interpreter.tensor(interpreter.get_output_details()[0]["index"])
    for n in (1, 2):
        input_view().fill(n)
        interpreter.invoke()
        assert output_view().tolist() == [[2 * n] * 3]


def test_a_batch(make):
    interpreter = make()
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, [4, 3])
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, np.ones((4, 3), np.float32))
    interpreter.invoke()
    assert interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).shape == (4, 3)


def test_a_signature(make):
    run = make().get_signature_runner("serving_default")
    assert run(x=np.ones((1, 3), np.float32))["scores"].tolist() == [[2, 2, 2]]


def test_errors_are_caught_as_what_litert_raises(make):
    interpreter = make()
    with pytest.raises(RuntimeError):
        interpreter.invoke()
    with pytest.raises(ValueError, match="allocate_tensors"):
        interpreter.get_tensor(0)
    with pytest.raises(ValueError, match="float32"):
        interpreter.set_tensor(0, np.zeros((1, 3)))
