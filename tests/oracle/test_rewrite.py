"""What is read can be written back: the model is equal, and LiteRT computes the same from the new file."""

from __future__ import annotations

import litert
import models
import numpy as np
import pytest
from delegraph.file import read_model, write_model
from delegraph.model import Builder, Model, same_value

KINDS = (*models.KINDS, "edgetpu")
EVERY_MODEL = [
    pytest.param(p.values[0], id=p.id, marks=p.marks if not p.values[0] else ())
    for p in models.parameters(KINDS)
]


@pytest.mark.parametrize("name", EVERY_MODEL)
def test_a_rewritten_model_reads_as_the_same_model(name):
    before = read_model(models.path(name))
    after = read_model(write_model(before))
    assert after == before
    for old, new in zip(before.subgraphs, after.subgraphs, strict=True):
        for a, b in zip(old.tensors, new.tensors, strict=True):
            assert same_value(a.data, b.data), a


@pytest.mark.parametrize("name", EVERY_MODEL)
def test_litert_computes_the_same_from_a_rewritten_model(name):
    path = models.path(name)
    assert _outcome(write_model(read_model(path))) == _outcome(path.read_bytes())


def test_litert_runs_a_model_whose_weights_lie_behind_the_flatbuffer(monkeypatch):
    model, x = _dense()
    inline = write_model(model)
    monkeypatch.setattr("delegraph.file.writer._MAX_INLINE", 100)
    large = write_model(model)
    weights, bias = (model.subgraphs[0].tensors[i].data.tobytes() for i in (1, 2))
    assert large.endswith(weights + bias)
    assert not inline.endswith(weights + bias)
    np.testing.assert_array_equal(litert.run(large, [x])[0], litert.run(inline, [x])[0])


def test_litert_reads_int4_weights_as_they_were_packed():
    g = Builder()
    x = g.input((1, 4), "int8", scale=1.0, zero_point=0)
    w = g.constant(np.array([[1, -2, 3, -4], [7, -8, 0, 5]]), "int4", scale=1.0, zero_point=0)
    b = g.constant(np.zeros(2, np.int32), scale=1.0, zero_point=0)
    y = g.op("FULLY_CONNECTED", [x, w, b], [g.tensor((1, 2), "int8", scale=1.0, zero_point=0)], version=7)
    inputs = [np.array([[1, 2, 3, 4]], np.int8)]
    # 1 - 4 + 9 - 16 = -10; 7 - 16 + 0 + 20 = 11
    assert litert.run(write_model(g.model(outputs=[y])), inputs)[0].tolist() == [[-10, 11]]


def test_litert_reads_strings_as_they_were_packed():
    g = Builder()
    x = g.input((2,), "int32")
    names = g.constant(["zero", "", "zwei ü"])
    y = g.op("GATHER", [names, x], [g.tensor((2,), "string")], version=1)
    found = litert.run(write_model(g.model(outputs=[y])), [np.array([2, 1], np.int32)])[0]
    assert found.tolist() == ["zwei ü".encode(), b""]


def _dense() -> tuple[Model, np.ndarray]:
    g = Builder()
    x = g.input((1, 8), "float32")
    w = g.constant(np.arange(32, dtype=np.float32).reshape(4, 8))
    b = g.constant(np.arange(100, 104, dtype=np.float32))
    y = g.op("FULLY_CONNECTED", [x, w, b], [g.tensor((1, 4), "float32")])
    return g.model(outputs=[y]), np.linspace(-1, 1, 8, dtype=np.float32)[None]


def _outcome(model: bytes) -> list[bytes] | str:
    """Return what LiteRT computes, or why it refuses the model."""
    try:
        inputs = [_values(d) for d in litert.details(model)["inputs"]]
        return [np.asarray(a).tobytes() for a in litert.run(model, inputs, resolver="BUILTIN")]
    except litert.LiteRTError as e:
        return str(e)


def _values(detail: dict) -> np.ndarray:
    """Return values that any input can take: -1..1 for floats, 0..63 for integers, word numbers too."""
    shape = tuple(map(int, detail["shape"]))
    raw = np.random.PCG64(7).random_raw(int(np.prod(shape)))
    if np.dtype(detail["dtype"]).kind == "f":
        return (raw / 2.0**63 - 1).astype(detail["dtype"]).reshape(shape)
    return (raw >> 58).astype(detail["dtype"]).reshape(shape)
