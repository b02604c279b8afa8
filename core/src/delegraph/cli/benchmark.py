"""``delegraph benchmark MODEL``: the time and the memory that a model takes."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from ..report.benchmark import Measured, to_json
from .common import (
    budget_options,
    delegate_options,
    form_options,
    model_argument,
    policy_option,
    tensor_limit,
)
from .echo import echo, echo_csv, echo_json
from .inputs import files_of, input_options, read, thread_option
from .progress import progress_bar
from .reports import check_page, page_name, report_options, write_node_data, write_page
from .tables import show

if TYPE_CHECKING:
    from ..model import Model


@click.command()
@model_argument
@input_options
@delegate_options
@policy_option
@budget_options
@click.option(
    "--runs", type=click.IntRange(min=1), default=20, show_default=True, help="Runs that are measured."
)
@click.option(
    "--warmup", type=click.IntRange(min=0), default=3, show_default=True, help="Runs before them."
)
@thread_option
@click.option("--profile", is_flag=True, help="Show which ops take the time.")
@form_options(
    json="Print the measurement as JSON; times in seconds.",
    csv="Print the runs, or with --profile the ops, as CSV.",
)
@report_options
def benchmark(
    model: str,
    given: tuple[str, ...],
    mean: tuple[float, ...] | None,
    std: tuple[float, ...] | None,
    fit: str | None,
    signature: str | None,
    delegates: list[str],
    options: dict[str, dict[str, str]],
    policy: str,
    budget: dict[str, int],
    runs: int,
    warmup: int,
    num_threads: int | None,
    profile: bool,
    as_json: bool,
    as_csv: bool,
    html: str | None,
    model_explorer: str | None,
) -> None:
    """Measure the time and the memory that MODEL takes.

    Without --input, every input gets random values (random:0). --html and --model-explorer need a profile,
    so the ops are watched with them, too.
    """
    from ..file import read_model
    from ..report import benchmark as library
    from ..report.prepared_model import PreparedModel
    from ..run import described, interface_of
    from ..run.opened import interpreter

    read_files = [model, *files_of(given)]
    check_page(html, read_files)
    start = perf_counter()
    loaded = read_model(model, max_tensor_bytes=tensor_limit(budget))
    load = perf_counter() - start
    interface = described(interface_of(loaded, signature), loaded)
    inputs = read(interface, given or ("random:0",), mean, std, fit, budget)
    start = perf_counter()
    with interpreter(loaded, delegates, options, num_threads, policy=policy, **budget) as opened:
        load += perf_counter() - start
        profiled = runs if profile or html or model_explorer else 0
        with progress_bar(2 + warmup + runs + profiled) as step:
            found = library.benchmark(
                PreparedModel(opened, interface, inputs), runs, warmup, profiled, step
            )
        planned_model = opened.model
    write_page(html, lambda: _page(model, load, found), read_files)
    write_node_data(model_explorer, model, lambda: _node_data(planned_model, found), read_files)
    if as_csv:
        echo_csv(*_csv(to_json(found)))
        return
    if as_json:
        values = to_json(found)
        values["seconds"] = {"load": load, **values["seconds"]}
        echo_json({"model": model, **values})
    else:
        from ..report.benchmark_text import tables

        show(tables(found, load))
    if found.interrupted:
        echo("interrupted", err=True)
        raise click.exceptions.Exit(130)  # what was measured stays, where it was written to files, too


def _csv(values: dict[str, Any]) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
    """Return columns and lines: of each op where ops were watched, else of each run."""
    if values.get("profile"):
        columns = ("subgraph", "op", "name", "delegate", "calls", "seconds", "share")
        return columns, values["profile"]["by_op"]
    runs = values["seconds"]["steady"]["runs"]
    return ("run", "seconds"), [{"run": i, "seconds": s} for i, s in enumerate(runs)]


def _page(model: str, load: float, found: Measured) -> str:
    from ..report.benchmark_html import to_html

    return to_html(page_name(model), load, found)


def _node_data(model: Model, found: Measured) -> dict[str, Any]:
    from ..report.node_data import of_profile

    return {} if found.profile is None else of_profile(model, found.profile)
