"""What LiteRT asks of int16 tensors and of ops with weights."""

from __future__ import annotations

from math import inf

from delegraph import Constraint, Op, Tensor, needs
from delegraph.rules import operand, scales_found, scales_of


@needs("zero points of 0 on int16 tensors")
def symmetric(op: Op) -> str | None:
    found = next((t for t in _int16(op) if t.zero_point), None)
    return None if found is None else f"{found.zero_point} on {found.name!r}"


@needs("one scale on each int16 tensor")
def one_scale_each(op: Op) -> str | None:
    for t in _int16(op):
        if len(scales_of(t)) != 1 or not 0 < t.scale < inf:
            return f"{scales_found(t)} on {t.name!r}"
    return None


@needs("int16 tensors without scales")
def unscaled(op: Op) -> str | None:
    return next((f"a scale of {t.scale:g} on {t.name!r}" for t in _int16(op) if t.scale), None)


@needs("scales whose rescaling factor is below 2**14")
def fitting_factor(op: Op) -> str | None:
    """LiteRT shifts by a negative number of bits from there on."""
    factor = _int16(op)[0].scale * float(scales_of(operand(op, 1)).max(initial=0)) / op.outputs[0].scale
    return None if factor < 2**14 else f"a factor of {factor:.3g}"


def true_bias_type(index: int = 2) -> Constraint:
    """Return the constraint that the option about the bias, input ``index``, says what it is."""

    @needs("a quantized_bias_type that is the bias's type, where it is given")
    def found_type(op: Op) -> str | None:
        said = str(op.options.get("quantized_bias_type", "FLOAT32"))
        bias = op.inputs[index] if len(op.inputs) > index else None
        fits = said in ("INT32", "INT64") and (bias is None or said.lower() == bias.dtype)
        return None if said == "FLOAT32" or fits else f"{said} for {bias.dtype if bias else 'no bias'}"

    return found_type


def _int16(op: Op) -> list[Tensor]:
    return [t for t in (*op.inputs, *op.outputs) if t is not None and t.dtype == "int16"]
