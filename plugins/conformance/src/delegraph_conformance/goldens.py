"""The numbers that must come of the catalogue's cases: a small file per op.

``tests/oracle/goldens`` writes them. Inputs are made anew from the bits of PCG64; only outputs are kept. A
golden names its source: "litert 2.3.0 BUILTIN_REF", "rational" for written-out arithmetic, "litert 2.3.0,
as int32" for values that an op moves to where LiteRT moves int32's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from attrs import frozen
from delegraph import DTYPES

FOLDER = Path(__file__).with_name("expected")
_LENGTH = 4  # bytes that say how long a string is


@frozen
class Golden:
    """What must come of one choice of types in one variant."""

    types: str
    variant: str
    versions: tuple[int, int]  # first and last of the op for which this holds
    source: str
    dtypes: tuple[str, ...]  # of the outputs
    outputs: tuple[np.ndarray, ...]


@cache
def goldens(op: str) -> tuple[Golden, ...]:
    """Return the goldens of an op; none of an op that the catalogue lacks."""
    file = FOLDER / f"{op}.npz"
    return tuple(_read(file)) if file.exists() else ()


def write(op: str, found: Sequence[Golden]) -> None:
    """Write the goldens of an op."""
    index = [
        {
            "types": g.types,
            "variant": g.variant,
            "versions": g.versions,
            "source": g.source,
            "outputs": [[dtype, list(a.shape)] for dtype, a in zip(g.dtypes, g.outputs, strict=True)],
        }
        for g in found
    ]
    content = b"".join(_bytes(a) for g in found for a in g.outputs)
    text = json.dumps(index, separators=(",", ":")).encode()
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(
        FOLDER / f"{op}.npz", index=np.frombuffer(text, np.uint8), content=np.frombuffer(content, np.uint8)
    )


def _read(file: Path) -> Iterator[Golden]:
    with np.load(file) as stored:
        index, content = json.loads(stored["index"].tobytes()), stored["content"].tobytes()
    at = 0
    for entry in index:
        arrays = []
        for dtype, shape in entry["outputs"]:
            array, at = _array(content, at, dtype, tuple(shape))
            arrays.append(array)
        dtypes = tuple(dtype for dtype, _ in entry["outputs"])
        first, last = entry["versions"]
        yield Golden(
            entry["types"], entry["variant"], (first, last), entry["source"], dtypes, tuple(arrays)
        )


def _array(content: bytes, at: int, dtype: str, shape: tuple[int, ...]) -> tuple[np.ndarray, int]:
    """Return the array that begins at a place of the content, and the place behind it."""
    if dtype == "string":
        texts, at = _strings(content, at, int(np.prod(shape, dtype=int)))
        return np.array(texts, object).reshape(shape), at
    kind = DTYPES[dtype].numpy
    end = at + int(np.prod(shape, dtype=int)) * kind.itemsize
    return np.frombuffer(content[at:end], kind).reshape(shape), end


def _strings(content: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    texts = []
    for _ in range(count):
        start = at + _LENGTH
        at = start + int.from_bytes(content[at:start], "little")
        texts.append(content[start:at])
    return texts, at


def _bytes(array: np.ndarray) -> bytes:
    if array.dtype != object:
        return np.ascontiguousarray(array).tobytes()
    texts: Iterable[bytes] = array.reshape(-1).tolist()
    return b"".join(len(text).to_bytes(_LENGTH, "little") + text for text in texts)
