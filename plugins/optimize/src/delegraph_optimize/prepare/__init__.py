"""What is done to a model before it is quantized; its values stay what they are.

Constants are folded, what is quantized already becomes floats again, separate batch normalization goes
into weights, separate activations go into the op before them, and what nobody reads goes.
"""

from __future__ import annotations

from ..writer import ModelEdit, cleaned
from .activations import fuse_activations
from .biases import add_biases
from .float_view import float_view
from .fold import fold_constants
from .normalization import fold_normalization
from .operands import checked_plan

__all__ = ["checked_plan", "float_view", "prepare"]


def prepare(edit: ModelEdit) -> list[str]:
    """Prepare a model of floats; return a sentence for each thing that was done."""
    counts = [0, 0, 0]
    for graph in edit.graphs:
        kept = edit.kept(graph)
        counts[0] += fold_constants(graph, kept)
        counts[1] += fold_normalization(graph, kept)
        counts[2] += fuse_activations(graph, kept)
        add_biases(graph)
        cleaned(edit, graph)
    said = (
        "ops of constants folded",
        "MUL, ADD, SUB or DIV of constants merged into the weights before them",
        "activations fused into the op before them",
    )
    return [f"{text}: {n}" for n, text in zip(counts, said, strict=True) if n]
