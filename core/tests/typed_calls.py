"""What a type checker makes of a program's calls: mypy checks this file, nothing runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import delegraph
import numpy as np

if TYPE_CHECKING:
    from typing_extensions import assert_type


def called(interpreter: delegraph.Interpreter, model: delegraph.Model) -> None:
    pixels = np.zeros((1, 8, 8, 1), np.int8)
    assert_type(interpreter(pixels), np.ndarray | tuple[np.ndarray, ...])
    assert_type(interpreter(image=[[0, 1], [2, 3]]), np.ndarray | tuple[np.ndarray, ...])
    assert_type(interpreter.run({"image": pixels}), dict[str, np.ndarray])
    assert_type(interpreter.plan, delegraph.Plan)
    assert_type(model.replace(description="another"), delegraph.Model)
    assert_type(model.subgraphs[0].replace(name="main"), delegraph.Graph)
    assert_type(delegraph.interpreter.Interpreter("model.tflite"), delegraph.Interpreter)
    assert_type(delegraph.rules.known_activation, delegraph.Constraint)
