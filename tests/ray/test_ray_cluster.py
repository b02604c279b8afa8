"""A real Ray cluster of two workers on this machine: the same numbers, and nothing lost with a worker."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from delegraph.batch import Item, Job, Predictor, Where, run_job

ray = pytest.importorskip("ray")
psutil = pytest.importorskip("psutil")

DOCS = Path(__file__).parents[2] / "docs" / "models"
MODEL = str(DOCS / "digits_int8.tflite")
DIGITS = [str(file) for file in sorted((DOCS / "digits").iterdir())]
# What Ray itself warns of; pytest takes warnings for errors here.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Start a cluster: a head without CPUs, and two workers with one each; give its address."""
    found = started()
    ray.init(address=found.address, log_to_driver=False)
    assert ray.cluster_resources()["CPU"] == 2
    yield found.address
    ray.shutdown()
    found.shutdown()


def started(tries: int = 3) -> Any:
    """Start its nodes; again where a loaded machine takes longer than the 30 s that Ray waits for one."""
    from ray.cluster_utils import Cluster

    found = Cluster()
    try:
        for cpus in (0, 1, 1):
            found.add_node(num_cpus=cpus)
    except Exception:
        found.shutdown()
        if tries == 1:
            raise
        return started(tries - 1)
    return found


def items(times: int) -> list[Item]:
    return [Item(i, file) for i, file in enumerate(DIGITS * times)]


def answers(results: Any) -> list[Any]:
    return [(r.file, r.task, r.records, r.error) for r in results]


def workers(name: str) -> list[Any]:
    """Return Ray's processes that work on something of this name."""
    processes = psutil.process_iter(["cmdline"])
    return [p for p in processes if any(name in word for word in p.info["cmdline"] or [])]


def kill_one_soon(name: str, killed: list[int]) -> threading.Thread:
    """Kill a process of this name, once there are two of them."""

    def wait_and_kill() -> None:
        for _ in range(3000):
            found = workers(name)
            if len(found) >= 2:
                time.sleep(0.3)
                os.kill(found[0].pid, signal.SIGKILL)
                killed.append(found[0].pid)
                return
            time.sleep(0.02)

    thread = threading.Thread(target=wait_and_kill, daemon=True)
    thread.start()
    return thread


def test_a_job_gives_the_same_on_the_cluster_and_how_fast(cluster: str, capsys: Any) -> None:
    seconds = {}
    found = {}
    where = {"one process": Where(batch_size=10), "cluster": Where(ray=cluster, batch_size=10)}
    for name, place in where.items():
        run_job(Job(MODEL), items(4), place)  # processes are started, models opened
        start = time.perf_counter()
        found[name] = answers(run_job(Job(MODEL), items(60), place).results())
        seconds[name] = time.perf_counter() - start
    assert found["cluster"] == found["one process"]
    with capsys.disabled():
        print({name: f"{600 / s:.0f} files/s" for name, s in seconds.items()})


def test_a_worker_that_is_killed_loses_nothing(cluster: str) -> None:
    killed: list[int] = []
    thread = kill_one_soon("ray::results_of", killed)
    found = answers(run_job(Job(MODEL), items(200), Where(ray=cluster, batch_size=5)).results())
    thread.join(60)
    assert killed
    assert found == answers(run_job(Job(MODEL), items(200), Where()).results())


def test_a_data_set_is_mapped_and_a_killed_actor_loses_nothing(cluster: str) -> None:
    pytest.importorskip("pandas")
    data = pytest.importorskip("ray.data")
    files = DIGITS * 100
    rows = [{"id": i, "path": file} for i, file in enumerate(files)]
    killed: list[int] = []
    thread = kill_one_soon("ray::MapWorker", killed)
    mapped = data.from_items(rows, override_num_blocks=100).map_batches(
        Predictor, fn_constructor_args=(MODEL,), concurrency=2, batch_size=10
    )
    found = sorted(mapped.take_all(), key=lambda row: row["id"])
    thread.join(60)
    assert killed
    assert [row["id"] for row in found] == list(range(len(files)))
    assert [json.loads(row["answer"])[0]["class"] for row in found] == list(range(10)) * 100
    alone = Predictor(MODEL)({"path": np.asarray(DIGITS)})
    assert [row["answer"] for row in found] == list(alone["answer"]) * 100


def test_arrays_of_a_data_set_become_outputs(cluster: str) -> None:
    data = pytest.importorskip("ray.data")
    with np.load(DOCS / "digits_test.npz") as found:
        pixels = found["x"][:40].astype(np.float32) / 16
    mapped = (
        data.from_numpy(pixels)
        .rename_columns({"data": "image"})
        .map_batches(Predictor, fn_constructor_args=(MODEL,), concurrency=2, batch_size=8)
    )
    rows = np.stack([row["probabilities"] for row in mapped.take_all()])
    # In any order: each sample's outputs are those that one process gives.
    alone = Predictor(MODEL)(pixels)
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], alone[np.lexsort(alone.T)])


def test_partitions_of_dask_are_mapped() -> None:
    pandas = pytest.importorskip("pandas")
    dask = pytest.importorskip("dask.dataframe")
    frame = pandas.DataFrame({"path": DIGITS, "number": range(10)}, index=range(5, 15))
    mapped = dask.from_pandas(frame, npartitions=3).map_partitions(Predictor(MODEL))
    found = mapped.compute(scheduler="processes", num_workers=2)
    assert list(found.index) == list(frame.index)
    assert [json.loads(text)[0]["class"] for text in found["answer"]] == list(found["number"])
