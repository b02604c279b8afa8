"""``delegraph quantize`` and ``delegraph dequantize``."""

from __future__ import annotations

import click

_MODEL = click.Path(exists=True, dir_okay=False)
_OUT = click.Path(dir_okay=False)


@click.command()
@click.argument("model", type=_MODEL)
@click.option("-o", "--output", "out", type=_OUT, required=True, help="The .tflite file to write.")
@click.option(
    "--scheme",
    type=click.Choice(["float16", "dynamic", "weights"]),
    required=True,
    help="What becomes of weights and activations.",
)
@click.option(
    "--weights",
    type=click.Choice(["int8", "int4"]),
    default="int8",
    show_default=True,
    help="Of dynamic and weights.",
)
@click.option(
    "--block",
    type=click.Choice(["32", "64", "128", "256"]),
    help="int4 weights of FULLY_CONNECTED that share a scale.",
)
def quantize(model: str, out: str, scheme: str, weights: str, block: str | None) -> None:
    """Write a smaller model, and say what became of each op and why.

    float16 halves the file; dynamic (int8 weights beside float activations) and weights (the same, made
    floats when the model is loaded) quarter it and need no data.
    """
    from .pipeline import quantize as quantized

    found = quantized(model, scheme, weights=weights, block=int(block or 0))
    found.write(out, [model])
    _print(found.report)


@click.command()
@click.argument("model", type=_MODEL)
@click.option("-o", "--output", "out", type=_OUT, required=True, help="The .tflite file to write.")
def dequantize(model: str, out: str) -> None:
    """Write the float view of a quantized model: what its integers stand for, computed in floats."""
    from .pipeline import dequantize as dequantized

    found = dequantized(model)
    found.write(out, [model])
    _print(found.report)


def _print(report: object) -> None:
    from delegraph import echo

    echo(str(report))


COMMANDS = (quantize, dequantize)
