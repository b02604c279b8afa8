"""A calibration: the statistics of a model's tensors by name, saved to a file and merged with others."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np
from attrs import field, frozen
from delegraph import Graph, InputError, Model, escaped, write_file

from .ranges import METHODS
from .statistics import BINS, TensorStatistics

_NUMBERS = ("low", "high", "mean_low", "mean_high", "samples", "odd", "reach")
_FORMAT = "delegraph calibration 1"


@frozen
class Calibration:
    """What the tensors of a model took for values, by the names that :func:`tensor_keys` gives."""

    tensors: dict[str, TensorStatistics] = field(factory=dict)
    method: str | None = None  # of the ranges: the one found best on the samples, where any were tried

    def __repr__(self) -> str:
        return f"<Calibration of {len(self.tensors)} tensors>"

    def merged(self, other: Calibration) -> Calibration:
        """Return the calibration of all samples that either saw."""
        names = dict.fromkeys([*self.tensors, *other.tensors])
        both = {n: _merged(self.tensors.get(n), other.tensors.get(n)) for n in names}
        return Calibration(both, self.method if self.method == other.method else None)

    @property
    def has_histograms(self) -> bool:
        """Whether all was counted that the methods of histograms need."""
        return all(s.reach for s in self.tensors.values() if s.samples)

    def of_one_value(self, model: Model) -> list[str]:
        """Return a sentence for each input of the main subgraph that held one number only."""
        keys, graph = tensor_keys(model), model.subgraphs[0]
        found = [(t, self.tensors.get(keys[0, t.index])) for t in graph.inputs if t.size > 1]
        return [
            f"input {escaped(t.name)} was {seen.low:g} in every sample: nothing is known of its range"
            for t, seen in found
            if seen is not None and seen.samples and seen.low == seen.high
        ]

    def save(self, path: str | os.PathLike[str], read: Iterable[str | os.PathLike[str]] = ()) -> None:
        """Write an .npz file that :meth:`load` reads."""
        stream = io.BytesIO()
        seen = list(self.tensors.values())
        columns: dict[str, Any] = {n: np.array([getattr(s, n) for s in seen], np.float64) for n in _NUMBERS}
        names = np.frombuffer(json.dumps([_FORMAT, *self.tensors]).encode(), np.uint8)
        columns["method"] = np.array(self.method or "")
        counts = np.stack([s.counts for s in seen]) if seen else np.zeros((0, BINS), np.int64)
        np.savez_compressed(stream, names=names, counts=counts, **columns)
        write_file(path, stream.getvalue(), read)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Calibration:
        """Read a saved calibration.

        :raises InputError: the file is none.
        """
        if not zipfile.is_zipfile(path):  # numpy would take a plain array, too
            raise InputError(f"{os.fspath(path)!r} is no saved calibration: it is no .npz file")
        try:
            with np.load(path, allow_pickle=False) as found:
                arrays = {n: found[n] for n in ("names", "counts", *_NUMBERS)}
                method = str(found["method"]) if "method" in found else ""
            form, *names = json.loads(arrays["names"].tobytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as e:
            raise InputError(f"{os.fspath(path)!r} is no saved calibration: {e}") from e
        if form != _FORMAT or method not in ("", *METHODS) or arrays["counts"].shape != (len(names), BINS):
            raise InputError(f"{os.fspath(path)!r} is no saved calibration of this version")
        rows = zip(*(arrays[n].tolist() for n in _NUMBERS), strict=True)
        return cls(
            {
                n: _statistics(row, arrays["counts"][i])
                for i, (n, row) in enumerate(zip(names, rows, strict=True))
            },
            method or None,
        )


def tensor_keys(model: Model) -> dict[tuple[int, int], str]:
    """Return names for tensors, by subgraph and number: their own where it is the only one, else the
    number's.
    """
    return {
        (place, t.index): key
        for place, graph in enumerate(model.subgraphs)
        for t, key in zip(graph.tensors, _keys(graph, place), strict=True)
    }


def inside_key(key: str, what: str) -> str:
    """Return the name of what an op holds inside, from that of its first output; "" is the output."""
    return f"{key}::{what}" if what else key


def _keys(graph: Graph, place: int) -> list[str]:
    names = [t.name for t in graph.tensors]
    often = {n for n in names if names.count(n) > 1} if len(set(names)) < len(names) else set()
    return [f"{place}/{n}" if n and n not in often else f"{place}/#{i}" for i, n in enumerate(names)]


def _merged(one: TensorStatistics | None, other: TensorStatistics | None) -> TensorStatistics:
    if one is None or other is None:
        found = one or other
        assert found is not None
        return found
    return one.merged(other)


def _statistics(row: tuple[float, ...], counts: np.ndarray) -> TensorStatistics:
    low, high, mean_low, mean_high, samples, odd, reach = row
    return TensorStatistics(
        low, high, mean_low, mean_high, int(samples), int(odd), reach, counts.astype(np.int64)
    )
