"""Compiled programs and packed weights are kept on disk: used when they fit, made anew when not."""

from __future__ import annotations

import errno
import json
import logging
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import attrs
import numpy as np
import pytest
from delegraph import Builder, Op, OpSupport, OptionError, SupportTable, needs, write_model
from delegraph.plugins import REFERENCE
from delegraph_opencl.cache import cache, digest
from delegraph_opencl.device.device import Device
from opencl_parts import Adding, chain, triple, tripling, weighting

X = np.arange(16, dtype=np.float32).reshape(1, 2, 2, 4)
MODEL = ("Weigh", "Triple", "ADD")
EXPECTED = (X * 2 * 3) + 1
posix = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was compiled and packed, as it happens."""
    done: list[str] = []
    built = Device._built
    monkeypatch.setattr(
        Device, "_built", lambda self, source: done.append("compile") or built(self, source)
    )
    return done


@pytest.fixture
def run(interpret, load, plugins, directory, work):
    """Return a function that runs the model as a new process would, and returns what had to be made."""
    plugins.register(tripling(), "triple")
    plugins.register(weighting(work), "weigh")

    def make(**options):
        options.setdefault("serialization_dir", str(directory))
        delegate = load(**options)
        delegate.device._programs.clear()
        work.clear()
        i = interpret(chain(*MODEL), delegate)
        i.allocate_tensors()
        made = sorted(set(work))
        np.testing.assert_allclose(i(X), EXPECTED, rtol=1e-3)
        return made

    return make


def entries(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.cache"))


def test_by_default_nothing_is_kept(run, directory, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    run(serialization_dir=None)
    assert not (tmp_path / "delegraph").exists()


def test_what_was_made_once_is_used_again(run, directory):
    assert run() == ["compile", "pack"]
    assert run() == []
    assert len(entries(directory)) == 1


def test_auto_is_the_users_cache_directory(run, tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    run(serialization_dir="auto")
    assert len(entries(tmp_path / "delegraph" / "opencl")) == 1


@posix
def test_files_are_their_owners_alone(run, directory):
    run()
    assert directory.stat().st_mode & 0o777 == 0o700
    assert [e.stat().st_mode & 0o777 for e in directory.iterdir()] == [0o600]


@posix
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_directory_that_others_can_write_to_is_refused(load, directory, mode):
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(OptionError, match=f"has mode {mode:o}; run: chmod 700 {directory}"):
        load(serialization_dir=str(directory))


@posix
def test_a_directory_that_others_can_read_is_taken(run, directory):
    directory.mkdir(mode=0o755)
    run()
    assert run() == []


def test_a_file_is_no_directory(load, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="file is no directory"):
        load(serialization_dir=str(tmp_path / "file"))


@posix
def test_an_entry_that_others_can_write_to_is_not_used(run, directory, caplog):
    run()
    entries(directory)[0].chmod(0o666)
    assert run() == ["compile", "pack"]
    assert "somebody else can write to it" in caplog.text
    assert run() == []


def broken(content: bytes, how: str) -> bytes:
    middle = len(content) // 2
    return {
        "empty": b"",
        "cut off early": content[:20],
        "cut off": content[:-100],
        "longer": content + b"x",
        "another file": b"something else" * 100,
        "one bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "table": content.replace(b'"tuned"', b'"turned'),
        "sizes": content[:24] + b"\xff" * 16 + content[40:],
    }[how]


@pytest.mark.parametrize(
    "how", ["empty", "cut off early", "cut off", "longer", "another file", "one bit", "table", "sizes"]
)
def test_a_broken_entry_is_made_anew_with_a_warning(run, directory, caplog, how):
    run()
    (entry,) = entries(directory)
    entry.write_bytes(broken(entry.read_bytes(), how))
    assert run() == ["compile", "pack"]
    assert f"the cache entry {entry} is made anew: it" in caplog.text
    caplog.clear()
    assert run() == []
    assert caplog.text == ""


def sparse(path: Path) -> None:
    with open(path, "r+b") as file:
        file.truncate(40 << 30)


PLACED = {
    "pipe": lambda path: os.mkfifo(path),
    "folder": lambda path: path.mkdir(),
    "zeros of a device": lambda path: path.symlink_to("/dev/zero"),
    "nothing of a device": lambda path: path.symlink_to("/dev/null"),
    "40 GiB": lambda path: (path.write_bytes(cache.MAGIC), sparse(path)),
    "40 GiB that say so": lambda path: (
        path.write_bytes(cache.MAGIC + struct.pack("<QQQ", 0, 0, (40 << 30) - 40)),
        sparse(path),
    ),
}


@posix
@pytest.mark.parametrize("what", PLACED)
def test_what_is_no_entry_is_made_anew_and_nothing_is_waited_for(run, directory, caplog, what):
    run()
    (entry,) = entries(directory)
    entry.unlink()
    PLACED[what](entry)
    assert run() == ["compile", "pack"]
    assert f"the cache entry {entry} is made anew: " in caplog.text
    caplog.clear()
    assert run() == []
    assert caplog.text == ""


def with_table(content: bytes, change) -> bytes:
    """Return an entry with another table and the right checksum."""
    start = len(cache.MAGIC) + 8
    nbytes, parts = struct.unpack("<QQ", content[start : start + 16])
    table = change(json.loads(content[start + 16 : start + 16 + nbytes]))
    text = table if isinstance(table, bytes) else json.dumps(table).encode()
    text += b" " * (-(start + 16 + len(text)) % 512)
    body = struct.pack("<QQ", len(text), parts) + text + content[start + 16 + nbytes :]
    return cache.MAGIC + struct.pack("<Q", zlib.crc32(body)) + body


def placed(place):
    return lambda t: {**t, "parts": dict.fromkeys(t["parts"], place)}


TABLES = {
    "another name": lambda t: {**t, "name": "0" * 64},
    "no name": lambda t: {"parts": t["parts"], "tuned": t["tuned"]},
    "no parts": lambda t: {"name": t["name"], "tuned": t["tuned"]},
    "a list": lambda t: [t],
    "a number": lambda t: 7,
    "deep": lambda t: b"[" * 100_000,
    "no JSON": lambda t: b"\xff",
    "parts in a list": lambda t: {**t, "parts": list(t["parts"])},
    "a part without a size": placed([0]),
    "a part beyond the end": placed([0, 1 << 40]),
    "a part before the beginning": placed([-512, 512]),
    "a part of less than nothing": placed([512, -512]),
    "a part of half a number": placed([0, 3]),
    "a part of too many numbers": placed([0, 128]),
    "a part that begins between two numbers": placed([3, 64]),
    "parts of no size": placed([0, 0]),
    "a part that is null": placed(None),
    "tuned sizes in a list": lambda t: {**t, "tuned": []},
    "tuned to a number": lambda t: {**t, "tuned": {"kernel": 3}},
}


@pytest.mark.parametrize("how", TABLES)
def test_an_entry_with_another_table_and_the_right_checksum_is_made_anew(run, directory, caplog, how):
    run()
    (entry,) = entries(directory)
    entry.write_bytes(with_table(entry.read_bytes(), TABLES[how]))
    assert run() == ["compile", "pack"]
    assert f"the cache entry {entry} is made anew: " in caplog.text


def test_a_folder_with_files_in_an_entrys_place_stays_and_is_told_once(run, directory, caplog):
    run()
    (path,) = entries(directory)
    path.unlink()
    path.mkdir()
    path.joinpath("mine").write_text("")
    with caplog.at_level(logging.WARNING, "delegraph"):
        assert run() == ["compile", "pack"]
    (said,) = [record.getMessage() for record in caplog.records]
    assert said == f"{path} is a folder with files in it: what belongs there is not cached"
    assert [f.name for f in path.iterdir()] == ["mine"]


def test_an_entry_under_another_name_is_not_used(run, directory, caplog):
    run()
    run(model_token="other")
    first, second = entries(directory)
    first.write_bytes(second.read_bytes())
    assert [run(), run(model_token="other")].count([]) == 1
    assert "it was written as" in caplog.text


def test_a_binary_that_the_driver_refuses_is_compiled_anew(run, directory, monkeypatch):
    run()
    monkeypatch.setattr(cache.CacheEntry, "binary", lambda self, source: b"no program")
    assert run() == ["compile"]


def test_a_cache_that_cannot_be_written_is_a_warning(run, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    run(serialization_dir=str(tmp_path / "file" / "below"))
    assert "cannot be written" in caplog.text


def test_a_full_disk_is_a_warning_and_leaves_nothing_behind(run, directory, caplog, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(cache.os, "replace", full)
        run()
    assert "cannot be written: [Errno 28] No space left on device" in caplog.text
    assert list(directory.iterdir()) == []


def test_two_processes_at_once_do_not_disturb_each_other(device, directory, tmp_path):
    model = tmp_path / "model.tflite"
    model.write_bytes(write_model(chain("ADD", "MUL")))
    program = (
        "import logging, sys, numpy as np\n"
        "from delegraph import Interpreter, load_delegate\n"
        "logging.basicConfig()\n"
        "delegate = load_delegate('opencl', {'serialization_dir': sys.argv[2]})\n"
        "print(Interpreter(sys.argv[1], delegates=[delegate])(np.ones((1, 2, 2, 4), np.float32)).sum())"
    )
    command = [sys.executable, "-c", program, str(model), str(directory)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    for _ in range(2):  # cold, then warm
        both = [subprocess.Popen(command, **pipes) for _ in range(2)]
        assert [p.communicate(timeout=300) for p in both] == [("64.0\n", "")] * 2
    assert len(entries(directory)) == len(list(directory.iterdir())) == 1


def test_tuned_sizes_are_kept(interpret, load, plugins, directory):
    seen = []

    def prepare(node, target):
        seen.append(dict(target.tuned))
        target.tuned["triple 16"] = [4, 2]
        return triple(node, target)

    plugins.register(tripling(prepare=prepare), "triple")
    for _ in range(2):
        interpret(chain("Triple"), load(serialization_dir=str(directory)))(X)
    assert seen == [{}, {"triple 16": [4, 2]}]


# What an entry depends on.


@pytest.fixture
def name_of(load, interpret, plugins):
    """Return a function that names the entry of a model's partition."""
    plugins.register(tripling(), "triple")

    def make(model=None, device=None, token=None, file_format=1, **options):
        delegate = load(**options)
        (partition,) = interpret(model or chain("Triple", "ADD"), delegate).plan.partitions
        target = delegate.target
        if device is not None:
            target = attrs.evolve(target, device=device)
        return digest.partition_digest(partition, target, token, file_format)

    return make


