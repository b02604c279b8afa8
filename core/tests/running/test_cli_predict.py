"""``delegraph predict``: many files, some of them broken, in one output that is whole."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from delegraph.batch import Item, Job, Journal, Result, Where, run_job
from delegraph.batch.run_job import worth_while
from delegraph.batch.workers import chunks, in_processes
from delegraph.errors import InputError
from delegraph.model import Builder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
import killing

DOCS = Path(__file__).parents[3] / "docs" / "models"
NAMES = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=12
)
ONE_BY_ONE = ("--batch-size", "1")
BROKEN = (b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"PK\5\6" + bytes(18))


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Return a folder with pictures of the ten digits."""
    pytest.importorskip("PIL")
    pytest.importorskip("delegraph_reference")
    folder = tmp_path / "photos"
    folder.mkdir()
    for file in sorted((DOCS / "digits").iterdir()):
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture
def copier(saved: Any) -> str:
    """Return the path of a model that gives back its three inputs, of an open batch."""
    g = Builder()
    x = g.input((-1, 3), "float32", name="x")
    zero = g.constant(np.zeros(1, np.float32))
    return saved(g.model(outputs=[g.op("ADD", [x, zero], [g.tensor((1, 3), "float32", name="y")])]))


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def job() -> Job:
    return Job(str(DOCS / "digits_int8.tflite"))


def items_of(folder: Path) -> list[Item]:
    return [Item(i, str(file)) for i, file in enumerate(sorted(folder.iterdir()))]


def best(results: Any) -> list[int]:
    return [r.records[0]["class"] for r in results]


def test_each_class_of_each_file_has_a_line(delegraph: Any, copier: str, tmp_path: Path) -> None:
    for i in range(3):
        np.save(tmp_path / f"{i}.npy", np.eye(3, dtype=np.float32)[i])
    out = tmp_path / "out.csv"
    result = delegraph("predict", copier, tmp_path / "?.npy", "-d", "exact", "-o", out, "--top", "1")
    assert result.exit_code == 0, result.output
    assert [(Path(r["file"]).name, r["class"], r["score"], r["error"]) for r in rows_of(out)] == [
        (f"{i}.npy", str(i), "1.0", "") for i in range(3)
    ]
    assert not (tmp_path / "out.csv.partial").exists()


def test_outputs_are_stacked_in_an_npz(delegraph: Any, copier: str, tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.float32).reshape(4, 3)
    for i, row in enumerate(values):
        np.save(tmp_path / f"{i}.npy", row)
    np.save(tmp_path / "9.npy", np.zeros(5, np.float32))
    result = delegraph("predict", copier, tmp_path / "*.npy", "-d", "exact", "-o", tmp_path / "o.npz")
    assert result.exit_code == 1
    with np.load(tmp_path / "o.npz") as found:
        np.testing.assert_array_equal(found["y"], [*values, [0, 0, 0]])
        assert [Path(f).name for f in found["files"]] == ["0.npy", "1.npy", "2.npy", "3.npy", "9.npy"]
        assert ["needs shape" in e for e in found["errors"]] == [False] * 4 + [True]


def test_a_list_names_files_from_its_folder_on(delegraph: Any, copier: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    np.save(tmp_path / "sub" / "a.npy", np.zeros(3, np.float32))
    (tmp_path / "list.csv").write_text("file,label\nsub/a.npy,x\n")
    (tmp_path / "list.txt").write_text("sub/a.npy\n\n")
    for name in ("list.csv", "list.txt"):
        args = ("predict", copier, tmp_path / name, "-d", "exact", "--task", "classify")
        assert delegraph(*args, "-o", tmp_path / "o.csv").exit_code == 0
        assert {Path(r["file"]).name for r in rows_of(tmp_path / "o.csv")} == {"a.npy"}


def test_outputs_of_no_task_are_values(delegraph: Any, copier: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.float32([5, -6, np.nan]))
    out = tmp_path / "o.csv"
    result = delegraph("predict", copier, tmp_path / "a.npy", "-d", "exact", "-o", out)
    assert "warning: " in result.output
    assert "1 NaN among 3 values" in result.output
    assert [(r["index"], r["value"]) for r in rows_of(out)] == [("0", "5.0"), ("1", "-6.0"), ("2", "")]


def test_what_no_file_can_do_writes_nothing(delegraph: Any, copier: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"none")
    out = tmp_path / "o.csv"
    result = delegraph("predict", copier, tmp_path / "a.png", "-d", "exact", "-o", out)
    assert (result.exit_code, out.exists()) == (1, False)
    assert "none of 1 file could be run" in result.output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "model.tflite"]


@pytest.mark.parametrize("name", ["o.txt", "o", "o.xlsx"])
def test_an_output_of_no_known_format_is_an_error(
    delegraph: Any, copier: str, tmp_path: Path, name: str
) -> None:
    result = delegraph("predict", copier, copier, "-o", tmp_path / name)
    assert result.exit_code == 1
    assert "needs a name that ends in .csv, .parquet, .npz" in result.output


