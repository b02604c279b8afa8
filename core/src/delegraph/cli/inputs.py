"""What run, benchmark and compare share: the options that give a model its inputs, and what they mean."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..log import logger
from .echo import echo

if TYPE_CHECKING:
    import numpy as np

    from ..inputs import Normalization
    from ..run import Interface

F = TypeVar("F", bound=Callable[..., Any])


def input_options(command: F) -> F:
    """Add --input, --mean, --std, --fit and --signature."""
    return input_option(scaling_options(command))


def input_option(command: F) -> F:
    """Add --input."""
    return click.option(
        "-i",
        "--input",
        "given",
        metavar="[NAME=]FILE",
        multiple=True,
        help="A file for each input: .npy, .npz, an image, .wav, or random:SEED.",
    )(command)


def scaling_options(command: F) -> F:
    """Add --mean, --std, --fit and --signature."""
    options = (
        click.option(
            "--mean", metavar="M[,M,M]", callback=_numbers, help="Of an image: real = (pixel - M) / S."
        ),
        click.option("--std", metavar="S[,S,S]", callback=_numbers, help="S of the same."),
        click.option(
            "--fit",
            type=click.Choice(["stretch", "letterbox"]),
            help="Of an image of another form. Without it: as the model's family wants it, else stretch.",
        ),
        click.option("--signature", metavar="KEY", help="Run this signature of the model."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def thread_option(command: F) -> F:
    """Add --num-threads."""
    return click.option(
        "--num-threads", type=click.IntRange(min=1), help="For delegates that have this option."
    )(command)


def rate_option(command: F) -> F:
    """Add --sample-rate."""
    about = "Hz of the sound that the model wants. Without it: what its metadata say, else the file's."
    return click.option("--sample-rate", type=click.IntRange(min=1), metavar="HZ", help=about)(command)


def read(
    interface: Interface,
    given: tuple[str, ...],
    mean: tuple[float, ...] | None,
    std: tuple[float, ...] | None,
    fit: str | None,
    budget: dict[str, int],
) -> dict[str, np.ndarray]:
    """Return an array for each input of the interface, and say on stderr what was done to get it."""
    from ..inputs import read_inputs
    from ..partition import Budget, nbytes

    Budget(**budget).check_total(sum(nbytes(a.tensor) for a in interface.inputs), "the inputs")
    return read_inputs(interface, given, normalization(mean, std), tell, fit=fit)


def files_of(given: tuple[str, ...]) -> list[str]:
    """Return whatever --input may mean as a file: a name of an input may have a ``=``, too."""
    return [text[start:] for text in given for start in (0, *(m.end() for m in re.finditer("=", text)))]


def tell(sentence: str) -> None:
    """Print a notice on stderr; -q silences it as it does warnings."""
    if logger.isEnabledFor(logging.WARNING):
        echo(sentence, err=True)


def normalization(mean: tuple[float, ...] | None, std: tuple[float, ...] | None) -> Normalization | None:
    """Return what --mean and --std say of pixels; None: nothing."""
    from ..inputs import Normalization

    return None if mean is None and std is None else Normalization(mean or (0.0,), std or (1.0,))


def _numbers(ctx: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    try:
        return None if text is None else tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"needs numbers with commas between them, found {text!r}") from None
