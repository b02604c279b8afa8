"""A model as one callable that a cluster can send to its workers, each of which opens it once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..answers import AnswerSettings
from ..errors import InputError
from ..inputs import Normalization
from ..inputs.arrays import fitted
from ..kinds import check_path, several
from .job import Item, Job, opened_here, worked
from .opened import Reading

ADDED = ("task", "answer", "error")  # columns of a table of files


class Predictor:
    """A model that is run on batches, wherever it is called; it can be pickled, and opens lazily.

    A batch is one of

    - a table with a column of files (a mapping of arrays, or a pandas DataFrame): it comes back with the
      columns ``task``, ``answer`` (JSON: the records that ``delegraph predict`` writes) and ``error``
      (empty where there is none). A file that fails does not end the others.
    - a mapping from the model's inputs to arrays with an axis of samples: a mapping from its outputs to
      such.
    - an array, for a model with one input: an array, or a mapping where the model has several outputs.

    Floats are real values, and quantized by the model's own scales; integers are stored values. Outputs are
    real values.

    :param model: the file, under this name on every machine
    :param delegates: names, in order of preference, with ``options`` by name
    :param column: of files, in tables
    :param task: what the model gives; None: it is found out
    :raises InputError: when called: an array does not fit
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        delegates: Sequence[str] = (),
        options: Mapping[str, Mapping[str, str]] | None = None,
        *,
        column: str = "path",
        signature: str | None = None,
        task: str | None = None,
        labels: Mapping[int, str] | None = None,
        top: int = 5,
        threshold: float = 0.5,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        sample_rate: int | None = None,
        fit: str | None = None,
        num_threads: int | None = None,
    ) -> None:
        check_path("model", model)
        names = several("delegates", delegates, str, "names of delegates")
        said = mean is not None or std is not None
        pixels = Normalization(tuple(mean or (0.0,)), tuple(std or (1.0,))) if said else None
        self._column = column
        self._job = Job(
            os.path.abspath(os.fspath(model)),
            tuple(names),
            {name: dict(own) for name, own in (options or {}).items()},
            signature,
            num_threads,
            AnswerSettings(task, None if labels is None else dict(labels), top, threshold),
            Reading(pixels, sample_rate, fit),
        )

    def __call__(self, batch: Any) -> Any:
        if isinstance(batch, np.ndarray):
            return self._of_array(batch)
        if hasattr(batch, "columns"):
            return self._of_frame(batch)
        if not isinstance(batch, Mapping):
            raise InputError(f"a batch needs to be an array, a mapping or a DataFrame, found {batch!r:.60}")
        if self._column in batch:
            added = self._answers([str(file) for file in batch[self._column]])
            return {**batch, **{name: np.asarray(values, object) for name, values in added.items()}}
        return self._of_arrays({str(name): np.asarray(array) for name, array in batch.items()})

    def __repr__(self) -> str:
        return f"Predictor({self._job.model!r}, {list(self._job.delegates)!r})"

    def _of_frame(self, frame: Any) -> Any:
        """Return a DataFrame with columns added; an empty one has them, too: Dask looks at that."""
        if self._column not in frame.columns:
            raise InputError(f"a DataFrame needs a column {self._column!r}, found {list(frame.columns)}")
        added = self._answers([str(file) for file in frame[self._column]])
        return frame.assign(**{name: np.asarray(values, object) for name, values in added.items()})

    def _answers(self, files: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {name: [] for name in ADDED}
        results = worked(opened_here(self._job), self._job, [Item(i, f) for i, f in enumerate(files)])
        for result in results:
            found["task"].append(result.task or "")
            found["answer"].append(json.dumps(result.records))
            found["error"].append(result.error or "")
        return found

    def _of_array(self, array: np.ndarray) -> Any:
        inputs = opened_here(self._job).interface.inputs
        if len(inputs) != 1:
            names = ", ".join(a.name for a in inputs)
            raise InputError(f"an array is for a model with one input; this one has: {names}")
        outputs = self._of_arrays({inputs[0].name: array})
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    def _of_arrays(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        opened = opened_here(self._job)
        expected = {a.name: a for a in opened.interface.inputs}
        if set(arrays) != set(expected):
            needs, found = ", ".join(expected), ", ".join(arrays)
            raise InputError(
                f"a batch needs the inputs {needs} or a column {self._column!r}, found {found}"
            )
        counts = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
        if len(set(counts.values())) != 1:
            raise InputError(f"arrays of a batch need as many samples each, found {counts}")
        samples = [
            {name: fitted(a, arrays[name][i], f"sample {i}") for name, a in expected.items()}
            for i in range(next(iter(counts.values())))
        ]
        found_ = [opened.real(outputs) for outputs in opened.run_all(samples)]
        return {name: _stacked([one[name] for one in found_]) for name in (found_[0] if found_ else {})}


def _stacked(values: Sequence[np.ndarray]) -> np.ndarray:
    """Return outputs with an axis of samples, which takes the place of a batch of one."""
    rows = [v[0] if v.shape[:1] == (1,) else v for v in values]
    if len({row.shape for row in rows}) == 1:
        return np.stack(rows)
    found = np.empty(len(rows), object)
    found[:] = rows
    return found
