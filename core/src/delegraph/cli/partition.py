"""``delegraph partition MODEL``: which delegate would run which ops, and why not another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from .common import console, delegate_options, limit_options, loaded_delegates, model_argument, planned


@click.command()
@model_argument
@delegate_options
@limit_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option(
    "--html", type=click.Path(dir_okay=False), help="Write a page that shows the graph to a file."
)
def partition(
    model: str,
    delegates: list[str],
    options: dict[str, dict[str, str]],
    as_json: bool,
    html: str | None,
    **limits: Any,
) -> None:
    """Show which delegate would run which ops of MODEL, and why not another.

    No device is opened: what a delegate claims decides. Each op that a delegate does not take is a warning
    on the standard error stream (-q turns them off).
    """
    _, plan = planned(model, loaded_delegates(delegates, options), **limits)
    if html:
        from ..report_html import to_html

        Path(html).write_text(to_html(plan), encoding="utf-8")
        click.echo(f"{html} written", err=True)
    if as_json:
        from ..report import to_json

        click.echo(json.dumps(to_json(plan), indent=1))
    elif not html:
        from ..report import render

        console().print(render(plan))
