"""Samples for a model's inputs: files of a folder, arrays with an axis of samples, or whatever Python
gives.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from delegraph import InputError, InputNotFound, Model, Tensor, escaped, model_inputs, shape_text

from ..real import is_quantized

# (signature or None for the main subgraph, values by the names of its inputs)
Sample = tuple["str | None", "dict[str, np.ndarray]"]
Samples = Iterable[Sample]
_LARGE, _LARGER = 64.0, 200.0  # whole numbers from 0 to 255, or any, that go further look like pixels
_FEW = 48  # values: fewer are no image
_logger = logging.getLogger("delegraph")


class ReadSamples(tuple["Sample", ...]):
    """Samples that were read before: they are taken as they are."""

    __slots__ = ()


class Pixels:
    """Warns of inputs that look like pixels nobody scaled: a model of floats may want -1 to 1."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def look(self, name: str, values: np.ndarray) -> None:
        if name in self._told or values.dtype != np.float32 or values.size < _FEW:
            return
        low, high = float(values.min()), float(values.max())
        if low < 0 or not _LARGE < high <= 255:
            return
        if high > _LARGER or np.array_equal(values, np.rint(values)):
            self._told.add(name)
            _logger.warning(
                "input %s has numbers from %g to %g, as pixels have; a model that wants -1 to 1 needs them "
                "scaled: images by --mean 127.5 --std 127.5", escaped(name), low, high,
            )  # fmt: skip


def read_samples(
    model: Model,
    data: Any,
    *,
    mean: tuple[float, ...] | None = None,
    std: tuple[float, ...] | None = None,
    limit: int | None = None,
) -> Samples:
    """Return samples for a model's inputs.

    :param data: a folder of images, .npy, .npz and .wav files, a sample each; an .npy or .npz file with an
        axis of
        samples before the input's own; or an iterable of arrays, of tuples of them in the model's order,
        or of mappings by name; a mapping from signatures to such; or samples that were read.
    :param mean: of the pixels of images; with ``std``: real = (pixel - mean) / std.
    :param limit: use so many samples at most.
    """
    if isinstance(data, ReadSamples):
        yield from data[:limit]
        return
    if not isinstance(data, Mapping):
        yield from read_samples_of(model, None, data, mean, std, limit)
        return
    known = [s.key for s in model.signatures]
    for key in (key for key in data if key not in known):
        raise InputError(f"no signature {key!r} to have samples; the model's: {', '.join(known) or 'none'}")
    read = (read_samples_of(model, key, some, mean, std, limit) for key, some in data.items())
    for turn in zip_longest(*read):  # so that the first samples are of all signatures
        yield from (sample for sample in turn if sample is not None)


def read_samples_of(
    model: Model,
    signature: str | None,
    data: Any,
    mean: tuple[float, ...] | None,
    std: tuple[float, ...] | None,
    limit: int | None,
) -> Samples:
    """Return samples of one signature, in floats as the float view of the model takes them."""
    inputs = inputs_of(model, signature)
    _check_scaling(data, mean, std)
    if isinstance(data, (str, os.PathLike)):
        found = _files(model, signature, Path(data), inputs, mean, std)
    else:
        found = (_named(sample, inputs) for sample in data)
    pixels = Pixels()
    for number, sample in enumerate(found):
        if number == limit:
            return
        values = {name: _checked(name, sample.get(name), inputs[name]) for name in inputs}
        for name, array in values.items():
            pixels.look(name, array)
        yield signature, values


def _check_scaling(data: Any, mean: tuple[float, ...] | None, std: tuple[float, ...] | None) -> None:
    """Raise InputError where mean and std cannot be used, or would say nothing."""
    if std is not None and not all(std):
        raise InputError("std needs numbers other than 0: pixels are divided by it")
    is_path = isinstance(data, (str, os.PathLike))
    arrays = not is_path or os.fspath(data).endswith((".npy", ".npz"))
    if arrays and (mean is not None or std is not None):
        raise InputError("mean and std scale images; these samples are arrays: scale them before")


def inputs_of(model: Model, signature: str | None) -> dict[str, Tensor]:
    """Return the inputs by the names that a run takes them by."""
    if signature is None:
        (only,) = model.signatures if len(model.signatures) == 1 else (None,)
        graph = model.subgraphs[0]
        if only is None or only.subgraph != 0 or len(only.inputs) != len(graph.inputs):
            return {t.name: t for t in graph.inputs}
        signature = only.key
    found = next(s for s in model.signatures if s.key == signature)
    tensors = model.subgraphs[found.subgraph].tensors
    return {name: tensors[i] for name, i in found.inputs.items()}


def of_signature(data: Any, signature: str | None) -> Any:
    """Return samples, said to be of a signature where they do not say it themselves."""
    says_it = isinstance(data, (Mapping, ReadSamples))
    return data if signature is None or says_it else {signature: data}


def place_of(model: Model, signature: str | None) -> int:
    """Return the subgraph of a signature; that of None is the main one.

    :raises InputError: the model has no such
    """
    if signature is None:
        return 0
    found = [s.subgraph for s in model.signatures if s.key == signature]
    if not found:
        there = ", ".join(repr(s.key) for s in model.signatures) or "none"
        raise InputError(f"signature needs one of the model's ({there}), found {signature!r}")
    return found[0]


