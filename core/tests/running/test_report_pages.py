"""``benchmark`` and ``compare`` write pages with charts, and node data, whatever names a model has."""

from __future__ import annotations

import json

import numpy as np
import pytest
from delegraph.model import Builder
from delegraph.report import charts_html
from delegraph.report.charts_html import bars, chart_text


@pytest.fixture(autouse=True)
def without_plotly(monkeypatch):
    """Leave the library's script out: these tests are about what is this project's."""
    monkeypatch.setattr(charts_html, "library", str)


def charts(page):
    """Return the charts of a page by title."""
    text = page.read_text(encoding="utf-8")
    data = text.partition('id="data">')[2].partition("</script>")[0]
    return text, json.loads(data)["charts"]


def test_a_benchmark_has_percentiles_and_bars_of_delegates_and_ops(delegraph, saved, products, tmp_path):
    page = tmp_path / "page.html"
    result = delegraph(
        "benchmark", saved(products()), "-d", "exact", "--runs", "4", "--warmup", "0", "--html", page
    )
    assert result.exit_code == 0, result.output
    text, (percentiles, runs, delegates, types, ops) = charts(page)
    assert "median of 4" in text
    assert percentiles["traces"][0]["x"] == [25, 50, 75, 100]
    assert percentiles["traces"][0]["y"] == sorted(runs["traces"][0]["y"])
    assert delegates["layout"]["yaxis"]["ticktext"] == ["exact", "between ops"]
    assert types["layout"]["yaxis"]["ticktext"] == ["ADD on exact", "MUL on exact"]
    assert len(ops["traces"][0]["x"]) == 3
    assert ops["traces"][0]["x"] == pytest.approx([1, 1, 1])  # each op says that it took a millisecond


def test_a_comparison_has_the_error_along_the_graph(delegraph, saved, products, tmp_path):
    page = tmp_path / "page.html"
    result = delegraph(
        "compare", saved(products()), "-d", "off", "--against", "exact", "--html", page, "-q",
        "--bisect", tmp_path / "wrong",
    )  # fmt: skip
    assert result.exit_code == 1
    text, (along,) = charts(page)
    runs, alone, claims, beyond = along["traces"]
    assert runs["y"][1] == runs["y"][2] > alone["y"][2]  # what MUL does wrong, the op after it inherits
    assert alone["y"][1] == runs["y"][1]
    assert claims["y"] == pytest.approx([2e-5] * 3)
    assert beyond["x"] == [1]
    assert "first that is wrong by itself" in text


def test_a_comparison_of_equal_runs_has_no_chart(delegraph, saved, products, tmp_path):
    page = tmp_path / "page.html"
    delegraph("compare", saved(products()), "-d", "fuser", "--against", "exact", "--html", page)
    text, drawn = charts(page)
    assert drawn == []
    assert "3 tensors compared, 3 of them equal bit for bit" in text


def test_what_is_no_number_has_a_place_in_the_chart(delegraph, saved, products, fuser, tmp_path):
    fuser(lambda right: right * np.nan, at=1, when="always")
    page = tmp_path / "page.html"
    delegraph("compare", saved(products()), "-d", "fuser", "--against", "exact", "--html", page)
    _, (along,) = charts(page)
    assert max(along["traces"][0]["y"]) == 10


def test_tags_in_names_are_not_obeyed_by_charts():
    assert chart_text("<b>&\x1b") == "&lt;b&gt;&amp;\\x1b"
    chart = bars("t", "", ["<i>x"], [1.0], "#fff", "ms")
    assert "<i>" not in json.dumps(chart.traces) + json.dumps(chart.layout)


def test_node_data_says_who_runs_an_op_and_how_long_it_takes(delegraph, saved, products, tmp_path):
    model, folder = saved(products()), tmp_path / "nodes"
    for words in (
        ["partition", model, "-d", "off,exact"],
        ["benchmark", model, "-d", "exact", "--runs", "1", "--warmup", "0"],
        ["compare", model, "-d", "off", "--against", "exact"],
    ):
        delegraph(*words, "--model-explorer", folder)
    found = {p.stem: json.loads(p.read_text()) for p in folder.iterdir()}
    assert set(found) == {
        "model_delegate", "model_milliseconds", "model_apart", "model_op_alone",
    }  # fmt: skip
    values = {
        name: [r["value"] for r in graph["results"].values()]
        for name, graphs in found.items()
        for graph in graphs.values()
    }
    assert values["model_delegate"] == ["off"] * 3
    assert values["model_milliseconds"] == pytest.approx([1] * 3)
    assert values["model_op_alone"] == pytest.approx([0, 1 / 11, 0], abs=0.5)


def test_node_data_is_not_written_over_what_is_read(delegraph, saved, products, tmp_path):
    model, folder = saved(products()), tmp_path / "nodes"
    folder.mkdir()
    (folder / "model_delegate.json").symlink_to(model)
    result = delegraph("partition", model, "-d", "exact", "--model-explorer", folder)
    assert result.exit_code == 1
    assert "would be overwritten" in result.output


def test_a_model_without_ops_has_no_node_data(delegraph, saved, tmp_path):
    g = Builder()
    x = g.input((2,), "float32", name="x")
    result = delegraph("partition", saved(g.model([x])), "-d", "exact", "--model-explorer", tmp_path / "n")
    assert result.exit_code == 0
    assert "has no node data" in result.output
