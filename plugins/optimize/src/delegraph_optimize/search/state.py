"""What a search has tried, in a file, so that one that was interrupted goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

import attrs
import numpy as np
from delegraph import InputError, check_output, write_file

from .found import Trial

_FORMAT = "delegraph search 2"
Name = str | os.PathLike[str]
Sample = tuple["str | None", Sequence[np.ndarray]]  # signature and inputs


class SearchState:
    """The trials so far, by a key of what was tried; each is in the file before the next begins."""

    def __init__(self, path: Name | None, of: str, read: Iterable[Name] = ()) -> None:
        """Open a file, or begin one.

        :param of: what the trials are of: model, samples and settings.
        :raises InputError: the file is none of a search, or of another one, or cannot be written.
        """
        self._path, self._of, self._read = path, of, tuple(read)
        self._trials: dict[str, Trial] = {}
        if path is not None:
            check_output(path, self._read)
            if os.path.isfile(path):  # a device has nothing to read, or has no end
                self._load(path)

    def get(self, key: str) -> Trial | None:
        return self._trials.get(key)

    def put(self, key: str, trial: Trial) -> None:
        self._trials[key] = trial
        if self._path is not None:
            values = {k: attrs.asdict(t) for k, t in self._trials.items()}
            content = json.dumps({"format": _FORMAT, "of": self._of, "trials": values})
            write_file(self._path, content.encode(), self._read, keep=True)

    def _load(self, path: Name) -> None:
        where = os.fspath(path)
        try:
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
            form, of = found["format"], found["of"]
            trials = {k: _trial(v) for k, v in found["trials"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            raise InputError(f"{where!r} is no state of a search: {e}; remove it to begin anew") from e
        if (form, of) != (_FORMAT, self._of):
            raise InputError(
                f"{where!r} is the state of a search with another model, samples or settings; remove it to "
                "begin anew, or name another file"
            )
        self._trials = trials


def _trial(values: Any) -> Trial:
    return Trial(
        float(values["score"]), float(values["noise"]), int(values["nbytes"]), float(values["seconds"])
    )


def fingerprint(content: bytes, samples: Iterable[Sample], *settings: Any) -> str:
    """Return what a search is of: a digest of the model's file, the samples and the settings."""
    digest = blake2b(content, digest_size=16)
    for signature, row in samples:
        digest.update(repr((signature, [(a.dtype.str, a.shape) for a in row])).encode())
        for array in row:
            digest.update(repr(array.tolist()).encode() if array.dtype == object else array.tobytes())
    digest.update(repr(settings).encode())
    return digest.hexdigest()
