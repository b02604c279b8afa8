"""``delegraph partition MODEL``: which delegate would run which ops, and why not another."""

from __future__ import annotations

from typing import Any

import click
from rich.padding import Padding
from rich.text import Text

from ..contract import Plan
from ..contract.asking import ask_or
from ..contract.guard import texts
from ..text import escaped
from .common import (
    budget_options,
    delegate_options,
    limit_options,
    loaded_delegates,
    model_argument,
    planned,
)
from .echo import echo, echo_json
from .tables import show


@click.command()
@model_argument
@delegate_options
@limit_options
@budget_options
@click.option(
    "--advise", is_flag=True, help="Say what makes the model slow on each delegate, and what would help."
)
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
@click.option(
    "--html", type=click.Path(dir_okay=False), help="Write a page that shows the graph to a file."
)
def partition(
    model: str,
    delegates: list[str],
    options: dict[str, dict[str, str]],
    advise: bool,
    as_json: bool,
    html: str | None,
    **limits: Any,
) -> None:
    """Show which delegate would run which ops of MODEL, and why not another.

    No device is opened: what a delegate claims decides (--advise may open one, to measure it).
    """
    if html:
        from ..file import check_output

        check_output(html, [model])
    _, plan = planned(model, loaded_delegates(delegates, options), **limits)
    advice = _advice(plan) if advise else {}
    if html:
        from ..file import write_file
        from ..report.plan_html import to_html

        write_file(html, to_html(plan, advice if advise else None).encode(), [model])
        echo(f"{escaped(html)} written", err=True)
    if as_json:
        from ..report.plan_text import to_json

        echo_json(to_json(plan) | ({"advice": advice} if advise else {}))
        return
    if not html:
        from ..report.plan_text import render

        show([render(plan)])
    for label, lines in advice.items():
        _print_advice(label, lines)


def _advice(plan: Plan) -> dict[str, list[str]]:
    """Return what each delegate advises, by label."""
    return {d.label: ask_or(d, "advise", texts, [], plan) for d in plan.delegates if d.out_of_use is None}


def _print_advice(label: str, lines: list[str]) -> None:
    if lines:
        show([Text(f"\nAdvice for {label}", "bold")])
    for line in lines:
        show([Padding(f"• {line}", (0, 0, 0, 2))])
