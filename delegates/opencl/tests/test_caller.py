"""What is brief is computed in the thread that asks: the same numbers, in the same order."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np
import pytest
from delegraph import Delegate, DelegateFailed, DelegateUnavailable, Interpreter, Model, load_delegate
from delegraph.model import Builder
from delegraph_opencl.device.device import Device
from delegraph_opencl.run import binding
from opencl_parts import WAYS, compute_by


@pytest.fixture
def delegate() -> Delegate:
    try:
        delegate = load_delegate("opencl", {"device": "cpu"})
    except DelegateUnavailable as e:
        pytest.skip(str(e))
    if delegate.device.caller is None:
        pytest.skip("needs a PoCL that computes in the calling thread, too")
    return delegate


@pytest.mark.parametrize("seed", range(6))
def test_values_arrive_whoever_computes(
    seed: int, delegate: Delegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models that add 1 hand a value on, on the device or through the host, in an order that is drawn."""
    draw = random.Random(seed)
    n = draw.choice([1, 7, 64, 5000])
    models = {}
    for way in WAYS:
        compute_by(monkeypatch, way)
        models[way] = Interpreter(model=_adding(n), delegates=[delegate], device_outputs=True)
        models[way].allocate_tensors()
        models[way].invoke()
    value, began = np.arange(n, dtype=np.float32), np.arange(n, dtype=np.float32)
    for step in range(1, 25):
        model = models[draw.choice(list(WAYS))]
        model.set_tensor(model.get_input_details()[0]["index"], value)
        model.invoke()
        value = model.device_value(model.get_output_details()[0]["index"])
        if draw.random() < 0.3:
            value = np.asarray(value)
            assert (value == began + step).all()
    assert (np.asarray(value) == began + 24).all()


@pytest.mark.parametrize("n", [5, 5000])
def test_results_on_the_host_stay_as_they_are(n: int, delegate: Delegate) -> None:
    """Few are copied out, many have a buffer each."""
    model, x = Interpreter(model=_adding(n), delegates=[delegate]), np.arange(n, dtype=np.float32)
    found = [model(x + i) for i in range(4)]
    assert all((y == x + i + 1).all() for i, y in enumerate(found))
    ready = model._session._direct[0][0]._ready
    assert (ready.run.on_host is not None) == (n == 5)


def test_whether_an_input_is_read_where_it_is_is_found_out_once(
    delegate: Delegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(Device, "works_in_place", lambda *given: asked.append(given))
    model, x = Interpreter(model=_adding(5), delegates=[delegate]), np.arange(5, dtype=np.float32)
    assert [model(x + i).tolist() for i in range(4)] == [(x + i + 1).tolist() for i in range(4)]
    assert len(asked) == 1


@pytest.mark.parametrize("set_by_user", [None, "pthread", "basic"])
def test_the_device_of_the_calling_thread_is_not_listed_beside_another(
    delegate: Delegate, set_by_user: str | None
) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "POCL_DEVICES"}
    environment |= {"POCL_DEVICES": set_by_user} if set_by_user else {}
    code = "from delegraph_opencl.device.runtime import devices\nfor d in devices(): print(d.name)"
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    kinds = [name.partition("-")[0] for name in done.stdout.splitlines() if "-" in name]
    assert kinds.count("basic") == (set_by_user == "basic")


@pytest.mark.parametrize(
    ("ops", "n", "who"),
    [(1, 8, "caller"), (250, 1000, "caller"), (4, 500_000, "helped"), (4, 5_000_000, "workers")],
)
def test_the_briefer_the_fewer_cores(
    ops: int, n: int, who: str, delegate: Delegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many small ops stay in the thread that asks; with few large ones it is helped, or others do them."""
    if len(delegate.device.cores) < 2:
        pytest.skip("one core has nobody to wait for")

    def refused(calls: object, workers: int, helped: bool) -> None:
        raise DelegateFailed(f"{workers} workers, {helped}")

    monkeypatch.setattr(binding, "single_launch", refused)
    workers = {"caller": 1, "helped": len(delegate.device.cores), "workers": delegate.device.units}[who]
    with pytest.raises(DelegateFailed, match=f"{workers} workers, {who == 'helped'}"):
        Interpreter(model=_adding(n, ops), delegates=[delegate]).allocate_tensors()


def test_what_cannot_be_one_kernel_with_the_rest_stays_in_the_calling_thread_beside_it(
    delegate: Delegate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binding, "is_one_of_many", lambda launch: launch.name != "elementwise")
    made, bound = [], binding.Bound
    monkeypatch.setattr(binding, "Bound", lambda *a, **k: (made.append(bound(*a, **k)), made[-1])[1])
    model = Interpreter(model=_adding(5, ops=3), delegates=[delegate])
    for _ in range(2):
        assert model(np.arange(5, dtype=np.float32)).tolist() == [1, 2, 3, 4, 5]
    assert [b.in_caller for b in made] == [True, True]


def _adding(n: int, ops: int = 1) -> Model:
    """Return a model that adds 1; each further op turns the numbers round."""
    g = Builder()
    x = g.input((n,), "float32")
    one = g.constant(np.ones(1, np.float32))
    axis = g.constant(np.zeros(1, np.int32))
    y = g.op("ADD", [x, one], [g.tensor((n,), "float32")])
    for _ in range(ops - 1):
        y = g.op("REVERSE_V2", [y, axis], [g.tensor((n,), "float32")])
    return g.model(outputs=[y])
