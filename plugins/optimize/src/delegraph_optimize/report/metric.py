"""How good a model's outputs are: as the labels say, as the model of floats says, or as a function says."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from delegraph import InputError, shape_text

from .spilled_samples import Row

# Gets the outputs of each sample in turn, and the labels or None; gives a number, or one for each sample.
Function = Callable[[Iterator["list[np.ndarray]"], "np.ndarray | None"], Any]
METRICS = ("top1", "agreement")
TOP = 5


def read_labels(path: str | os.PathLike[str]) -> np.ndarray:
    """Return a class for each sample, from an .npy or .npz file of one array, or a text of a number a line.

    :raises InputError: the file is none of these.
    """
    try:
        if Path(path).suffix == ".npy":
            found = np.load(path, allow_pickle=False)
        elif Path(path).suffix == ".npz":
            with np.load(path, allow_pickle=False) as opened:
                (name,) = opened.files
                found = opened[name]
        else:
            found = np.array([int(line) for line in Path(path).read_text("utf-8").split()])
    except (OSError, ValueError, EOFError, BadZipFile) as e:
        raise InputError(f"labels {os.fspath(path)!r} need a whole number for each sample: {e}") from e
    return checked_labels(found)


def checked_labels(labels: Any) -> np.ndarray:
    """Return labels as integers in a row.

    :raises InputError: they are none.
    """
    found = np.asarray(labels)
    if found.dtype.kind not in "iu" or found.size != max(found.shape, default=0):
        raise InputError(
            f"labels need a whole number for each sample, found {found.dtype} {shape_text(found.shape)}"
        )
    return found.reshape(-1).astype(np.int64)


def scores_of(row: Row) -> np.ndarray:
    """Return the first output that has several values along its last axis.

    :raises InputError: none has.
    """
    for output in row:
        if output.dtype.kind in "fiu" and output.ndim and output.shape[-1] > 1:
            return output
    raise InputError(
        "a class needs an output with several values along its last axis, found "
        + ", ".join(shape_text(o.shape) for o in row)
        + "; give a function of your own: --metric PYTHON:FUNCTION"
    )


def decisions(row: Row) -> np.ndarray:
    """Return the class at each place of the first output that has classes."""
    return np.asarray(scores_of(row).argmax(axis=-1), np.int32)


def ranks(row: Row, labels: np.ndarray) -> np.ndarray:
    """Return how many classes come before each label's; of equal ones, those of lower numbers do.

    :param labels: the classes of the samples from this one on; a batch takes several.
    """
    scores = scores_of(row)
    scores = (
        scores.reshape(-1, scores.shape[-1])
        if scores.ndim < 3 or scores.size == scores.shape[-1]
        else scores
    )
    if scores.ndim != 2:
        raise InputError(
            f"labels need an output with one value for each class, found {shape_text(scores.shape)}"
        )
    if len(labels) < len(scores):
        raise InputError("labels need a number for each sample, found too few")
    own = labels[: len(scores)]
    if own.min(initial=0) < 0 or own.max(initial=0) >= scores.shape[1]:
        odd = own[(own < 0) | (own >= scores.shape[1])][0]
        raise InputError(f"labels need classes from 0 to {scores.shape[1] - 1}, found {odd}")
    at = np.take_along_axis(scores, own[:, None], axis=1)
    earlier = np.arange(scores.shape[1]) < own[:, None]
    return np.asarray(((scores > at) | ((scores == at) & earlier)).sum(axis=1))


def agreements(found: Row, wanted: Row) -> np.ndarray:
    """Return the share of places that have the same class, of each sample of a batch."""
    same = decisions(found) == decisions(wanted)
    return np.asarray(same.reshape(max(len(np.atleast_1d(same)), 1), -1).mean(axis=1))


def function_of(name: str, what: str = "metric", known: Sequence[str] = METRICS) -> Function:
    """Return the function that ``module:function`` or ``file.py:function`` names.

    :param what: it is for, and the words known beside functions, for messages

    :raises InputError: there is none, or its module cannot be imported.
    """
    where, colon, attribute = name.rpartition(":")
    if not colon or not where or not attribute:
        words = ", ".join(known)
        raise InputError(f"{what} needs one of {words}, or module:function, found {name!r}")
    try:
        module = _module_of_file(where) if where.endswith(".py") else import_module(where)
        found = getattr(module, attribute)
    except Exception as e:  # of somebody's module, which may raise anything
        raise InputError(f"{what} {name!r} cannot be imported: {type(e).__name__}: {e}") from e
    if not callable(found):
        raise InputError(f"{what} {name!r} needs a function, found {type(found).__name__}")
    return found  # type: ignore[no-any-return]


def _module_of_file(path: str) -> Any:
    spec = spec_from_file_location(Path(path).stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path!r} is no Python file")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asked_of(function: Function, outputs: Iterable[Row], labels: np.ndarray | None, n: int) -> np.ndarray:
    """Return what a function says of a model's outputs: a number, or one for each of n samples.

    :raises InputError: it raises, or gives something else.
    """
    name = getattr(function, "__name__", repr(function))
    passed = _Passed(iter(outputs))
    try:
        given = function(passed, labels)
        found = np.asarray(given, np.float64)
    except Exception as e:
        if passed.failure is not None:
            raise passed.failure from None
        raise InputError(f"metric {name!r} failed: {type(e).__name__}: {e}") from e
    if found.shape not in ((), (n,)):
        raise InputError(
            f"metric {name!r} needs to give a number, or one for each of {n} samples; "
            f"it gave {shape_text(found.shape)} of them"
        )
    if not np.isfinite(found).all():
        raise InputError(
            f"metric {name!r} needs to give finite numbers, found {found[~np.isfinite(found)][0]}"
        )
    return found


class _Passed(Iterator[Row]):
    """Outputs on their way to a function; what goes wrong in the model is not the function's fault."""

    def __init__(self, outputs: Iterator[Row]) -> None:
        self._outputs = outputs
        self.failure: Exception | None = None

    def __next__(self) -> Row:
        try:
            return next(self._outputs)
        except StopIteration:
            raise
        except Exception as e:
            self.failure = e
            raise
