"""Forges entries of the OpenCL cache, with the right name and checksum; runs a model with each, guarded.

    python tests/oracle/opencl/forged_cache.py --kernels cpu --count 1000 --seed 7

Programs are left as they are: they are native code, and whoever can write them needs no forged weights.
What is read beside a buffer ends the process; what is written beside one, or another result of weights that
were not changed, is printed. It ends with how many entries were made anew, and how many were used.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import struct
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import guards
import numpy as np
from delegraph import Builder, Interpreter, Model, load_delegate
from delegraph_opencl.cache.cache import MAGIC

_START = len(MAGIC) + 8  # of what the checksum is of
_ALIGNMENT = 512
X = np.linspace(-1, 1, 2 * 7 * 7 * 8, dtype=np.float32).reshape(2, 7, 7, 8)


class Entry:
    """The parts of a file, to be changed."""

    def __init__(self, content: bytes) -> None:
        table_bytes, _ = struct.unpack_from("<QQ", content, _START)
        begin = _START + 16
        self.table: dict[str, Any] = json.loads(content[begin : begin + table_bytes])
        self.body = bytearray(content[begin + table_bytes :])
        self.blanks = 0  # that put the parts off their place

    @property
    def places(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = self.table["parts"]
        return found

    def constants(self) -> list[str]:
        return [name for name in self.places if name.startswith("constant ")]

    def forged(self) -> bytes:
        text = json.dumps(self.table).encode()
        text += b" " * (-(_START + 16 + len(text)) % _ALIGNMENT + self.blanks)
        body = struct.pack("<QQ", len(text), len(self.body)) + text + self.body
        return MAGIC + struct.pack("<Q", zlib.crc32(body)) + body


# Changes of an entry.


def resize(entry: Entry, rng: random.Random) -> None:
    place = entry.places[rng.choice(entry.constants())]
    rest = len(entry.body) - place[0]
    place[1] = rng.choice(
        [0, 1, 4, place[1] - 4, place[1] + 4, 2 * place[1], place[1] // 2, rest, 1 << 40, -4]
    )


def move(entry: Entry, rng: random.Random) -> None:
    place = entry.places[rng.choice(entry.constants())]
    size = len(entry.body)
    place[0] = rng.choice(
        [rng.randrange(0, size, _ALIGNMENT), rng.randrange(size), size - place[1], size, -_ALIGNMENT]
    )


def end(entry: Entry, rng: random.Random) -> None:
    """Leave of a constant what lies before the last padding."""
    place = entry.places[rng.choice(entry.constants())]
    place[:] = [
        len(entry.body) // _ALIGNMENT * _ALIGNMENT - 2 * _ALIGNMENT,
        rng.choice([4, 64, _ALIGNMENT]),
    ]


def swap(entry: Entry, rng: random.Random) -> None:
    a, b = rng.choices(entry.constants(), k=2)
    entry.places[a], entry.places[b] = entry.places[b], entry.places[a]


def drop(entry: Entry, rng: random.Random) -> None:
    entry.places.pop(rng.choice(entry.constants()))


def rename(entry: Entry, rng: random.Random) -> None:
    name = rng.choice(entry.constants())
    entry.places[f"{name}, another"] = entry.places.pop(name)


def fill(entry: Entry, rng: random.Random) -> None:
    begin, nbytes = entry.places[rng.choice(entry.constants())]
    nbytes = max(min(nbytes, len(entry.body) - begin), 0) if begin >= 0 else 0
    values = rng.choice([rng.randbytes(nbytes), b"\xff" * nbytes, b"\x7f" * nbytes])
    entry.body[begin : begin + nbytes] = values


def trim(entry: Entry, rng: random.Random) -> None:
    del entry.body[rng.choice([len(entry.body) - _ALIGNMENT, len(entry.body) - 1, 0]) :]


def displace(entry: Entry, rng: random.Random) -> None:
    entry.blanks = rng.choice([1, 4, 64, 256])


def grow(entry: Entry, rng: random.Random) -> None:
    entry.body += rng.randbytes(rng.choice([1, 4, _ALIGNMENT]))


def retype(entry: Entry, rng: random.Random) -> None:
    place: list[Any] = entry.places[rng.choice(entry.constants())]
    odd = rng.choice(
        [[*place, "<f8"], [*place, "|O"], [str(place[0]), place[1]], [place[0], 4.0], None, {}]
    )
    entry.table["parts"][rng.choice(entry.constants())] = odd


def tune(entry: Entry, rng: random.Random) -> None:
    entry.table["tuned"] = {"kernel": rng.choice([[1, 2], [], [None], ["x"], 7, None])}


_CHANGES: list[Callable[[Entry, random.Random], None]] = [
    resize, move, end, swap, drop, rename, fill, trim, displace, grow, retype, tune,
]  # fmt: skip
_OTHER_WEIGHTS = {"move", "end", "swap", "fill"}  # of the right size: a result of them is as good as any


def forged(content: bytes, rng: random.Random) -> tuple[bytes, list[str]]:
    """Return an entry with one to three changes, and what they are."""
    entry, done = Entry(content), []
    for change in rng.choices(_CHANGES, k=rng.randint(1, 3)):
        try:
            change(entry, rng)
        except (IndexError, TypeError, ValueError):  # the change before left it nothing
            continue
        done.append(change.__name__)
    return entry.forged(), done


# The model.


def model() -> Model:
    """Return a model with constants of every kind: weights, tables of places, indices."""
    g, rng = Builder(), np.random.default_rng(1)

    def weights(*shape: int) -> Any:
        return g.constant(rng.standard_normal(shape).astype(np.float32))

    def zeros(n: int) -> Any:
        return g.constant(np.zeros(n, np.float32))

    window = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
    y = g.input(X.shape, "float32")
    y = g.op(
        "CONV_2D", [y, weights(20, 3, 3, 8), zeros(20)], [g.tensor((2, 7, 7, 20), "float32")], **window
    )
    y = g.op(
        "DEPTHWISE_CONV_2D",
        [y, weights(1, 3, 3, 20), zeros(20)],
        [g.tensor((2, 7, 7, 20), "float32")],
        depth_multiplier=1,
        **window,
    )
    turned = g.constant(np.int32([0, 3, 1, 2]))
    y = g.op("TRANSPOSE", [y, turned], [g.tensor((2, 20, 7, 7), "float32")])
    y = g.op("GATHER", [y, g.constant(np.int32([3, 19, 0]))], [g.tensor((2, 3, 7, 7), "float32")], axis=1)
    y = g.op("RESHAPE", [y, g.constant(np.int32([2, 147]))], [g.tensor((2, 147), "float32")])
    y = g.op("FULLY_CONNECTED", [y, weights(33, 147), zeros(33)], [g.tensor((2, 33), "float32")])
    y = g.op("BATCH_MATMUL", [y, weights(33, 18)], [g.tensor((2, 18), "float32")])
    return g.model([g.op("MUL", [y, weights(2, 18)], [g.tensor((2, 18), "float32")])])


def run(directory: str, kernels: str) -> np.ndarray:
    options = {"serialization_dir": directory, "kernels": kernels}
    with (
        load_delegate("opencl", options) as delegate,
        Interpreter(model=model(), delegates=[delegate]) as it,
    ):
        found: np.ndarray = it(X)
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kernels", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    warned = _Warnings()
    logging.getLogger("delegraph").addHandler(warned)
    with tempfile.TemporaryDirectory() as directory, guards.guarded():
        expected = run(directory, given.kernels)
        (path,) = Path(directory).glob("*.cache")
        content = path.read_bytes()
        assert len(Entry(content).constants()) > 3
        run(directory, given.kernels)
        assert path.read_bytes() == content, "an entry that has all was written again"
        used = 0
        for seed in range(given.seed, given.seed + given.count):
            entry, changes = forged(content, random.Random(seed))
            path.write_bytes(entry)
            before = len(warned.said)
            found = run(directory, given.kernels)
            used += len(warned.said) == before
            if not _OTHER_WEIGHTS & set(changes) or len(warned.said) > before:
                np.testing.assert_array_equal(found, expected, f"seed {seed}: {changes}")
            assert not (wrong := guards.overwritten()), f"seed {seed}: {changes}: {wrong}"
    print(f"{given.count} forged entries: {given.count - used} made anew, {used} used")


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


if __name__ == "__main__":
    main()
