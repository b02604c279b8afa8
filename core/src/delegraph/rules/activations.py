"""What a fused activation may be."""

from __future__ import annotations

from ..contract import needs
from ..model import Op
from ..numbers import fused_activation
from .operands import has_an_axis


@needs("a fused activation among NONE, RELU, RELU_N1_TO_1 and RELU6")
def known_activation(op: Op) -> str | None:
    """LiteRT computes the others as if there were none."""
    name = fused_activation(op)
    return name if name in ("TANH", "SIGN_BIT") else None


@needs("no fused activation")
def no_activation(op: Op) -> str | None:
    name = fused_activation(op)
    return None if name == "NONE" else name


@needs("no fused activation and a rank of at least 1")
def no_activation_and_some_axis(op: Op) -> str | None:
    return no_activation.found(op) or has_an_axis.found(op)
