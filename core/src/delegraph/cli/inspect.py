"""``delegraph inspect MODEL``: what is in a model."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from .common import form_options, model_argument
from .echo import echo_csv, echo_json
from .tables import show


@click.command()
@model_argument
@click.option("--ops", is_flag=True, help="List every op.")
@click.option("--tensors", is_flag=True, help="List every tensor.")
@form_options(json="Print everything as JSON.", csv="Print the ops, or with --tensors the tensors, as CSV.")
def inspect(model: str, ops: bool, tensors: bool, as_json: bool, as_csv: bool) -> None:
    """Show what is in MODEL: its signatures, ops, weights, quantization and metadata."""
    from ..file import read_model
    from ..report.model_json import summary

    found = {"file": model, "bytes": os.path.getsize(model), **summary(read_model(model))}
    if as_csv:
        _echo_csv(found, "tensors" if tensors else "ops")
        return
    if as_json:
        echo_json(found)
        return
    from ..report.model_text import render

    show([render(found, ops, tensors)])


def _echo_csv(found: dict[str, Any], what: str) -> None:
    """Print ops or tensors of all subgraphs; what is no number and no text as JSON has it."""
    lines = [{"subgraph": g["index"], **one} for g in found["subgraphs"] for one in g[what]]
    columns = list(dict.fromkeys(name for line in lines for name in line)) or ["subgraph"]
    echo_csv(columns, ({k: _cell(v) for k, v in line.items()} for line in lines))


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (list, dict)) else value
