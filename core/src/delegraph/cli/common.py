"""What several commands share: the options that name a model and its delegates, and the plan they give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..contract import Delegate
from ..model import Model

if TYPE_CHECKING:
    from rich.console import Console

    from ..contract import Plan

F = TypeVar("F", bound=Callable[..., Any])
_BUDGET = {
    "--max-while-iterations": "Rounds that the loops of a run may make. Without it: any number.",
    "--max-total-bytes": "What a run, state and computed constants may take. Without it: 16 GiB.",
    "--max-tensor-bytes": "The largest tensor that the model may ask for. Without it: 4 GiB.",
}


def model_argument(command: F) -> F:
    """Add the argument MODEL, a path."""
    return click.argument("model", type=click.Path(exists=True, dir_okay=False))(command)


def delegate_options(command: F) -> F:
    """Add --delegates and --option: the parameters of :func:`loaded_delegates`."""
    return _names_option(option_option(command))


def delegate_options_without_o(command: F) -> F:
    """Add --delegates and --option to a command whose -o is the file that it writes."""
    return _names_option(_option_option(command, "--option"))


def option_option(command: F) -> F:
    """Add --option: {label: {option: text}} in the parameter ``options``."""
    return _option_option(command, "-o", "--option")


def limit_options(command: F) -> F:
    """Add what decides on a plan: --policy, --min-ops, --max-partitions, ..., as plans take them."""
    number = click.IntRange(min=1)
    least = click.option("--min-ops", type=number, help="A smaller partition goes to the next delegate.")
    most = click.option("--max-partitions", type=number, help="Keep this many partitions of a subgraph.")
    full = click.option(
        "--require-full-delegation",
        is_flag=True,
        help="Fail unless the first delegate takes every op.",
    )
    anywhere = click.option(
        "--anywhere", is_flag=True, help="Plan for a machine on which every delegate can work."
    )
    return policy_option(least(most(full(anywhere(command)))))


def policy_option(command: F) -> F:
    """Add --policy: a key of ``POLICIES`` in the parameter ``policy``."""
    return click.option(
        "--policy",
        type=click.Choice(["greedy", "cost", "auto"]),
        default="greedy",
        show_default=True,
        help="Cut the model up as TFLite does, so that a run is estimated to take least, or as measured.",
    )(command)


def budget_options(command: F) -> F:
    """Add --max-tensor-bytes, --max-total-bytes and --max-while-iterations, those given in ``budget``."""
    number = click.IntRange(min=1)
    for name, about in _BUDGET.items():
        option = click.option(name, type=number, callback=_budget, expose_value=False, help=about)
        command = option(command)
    return command


def form_options(json: str, csv: str = "") -> Callable[[F], F]:
    """Add --json and --csv: the parameters ``as_json`` and ``as_csv``, of which one may be given.

    :param json: what --help says of it: a sentence
    :param csv: the same of --csv; "": the command prints no table, and has no such option
    """

    def add(command: F) -> F:
        for name, about in (("csv", csv), ("json", json)):
            names = (f"--{name}", f"as_{name}")
            option = click.option(*names, is_flag=True, callback=_one_form, help=about)
            command = option(command) if about else command
        return command

    return add


def loaded_delegates(delegates: list[str], options: dict[str, dict[str, str]]) -> list[Delegate]:
    """Load the delegates that the command names, to plan with: none needs its device."""
    from ..plugins import resolve_delegates

    return resolve_delegates(delegates, options)


def planned(
    path: str, delegates: list[Delegate], budget: dict[str, int], **limits: Any
) -> tuple[Model, Plan]:
    """Read a model and plan it; return it as the file has it, and the plan."""
    from ..file import read_model
    from ..partition import Budget, plan_model

    model = read_model(path, max_tensor_bytes=tensor_limit(budget))
    return model, plan_model(model, delegates, budget=Budget(**budget), **limits)


def tensor_limit(budget: dict[str, int]) -> int:
    """Return the largest tensor that the reader of a file lets pass, in bytes."""
    from ..partition import Budget

    return Budget(**budget).max_tensor_bytes


def console() -> Console:
    """Return a console on stdout, as wide as the terminal.

    Text is printed as it is: names in a model may look like markup.
    """
    from ..report.terminal import console

    return console()


def _names_option(command: F) -> F:
    return click.option(
        "-d",
        "--delegates",
        metavar="A,B",
        callback=_names,
        help="Delegates in order of preference. What they leave over goes to the reference delegate.",
    )(command)


def _option_option(command: F, *names: str) -> F:
    return click.option(
        *names,
        "options",
        metavar="DELEGATE.NAME=VALUE",
        multiple=True,
        callback=_options,
        help=f"An option of a delegate, as often as needed: {names[0]} reference.num_threads=2.",
    )(command)


def _one_form(ctx: click.Context, parameter: click.Parameter, given: bool) -> bool:
    if given and ctx.meta.setdefault("delegraph.form", parameter.name) != parameter.name:
        raise click.UsageError("--json and --csv are one or the other")
    return given


def _budget(ctx: click.Context, parameter: click.Parameter, given: int | None) -> None:
    budget = ctx.params.setdefault("budget", {})
    if given is not None:
        budget[parameter.name] = given


def _names(ctx: click.Context, parameter: click.Parameter, text: str | None) -> list[str]:
    names = [name.strip() for name in (text or "").split(",")]
    if text and not all(names):
        raise click.BadParameter(f"needs names with commas between them, found {text!r}")
    return [name for name in names if name]


def _options(
    ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]
) -> dict[str, dict[str, str]]:
    """Read ``opencl:2.device=1`` as {"opencl:2": {"device": "1"}}."""
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        target, equals, value = text.partition("=")
        label, dot, name = target.partition(".")
        if not (equals and dot and label and name):
            raise click.BadParameter(f"needs DELEGATE.NAME=VALUE, found {text!r}")
        found.setdefault(label, {})[name] = value
    return found
