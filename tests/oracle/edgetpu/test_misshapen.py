"""Every op of the Edge TPU's map, its model changed in one place: not mapped, or compiled and run right.

What is compiled is read back and has LiteRT's bits for the source. Some changes of each op are drawn:
``DELEGRAPH_EXAMPLES=500`` tries as many of each, and others each time.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest
from campaign import WANTED
from delegraph import DelegateFailed, DelegraphError, Interpreter, load_delegate
from delegraph.contract import SupportTable
from delegraph_edgetpu.compiler import compiled_together
from delegraph_edgetpu.cut import Settings
from misshapen_cases import ARITHMETIC_LEFT_OPEN, Case, cases, drawn, exempt, made_by_litert, ops_of
from one_op import difference

SEED = os.urandom(4).hex() if WANTED else "0"
COUNT = WANTED or 1
TABLE = SupportTable("edgetpu", load_delegate("edgetpu").table.rows)  # without advice, which takes long


@pytest.mark.parametrize("op", ops_of(TABLE))
def test_a_misshapen_op_is_not_mapped_or_computed_right(op: str, tmp_path: Path) -> None:
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    chosen = drawn(cases(op, TABLE), f"{SEED} {op}", COUNT)
    found = [f"{case}: {p}" for case in chosen if (p := problem(case, tmp_path))]
    assert not found, f"{len(found)} (seed {SEED}):\n" + "\n".join(found)


def problem(case: Case, folder: Path) -> str | None:
    """Return in words what is wrong with a case, or None."""
    source = folder / "source.tflite"
    source.write_bytes(case.file)
    try:
        (compiled,) = compiled_together([source], Settings(), lambda line: None)
        ours = _outputs(compiled.data, case.arrays)
    except DelegateFailed as e:
        return None if isinstance(e.__cause__, DelegraphError) else str(e)
    except DelegraphError as e:
        return str(e) if "in the check itself" in str(e) else None
    except Exception as e:
        return f"{type(e).__name__}: {e}"
    if "in the check itself" in str(compiled.operations):
        return str(compiled.operations)
    how, theirs = made_by_litert(case)
    if how != "values" or exempt(case, ARITHMETIC_LEFT_OPEN):
        return None
    return next((text for a, b in zip(ours, theirs, strict=True) if (text := difference(a, b))), None)


def _outputs(file: bytes, arrays: list[np.ndarray]) -> list[np.ndarray]:
    interpreter = Interpreter(model_content=file, delegates=["edgetpu"])
    inputs = [d["index"] for d in interpreter.get_input_details()]
    return list(interpreter.run(dict(zip(inputs, arrays, strict=True))).values())
