"""``delegraph calibrate-costs``: what ops take on delegates, measured and kept for ``--policy cost``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from ..errors import DelegateUnavailable
from ..text import escaped, time_text
from .common import delegate_options, form_options
from .echo import echo, echo_csv, echo_json
from .progress import progress_bar
from .tables import show, table

if TYPE_CHECKING:
    from rich.table import Table

    from ..contract import Delegate
    from ..partition.cost_table import CostTable

COLUMNS = ("delegate", "class", "per_op", "per_mac", "per_byte")


@click.command()
@click.argument("models", nargs=-1, type=click.Path(exists=True, dir_okay=False), metavar="[MODEL]...")
@delegate_options
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, max=60),
    default=0.03,
    show_default=True,
    help="How long each sample runs, 4 runs at the least; 0: once, to try it.",
)
@click.option("--keep/--no-keep", default=True, help="Keep what was measured, or show it only.")
@form_options("Print what was measured as JSON; times in seconds.", "Print a line for each class of ops.")
def calibrate_costs(
    models: tuple[str, ...],
    delegates: list[str],
    options: dict[str, dict[str, str]],
    seconds: float,
    keep: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Measure what ops take on delegates here, for plans by cost.

    Small models run on the delegates in turn, for a few seconds; on a device that compiles, for a minute.
    What was measured is kept in the cache directory, with device, options, threads and versions: plans with
    --policy cost use it. Without --delegates, all that are installed and can work are measured.

    With models, it is their plans that are measured, in turn, on random values, until it is sure which is
    the fastest: those of --policy greedy and cost, and each delegate before all others. --policy auto goes
    by that.
    """
    if models:
        _measure_plans(models, delegates, options, keep, as_json, as_csv)
        return
    from attrs import asdict

    from ..partition.cost_table import store
    from ..report.calibrate import calibrate, stages

    found: dict[str, CostTable] = {}
    with ExitStack() as stack, progress_bar(stages()) as step:
        working = [stack.enter_context(d) for d in _working(delegates, options)]
        for delegate, costs in zip(working, calibrate(working, seconds, step), strict=True):
            found[delegate.label] = costs
            path = store(delegate, costs) if keep else None
            if not (as_json or as_csv):
                show([_costs_table(delegate.label, costs)])
                echo(f"kept in {escaped(str(path))}\n" if path else "")
    if as_json:
        echo_json({label: asdict(costs) for label, costs in found.items()})
    if as_csv:
        echo_csv(COLUMNS, _lines(found))


def _measure_plans(
    models: Sequence[str],
    names: list[str],
    options: dict[str, dict[str, str]],
    keep: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    from statistics import median

    from ..file import read_model
    from ..inputs import read_inputs
    from ..partition.measured_choice import keep_choice
    from ..plugins import resolve_delegates
    from ..report.measure_plans import measured_plans
    from ..run import interface_of

    if not names:
        raise click.UsageError("plans of a model need delegates: -d A,B")
    lines: list[dict[str, Any]] = []
    with ExitStack() as stack, progress_bar((len(names) + 2) * len(models)) as step:
        loaded = resolve_delegates(names, options, must_run=True)
        for delegate in loaded:
            stack.enter_context(delegate)
        for path in models:
            model = read_model(path)
            interface = interface_of(model)
            inputs = read_inputs(interface, ["random:0"])
            planned, times = measured_plans(model, interface, inputs, loaded, progress=step)
            if keep:
                keep_choice(planned, loaded, times)
            lines += [{"model": path, "plan": name, "seconds": median(t)} for name, t in times.items()]
    if as_json:
        echo_json(lines)
    elif as_csv:
        echo_csv(("model", "plan", "seconds"), lines)
    else:
        shown = table("model", "plan", "median run>")
        for line in lines:
            shown.add_row(escaped(line["model"]), line["plan"], time_text(line["seconds"]))
        show([shown])


def _lines(found: Mapping[str, CostTable]) -> Iterator[dict[str, Any]]:
    for label, costs in found.items():
        yield {"delegate": label, "class": "a launch", "per_op": costs.launch}
        yield {"delegate": label, "class": "handing over", "per_byte": costs.per_byte}
        for name, cost in costs.classes.items():
            factors = {"per_op": cost.per_op, "per_mac": cost.per_mac, "per_byte": cost.per_byte}
            yield {"delegate": label, "class": name, **factors}


def _working(names: list[str], options: dict[str, dict[str, str]]) -> list[Delegate]:
    """Return the delegates that are measured; of those that were named, each has to work."""
    from ..plugins import Plugins, resolve_delegates

    plugins = Plugins.installed()
    loaded = resolve_delegates(names or list(plugins.delegates()), options)
    plugins.look_for(loaded)
    asked = {d.label: d for d in loaded if not names or d.name in names}
    for delegate in asked.values():
        why = delegate.out_of_use
        if names and why is not None:
            raise DelegateUnavailable(f"delegate {delegate.label!r} cannot work here: {why}")
    return [d for d in asked.values() if d.out_of_use is None]


def _costs_table(label: str, costs: CostTable) -> Table:
    shown = table(label, "per op>", "per million MACs>", "per MiB moved>")
    shown.add_row("a launch", time_text(costs.launch), "", "")
    shown.add_row("handing over", "", "", time_text(costs.per_byte * (1 << 20)))
    for name, cost in costs.classes.items():
        shown.add_row(
            name,
            time_text(cost.per_op),
            time_text(cost.per_mac * 1e6) if cost.per_mac else "",
            time_text(cost.per_byte * (1 << 20)) if cost.per_byte else "",
        )
    return shown
