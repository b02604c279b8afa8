"""What ops with a state need of it and of their options."""

from __future__ import annotations

from ..contract import Constraint, needs
from ..model import Op
from .operands import given, operand_shape


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


@needs("a sequence of rank 3")
def sequence(op: Op) -> str | None:
    x = operand_shape(op, 0)
    return None if len(x) == 3 else f"shape {x}"


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
