"""The cycle model against what the compiler published, and the page that states its error."""

from __future__ import annotations

from pathlib import Path

import pytest
from delegraph_edgetpu import estimate as model
from delegraph_edgetpu.estimate_fit import cycles_table, fitted_speeds, times_table
from delegraph_edgetpu.estimate_published import CYCLES, TIMES, Cycles, Time

PAGE = Path(__file__).parents[3] / "docs/edgetpu-estimates.md"
EVERYTHING_CACHED = 2**40


def error(published: Cycles) -> float:
    return model.estimate(published.ops(), EVERYTHING_CACHED).cycles / published.cycles - 1


@pytest.mark.parametrize("published", [m for m in CYCLES if m.fitted], ids=lambda m: m.name)
def test_models_of_the_fit_are_within_7_percent(published: Cycles) -> None:
    assert abs(error(published)) < 0.07


@pytest.mark.parametrize("published", [m for m in CYCLES if not m.fitted], ids=lambda m: m.name)
def test_models_left_out_of_the_fit_are_within_7_percent(published: Cycles) -> None:
    assert abs(error(published)) < 0.07


def test_half_of_the_models_are_left_out_of_the_fit() -> None:
    assert sum(m.fitted for m in CYCLES) == len(CYCLES) / 2 == 5


def test_the_speeds_are_those_that_fit_best() -> None:
    assert fitted_speeds() == (model.NARROW_BYTES_PER_CYCLE, model.PIECES_BYTES_PER_CYCLE)


@pytest.mark.parametrize("left_out", CYCLES, ids=lambda m: m.name)
def test_a_model_left_out_of_a_fit_to_all_others_is_within_11_percent(
    left_out: Cycles, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow, pieces = fitted_speeds([m.name for m in CYCLES if m is not left_out])
    monkeypatch.setattr(model, "NARROW_BYTES_PER_CYCLE", narrow)
    monkeypatch.setattr(model, "PIECES_BYTES_PER_CYCLE", pieces)
    assert abs(error(left_out)) < 0.11


def test_the_page_has_the_tables_as_the_code_prints_it() -> None:
    if not PAGE.exists():
        pytest.skip("the docs are not beside the package")
    text = PAGE.read_text()
    assert "\n".join(cycles_table()) in text
    assert "\n".join(times_table()) in text
    assert f"{model.NARROW_BYTES_PER_CYCLE} bytes" in text
    assert f"{model.PIECES_BYTES_PER_CYCLE} bytes" in text


# Multiply-accumulates from the papers: in millions, of the whole network.
@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("MobileNet v1 0.25, 128", 14),
        ("MobileNet v1 1.0, 224, features", 569 - 1),
        ("MobileNet v2 1.0, 224", 300),
        ("MobileNetEdgeTPU 0.75, 224", 624),
    ],
)
def test_the_architectures_have_the_published_number_of_products(name: str, millions: int) -> None:
    (published,) = (m for m in CYCLES if m.name == name)
    found = model.estimate(published.ops()).macs / 1e6
    assert found == pytest.approx(millions, abs=1.01)


@pytest.mark.parametrize("measured", [m for m in TIMES if "Mobile" in m.name], ids=lambda m: m.name)
def test_small_models_are_below_the_measured_time_which_has_transfers_in_it(measured: Time) -> None:
    found = 1e3 * model.estimate(measured.ops()).seconds
    assert measured.milliseconds - 2 < found < measured.milliseconds


@pytest.mark.parametrize("measured", [m for m in TIMES if "VGG" in m.name], ids=lambda m: m.name)
def test_models_that_stream_their_parameters_are_within_3_percent_of_the_device(measured: Time) -> None:
    found = 1e3 * model.estimate(measured.ops()).seconds
    assert found == pytest.approx(measured.milliseconds, rel=0.03)
