"""Which model an interpreter runs: one given as a path, as a file's content, or read already."""

from __future__ import annotations

from typing import Any

from ..errors import InputError
from ..file import check_model, read_model
from ..model import Model
from ..patience import at_first


@at_first
def the_model(path: Any, content: Any, model: Model | None, **options: Any) -> Model:
    """Return the model that is given as a path, as a file's content, or as it is.

    :param options: for :func:`delegraph.read_model`.
    :raises InputError: none is given, or more than one.
    """
    sources: list[Any] = [
        value for value in (path, content, model) if value is not None and not _is_empty(value)
    ]
    if len(sources) != 1:
        found = f"{len(sources)} of them" if sources else "none"
        raise InputError(f"Interpreter needs one of model_path, model_content and model, found {found}")
    (source,) = sources
    if not isinstance(source, Model):
        return read_model(source, **options)
    check_model(source)
    return source


def _is_empty(value: Any) -> bool:
    """LiteRT takes an empty path or empty content for none."""
    return isinstance(value, (str, bytes, bytearray, memoryview)) and not len(value)