@settings(
    max_examples=int(os.environ.get("DELEGRAPH_PREDICT", "15")),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    files=st.dictionaries(NAMES, st.sampled_from([*BROKEN, None]), min_size=1, max_size=6),
    label=NAMES,
    batch_size=st.integers(1, 4),
)
def test_odd_names_and_broken_files_among_good_ones(
    delegraph: Any, copier: str, tmp_path: Path, files: dict[str, bytes | None], label: str, batch_size: int
) -> None:
    """Every file has a line, with an error or the class that its own values say; no cell is a formula."""
    folder = tmp_path / f"d{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    expected: dict[str, int | None] = {}
    for i, (name, content) in enumerate(files.items()):
        path = folder / f"{name}.npy"
        try:
            with open(path, "wb") as file:
                file.write(content) if content is not None else np.save(
                    file, np.eye(3, dtype=np.float32)[i % 3]
                )
        except OSError:  # a name that this disk does not take
            continue
        if not path.name.startswith("."):
            expected[path.name] = None if content is not None else i % 3
    (tmp_path / "labels.txt").write_text(f"={label}\n{label}\n-\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    given_ = (
        "-d",
        "exact",
        "--labels",
        tmp_path / "labels.txt",
        "--top",
        "1",
        "--batch-size",
        batch_size,
        "-q",
    )
    result = delegraph("predict", copier, folder, "-o", out, *given_)
    broken = [name for name, kind in expected.items() if kind is None]
    if not expected or len(broken) == len(expected):
        assert result.exit_code == 1
        assert not out.exists()
        return
    assert result.exit_code == (1 if broken else 0), result.output
    rows = rows_of(out)
    assert len(rows) == len(expected)
    assert sum(bool(r["error"]) for r in rows) == len(broken)
    by_order = [expected[p.name] for p in sorted(folder.iterdir()) if p.name in expected]
    assert [int(r["class"]) if r["class"] else None for r in rows] == by_order
    for cell in (cell for row in rows for cell in row.values()):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell.isprintable()
    out.unlink()


def test_auto_delegates_are_worth_a_process_for_each_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[worth_while.__module__], "cores", lambda: 4)
    auto = attrs.evolve(job(), delegates=("auto",))
    assert [worth_while(auto, files) for files in (0, 127, 128, 200, 256, 10_000)] == [1, 1, 2, 3, 4, 4]
    assert worth_while(job(), 10_000) == 1