def _files(
    model: Model,
    signature: str | None,
    path: Path,
    inputs: Mapping[str, Tensor],
    mean: tuple[float, ...] | None,
    std: tuple[float, ...] | None,
) -> Iterator[dict[str, Any]]:
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
        if not files:
            raise InputError(f"folder {str(path)!r} needs a file for each sample, found none")
        for number, file in enumerate(files):
            tell = _ignored if number else _logger.warning  # what was done to one is done to all
            yield model_inputs(model, [str(file)], signature, mean=mean, std=std, tell=tell)
    elif path.suffix in (".npy", ".npz") and path.is_file():
        several = [s.key for s in model.signatures] if len(model.signatures) > 1 and not signature else []
        yield from _rows(path, inputs, several) or [model_inputs(model, [str(path)], signature)]
    elif path.is_file():
        yield model_inputs(model, [str(path)], signature, mean=mean, std=std, tell=_logger.warning)
    else:
        raise InputNotFound(f"no file or folder {str(path)!r} with samples")


def _ignored(sentence: str) -> None:
    """Say nothing."""


def _rows(
    path: Path, inputs: Mapping[str, Tensor], signatures: Sequence[str]
) -> Iterator[dict[str, Any]] | None:
    """Return the samples of a file whose arrays have an axis of them; None if they have none.

    :param signatures: that samples could be of
    """
    arrays = _arrays(path)
    if len(arrays) == 1 and len(inputs) == 1:
        arrays = dict(zip(inputs, arrays.values(), strict=True))
    if lacking := [name for name in inputs if name not in arrays]:
        found = ", ".join(arrays)
        way = f"; samples of a signature are SIGNATURE=PATH: {', '.join(signatures)}" if signatures else ""
        raise InputError(f"{str(path)!r} lacks values for {', '.join(lacking)}; it has: {found}{way}")
    if inputs and all(_is_batch(inputs[name], arrays[name].shape) for name in inputs):
        arrays = {name: arrays[name][:, None] for name in inputs}  # a row of an open batch is a sample
    elif all(_fits(inputs[name], arrays[name].shape) for name in inputs):
        return None
    if single := [name for name in inputs if not arrays[name].ndim]:
        raise InputError(f"{str(path)!r} needs an axis of samples, found a scalar for {', '.join(single)}")
    count = min(len(arrays[name]) for name in inputs)
    return ({name: arrays[name][i] for name in inputs} for i in range(count))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        if path.suffix == ".npy":
            return {"": np.load(path, mmap_mode="r", allow_pickle=False)}
        with np.load(path, allow_pickle=False) as opened:
            return {name: opened[name] for name in opened.files}
    except (OSError, ValueError, EOFError, BadZipFile) as e:
        raise InputError(f"{str(path)!r} cannot be read: {e}") from e


def _is_batch(tensor: Tensor, shape: tuple[int, ...]) -> bool:
    """Say whether a shape fits a tensor whose first size is open, and the others not."""
    wanted = tensor.shape_signature or ()
    return wanted[:1] == (-1,) and -1 not in wanted[1:] and _fits(tensor, shape)


def _fits(tensor: Tensor, shape: tuple[int, ...]) -> bool:
    wanted = tensor.shape_signature or tensor.shape or ()
    return len(wanted) == len(shape) and all(w in (-1, n) for w, n in zip(wanted, shape, strict=True))


def _named(sample: Any, inputs: Mapping[str, Tensor]) -> dict[str, Any]:
    if isinstance(sample, Mapping):
        unknown = [name for name in sample if name not in inputs]
        if unknown:
            raise InputError(f"no input {unknown[0]!r}; the inputs are: {', '.join(inputs)}")
        return dict(sample)
    values = sample if isinstance(sample, (tuple, list)) and len(inputs) != 1 else (sample,)
    if len(values) != len(inputs):
        raise InputError(f"a sample needs {len(inputs)} arrays ({', '.join(inputs)}), found {len(values)}")
    return dict(zip(inputs, values, strict=True))


def _checked(name: str, value: Any, tensor: Tensor) -> np.ndarray:
    """Return a sample's values for an input, as the float view of the model takes them."""
    if value is None:
        raise InputError(f"a sample has no value for input {name!r}")
    array = np.asarray(value)
    if not _fits(tensor, array.shape) and _fits(tensor, (1, *array.shape)):
        array = array[None]
    if not _fits(tensor, array.shape):
        needed = shape_text(tensor.shape_signature or tensor.shape)
        found = shape_text(array.shape) if array.ndim else "a single value"
        raise InputError(f"input {name!r} needs shape {needed}, found {found}")
    if tensor.dtype in ("int32", "int64"):  # which count, or are a bias that callers give
        return array
    if is_quantized(tensor) and array.dtype.kind in "iu":
        return np.asarray((array.astype(np.float64) - tensor.zero_point) * tensor.scale, np.float32)
    if tensor.dtype == "float32" or is_quantized(tensor):
        if array.dtype.kind not in "fiub":
            raise InputError(f"input {name!r} needs numbers, found {array.dtype}")
        array = array.astype(np.float32)
        if not np.isfinite(array).all():
            raise InputError(f"input {name!r} needs finite values, found NaN or an infinity in a sample")
    return array
