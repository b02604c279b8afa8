"""``--max-drop`` and ``--max-size``: the search finds what 8 bits destroy, and goes on when killed."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import (
    Builder,
    Delegate,
    InputError,
    Interpreter,
    Model,
    OpSupport,
    Partition,
    Run,
    SupportTable,
    write_file,
    write_model,
)
from delegraph_optimize import Rule, SearchResult, pipeline, quantize, search_schemes
from delegraph_optimize.commands import quantize as command
from delegraph_optimize.search.ladder import LADDERS, ladder
from small import computes, floats

SIZE = 32
NEEDS_16 = pytest.mark.skipif(find_spec("delegraph_int16") is None, reason="needs delegraph-int16")
OPS = int(os.environ.get("DELEGRAPH_SEARCH_OPS", "3"))  # 3 ** OPS choices are tried by brute force


def chain(
    weights: tuple[int, ...] = (), values: tuple[int, ...] = (), ops: int = OPS, apart: bool = False
) -> Model:
    """Products, some of which 8 bits destroy.

    :param weights: products of which each row has a weight so large that nothing is left of the others;
        what it multiplies is always 0.
    :param values: products that write a value so large that nothing is left of the others; the next
        product hardly reads it.
    """
    g = Builder()
    x = g.input((1, SIZE), "float32", "x")
    for place in range(ops):
        w = floats(SIZE, SIZE, size=0.5)
        if place in weights:
            w[:, 0] = 900
        if place + 1 in weights:
            w[0] = 0
        if place in values:
            w[1] *= 2000
        elif place - 1 in values:
            w[:, 1] /= 2000
        y = g.tensor((1, SIZE), "float32", f"y{place}")
        x = g.op("FULLY_CONNECTED", [x, g.constant(w, name=f"w{place}"), None], [y])
        if apart:  # which is merged into the product: other names, and other places
            x = g.op("RELU", [x], [g.tensor((1, SIZE), "float32", f"z{place}")])
    return g.model([x])


def samples(count: int = 40) -> list[np.ndarray]:
    found = [floats(1, SIZE) for _ in range(count)]
    for x in found:
        x[:, 0] = 0
    return found


def schemes(found: SearchResult) -> list[str]:
    return [found.chosen.schemes[0, i] for i in range(len(found.chosen.schemes))]


def classes(model: Model, data: list[np.ndarray]) -> list[int]:
    with Interpreter(model=model, delegates=["reference"]) as interpreter:
        return [int(interpreter(x).argmax()) for x in data]


@pytest.mark.parametrize("bad", range(OPS))
def test_the_op_whose_weights_8_bits_destroy_goes_back_to_floats_alone(bad: int) -> None:
    found = search_schemes(chain(weights=(bad,)), "int8", data=samples(), max_drop=5)
    assert schemes(found) == ["float32" if i == bad else "int8" for i in range(OPS)]
    assert found.drop <= 0.05 + 1e-9
    assert found.sensitivities[0].place == (0, bad)
    assert found.tried[0].trial.score < 0.7  # of the model that is quantized whole


@pytest.mark.parametrize("bad", [1, 2])
def test_an_op_with_an_activation_apart_is_found_as_well(bad: int) -> None:
    found = search_schemes(chain(weights=(bad,), apart=True), "int8", data=samples(), max_drop=5)
    assert found.chosen.schemes == {(0, 2 * i): "float32" if i == bad else "int8" for i in range(OPS)}
    assert all(s.nbytes and s.noise for s in found.sensitivities)  # each was quantized alone


@NEEDS_16
def test_activations_that_8_bits_destroy_get_16() -> None:
    found = search_schemes(chain(values=(0,)), "int8", data=samples(), max_drop=5)
    assert "float32" not in schemes(found)[2:]
    assert schemes(found)[0] == "int16x8"
    assert found.drop <= 0.05 + 1e-9


def brute_force(model: Model, data: list[np.ndarray]) -> dict[tuple[str, ...], tuple[float, int]]:
    """Return agreement and size of every choice."""
    wanted = np.array(classes(model, data))
    seen = quantize(model, "int8", data=data).calibration
    tried = {}
    for choice in itertools.product(("int8", "int16x8", "float32"), repeat=OPS):
        rules = [Rule(scheme, index=(i,)) for i, scheme in enumerate(choice)]
        made = quantize(model, "int8", calibration=seen, rules=rules)
        same = np.array(classes(made.model, data)) == wanted
        tried[choice] = float(same.mean()), len(made.content)
    return tried


@NEEDS_16
@pytest.mark.parametrize(("weights", "values"), [((2,), (0,)), ((), ())])
def test_against_every_choice(weights: tuple[int, ...], values: tuple[int, ...]) -> None:
    model, data = chain(weights, values), samples(25)
    tried = brute_force(model, data)
    good = {c: size for c, (score, size) in tried.items() if 1 - score <= 0.08 + 1e-9}
    found = search_schemes(model, "int8", data=data, max_drop=8)
    chosen = tuple(schemes(found))
    assert (found.chosen.trial.score, found.chosen.trial.nbytes) == pytest.approx(tried[chosen])
    assert chosen in good
    for i, scheme in enumerate(chosen):  # no op of it could have stayed quantized
        if scheme != "int8":
            assert (*chosen[:i], "int8", *chosen[i + 1 :]) not in good
    price = SIZE * SIZE * 3 + 600  # of an op in floats, with the conversions beside it
    assert good[chosen] <= min(good.values()) + price
    limit = sorted(size for _, size in tried.values())[len(tried) // 2]
    small = search_schemes(model, "int8", data=data, max_size=limit)
    assert small.chosen.trial.nbytes <= limit
    within = [score for score, size in tried.values() if size <= limit]
    assert small.chosen.trial.score >= np.median(within)


LEVELS = {
    ("int8", "int8"): ["int8", "int16x8", "float32"],
    ("int8", "int4"): ["int8 (int4 weights)", "int16x8 (int4 weights)", "int8", "int16x8", "float32"],
    ("int16x8", "int8"): ["int16x8", "float32"],
    ("int16x8", "int4"): ["int16x8 (int4 weights)", "int16x8", "float32"],
    ("dynamic", "int8"): ["dynamic", "float16", "float32"],
    ("dynamic", "int4"): ["dynamic (int4 weights)", "dynamic", "float16", "float32"],
    ("weights", "int8"): ["weights", "float16", "float32"],
    ("weights", "int4"): ["weights (int4 weights)", "weights", "float16", "float32"],
    ("float16", "int8"): ["float16", "float32"],
    ("float16", "int4"): ["float16", "float32"],
}


@NEEDS_16
@pytest.mark.parametrize(("scheme", "weights"), LEVELS)
def test_levels_go_from_what_is_asked_to_floats(scheme: str, weights: str) -> None:
    block = 32 if weights == "int4" else 0
    found = search_schemes(
        chain(ops=1), scheme, data=samples(2), max_size="100%", weights=weights, block=block, effort="fast"
    )
    tried = sorted(found.tried, key=lambda t: t.trial.nbytes)
    assert [t.schemes[0, 0] for t in tried] == LEVELS[scheme, weights]


class Eight(Delegate):
    """Takes weights of 8 bits alone."""

    name = "eight"

    def prepare(self, partition: Partition) -> Run:
        raise NotImplementedError


def test_what_the_target_refuses_is_no_level() -> None:
    eight = Eight()
    eight.table = SupportTable(
        "eight", [OpSupport("FULLY_CONNECTED", versions=(1, 12), types="int8 int8 int32? -> int8")]
    )
    found = search_schemes(
        chain(), "int8", data=samples(4), max_size="100%", weights="int4", effort="fast", target=eight
    )
    assert {kind for t in found.tried for kind in t.schemes.values()} == {"int8", "float32"}


def test_weights_that_a_rule_or_spare_gives_keep_their_type() -> None:
    rules = [Rule(index=(1,), weights="int4")]
    found = search_schemes(
        chain(),
        "dynamic",
        data=samples(4),
        max_size="100%",
        weights="int4",
        effort="fast",
        spare=True,
        rules=rules,
    )
    of_each = [{t.schemes[0, i] for t in found.tried} for i in range(OPS)]
    assert all(kinds == {"dynamic", "float16", "float32"} for kinds in (of_each[0], of_each[-1]))
    assert of_each[1] == {"dynamic (int4 weights)", "float16", "float32"}


FIRST = 9  # of its model the moves alone end larger than one level for all ops
SEEDS = range(FIRST, FIRST + int(os.environ.get("DELEGRAPH_SEARCH_DRAWN", "3")))


@NEEDS_16
@pytest.mark.parametrize("seed", SEEDS)
def test_no_level_of_all_ops_is_better_than_what_is_found(seed: int) -> None:
    draw = np.random.default_rng(seed)
    model, data = net(draw), [draw.normal(size=(1, SIZE)).astype(np.float32) for _ in range(8)]
    wanted = np.array([computes(model, x=x)[0] for x in data])

    def metric(outputs: list[list[np.ndarray]], labels: object) -> float:
        return -float(np.abs(np.array([row[0] for row in outputs]) - wanted).mean() / wanted.std())

    scheme, weights = (("int8", "int4"), ("dynamic", "int4"), ("weights", "int8"))[seed % 3]
    told: dict[str, Any] = {"data": data, "effort": "fast", "method": "minmax", "least": 64}
    even = [
        quantize(model, level.scheme, weights=level.weights or weights, **told)
        for level in ladder(scheme, weights)[:-1]
    ]
    sizes = [len(made.content) for made in even]
    scores = [metric([computes(made.model, x=x) for x in data], None) for made in even]
    told |= {"metric": metric, "weights": weights}

    level = draw.integers(len(even))  # is enough
    most = -1.001 * scores[level]
    small = search_schemes(model, scheme, max_drop=most, **told).chosen.trial
    assert -small.score <= most
    assert all(small.nbytes <= n for n, score in zip(sizes, scores, strict=True) if -score <= most)

    limit = sizes[level]
    good = search_schemes(model, scheme, max_size=limit, **told).chosen.trial
    assert good.nbytes <= limit
    assert all(good.score >= score - 1e-9 for n, score in zip(sizes, scores, strict=True) if n <= limit)


def net(draw: np.random.Generator) -> Model:
    """Products, some of whose weights go far, and sums, RELUs and what moves values between them."""
    g = Builder()
    x = y = g.input((1, SIZE), "float32", "x")
    for place in range(draw.integers(2, 5)):
        w = draw.normal(size=(SIZE, SIZE)) * 10 ** draw.uniform(-1, 1, (SIZE, 1)) / SIZE
        w *= np.where(draw.random(w.shape) < 0.01, 10 ** draw.uniform(0, 2), 1)
        weights, bias = (g.constant(a.astype(np.float32)) for a in (w, draw.normal(size=SIZE)))
        y = g.op("FULLY_CONNECTED", [y, weights, bias], [g.tensor((1, SIZE), "float32", f"y{place}")])
        kind = draw.integers(4)
        if kind == 0:
            y = g.op("ADD", [x, y], [g.tensor((1, SIZE), "float32", f"z{place}")])
        elif kind == 1:
            y = g.op("RELU", [y], [g.tensor((1, SIZE), "float32", f"z{place}")])
        elif kind == 2:
            shape = g.constant(np.int32([1, SIZE]))
            y = g.op("RESHAPE", [y, shape], [g.tensor((1, SIZE), "float32", f"z{place}")])
    return g.model([y])


def test_an_op_with_a_scheme_of_its_own_keeps_it() -> None:
    found = search_schemes(
        chain(weights=(0,)), "int8", data=samples(10), max_drop=5, rules=[Rule("float32", index=(0,))]
    )
    assert (0, 0) not in found.chosen.schemes
    assert set(found.chosen.schemes.values()) == {"int8"}
    kept = search_schemes(
        chain(), "int8", data=samples(10), max_size="99%", rules=[Rule("int8", name="y1")]
    )
    assert (0, 1) not in kept.chosen.schemes


METRIC = """
import os, signal
from pathlib import Path
here = Path(__file__).parent

