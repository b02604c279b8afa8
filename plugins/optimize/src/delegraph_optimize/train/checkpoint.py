"""Where a training stands, in a file: written whole or not at all, and nothing in it is run."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import attrs
import numpy as np
from attrs import define, field
from delegraph import InputError, write_file

from .torch_extra import torch

_FORMAT = "delegraph training 5"


@define(eq=False)
class Checkpoint:
    """What a training goes on with."""

    told: dict[str, Any]  # what it was asked for: another training is not to go on with it
    step: int
    module: dict[str, Any]
    optimizer: dict[str, Any]
    kept: dict[str, Any] | None  # the parameters of the epoch that is kept so far
    judged: dict[str, Any] | None  # what it came to
    kept_epoch: int
    sums: list[float]  # of the losses of this epoch so far, and of how many
    history: list[list[float]] = field(factory=list)
    constraints: dict[int, dict[str, Any]] = field(factory=dict)  # what they have seen, by tensors
    moved_to: int = -1  # the step that they know of

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it in place of the one before.

        :raises InputError: the file cannot be written; the one before is still there
        """
        stream = io.BytesIO()
        fields = {name: getattr(self, name) for name in _FIELDS}
        fields["constraints"] = _with_tensors(self.constraints)
        torch.save({"format": _FORMAT, **fields}, stream)
        write_file(path, stream.getvalue(), keep=True)

    @classmethod
    def load(cls, path: str | os.PathLike[str], told: dict[str, Any]) -> Checkpoint:
        """Read a checkpoint.

        :raises InputError: there is none, it is none, or it is of another training
        """
        name = os.fspath(path)
        if not Path(path).is_file():
            raise InputError(f"there is no checkpoint {name!r} to go on with")
        try:
            content = Path(path).read_bytes()
            if ZipFile(io.BytesIO(content)).testzip() is not None:  # torch does not look at its checksums
                raise BadZipFile
            found = torch.load(io.BytesIO(content), weights_only=True)
            form = found["format"]
            fields = {n: found[n] for n in _FIELDS} if form == _FORMAT else {}
        except Exception as e:  # of a file of anybody's, torch raises what it likes
            raise InputError(f"{name!r} is no checkpoint, or is damaged ({type(e).__name__})") from e
        if form != _FORMAT:
            raise InputError(f"{name!r} is no checkpoint of this version")
        for key, value in told.items():
            if fields["told"].get(key) != value:
                raise InputError(
                    f"the checkpoint {name!r} is of another training: its {key} is "
                    f"{fields['told'].get(key)!r}, this one's is {value!r}"
                )
        return cls(**fields | {"constraints": _with_arrays(fields["constraints"])})


def _with_tensors(value: Any) -> Any:
    """Return what constraints have seen with tensors in place of arrays, as ``torch.load`` reads them."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, dict):
        return {k: _with_tensors(v) for k, v in value.items()}
    return [_with_tensors(v) for v in value] if isinstance(value, list) else value


def _with_arrays(value: Any) -> Any:
    """Return it with arrays again."""
    if isinstance(value, torch.Tensor):
        return value.numpy()
    if isinstance(value, dict):
        return {k: _with_arrays(v) for k, v in value.items()}
    return [_with_arrays(v) for v in value] if isinstance(value, list) else value


_FIELDS = tuple(attrs.fields_dict(Checkpoint))
