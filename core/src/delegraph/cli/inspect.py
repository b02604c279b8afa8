"""``delegraph inspect MODEL``: what is in a model."""

from __future__ import annotations

import os

import click

from .common import model_argument
from .echo import echo_json
from .tables import show


@click.command()
@model_argument
@click.option("--ops", is_flag=True, help="List every op.")
@click.option("--tensors", is_flag=True, help="List every tensor.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def inspect(model: str, ops: bool, tensors: bool, as_json: bool) -> None:
    """Show what is in MODEL: its signatures, ops, weights, quantization and metadata."""
    from ..file import read_model
    from ..report.model_json import summary

    found = {"file": model, "bytes": os.path.getsize(model), **summary(read_model(model))}
    if as_json:
        echo_json(found)
        return
    from ..report.model_text import render

    show([render(found, ops, tensors)])
