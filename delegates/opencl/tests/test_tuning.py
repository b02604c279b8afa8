"""What runs fastest is measured where it is asked for, once, and remembered."""

from __future__ import annotations

from types import SimpleNamespace

import attrs
import numpy as np
import pytest
from delegraph import Builder
from delegraph_opencl import Launch, OpenCL
from delegraph_opencl.gpu import tuning

WORK = """
__kernel void work(__global float* y) {
  float v = y[get_global_id(0)];
  for (int i = 0; i < ROUNDS; i++) v = v * 1.0001f + 1;
  y[get_global_id(0)] = v;
}
"""
SLOW, FAST, BROKEN = (3_000_000,), (10,), (0,)


@pytest.fixture
def target(load, monkeypatch):
    """A target that measures, in a process that knows nothing yet."""
    monkeypatch.setattr(tuning, "_known", {})
    return attrs.evolve(load(kernels="gpu", tune=True).target, tuned={})


@pytest.fixture
def ask(target):
    """Return a function that asks for the best candidate; ``ask.tried`` lists those that were launched."""

    def best(candidates, target=target, kernel="work"):
        return tuning.tuned(target, kernel, candidates, launches)

    def launches(candidate):
        best.tried.append(candidate)
        rounds = "this does not compile" if candidate == BROKEN else candidate[0]
        return [Launch(WORK, "work", (tuning.Scratch(256),), (64,), None, (("ROUNDS", rounds),))]

    best.tried = []
    return best


@pytest.mark.parametrize("candidates", [[SLOW, FAST], [FAST, SLOW]])
def test_the_fastest_is_chosen_wherever_it_stands(ask, candidates):
    assert ask(candidates) == FAST


def test_nothing_runs_and_the_first_is_taken_without_tuning(ask, target):
    untuned = attrs.evolve(target, tune=False, tuned={"work": [*FAST]})
    assert ask([SLOW, FAST], untuned) == SLOW
    assert ask.tried == []


def test_a_process_measures_once(ask, target):
    ask([SLOW, FAST])
    ask.tried.clear()
    assert ask([SLOW, FAST], attrs.evolve(target, tuned={})) == FAST
    assert ask.tried == []


def test_each_kernel_is_measured_for_itself(ask):
    ask([FAST, SLOW], kernel="one")
    ask([FAST, SLOW], kernel="other")
    assert ask.tried == [FAST, SLOW] * 2


def test_the_choice_is_left_for_the_cache(ask, target):
    ask([SLOW, FAST])
    assert target.tuned == {"work": [*FAST]}


def test_what_the_cache_has_is_not_measured(ask, target):
    target.tuned["work"] = [*SLOW]
    assert ask([FAST, SLOW]) == SLOW
    assert ask.tried == []


def test_what_the_cache_has_and_nobody_knows_is_measured_anew(ask, target):
    target.tuned["work"] = [1, 2, 3]
    assert ask([SLOW, FAST]) == FAST


def test_what_cannot_run_is_passed_over(ask):
    assert ask([BROKEN, SLOW]) == SLOW


@pytest.mark.parametrize(
    ("kind", "option", "tunes"),
    [("gpu", None, True), ("cpu", None, False), ("cpu", True, True), ("gpu", False, False)],
)
def test_gpus_are_measured_unless_the_option_says_otherwise(load, monkeypatch, kind, option, tunes):
    delegate = load(tune=option)
    monkeypatch.setattr(OpenCL, "device", SimpleNamespace(type=kind, has_fp16=False))
    assert delegate.target.tune is tunes


def test_a_second_process_finds_the_choices_in_the_cache(load, interpret, monkeypatch, tmp_path):
    g = Builder()
    x, y = g.input((1, 4, 4, 8), "float32"), g.tensor((1, 4, 4, 8), "float32")
    filters = g.constant(np.eye(8, dtype=np.float32).reshape(8, 1, 1, 8))
    model = g.model(
        outputs=[g.op("CONV_2D", [x, filters, None], [y], stride_h=1, stride_w=1, padding="SAME")]
    )
    numbers = np.arange(128, dtype=np.float32).reshape(1, 4, 4, 8)
    measured = []
    seconds = tuning.Bench.seconds
    monkeypatch.setattr(
        tuning.Bench, "seconds", lambda self, *args: measured.append(1) or seconds(self, *args)
    )
    counts = []
    for _ in range(2):
        monkeypatch.setattr(tuning, "_known", {})  # a new process knows nothing
        delegate = load(kernels="gpu", tune=True, serialization_dir=str(tmp_path / "cache"))
        np.testing.assert_allclose(interpret(model, delegate)(numbers), numbers)
        counts.append(len(measured))
    assert 0 < counts[0] == counts[1]
