"""``delegraph compare MODEL``: how far the results of two delegates are apart, tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..plugins import REFERENCE
from ..report.compare import Comparison
from .common import (
    budget_options,
    delegate_options,
    form_options,
    model_argument,
    policy_option,
    tensor_limit,
)
from .echo import echo, echo_csv, echo_json
from .inputs import files_of, input_options, read
from .reports import check_page, page_name, report_options, write_node_data, write_page
from .tables import show

if TYPE_CHECKING:
    from ..model import Model
    from .wrong_part import WrittenPart


@click.command()
@model_argument
@input_options
@delegate_options
@policy_option
@budget_options
@click.option(
    "--against", metavar="A,B", default=REFERENCE, show_default=True, help="Delegates to compare with."
)
@form_options(json="Print every tensor's differences as JSON.", csv="Print a line for each tensor as CSV.")
@click.option(
    "--bisect",
    type=click.Path(file_okay=False),
    help="Where something is off: write the first part that is wrong, and its inputs, to a folder.",
)
@report_options
@click.pass_context
def compare(
    ctx: click.Context,
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
    against: str,
    as_json: bool,
    as_csv: bool,
    bisect: str | None,
    html: str | None,
    model_explorer: str | None,
) -> None:
    """Compare the results of the delegates of --delegates with those of --against, tensor by tensor.

    Without --input, every input gets random values (random:0). The exit code is 1 if an op by itself, on
    equal inputs, is further apart than its support row claims, or if an output of the model as it is really
    run is off; 2 if there is nothing to compare, since both sides run every op alike.
    """
    from ..file import read_model
    from ..report import compare as library
    from ..run import described, interface_of
    from .sides import ComparedRun, Sides
    from .wrong_part import check_folder, written

    read_files = [model, *files_of(given)]
    check_page(html, read_files)
    if bisect is not None:
        check_folder(bisect, read_files)
    loaded = read_model(model, max_tensor_bytes=tensor_limit(budget))
    interface = described(interface_of(loaded, signature), loaded)
    inputs = read(interface, given or ("random:0",), mean, std, fit, budget)
    others = [name.strip() for name in against.split(",")]
    sides = Sides(
        (delegates, _options_of(delegates, options, others), policy),
        (others, _options_of(others, options, delegates), "greedy"),
        budget,
    )
    wanted = ComparedRun(loaded, interface, inputs)
    with sides.compared(wanted) as run:
        found, labels = run.found, run.labels
        part = sides.wrong_part(wanted, run) if bisect and found.exit_code == 1 else None
    wrong = written(part, bisect, sides, read_files) if bisect and part is not None else None
    about_part = list(_bisected(wrong, labels[1])) if bisect and found.exit_code == 1 else []
    write_page(html, lambda: _page(model, found, labels, about_part), read_files)
    write_node_data(model_explorer, model, lambda: _node_data(loaded, found), read_files)
    if as_csv:
        echo_csv(_COLUMNS, map(_line, library.to_json(found)["tensors"]))
    elif as_json:
        values = {"model": model, **library.to_json(found)}
        if bisect is not None:
            values["wrong_part"] = None if wrong is None else wrong.json()
        echo_json(values)
    else:
        from ..report.compare_text import parts

        show(parts(found, labels))
        if about_part:
            echo("\n" + "\n".join(about_part))
    ctx.exit(found.exit_code)


def _page(model: str, found: Comparison, labels: Sequence[str], about_part: Sequence[str]) -> str:
    from ..report.compare_html import to_html

    return to_html(page_name(model), found, labels, about_part)


def _node_data(model: Model, found: Comparison) -> dict[str, Any]:
    from ..report.node_data import of_comparison

    return of_comparison(model, found)


def _bisected(wrong: WrittenPart | None, judge: str) -> Iterator[str]:
    if wrong is not None:
        return wrong.lines()
    right = f"Each partition by itself is right on what {judge} gives it"
    return iter([f"{right}: what is wrong lies between them."])


def _options_of(
    names: Sequence[str], options: Mapping[str, Mapping[str, str]], others: Sequence[str]
) -> dict[str, Mapping[str, str]]:
    """Return the options for one side's delegates, and those for nobody's, which are an error there."""
    return {
        label: given
        for label, given in options.items()
        if label.partition(":")[0] in (*names, REFERENCE) or label.partition(":")[0] not in others
    }


def _line(tensor: dict[str, Any]) -> dict[str, Any]:
    """Return a tensor's differences as a line: those with all that came before, and of its op alone."""
    op = tensor["op"] or {}
    sides = {
        f"{side}_{name}": value
        for side in ("apart", "alone")
        for name, value in (tensor[side] or {}).items()
    }
    return {**tensor, "op": op.get("index"), "op_name": op.get("name"), **sides}


_COLUMNS = (
    "subgraph",
    "tensor",
    "name",
    "dtype",
    "op",
    "op_name",
    *(f"{side}_{name}" for side in ("apart", "alone") for name in ("max_abs", "max_rel", "steps")),
    "beyond",
)
