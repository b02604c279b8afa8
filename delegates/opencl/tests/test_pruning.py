"""The cache does not grow without end: what nobody used for the longest time goes, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from delegraph import OptionError
from delegraph_opencl.cache import pruning
from delegraph_opencl.cache.cache import MAGIC, Cache, CacheEntry
from delegraph_opencl.options import Options

PART = 100_000  # bytes of each entry's one constant
DAY = 86_400


def path_of(directory: Path, letter: str) -> Path:
    return directory / f"{letter * 64}.cache"


def written(directory: Path, letter: str, limit: int = 10 * PART, age: int = 0) -> Path:
    """Write an entry that was last used ``age`` seconds ago."""
    entry = CacheEntry(path_of(directory, letter), limit)
    entry.add_constant("weights", PART, lambda: np.zeros(PART, np.uint8))
    entry.store()
    back(entry.path, age)
    return entry.path


def back(path: Path, seconds: int) -> None:
    """Let a file be that much older."""
    now = path.stat().st_mtime
    os.utime(path, (now - seconds, now - seconds))


def left(directory: Path) -> str:
    """Return the letters of the entries that are left."""
    return "".join(sorted(path.name[0] for path in directory.glob("*.cache")))


def test_entries_that_were_not_used_for_the_longest_time_go_first(tmp_path):
    for letter, age in (("a", 10), ("b", 30), ("c", 20)):
        written(tmp_path, letter, age=age)
    written(tmp_path, "d", limit=3 * PART + 10_000)
    assert left(tmp_path) == "acd"


def test_reading_an_entry_is_using_it(tmp_path):
    for letter, age in (("a", 30), ("b", 20)):
        written(tmp_path, letter, age=age)
    CacheEntry(path_of(tmp_path, "a"), PART)
    written(tmp_path, "c", limit=2 * PART + 10_000)
    assert left(tmp_path) == "ac"


def test_what_was_just_written_stays_even_if_it_is_larger_than_the_limit(tmp_path):
    written(tmp_path, "a", age=10)
    written(tmp_path, "b", limit=1)
    assert left(tmp_path) == "b"


def test_below_the_limit_nothing_goes(tmp_path):
    for letter in "abc":
        written(tmp_path, letter)
    assert left(tmp_path) == "abc"


@pytest.mark.parametrize("name", ["notes.cache", f"{'0' * 64}.cache", f"{'0' * 64}.cache.old", "0.tmp"])
def test_files_of_others_stay(tmp_path, name):
    foreign = tmp_path / name
    foreign.write_bytes(b"not ours" * PART)
    back(foreign, 2 * DAY)
    written(tmp_path, "a", limit=1)
    assert foreign.read_bytes() == b"not ours" * PART


def test_a_link_and_what_it_leads_to_stay(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    original = written(elsewhere, "a", age=10)
    link = path_of(tmp_path, "b")
    link.symlink_to(original)
    written(tmp_path, "c", limit=1)
    assert link.is_symlink()
    assert original.exists()


def unfinished(directory: Path, name: str, content: bytes) -> Path:
    path = directory / f"{'a' * 64}.{name}.tmp"
    path.write_bytes(content)
    return path


def test_what_a_killed_process_left_unfinished_goes_at_the_next_start(tmp_path):
    program = (
        "import os, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from delegraph_opencl.cache import cache\n"
        "from delegraph_opencl.cache.cache import CacheEntry\n"
        "cache.os = type('Killed', (), {'__getattr__': lambda self, name: getattr(os, name),\n"
        "                               'replace': lambda self, *names: os.kill(os.getpid(), 9)})()\n"
        "entry = CacheEntry(Path(sys.argv[1]) / f'{0:064x}.cache', 250_000)\n"
        "entry.add_constant('weights', 100_000, lambda: np.zeros(100_000, np.uint8))\n"
        "entry.store()\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False, timeout=100)
    assert [path.suffix for path in tmp_path.iterdir()] == [".tmp"]
    Cache.of(str(tmp_path), Options())
    assert list(tmp_path.iterdir()) == []


def test_what_a_living_process_writes_stays_and_counts(tmp_path):
    written(tmp_path, "b", age=10)
    with open(unfinished(tmp_path, "live1", bytes(PART)), "ab") as file:
        pruning.hold(file)
        written(tmp_path, "c", limit=2 * PART + 10_000)
        assert left(tmp_path) == "c"
        assert len(list(tmp_path.glob("*.tmp"))) == 1


def test_an_unfinished_file_of_no_bytes_goes_after_a_day(tmp_path):
    old, new = (unfinished(tmp_path, name, b"") for name in ("old1", "new1"))
    back(old, 2 * DAY)
    written(tmp_path, "b", limit=10 * PART)
    assert (old.exists(), new.exists()) == (False, True)


def test_an_entry_that_another_process_removes_first_is_no_error(tmp_path, monkeypatch):
    victim = written(tmp_path, "a", age=10)
    listed = pruning.stored(tmp_path, MAGIC)
    victim.unlink()
    monkeypatch.setattr(pruning, "stored", lambda directory, magic: listed)
    pruning.prune(tmp_path, MAGIC, 1, path_of(tmp_path, "b"))
    assert left(tmp_path) == ""


def test_processes_that_write_and_prune_at_once_do_not_disturb_each_other(tmp_path):
    program = (
        "import logging, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from delegraph_opencl.cache.cache import CacheEntry\n"
        "logging.basicConfig()\n"
        "for n in range(40):\n"
        "    entry = CacheEntry(Path(sys.argv[1]) / f'{n % 7:064x}.cache', 250_000)\n"
        "    entry.add_constant('weights', 100_000, lambda: np.zeros(100_000, np.uint8))\n"
        "    entry.store()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]
    assert [p.communicate(timeout=300) for p in both] == [("", "")] * 2
    assert 1 <= len(list(tmp_path.iterdir())) <= 3


def test_the_limit_is_an_option_in_mib(tmp_path):
    def limit(**options):
        return Cache.of(str(tmp_path), Options(**options)).limit

    assert limit() == 1024 << 20
    assert limit(serialization_limit=3) == 3 << 20


def test_a_limit_below_one_is_refused(load):
    with pytest.raises(OptionError, match="serialization_limit"):
        load(serialization_limit=0)
