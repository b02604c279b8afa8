"""The shapes and types of an op's outputs, from those of its inputs and, where they decide, their values.

One rule per builtin op. A custom op brings its rule in its support row (``shapes=``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module

import numpy as np

from ..errors import InputError
from ..model import Op, Shape
from ..text import shape_text
from ._rule import Inputs, Rule, UnknownError
from .output_types import output_types

__all__ = ["has_rule", "infer", "output_types"]

# Imported one after the other until one of them has the op: those of most models come first.
_FAMILIES = "windows elementwise movement matrix reduction indexing recurrent generate stablehlo".split()


def has_rule(op: str) -> bool:
    """Say whether core knows the output shapes of this op."""
    return _rule(op) is not None


def infer(op: Op, shapes: Sequence[Shape], value: Callable[[int], np.ndarray | None]) -> list[Shape]:
    """Return one shape per output of a builtin op; None for one that only a run will show.

    :param shapes: one per input; None where it is not known, or the input is absent.
    :param value: the values of input ``i`` if they are known already, else None.
    :raises InputError: the shapes or values do not fit the op; the message names it.
    """
    if not op.outputs:
        raise InputError(f"{op} needs an output, found none")
    given = ", ".join(map(shape_text, shapes))
    try:
        rule = _rule(op.name)
        assert rule is not None
        found = rule(Inputs(op, shapes, value))
    except UnknownError:
        return [None] * len(op.outputs)
    except InputError:
        raise
    except Exception as e:  # operands and options are the file's: any of them may be out of place
        raise InputError(f"{op}: input shapes {given} do not fit: {type(e).__name__}: {e}") from e
    if any(d < 0 for shape in found if shape is not None for d in shape):
        raise InputError(f"{op}: input shapes {given} leave an output of shape {found}")
    if len(found) < len(op.outputs):
        raise InputError(f"{op} needs {len(found)} outputs or fewer, found {len(op.outputs)}")
    return found[: len(op.outputs)]


@lru_cache(maxsize=1024)
def _rule(op: str) -> Rule | None:
    for family in _FAMILIES:
        rules: dict[str, Rule] = import_module(f".{family}", __name__).RULES
        if op in rules:
            return rules[op]
    return None