def test_the_same_work_has_the_same_name(name_of):
    assert name_of() == name_of()


@pytest.mark.parametrize(
    "other",
    [
        {"precision": "float16"},
        {"kernels": "gpu"},
        {"token": "v2"},
        {"file_format": 2},
        {"model": chain("Triple", "ADD", shape=(2, 8))},
        {"model": chain("Triple", "MUL")},
        {"model": chain("ADD", "Triple")},
        {"model": chain("Triple", "ADD", numbers={"ADD": 1.5})},
    ],
    ids=str,
)
def test_other_work_has_another_name(name_of, other):
    assert name_of(**other) != name_of()


@pytest.mark.parametrize("fact", ["driver_version", "version", "name", "vendor", "extensions"])
def test_another_device_or_driver_has_another_name(name_of, load, fact):
    real = load().device

    class Other:
        """The driver, a version later."""

        def __getattr__(self, name):
            return "another" if name == fact else getattr(real.found.device, name)

    other = Device(real.found)
    other.found = attrs.evolve(real.found, device=Other())
    assert name_of(device=other) != name_of(device=real)


def test_another_version_of_the_package_has_another_name(name_of, monkeypatch):
    before = name_of()
    monkeypatch.setattr("delegraph_opencl.__version__", "9.9.9")
    digest._code.cache_clear()
    after = name_of()
    monkeypatch.undo()
    digest._code.cache_clear()
    assert after != before


