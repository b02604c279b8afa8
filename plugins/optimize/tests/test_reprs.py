"""What quantization returns is one short line in a shell, whatever the model."""

from __future__ import annotations

import pytest
from delegraph import Builder, Model
from delegraph_optimize import Calibration, Quantized, measure, quantize


def long_model(ops: int) -> Model:
    g = Builder()
    x = g.input((2,), "float32", name="x" * 500)
    for i in range(ops):
        x = g.op("ADD", [x, x], [g.tensor((2,), "float32", name=f"{'a' * 500}{i}")])
    return g.model(outputs=[x])


@pytest.mark.parametrize("ops", [1, 200])
def test_what_is_found_of_a_model_is_one_short_line(ops: int) -> None:
    model = long_model(ops)
    found: Quantized = quantize(model, "float16")
    for value in (found, found.report, measure([model, found.model]), Calibration()):
        assert len(repr(value)) < 200
        assert repr(value).isprintable()


def test_a_notebook_shows_the_report() -> None:
    found = quantize(long_model(1), "float16")
    for page in (found._repr_html_(), found.report._repr_html_()):
        assert page.startswith("<table ")
        assert "it has no constants of floats</td>" in page
    assert "on disk</th>" in measure([long_model(1), found.model])._repr_html_()
