"""Whatever ranges a calibration has, what quantize makes runs, in LiteRT with and without XNNPACK, too.

Ranges are drawn from 1e-30 to 1e30, weights likewise. ``DELEGRAPH_EXAMPLES=600`` tries as many models, and
others each time.
"""

from __future__ import annotations

import os
import random

import litert
import numpy as np
import pytest
from attrs import evolve
from campaign import WANTED
from delegraph import DTYPES, DelegraphError, Interpreter, Model, write_model
from delegraph_optimize import Calibration, quantize
from delegraph_optimize.calibrate.saved import tensor_keys
from delegraph_optimize.calibrate.statistics import TensorStatistics
from delegraph_optimize.prepared import FloatModel
from optimize.one_op_models import MODELS, Const, OneOpModel
from optimize.test_every_op import NOT_IN_REFERENCE

SEED = os.urandom(4).hex() if WANTED else "0"
COUNT, PARTS = WANTED or 48, 8
INTEGERS = {"int8": "int8", "int16x8": "int16"}
# The rest wants values above 0, whatever the range.
OF_ANY_NUMBER = [case for case in MODELS if case.op not in ("LOG", "RSQRT", "SQRT")]


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_made_of_any_ranges_runs(part: int) -> None:
    draw = random.Random(f"{SEED} {part}")
    found = [said for _ in range(COUNT // PARTS) if (said := _problem(draw))]
    assert not found, f"seed {SEED}:\n" + "\n".join(found)


def _problem(draw: random.Random) -> str | None:
    case, scheme = _scaled(draw.choice(OF_ANY_NUMBER), draw), draw.choice(("int8", "int8", "int16x8"))
    model, inputs = case.model(), draw.choice(("float", INTEGERS[scheme]))
    made = quantize(model, scheme, calibration=_any_ranges(model, draw), method="minmax", inputs=inputs)
    given = [np.zeros(t.shape or (), DTYPES[t.dtype].numpy) for t in made.model.subgraphs[0].inputs]
    said = _reference_says(made.model)
    for resolver in ("BUILTIN", "BUILTIN_REF"):
        has_op = resolver == "BUILTIN" or case.op not in NOT_IN_REFERENCE
        if has_op and _litert_says(write_model(model), case.samples(1)[0], resolver) is None:
            said = said or _litert_says(made.content, given, resolver)
    return said and f"{case} {scheme} {inputs}: {said}"


def _scaled(case: OneOpModel, draw: random.Random) -> OneOpModel:
    """Return a model with some of its weights larger or smaller."""
    factor = np.float32(_size(draw))
    some = [
        Const(o.values * factor)
        if isinstance(o, Const) and o.values.dtype == np.float32 and draw.random() < 0.5
        else o
        for o in case.operands
    ]
    return evolve(case, operands=some)


def _any_ranges(model: Model, draw: random.Random) -> Calibration:
    keys = tensor_keys(FloatModel.of(model).model).values()
    return Calibration({key: _statistics(draw) for key in keys})


def _statistics(draw: random.Random) -> TensorStatistics:
    found, size = TensorStatistics(), _size(draw)
    found.see(np.float32([draw.choice((0, 0, -1, -0.3)) * size, draw.choice((1, 1, 0.3, 0)) * size]))
    return found


def _size(draw: random.Random) -> float:
    """Return 1 mostly, or a power of ten."""
    return float(10.0 ** draw.choice((0, 0, 0, 0, draw.uniform(-3, 3), draw.uniform(-30, 30))))


def _reference_says(model: Model) -> str | None:
    try:
        with Interpreter(model=model, delegates=["reference"]) as interpreter:
            interpreter.allocate_tensors()
            interpreter.invoke()
    except DelegraphError as e:
        return f"reference: {e}"
    return None


def _litert_says(file: bytes, inputs: list[np.ndarray], resolver: str) -> str | None:
    try:
        litert.run(file, list(inputs), resolver)
    except litert.LiteRTError as e:
        return f"{resolver}: {e}"
    return None
