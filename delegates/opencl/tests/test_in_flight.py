"""Runs of a partition follow one another while the device is still at work on those before."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from delegraph import DelegateFailed
from delegraph_opencl.device.buffers import BufferPool
from delegraph_opencl.run import executable
from delegraph_opencl.run.commands_in_flight import InFlight, guard
from opencl_parts import chain, compute_by

SHAPE = (1, 64, 64, 16)
RUNS = 3 * executable.MOST_IN_FLIGHT


@pytest.fixture(autouse=True)
def _on_workers(monkeypatch):
    """Let workers compute what is brief, too: what the calling thread computes is done when run returns."""
    compute_by(monkeypatch, "workers")


def fresh(i, shift):
    """Return an array that kernels can read where it is, or, shifted, one that they cannot."""
    memory = np.empty(np.prod(SHAPE) + 64, np.float32)
    start = (-memory.ctypes.data % 128) // 4 + shift
    array = memory[start : start + np.prod(SHAPE)].reshape(SHAPE)
    array[...] = i
    return array


@pytest.mark.parametrize("shift", [0, 1], ids=["in place", "copied"])
def test_each_run_reads_its_own_input_however_soon_that_is_freed(interpret, load, shift):
    delegate = load()
    (partition,) = interpret(chain("ADD", "MUL", shape=SHAPE), delegate).plan.partitions
    run = delegate.prepare(partition)
    results = [run(fresh(i, shift))[0] for i in range(RUNS)]
    gc.collect()
    assert [np.unique(r).tolist() for r in results] == [[(i + 1) * 2.0] for i in range(RUNS)]


def test_a_result_that_goes_round_needs_no_wait(interpret, load, monkeypatch):
    delegate = load()
    (partition,) = interpret(chain("ADD", shape=SHAPE), delegate).plan.partitions
    run = delegate.prepare(partition)
    (value,) = run(np.zeros(SHAPE, np.float32))
    waits = []
    wait = InFlight.wait
    monkeypatch.setattr(InFlight, "wait", lambda self: (waits.append(self), wait(self))[1])
    for _ in range(executable.MOST_IN_FLIGHT - 1):
        (value,) = run(value)
    assert not waits
    assert np.unique(value).tolist() == [executable.MOST_IN_FLIGHT]


class Event:
    def __init__(self, error=None):
        self.error, self.command_execution_status = error, 0 if error is None else -5

    def wait(self):
        if self.error is not None:
            raise self.error


class Memory:
    pass


def in_flight(owner, memory, before, *events):
    commands = InFlight(owner, memory, before)
    commands.runs = 1 + (before.runs if before is not None else 0)
    commands._commands, commands.events = [owner] * len(events), list(events)
    return commands


def test_who_waits_is_told_of_a_failure_in_a_run_before_and_the_next_run_is_not(opencl_error):
    owner = Memory()
    memory = guard(owner)
    first = in_flight("the first run", memory, None, Event(opencl_error))
    second = in_flight("the second run", memory, first, Event())
    for commands in (second, first, second):
        with pytest.raises(DelegateFailed, match="the first run"):
            commands.wait()
    third = in_flight("the third run", memory, second, Event())
    third.wait()
    assert third.runs == 0


def test_memory_is_guarded_until_the_last_of_its_runs_is_over():
    owner, finished = Memory(), []
    memory = guard(owner)
    first, second = (memory.begin(lambda: finished.append("finished")) for _ in range(2))
    memory.over(first)
    memory.end()
    memory.over(second)
    memory.end()
    assert finished == ["finished"]


def test_thousands_of_values_at_a_time_are_not_looked_through_for_each():
    made, asked = [], []
    pool = BufferPool(lambda: made.append(object()) or made[-1])

    class Value:
        pass

    def taken():
        value, pooled = Value(), pool.free()
        pooled.hold(value)
        holder = pooled.holder
        pooled.holder = lambda: (asked.append(1), holder())[1]
        return value

    values = [taken() for _ in range(3000)]
    assert len(made) == 3000
    del values
    values = [taken() for _ in range(3000)]
    assert len(made) <= 4500
    assert len(asked) < 40_000
    del values
    for _ in range(100):
        taken()
    assert len(made) <= 4500
