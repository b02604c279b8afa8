"""``delegraph advise``: the command that fits a model, its data and its hardware."""

from __future__ import annotations

import sys
from typing import Any

import click
from attrs import asdict
from delegraph import form_options

from .report_command import FILE

_HARDWARE = ("cpu", "gpu", "edgetpu", "microcontroller", "nnapi", "hexagon")


@click.command()
@click.argument("model", type=FILE)
@click.option("--hardware", type=click.Choice(_HARDWARE), help="What will run it. Without it: cpu.")
@click.option("--data", metavar="PATH", help="Samples of its inputs. Without it: there are none.")
@click.option("--labels", type=FILE, help="A class for each sample.")
@click.option("--max-drop", type=float, help="Points that may be lost. Without it: 1; 0: nothing.")
@click.option("--mean", metavar="M[,M,M]", help="Of images: real = (pixel - M) / S.")
@click.option("--std", metavar="S[,S,S]", help="S of the same.")
@form_options(json="Print the command and the reasons as JSON, and ask nothing.")
def advise(model: str, as_json: bool, **known: Any) -> None:
    """Say which command makes MODEL smaller, and why.

    On a terminal it asks for what the options do not say: which hardware, what data, which loss.
    """
    from delegraph import echo, echo_json, read_model

    from .advise import Situation
    from .advise import advise as advised

    asked = _asked(known) if sys.stdin.isatty() and not as_json else known
    given = {name: value for name, value in asked.items() if value is not None}
    found = advised(read_model(model), Situation(model, **given))
    if as_json:
        echo_json(asdict(found))
        return
    for reason in found.reasons:
        echo(f"• {reason}")
    echo(f"\n{found.command}")
    if found.check:
        echo(f"\nThen see what was lost:\n\n{found.check}")


def _asked(known: dict[str, Any]) -> dict[str, Any]:
    """Ask for what is not known, in the order in which it matters."""
    found = dict(known)
    if found["hardware"] is None:
        found["hardware"] = click.prompt(
            "What will run it", type=click.Choice(_HARDWARE), default="cpu", err=True
        )
    if found["data"] is None and found["hardware"] != "gpu":
        text = "Samples of its inputs: a folder, an .npy or .npz file (empty: none)"
        found["data"] = click.prompt(text, default="", show_default=False, err=True) or None
    if found["max_drop"] is None and found["data"] is not None and found["hardware"] == "cpu":
        found["max_drop"] = click.prompt("Points that may be lost", type=float, default=1.0, err=True)
    return found
