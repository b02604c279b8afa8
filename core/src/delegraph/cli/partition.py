"""``delegraph partition MODEL``: which delegate would run which ops, and why not another."""

from __future__ import annotations

from typing import Any

import click
from rich.padding import Padding
from rich.text import Text

from ..contract import Plan
from ..contract.asking import ask_or
from ..contract.guard import texts
from .common import (
    budget_options,
    delegate_options,
    form_options,
    limit_options,
    loaded_delegates,
    model_argument,
    planned,
)
from .echo import echo_json
from .reports import check_page, report_options, write_node_data, write_page
from .tables import show


@click.command()
@model_argument
@delegate_options
@limit_options
@budget_options
@click.option(
    "--advise", is_flag=True, help="Say what makes the model slow on each delegate, and what would help."
)
@form_options(json="Print the plan as JSON.", csv="Print a line for each op, and each refusal, as CSV.")
@report_options
def partition(
    model: str,
    delegates: list[str],
    options: dict[str, dict[str, str]],
    advise: bool,
    as_json: bool,
    as_csv: bool,
    html: str | None,
    model_explorer: str | None,
    **limits: Any,
) -> None:
    """Show which delegate would run which ops of MODEL, and why not another.

    No device is opened: what a delegate claims decides (--advise may open one, to measure it).
    """
    check_page(html, [model])
    _, plan = planned(model, loaded_delegates(delegates, options), **limits)
    advice = _advice(plan) if advise else {}
    write_page(html, lambda: _page(plan, advice if advise else None), [model])
    write_node_data(model_explorer, model, lambda: _node_data(plan), [model])
    if as_csv:
        from .why import answers, echo_lines

        echo_lines(answers(plan))
        return
    if as_json:
        from ..report.plan_text import to_json

        echo_json(to_json(plan) | ({"advice": advice} if advise else {}))
        return
    if not html:
        from ..report.plan_text import render

        show([render(plan)])
    for label, lines in advice.items():
        _print_advice(label, lines)


def _page(plan: Plan, advice: dict[str, list[str]] | None) -> str:
    from ..report.plan_html import to_html

    return to_html(plan, advice)


def _node_data(plan: Plan) -> dict[str, Any]:
    from ..report.node_data import of_plan

    return of_plan(plan)


def _advice(plan: Plan) -> dict[str, list[str]]:
    """Return what each delegate advises, by label."""
    return {d.label: ask_or(d, "advise", texts, [], plan) for d in plan.delegates if d.out_of_use is None}


def _print_advice(label: str, lines: list[str]) -> None:
    if lines:
        show([Text(f"\nAdvice for {label}", "bold")])
    for line in lines:
        show([Padding(f"• {line}", (0, 0, 0, 2))])
