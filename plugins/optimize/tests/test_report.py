"""``delegraph report``: sizes, scores with intervals, layers, the page, and what is wrong with data."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import Builder, InputError, Model, UnknownDelegate, write_file, write_model
from delegraph_optimize import measure, quantize
from delegraph_optimize.report.intervals import (
    mcnemar,
    mean_interval,
    paired_interval,
    share_interval,
)
from delegraph_optimize.report.metric import asked_of, read_labels
from delegraph_optimize.report_command import report
from small import dense_net, floats


def samples(count: int = 12) -> list[np.ndarray]:
    return [floats(1, 64) for _ in range(count)]


def chain(broken: int, name: str = "layer") -> Model:
    """Products of which one writes a value so large that 8 bits leave nothing of the others."""
    g = Builder()
    x = g.input((1, 16), "float32", "x")
    for place in range(4):
        w = floats(16, 16, size=0.4)
        if place == broken:
            w[0] *= 3000
        elif place == broken + 1:
            w[:, 0] /= 3000
        x = g.op(
            "FULLY_CONNECTED", [x, g.constant(w), None], [g.tensor((1, 16), "float32", f"{name}{place}")]
        )
    return g.model([x])


def test_an_interval_of_a_share_is_wilsons() -> None:
    low, high = share_interval(81, 263)  # Newcombe, Statistics in Medicine 17, 1998, p. 861
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert share_interval(0, 10)[0] == 0
    assert share_interval(10, 10)[1] == pytest.approx(1)


def test_the_exact_test_adds_up_the_binomial_tail() -> None:
    assert mcnemar(1, 5) == 2 * (1 + 6) / 64
    assert mcnemar(3, 3) == 1
    assert mcnemar(0, 0) == 1
    assert mcnemar(600, 600) == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_paired_interval_holds_the_difference_19_times_of_20(seed: int) -> None:
    draw = np.random.Generator(np.random.PCG64(seed))
    share = draw.dirichlet([6, 0.7, 0.5, 2])  # both right, one alone, neither
    wanted, held = share[2] - share[1], 0
    for counts in draw.multinomial(150, share, 400):
        low, high = paired_interval(*map(int, counts))
        held += bool(low - 1e-12 <= wanted <= high + 1e-12)
    assert held / 400 > 0.925


def test_a_bootstrap_gives_the_same_interval_each_time() -> None:
    values = np.linspace(0, 1, 50)
    assert mean_interval(values) == mean_interval(values)
    low, high = mean_interval(values)
    assert low < 0.5 < high


def test_sizes_are_those_of_the_file_and_of_each_op() -> None:
    model = dense_net()
    content = write_model(model)
    (found,) = measure([model], delegates=()).models
    assert found.size.nbytes == len(content)
    assert found.size.compressed == len(zlib.compress(content, 6)) - 6  # without zlib's head and tail
    assert [found.size.layers[0, i].nbytes for i in range(3)] == [4 * (64 * 32 + 32), 0, 4 * 4 * 32]


@pytest.mark.parametrize("broken", range(3))
def test_the_first_layer_that_breaks_is_named(broken: int) -> None:
    model = chain(broken)
    data = [floats(1, 16) for _ in range(8)]
    small = quantize(model, "int8", data=data).model
    found = measure([model, small], data=data, delegates=(), metric="agreement").models[1]
    assert found.first_broken is not None
    # The layer itself is one large value well stored: what reads it has lost the others.
    assert found.first_broken.name in (f"layer{broken}", f"layer{broken + 1}")
    assert all(
        (x.decibels or 99) > 20 for x in found.layers if x.name < f"layer{broken}" and x.op != "QUANTIZE"
    )


def test_a_model_is_equal_to_itself_and_labels_say_how_often_it_is_right() -> None:
    model, data = dense_net(), samples()
    labels = np.array([0, 1] * 6)
    first, second = measure([model, model], data=data, labels=labels, delegates=()).models
    assert second.decibels == 200
    scores = {s.metric: s for s in second.scores}
    assert scores["agreement"].value == 1
    assert (scores["top1"].difference, scores["top1"].p) == (0, 1)
    assert first.scores[0].value == scores["top1"].value
    assert scores["top5"].value == 1  # of four classes


def test_of_equal_scores_the_lower_class_comes_first() -> None:
    g = Builder()
    x = g.input((1, 3), "float32", "x")
    model = g.model([g.op("RELU", [x], [g.tensor((1, 3), "float32", "y")])])
    data = [np.array([[2, 2, 1]], np.float32)]
    for label, right in ((0, 1), (1, 0)):
        (found,) = measure([model], data=data, labels=[label], delegates=()).models
        assert found.scores[0].value == right


def test_integers_at_the_border_are_compared_as_the_numbers_they_stand_for() -> None:
    model, data = dense_net(), samples()
    plain = quantize(model, "int8", data=data).model
    whole = quantize(model, "int8", data=data, inputs="int8").model
    _, one, other = measure([model, plain, whole], data=data, delegates=()).models
    assert one.decibels == pytest.approx(other.decibels, abs=1e-6)


def mean_of_first(outputs: Any, labels: Any) -> float:
    return float(np.mean([row[0].max() for row in outputs]))


def each(outputs: Any, labels: Any) -> list[float]:
    return [float(row[0].max()) for row in outputs]


def test_a_function_gives_a_number_or_one_for_each_sample() -> None:
    model, data = dense_net(), samples()
    for function in (mean_of_first, each):
        _, second = measure([model, model], data=data, metric=function, delegates=()).models
        score = next(s for s in second.scores if s.metric == function.__name__)
        assert score.difference == 0
        assert (score.paired is None) == (function is mean_of_first)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda outputs, labels: 1 / 0, "ZeroDivisionError"),
        (lambda outputs, labels: float("nan"), "finite numbers, found nan"),
        (lambda outputs, labels: "good", "failed: ValueError"),
        (lambda outputs, labels: [1.0, 2.0, 3.0], "a number, or one for each of 2 samples"),
        (lambda outputs, labels: None, "finite|failed"),
    ],
)
def test_what_is_wrong_with_a_function_is_said(function: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        asked_of(function, [[np.zeros(2)]] * 2, None, 2)


def test_data_labels_and_metrics_that_do_not_fit_are_named(tmp_path: Path) -> None:
    model = dense_net()
    for settings, said in (
        ({"labels": [1]}, "need samples"),
        ({"data": samples(2), "labels": [1]}, "found too few"),
        ({"data": samples(2), "labels": [1, 4]}, "classes from 0 to 3, found 4"),
        ({"data": samples(2), "labels": [1.5, 2]}, "a whole number for each sample"),
        ({"data": samples(2), "metric": "top1"}, "needs labels"),
        ({"data": samples(2), "metric": "nothing:here"}, "cannot be imported: ModuleNotFoundError"),
        ({"data": samples(2), "metric": "top2"}, "needs one of top1, agreement, or module:function"),
        ({"data": []}, "at least one sample"),
    ):
        with pytest.raises(InputError, match=said):
            measure([model], delegates=(), **settings)
    (tmp_path / "labels.txt").write_text("1\ntwo\n", "utf-8")
    with pytest.raises(InputError, match="a whole number for each sample"):
        read_labels(tmp_path / "labels.txt")


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A model whose names would be markup, two files of it, and data."""
    name = '</script><img src=x onerror=alert(1)>&"\x1b[31m'
    model = chain(1, name)
    data = np.stack([floats(1, 16) for _ in range(6)])
    write_file(tmp_path / "a.tflite", write_model(model))
    quantize(model, "int8", data=list(data)).write(tmp_path / "b.tflite")
    np.save(tmp_path / "x.npy", data)
    (tmp_path / "y.txt").write_text("0\n" * 6, "utf-8")
    return [str(tmp_path / n) for n in ("a.tflite", "b.tflite", "x.npy", "y.txt")]