def test_files_in_as_many_processes_as_are_worth_while(
    digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[worth_while.__module__]
    monkeypatch.setattr(module, "worth_while", lambda job, files: 2)
    monkeypatch.setattr(module, "in_processes", lambda job, parts, n: iter([[n, len(parts)]]))
    assert list(Where(None, batch_size=1).run(job(), items_of(digits))) == [[2, 10]]


def test_a_process_that_is_killed_loses_nothing(digits: Path) -> None:
    items = items_of(digits)
    found: dict[int, Result] = {}
    running = in_processes(job(), chunks(items, 1), 2)
    for results in running:
        if len(found) == 1:
            kill_a_child()
        found.update((r.number, r) for r in results)
    alone = list(run_job(job(), items, Where()).results())
    assert best(alone) == list(range(10))
    assert [found[n].records for n in sorted(found)] == [r.records for r in alone]


def kill_a_child() -> None:
    import multiprocessing

    children = [c for c in multiprocessing.active_children() if c.pid]
    assert children
    os.kill(children[0].pid or 0, signal.SIGKILL)


@pytest.mark.skipif("DELEGRAPH_PROCESSES" not in os.environ, reason="slow: DELEGRAPH_PROCESSES=1 runs it")
def test_a_file_that_kills_its_process_each_time_is_an_error(digits: Path) -> None:
    items = [attrs.evolve(item, truth=item.number == 1) for item in items_of(digits)[:3]]
    dangerous = attrs.evolve(job(), judge=killing.judged)
    results = sorted((r for part in in_processes(dangerous, chunks(items, 2), 2) for r in part), key=number)
    assert [r.judged for r in results] == ["lived", None, "lived"]
    assert results[1].error == "the process that ran it was killed, each time"


def number(result: Result) -> int:
    return result.number


def test_an_interrupted_command_goes_on(digits: Path, tmp_path: Path) -> None:
    """Killed after some files: the journal has whole lines, and the next command does the rest."""
    out = tmp_path / "out.csv"
    command = [sys.executable, "-c", _SLOW, str(job().model), str(digits), str(out)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    partial = tmp_path / "out.csv.partial"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (
        partial.exists() and len(partial.read_bytes().splitlines()) > 3
    ):
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert not out.exists()
    done = len(partial.read_bytes().splitlines()) - 1
    with open(partial, "ab") as file:
        file.write(b'{"number": 9, "fi')  # a line that was cut off
    again = subprocess.run(
        [
            sys.executable,
            "-m",
            "delegraph",
            "predict",
            job().model,
            str(digits),
            "-o",
            str(out),
            "--batch-size",
            "1",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stderr
    assert f"{done} files of 10 are done already" in again.stderr
    assert [r["class"] for r in rows_of(out)[::5]] == [str(i) for i in range(10)]
    assert not partial.exists()


_SLOW = """
import sys, time
from delegraph.batch import opened
from delegraph.cli import main
run = opened.OpenedModel.run
opened.OpenedModel.run = lambda *a: (time.sleep(0.15), run(*a))[1]
main(["predict", sys.argv[1], sys.argv[2], "-o", sys.argv[3], "--batch-size", "1"])
"""


def test_other_settings_begin_anew(digits: Path, tmp_path: Path) -> None:
    items, out = items_of(digits), str(tmp_path / "o.csv")
    with Journal(out, job(), items, "1") as journal:
        journal.add([Result(0, "x")])
    with Journal(out, job(), items, "1") as journal:
        assert journal.done == {0}
    os.utime(items[0].file, (1, 1))
    with Journal(out, job(), items, "1") as journal:
        assert journal.done == set()


def test_a_file_of_the_journals_name_is_left_alone(digits: Path, tmp_path: Path) -> None:
    (tmp_path / "o.csv.partial").write_text("mine")
    with pytest.raises(InputError, match="is another file"):
        Journal(str(tmp_path / "o.csv"), job(), items_of(digits), "1")
    assert (tmp_path / "o.csv.partial").read_text() == "mine"


def test_arrays_of_each_type_come_back_from_the_journal(tmp_path: Path) -> None:
    arrays = {"a": np.float32([np.nan, 1]), "b": np.int8([[1], [2]]), "c": np.zeros((0, 3), bool)}
    with Journal(str(tmp_path / "o"), job(), [], "1") as journal:
        journal.add([Result(1, "\udcff", outputs=arrays, records=({"x": 1},))])
        (found,) = journal.results()
    assert (found.file, found.records) == ("\udcff", ({"x": 1},))
    for name, array in arrays.items():
        np.testing.assert_array_equal(found.outputs[name], array)
        assert found.outputs[name].dtype == array.dtype


def test_a_parquet_has_the_lines_of_the_csv(delegraph: Any, copier: str, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for i in range(3):
        np.save(tmp_path / f"{i}.npy", np.eye(3, dtype=np.float32)[i])
    (tmp_path / "3.npy").write_bytes(b"broken")
    for ending in ("csv", "parquet"):
        delegraph("predict", copier, tmp_path / "?.npy", "-d", "exact", "-o", tmp_path / f"o.{ending}")
    table = parquet.read_table(tmp_path / "o.parquet").to_pylist()
    as_text = [{k: "" if v is None else str(v) for k, v in row.items()} for row in table]
    assert as_text == rows_of(tmp_path / "o.csv")
    assert json.loads(json.dumps(table))[0]["score"] == 1.0


@pytest.mark.parametrize("mixes", [False, True])
def test_batches_are_run_together_only_where_samples_stay_apart(
    saved: Any, tmp_path: Path, mixes: bool
) -> None:
    """A model whose first axis is open need not have samples along it: one may mean over them."""
    pytest.importorskip("delegraph_reference")
    from delegraph.batch import OpenedModel

    g = Builder()
    x = g.input((-1, 3), "float32", name="x")
    if mixes:
        mean = g.op("MEAN", [x, g.constant(np.int32([0]))], [g.tensor((1, 3), "float32")], keep_dims=True)
        y = g.op("SUB", [x, mean], [g.tensor((1, 3), "float32")])
    else:
        y = g.op("ADD", [x, x], [g.tensor((1, 3), "float32")])
    samples = [{"x": np.float32([[i, 2 * i, -i]])} for i in range(1, 6)]
    with OpenedModel(saved(g.model(outputs=[y]))) as opened:
        calls = []
        run = opened.run
        opened.run = lambda arrays: (calls.append(len(arrays["x"])), run(arrays))[1]  # type: ignore[method-assign]
        for _ in range(2):
            found = [next(iter(out.values())) for out in opened.run_all(samples)]
            expected = [s["x"] * 0 if mixes else s["x"] * 2 for s in samples]
            np.testing.assert_array_equal(found, expected)
    assert (5 in calls[2:]) != mixes


@settings(
    max_examples=int(os.environ.get("DELEGRAPH_PREDICT", "10")),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["PNG", "JPEG", "BMP", "GIF", "TIFF"]),
            st.integers(0, 400),
            st.binary(max_size=4),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_broken_pictures_among_good_ones(digits: Path, broken: list[tuple[str, int, bytes]]) -> None:
    """Pictures with some bytes changed or cut off: an error, or an answer, and the good ones' answers."""
    image = pytest.importorskip("PIL.Image")
    items = items_of(digits)[:2]
    for i, (form, place, change) in enumerate(broken):
        data = io.BytesIO()
        image.open(digits / "4.png").convert("L").save(data, form)
        whole = data.getvalue()
        at = min(place, len(whole))
        path = digits.parent / f"broken{i}"
        path.write_bytes(whole[:at] + change + whole[at + len(change) :] if change else whole[:at])
        items.append(Item(i + 2, str(path)))
    results = list(run_job(job(), items, Where(batch_size=3)).results())
    assert [r.number for r in results] == list(range(len(items)))
    assert best(results[:2]) == [0, 1]
    assert all((r.error is None) == bool(r.records) for r in results)