def test_weights_count_by_value_not_by_place():
    import hashlib

    def fed(value):
        found = hashlib.sha256()
        digest._feed(found, value)
        return found.digest()

    ones = np.ones((2, 3), np.float32)
    assert fed(ones) == fed(ones.copy())
    different = [
        ones,
        ones.reshape(3, 2),
        ones.astype(np.float64),
        ones.view(np.int32),
        ones * 2,
        [1.0] * 6,
    ]
    assert len({fed(v) for v in different}) == len(different)
    assert fed([b"a", b"b"]) != fed([b"ab"])


def test_the_log_is_the_projects(caplog):
    assert cache.logger is logging.getLogger("delegraph")


def test_a_constraint_of_a_row_is_asked_once_per_op_and_plan(interpret, load, plugins, directory, spare):
    asked: list[int] = []

    @needs("what nobody has")
    def never(op: Op) -> str:
        return "nothing"

    @needs("luck")
    def luck(op: Op) -> None:
        asked.append(op.index)

    plugins.register(Adding("Triple", triple, (luck,)), "triple")
    spare.name = spare.label = REFERENCE  # it is asked whether it folds what is of constants, and does not
    spare.table = SupportTable(REFERENCE, [OpSupport("Triple", (1, 1), "any -> any", (luck, never))])
    delegates = [load(serialization_dir=str(directory)), spare]
    interpret(chain("Triple", "Triple"), *delegates)(X)
    assert asked == [0, 1]

    asked.clear()
    g = Builder()
    y = g.op("Triple", [g.constant(np.float32([1, 2]))], [g.tensor((2,), "float32")])
    plan = interpret(g.model([y]), *reversed(delegates)).plan
    assert (asked, len(plan.fallbacks)) == ([0] * len(delegates), len(delegates))
