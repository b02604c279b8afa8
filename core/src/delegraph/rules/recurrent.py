"""What ops with a state need of it and of their options."""

from __future__ import annotations

from ..contract import Constraint, needs
from ..model import Op
from ..text import shape_text
from .operands import given, operand, operand_shape
from .quantization import axis_scales_found, scaled, scales_found, zero_point_found


@needs("the kernel type FULL")
def full_kernel(op: Op) -> str | None:
    found = op.options.kernel_type
    return None if found == "FULL" else str(found)


@needs("the kernel type BASIC")
def basic_kernel(op: Op) -> str | None:
    found = op.options.kernel_type
    return None if found == "BASIC" else str(found)


@needs("20 or 24 inputs")
def full_inputs(op: Op) -> str | None:
    """Of LSTM's FULL kernel and UNIDIRECTIONAL_SEQUENCE_LSTM: with the norms' places or without."""
    return None if len(op.inputs) in (20, 24) else f"{len(op.inputs)}"


@needs("clips that are not negative")
def clips(op: Op) -> str | None:
    """Of LSTMs: 0 is none."""
    found = min(op.options.cell_clip, op.options.proj_clip)
    return None if found >= 0 else f"{found:g}"


@needs("recurrent weights of the input weights' type, or diagonal ones in float32")
def diagonals(op: Op) -> str | None:
    """Of LSTM's FULL kernel and UNIDIRECTIONAL_SEQUENCE_LSTM."""
    for i in _RECURRENT_WEIGHTS:
        if (t := given(op, i)) is not None:
            is_matrix = t.shape is None or len(t.shape) != 1
            if t.dtype != (operand(op, _INPUT_WEIGHTS[-1]).dtype if is_matrix else "float32"):
                return f"{t.dtype} of shape {shape_text(t.shape)}"
    return None


@needs("recurrent weights of rank 2")
def recurrent_matrices(op: Op) -> str | None:
    """Of LSTM's FULL kernel, and where all is integers: no diagonals."""
    found = [t for i in _RECURRENT_WEIGHTS if (t := given(op, i)) is not None and t.shape is not None]
    return next((f"shape {shape_text(t.shape)}" for t in found if len(t.shape or ()) != 2), None)


@needs("a sequence of rank 3")
def sequence(op: Op) -> str | None:
    x = operand_shape(op, 0)
    return None if len(x) == 3 else f"shape {shape_text(x)}"


def variable_states(*indices: int) -> Constraint:
    """Return the constraint that these inputs are variable tensors."""

    @needs("variable tensors for its state")
    def variable_state(op: Op) -> str | None:
        for i in indices:
            t = given(op, i)
            if t is None or not t.is_variable:
                return f"none as input {i}" if t is None else f"{t.name!r}, which is not variable"
        return None

    return variable_state


@needs("no variable tensors")
def stateless(op: Op) -> str | None:
    """Of custom ops: variables would be their state."""
    return ", ".join(repr(t.name) for t in op.variables) or None


@needs("one scale and zero point 0 for each of its integer weights")
def scaled_weights(op: Op) -> str | None:
    """LiteRT takes several scales for a scale of 0, and knows no zero points here."""
    for t in op.inputs:
        if t is None or t.dtype not in _INTEGERS or t.is_variable:
            continue
        if not scaled(t) or axis_scales_found(t):
            return f"{scales_found(t)} on {t.name!r}"
        if found := zero_point_found(t):
            return found
    return None


_INTEGERS = ("int8", "uint8")
_INPUT_WEIGHTS, _RECURRENT_WEIGHTS = (1, 2, 3, 4), (5, 6, 7, 8)  # of the four gates
