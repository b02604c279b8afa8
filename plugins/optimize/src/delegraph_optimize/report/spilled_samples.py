"""Samples that are used several times, kept in a file without a name, so that memory holds one of them."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

import numpy as np
from delegraph import DTYPES, InputError, Interpreter, Model, Tensor

from ..calibrate import Samples
from ..calibrate.samples import inputs_of
from ..real import is_quantized, real_array

Row = list[np.ndarray]


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise InputError(
            f"samples cannot be kept in a temporary file: {e.strerror or e}; the variable TMPDIR names "
            "a folder that has room for them"
        ) from e


class KeptRows:
    """Lists of arrays, one after another on a disk; read back in their order, as often as wanted."""

    def __init__(self) -> None:
        with _on_disk():
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed with these rows
        self._places: list[int] = []

    def append(self, row: Sequence[np.ndarray]) -> None:
        """Keep a list.

        :raises InputError: the disk of temporary files is full.
        """
        with _on_disk():
            self._places.append(self._file.seek(0, 2))
            pickle.dump(list(row), self._file, protocol=5)
            self._file.flush()

    def close(self) -> None:
        with suppress(OSError):  # of a full disk, which ``append`` has told
            self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Row]:
        for place in self._places:  # two readers may take turns
            self._file.seek(place)
            yield pickle.load(self._file)


class SpilledSamples:
    """The samples of a model's inputs, as real values in the order of its inputs."""

    def __init__(self, model: Model, samples: Samples) -> None:
        self.rows = KeptRows()
        self.signatures: list[str | None] = []
        self.names: dict[str | None, list[str]] = {}  # of the inputs, by signature
        try:
            self._keep(model, samples)
        except BaseException:
            self.rows.close()
            raise

    def _keep(self, model: Model, samples: Samples) -> None:
        for signature, values in samples:
            self.names.setdefault(signature, list(values))
            for row in _single(list(values.values()), inputs_of(model, signature).values()):
                self.signatures.append(signature)
                self.rows.append(row)

    def __len__(self) -> int:
        return len(self.signatures)

    def __iter__(self) -> Iterator[tuple[str | None, Row]]:
        return zip(self.signatures, self.rows, strict=True)

    def close(self) -> None:
        self.rows.close()


def _single(row: Row, tensors: Iterable[Tensor]) -> list[Row]:
    """Return the samples of a batch one by one, where every input leaves its number open."""
    counts = {len(a) if a.ndim else 0 for a in row}
    (count,) = counts if len(counts) == 1 else (0,)
    if count < 2 or not all(t.shape_signature and t.shape_signature[0] == -1 for t in tensors):
        return [row]
    return [[a[i : i + 1] for a in row] for i in range(count)]


class Running:
    """A model in an interpreter that takes real values and gives real values."""

    def __init__(self, model: Model, interpreter: Interpreter) -> None:
        self.model = model
        self.interpreter = interpreter

    @staticmethod
    def stored(
        model: Model, signature: str | None, names: Sequence[str], row: Row
    ) -> dict[str, np.ndarray]:
        """Return what a model takes; inputs that are called otherwise are given in their order."""
        tensors = inputs_of(model, signature)
        if len(row) != len(tensors):
            raise InputError(f"models need the same inputs, found {len(row)} and {len(tensors)}")
        given = dict(zip(names, row, strict=True))
        if set(given) != set(tensors):
            given = dict(zip(tensors, row, strict=True))
        return {name: stored_input(given[name], tensor) for name, tensor in tensors.items()}

    def inputs(self, signature: str | None, names: Sequence[str], row: Row) -> dict[str, np.ndarray]:
        return self.stored(self.model, signature, names, row)

    def run(self, signature: str | None, inputs: dict[str, np.ndarray]) -> Row:
        """Return the real values of the outputs, from the state in which the model begins."""
        self.interpreter.reset_all_variables()
        if signature is None:
            found = self.interpreter.run(cast("dict[str | int, Any]", inputs))
        else:
            found = self.interpreter.get_signature_runner(signature)(**inputs)
        tensors = _outputs(self.model, signature, found)
        return [real_array(a, t) for a, t in zip(found.values(), tensors, strict=True)]


def _outputs(model: Model, signature: str | None, names: Collection[str]) -> list[Tensor]:
    """Return the tensors of outputs by the names that a run gives them."""
    graph = model.subgraphs[0]
    by_name = dict(zip(names, graph.outputs, strict=False))  # of one name, they are told apart by numbers
    by_name |= {t.name: t for t in graph.outputs}
    for s in model.signatures:
        if s.key == signature or (signature is None and set(s.outputs) == set(names)):
            tensors = model.subgraphs[s.subgraph].tensors
            by_name |= {name: tensors[i] for name, i in s.outputs.items()}
    return [by_name[name] for name in names]


def stored_input(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    """Return real values as an input stores them."""
    if not is_quantized(tensor) or values.dtype.kind != "f":
        return values
    dtype = DTYPES[tensor.dtype]
    least, most = dtype.limits
    stored = np.rint(values.astype(np.float64) / tensor.scale) + tensor.zero_point
    return np.asarray(np.clip(stored, least, most), dtype.numpy)
