"""The arguments of the interpreter's methods, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError, ShapeError
from ..kinds import check_kind, check_mapping
from ..plugins import Plugins
from ..text import did_you_mean, shape_text
from .named_arguments import Argument, Interface


def check_settings(num_threads: Any, on_failure: str, plugins: Any) -> None:
    """Raise if a setting of an interpreter does not fit."""
    if num_threads is not None and (not isinstance(num_threads, int) or num_threads < 1):
        raise InputError(f"num_threads needs an int of 1 or more, found {num_threads!r}")
    check_kind("plugins", plugins, (Plugins, type(None)), "plugins or None")
    if not isinstance(on_failure, str) or on_failure not in ("raise", "fallback"):
        raise InputError(f"on_failure needs 'raise' or 'fallback', found {on_failure!r}")


def matched(interface: Interface, inputs: Mapping[str | int, Any]) -> list[tuple[Argument, Any]]:
    """Return every input of the model with its value."""
    check_mapping("inputs", inputs, f"values by name or index of {_names(interface)}")
    known: dict[str | int, Argument] = {a.tensor.index: a for a in interface.inputs}
    known |= {a.name: a for a in interface.inputs}
    if unknown := [key for key in inputs if key not in known]:
        close = did_you_mean(unknown[0], [a.name for a in interface.inputs])
        raise InputError(f"the model has no input {unknown[0]!r}{close}; it has: {_names(interface)}")
    found = {known[key].name: value for key, value in inputs.items()}
    if missing := [a.name for a in interface.inputs if a.name not in found]:
        raise InputError(
            f"the model needs values for {', '.join(missing)}; its inputs: {_names(interface)}"
        )
    return [(a, found[a.name]) for a in interface.inputs]


def _names(interface: Interface) -> str:
    return ", ".join(a.name for a in interface.inputs) or "no input"


def check_strict(name: str, signature: Sequence[int], shape: tuple[int, ...]) -> None:
    """Raise if ``shape`` changes a size that the signature does not leave open."""
    fits = len(shape) == len(signature) and all(a in (-1, b) for a, b in zip(signature, shape, strict=True))
    if not fits:
        raise ShapeError(f"{name} needs shape {shape_text(signature)}, found {shape_text(shape)}")


def scalar_or_array(array: np.ndarray) -> Any:
    """Return what LiteRT returns: numbers of rank 0 as numpy scalars."""
    return array if array.ndim or array.dtype.hasobject else array[()]