def test_the_command_writes_a_page_node_data_and_json(files: list[str], tmp_path: Path) -> None:
    a, b, x, y = files
    page, folder = tmp_path / "page.html", tmp_path / "nodes"
    arguments = [a, b, "--data", x, "--labels", y, "--runs", "1"]
    done = CliRunner().invoke(report, [*arguments, "--html", str(page), "--overlays", str(folder)])
    assert done.exit_code == 0, done.output
    assert "breaks first at op" in done.output
    assert "\x1b" not in done.output
    text = page.read_text("utf-8")
    assert "<img" not in text
    assert "\x1b" not in text
    assert not re.search(r"https?:|src=(?!x )|url\(|@import|<link|<script", text)
    assert text.count("<svg") > 5
    times = text[text.index("<b>Time</b>") :]
    assert re.findall(r'class="of">.*?<span>(.*?)</span>', times) == ["a.tflite", "b.tflite"]
    assert re.findall(r"<span>(\w+)</span><span class=\"track\">", times) == ["reference"] * 2
    nodes = json.loads((folder / "1_b_decibels.json").read_text("utf-8"))
    assert set(nodes) == {"main"}
    assert {s["stop"] for s in nodes["main"]["gradient"]} >= {0, 1}
    assert all(isinstance(n["value"], float) for n in nodes["main"]["results"].values())
    told = json.loads(CliRunner().invoke(report, [*arguments, "--json"]).output)
    assert [m["name"] for m in told["models"]] == ["a.tflite", "b.tflite"]
    assert told["models"][1]["first_broken"]["decibels"] < 10


def test_a_page_that_cannot_be_written_is_an_error_before_the_work(files: list[str]) -> None:
    for out in (files[0], str(Path(files[0]) / "page.html")):
        done = CliRunner().invoke(report, [files[0], "--html", out])
        assert isinstance(done.exception, InputError)
        assert "would be overwritten" in str(done.exception) or "cannot be written" in str(done.exception)


def test_a_delegate_that_is_not_there_is_an_error(files: list[str]) -> None:
    done = CliRunner().invoke(report, [files[0], "-d", "reference,nobody"])
    assert isinstance(done.exception, UnknownDelegate)


def test_a_model_that_gives_one_tensor_twice_is_measured() -> None:
    g = Builder()
    y = g.op("TANH", [g.input((1, 4), "float32", "x")], [g.tensor((1, 4), "float32", "y")])
    found = measure([g.model([y, y])] * 2, data=[np.ones((1, 4), np.float32)])
    assert found.models[1].first_broken is None
