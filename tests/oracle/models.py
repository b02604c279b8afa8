"""The models outside the repository.

They are found through the environment variable DELEGRAPH_MODELS, a folder with MANIFEST.json.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

KINDS = ("float32", "uint8", "int8", "dynamic_range", "float16", "lstm", "int16x8")
NO_MODELS = "set DELEGRAPH_MODELS to the folder with MANIFEST.json to run this"


def folder() -> Path | None:
    """Return the folder of the models, or None where there is none."""
    named = os.environ.get("DELEGRAPH_MODELS")
    return Path(named).resolve() if named else None


def data(*parts: str) -> Path:
    """Return the path of a file of the data sets; skip the test where there is none."""
    where = folder()
    if where is None:
        pytest.skip(NO_MODELS)
    return where.joinpath("data", *parts)


@cache
def manifest() -> dict[str, dict[str, Any]]:
    """Return MANIFEST.json: file name with kind → origin, ops, accuracy; {} where there is none."""
    where = folder()
    return {} if where is None else json.loads((where / "MANIFEST.json").read_text())


def path(name: str) -> Path:
    """Return the file of a model named as in the manifest."""
    where = folder()
    assert where is not None
    return where / name


def names(kinds: Iterable[str] = KINDS) -> list[str]:
    """Return the models of these kinds, smallest file first."""
    wanted = set(kinds)
    found = [name for name in manifest() if name.split("/")[0] in wanted]
    return sorted(found, key=lambda name: (manifest()[name]["size"], name))


def parameters(kinds: Iterable[str] = KINDS, rated: str | None = None) -> list[Any]:
    """Return pytest parameters, one a model; where there is no folder, one that skips.

    :param rated: only models for which the manifest knows this accuracy: "top1", "top1_without_reset"
    """
    if folder() is None:
        return [pytest.param("", marks=pytest.mark.skip(reason=NO_MODELS), id="no models")]
    wanted = [n for n in names(kinds) if rated is None or rated in (manifest()[n]["accuracy"] or {})]
    return [pytest.param(n, id=n.removesuffix(".tflite")) for n in wanted]
