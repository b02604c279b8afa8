"""A benchmark counts its runs, and a profile adds up events by type of op and by op."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from delegraph.interpreter import Interpreter
from delegraph.profile import Event
from delegraph.report.benchmark import (
    Profile,
    Timing,
    benchmark,
    by_op,
    by_type,
    outside,
    process_peak,
    to_json,
)
from delegraph.report.prepared_model import PreparedModel
from delegraph.run import interface_of


def running(model, plugins):
    interpreter = Interpreter(model=model, delegates=["exact"], plugins=plugins)
    return PreparedModel(interpreter, interface_of(model), {"x": np.zeros((1, 4), np.float32)})


def test_as_many_runs_are_measured_as_asked_for(products, plugins):
    stages: list[str] = []
    found = benchmark(running(products(), plugins), runs=4, warmup=2, profiled=3, progress=stages.append)
    assert len(found.timing.runs) == 4
    assert stages == ["prepare", "first run", *["warm up"] * 2, *["run"] * 4, *["profile"] * 3]
    assert found.profile is not None
    assert found.profile.runs == 3


def test_events_of_the_delegate_reach_the_profile(products, plugins):
    found = benchmark(running(products(), plugins), runs=1, warmup=0, profiled=2)
    assert found.profile is not None
    lines = by_type(found.profile)
    assert [(line.name, line.delegate, line.calls) for line in lines] == [
        ("ADD", "exact", 2),
        ("MUL", "exact", 1),
    ]
    assert lines[0].seconds == pytest.approx(0.002)
    assert [line.op for line in by_op(found.profile)] == [0, 1, 2]


def test_memory_is_that_of_the_plan(products, plugins):
    # at most three tensors of 4 floats live at one time: x, a, y, then x, y, z
    found = benchmark(running(products(), plugins), runs=1)
    assert found.memory.peak == 3 * 16
    assert found.memory.constants == 2 * 4


def test_shares_are_of_the_time_of_all_runs():
    found = Profile(
        2, 0.010, (Event("ADD", 0.002, op=0), Event("ADD", 0.003, op=0), Event("MUL", 0.001, op=1))
    )
    assert [(line.name, line.share) for line in by_op(found)] == [("ADD", 0.5), ("MUL", pytest.approx(0.1))]
    assert outside(found) == pytest.approx(0.002)  # 4 of 10 ms, in two runs


def test_ops_of_one_name_in_two_subgraphs_have_a_line_each():
    found = Profile(1, 1.0, (Event("ADD", 0.2, op=0), Event("ADD", 0.1, op=0, subgraph=1)))
    assert [(line.subgraph, line.op) for line in by_op(found)] == [(0, 0), (1, 0)]
    assert len(by_type(found)) == 1


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (2, 2), (9, 9), (10, 9), (11, 10), (20, 18)])
def test_nine_of_ten_runs_took_no_longer_than_p90(n, expected):
    runs = tuple(float(i) for i in range(n, 0, -1))
    assert Timing(0, 0, runs).p90 == expected


def test_the_process_holds_some_memory():
    peak = process_peak()
    assert peak is None or peak > 1 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="only there a child begins with its parent's peak")
def test_what_the_parent_held_is_not_of_the_process():
    held = np.ones(40_000_000)
    code = "from delegraph.report.benchmark import process_peak; print(process_peak())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(found.stdout) < held.nbytes < process_peak()


def test_rates_are_of_what_the_events_count():
    # two runs of 0.5 s that move 1 GB and compute 4 GFLOP each: 2 GB/s, 8 GFLOP/s
    events = [Event("CONV_2D", 0.5, 0, nbytes=10**9, flops=4 * 10**9)] * 2
    (line,) = by_op(Profile(2, 1.0, (*events,)))
    assert (line.nbytes, line.flops) == (10**9, 4 * 10**9)
    assert (line.gigabytes_per_second, line.gigaflops_per_second) == (2, 8)


def test_what_counts_nothing_has_no_rate():
    (line,) = by_op(Profile(1, 1.0, (Event("ADD", 0.5, 0),)))
    assert (line.nbytes, line.gigabytes_per_second, line.gigaflops_per_second) == (None, None, None)


def test_what_delegates_hold_on_their_devices_is_counted(products, plugins, monkeypatch):
    monkeypatch.setattr("delegraph.contract.delegate.Delegate.device_bytes", lambda self: {"weights": 7})
    found = benchmark(running(products(), plugins), runs=1, warmup=0)
    assert {"weights": 7} in found.device_bytes.values()
    assert to_json(found)["bytes"]["devices"] == found.device_bytes
