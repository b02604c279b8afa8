"""What distributions publish is read as importlib.metadata reads it; generated folders, judged by it.

More cases: ``DELEGRAPH_CASES=2000 pytest core/tests/test_entry_points.py``.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from delegraph.plugins import entry_points as ours

CASES = int(os.environ.get("DELEGRAPH_CASES", "60"))
NAMES = ("some_npu", "Some.NPU", "some-npu", "other", "a", "b.c_d")
ENDS = (
    "-1.0.dist-info",
    "-2.0rc1.dist-info",
    ".egg-info",
    "-1.0-py3.11.egg-info",
    "-1.0.data",
    "",
)
LINES = (
    "[delegraph]",
    "  [delegraph]  ",
    "[console_scripts]",
    "[delegraph.more]",
    "npu = some_npu",
    "npu=some_npu:plugin",
    "  two words  =  a.b : c.d  [extra, other]  ",
    "again = a = b",
    "# npu = not_this",
    "",
    "\t",
)
HEADS = (
    "Metadata-Version: 2.1\nName: some-npu\nVersion: 1.0\n",
    "Name: Some.NPU\nversion: 2\nName: second\n\nVersion: 3 in the text\n",
    "Summary: of many\n  Name: folded\nName:spaced\nVersion:   7\n\n\nName: late\n",
)


def folder(place: Path, rng: random.Random) -> None:
    """Make a folder such as installers leave, with anything in it."""
    place.mkdir(exist_ok=True)
    for _ in range(rng.randrange(4)):
        info = place / (rng.choice(NAMES) + rng.choice(ENDS))
        info.mkdir(exist_ok=True)
        text = rng.choice(("\n", "\r\n")).join(rng.choices(LINES, k=rng.randrange(9)))
        if rng.random() < 0.9:
            (info / "entry_points.txt").write_bytes(text.encode())
        (info / rng.choice(("METADATA", "PKG-INFO"))).write_text(rng.choice(HEADS))
    if rng.random() < 0.3:
        (place / "filed-1.0.egg-info").write_text(HEADS[0])  # as distutils did


@pytest.mark.parametrize("seed", range(CASES))
def test_all_is_found_that_importlib_finds(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    rng = random.Random(seed)
    places = [tmp_path / f"site{n}" for n in range(rng.randrange(1, 4))]
    for place in places:
        folder(place, rng)
    odd = [tmp_path / "nothing", tmp_path / "site0"]
    path = [str(place) for place in rng.sample([*places, *odd], len(places) + len(odd))]
    monkeypatch.setattr(sys, "path", [*path, *([""] if seed % 3 == 0 else []), *sys.path])
    monkeypatch.chdir(places[0])

    expected = {(e.name, e.value, told(e.dist)) for e in metadata.entry_points(group="delegraph")}
    found = {(e.name, e.value, (e.distribution, e.version)) for e in ours.entry_points("delegraph")}

    assert found == expected


def told(dist: Any) -> tuple[str, str]:
    return dist.metadata["Name"], dist.metadata["Version"]


@pytest.mark.parametrize(
    "value", ["os", "os.path", "os.path:join", "os : path.join [extra]", "os[a]", "os:"]
)
def test_a_value_is_loaded_as_importlib_loads_it(value: str):
    judge = metadata.EntryPoint("x", value, "delegraph")
    try:
        expected = judge.load()
    except Exception:
        expected = None
    try:
        assert ours.EntryPoint("x", value, "", "").load() is expected
    except ValueError:
        assert expected is None


def test_an_archive_on_the_path_is_read(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "lib.zip", "w") as archive:
        archive.writestr("zipped-1.0.dist-info/METADATA", HEADS[0])
        archive.writestr("zipped-1.0.dist-info/entry_points.txt", "[delegraph]\nzipped = zipped\n")
    program = (
        "import sys; sys.path.append(sys.argv[1]); from delegraph.plugins import entry_points as ours; "
        "print(*{found.name for found in ours.entry_points('delegraph')})"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "lib.zip")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "zipped" in done.stdout.split()


def test_another_finder_of_distributions_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    folder_of_it = tmp_path / "hidden-1.0.dist-info"
    folder_of_it.mkdir()
    (folder_of_it / "METADATA").write_text(HEADS[0])
    (folder_of_it / "entry_points.txt").write_text("[delegraph]\nhidden = hidden\n")

    class Finder(metadata.DistributionFinder):
        def find_distributions(self, context: Any = None) -> Any:
            return [metadata.PathDistribution(folder_of_it)]

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert "hidden" in {found.name for found in ours.entry_points("delegraph")}


def test_a_file_that_is_no_text_costs_its_own_distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, content in (("bad", b"[delegraph]\n\xff = x\n"), ("good", b"[delegraph]\ngood = x\n")):
        (tmp_path / f"{name}-1.dist-info").mkdir()
        (tmp_path / f"{name}-1.dist-info" / "entry_points.txt").write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    assert {"good", "bad"} & {found.name for found in ours.entry_points("delegraph")} == {"good"}


def test_plugins_are_found_without_importlib_metadata():
    program = (
        "import sys; from delegraph import Plugins; Plugins.installed(); "
        "print('importlib.metadata' in sys.modules, 'email' in sys.modules)"
    )
    environment = {**os.environ, "DELEGRAPH_PLUGINS_OFF": "optimize"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split() == ["False", "False"]


def test_threads_that_ask_first_get_the_same_plugins_and_keep_their_output():
    program = """
import sys, threading
from delegraph import Plugins
sys.setswitchinterval(1e-6)
before, found, barrier = sys.stdout, [], threading.Barrier(4)
def ask():
    barrier.wait()
    found.append(Plugins.installed())
threads = [threading.Thread(target=ask) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(set(map(id, found))), sys.stdout is before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "True"]