def judge(outputs, labels):
    score = sum(float(row[0].max()) for row in outputs)
    with open(here / "calls", "a") as file:
        file.write("x")
    if (here / "calls").stat().st_size == int(os.environ.get("KILL_AT", 0)):
        os.kill(os.getpid(), signal.SIGKILL)
    return -abs(score - float(os.environ["WANTED"]))
"""


def searching(folder: Path, out: str, kill_at: int = 0) -> tuple[int, int, dict[str, Any]]:
    """Run a search; return its exit status, how often it measured, and its state."""
    (folder / "calls").unlink(missing_ok=True)
    model, data, made, metric = (str(folder / n) for n in ("m.tflite", "x.npy", out, "metric.py:judge"))
    arguments = ["--scheme", "int8", "--data", data, "--max-drop", "1", "--metric", metric, "-o", made]
    if kill_at:
        line = [sys.executable, "-m", "delegraph", "quantize", model, *arguments]
        env = {**os.environ, "KILL_AT": str(kill_at)}
        status = subprocess.run(line, env=env, capture_output=True, check=False).returncode
    else:
        status = CliRunner().invoke(command, [model, *arguments]).exit_code
    state = json.loads((folder / f"{out}.search.json").read_text("utf-8"))
    return status, (folder / "calls").stat().st_size, state["trials"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_search_that_is_killed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = chain(weights=(1,)), samples(6)
    write_file(tmp_path / "m.tflite", write_model(model))
    np.save(tmp_path / "x.npy", np.stack(data))
    (tmp_path / "metric.py").write_text(METRIC, "utf-8")
    monkeypatch.setenv("WANTED", str(sum(float(computes(model, x=x)[0].max()) for x in data)))
    status, whole, trials = searching(tmp_path, "a.tflite")
    assert status == 0
    status, before, part = searching(tmp_path, "b.tflite", kill_at=whole // 2)
    assert status == -signal.SIGKILL
    assert not (tmp_path / "b.tflite").exists()
    assert len(part) == before - 2  # the model of floats comes first, and the last was not done
    status, after, resumed = searching(tmp_path, "b.tflite")
    assert status == 0
    assert before - 1 + after - 1 == whole
    assert (tmp_path / "a.tflite").read_bytes() == (tmp_path / "b.tflite").read_bytes()
    for trial in (*trials.values(), *resumed.values()):
        trial.pop("seconds")
    assert resumed == trials


@pytest.fixture
def model(tmp_path: Path) -> str:
    write_file(tmp_path / "m.tflite", write_model(chain(weights=(1,))))
    np.save(tmp_path / "x.npy", np.stack(samples(8)))
    return str(tmp_path / "m.tflite")


def test_the_command_prints_the_front_and_draws_it(model: str, tmp_path: Path) -> None:
    data, out, plot = (str(tmp_path / n) for n in ("x.npy", "out.tflite", "front.svg"))
    arguments = [model, "-o", out, "--scheme", "int8", "--data", data]
    done = CliRunner().invoke(command, [*arguments, "--max-drop", "10", "--plot", plot])
    assert done.exit_code == 0, done.output
    assert "chosen" in done.output
    assert "choices tried" in done.output
    assert Path(plot).read_text("utf-8").startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    half = CliRunner().invoke(command, [*arguments, "--max-size", "90%"])
    assert half.exit_code == 0, half.output
    assert Path(out).stat().st_size <= 0.9 * Path(model).stat().st_size
    odd = CliRunner().invoke(command, [*arguments, "--plot", plot])
    assert "give --max-drop or --max-size" in odd.output


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "needs one limit"),
        ({"max_drop": 1, "max_size": 1}, "needs one limit"),
        ({"max_drop": -1}, "0 or more, found -1"),
        ({"max_drop": float("nan")}, "0 or more, found nan"),
        ({"max_size": "many"}, "a number of bytes, or a share such as 40%, found 'many'"),
        ({"max_size": "0%"}, "a number of bytes"),
        ({"max_size": 10}, "no choice has 10 B or less; the smallest has"),
        ({"max_drop": 1, "per": "hour"}, "per needs one of size, time"),
        ({"max_drop": 1, "data": None}, "needs samples"),
        ({"max_drop": 1, "data": []}, "at least one sample"),
        ({"max_drop": 1, "metric": "top1"}, "needs labels"),
        ({"max_drop": 1, "metric": lambda outputs, labels: float("nan")}, "finite numbers, found nan"),
        ({"max_drop": 1, "metric": lambda outputs, labels: [][0]}, "IndexError"),
    ],
)
def test_what_is_wrong_is_said(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        search_schemes(chain(ops=1), "int8", **{"data": samples(2), **settings})


@pytest.mark.parametrize("effort", ["normal", "best"])
def test_the_best_method_is_found_once_and_kept(effort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[object] = []
    found = pipeline.best_method
    monkeypatch.setattr(pipeline, "best_method", lambda *given: tried.append(given) or found(*given))
    result = search_schemes(
        chain(ops=2, values=(0,)), "int8", data=samples(4), max_drop=5, method="best", effort=effort
    )
    assert len(tried) == 1
    assert result.quantized.calibration is not None


def test_a_state_of_something_else_is_not_used(tmp_path: Path) -> None:
    model, state = chain(ops=1), tmp_path / "state.json"
    search_schemes(model, "int8", data=samples(2), max_drop=5, state=state)
    with pytest.raises(InputError, match="another model, samples or settings"):
        search_schemes(model, "int8", data=samples(3), max_drop=5, state=state)
    with pytest.MonkeyPatch.context() as patch:  # of another version
        patch.setitem(LADDERS, "int8", (("int8",), ("float16", "float32")))
        with pytest.raises(InputError, match="another model, samples or settings"):
            search_schemes(model, "int8", data=samples(2), max_drop=5, state=state)
    state.write_text('{"format": 1}', "utf-8")
    with pytest.raises(InputError, match="no state of a search"):
        search_schemes(model, "int8", data=samples(2), max_drop=5, state=state)
    with pytest.raises(InputError, match="cannot be written"):
        search_schemes(model, "int8", data=samples(2), max_drop=5, state=state / "state.json")


def test_a_state_is_of_what_is_learned_from_as_well(tmp_path: Path) -> None:
    model, seen = chain(ops=1), str(tmp_path / "seen.npz")
    told: dict[str, Any] = {
        "max_drop": 5,
        "weights": "int4",
        "test": samples(2),
        "state": tmp_path / "state",
    }
    made = quantize(model, "int8", data=samples(2))
    assert made.calibration is not None
    made.calibration.save(seen)
    learned = samples(2)
    search_schemes(model, "int8", data=learned, calibration=seen, **told)
    search_schemes(model, "int8", data=learned, calibration=seen, **told)
    with pytest.raises(InputError, match="another model, samples or settings"):
        search_schemes(model, "int8", data=samples(2), calibration=seen, **told)
