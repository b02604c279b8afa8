"""Gates of LSTMs: what they read, and that integers made for it bring outputs nearer to the floats'."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import pytest
from delegraph import Builder, Model
from delegraph_optimize import quantize
from delegraph_optimize.calibrate.inside import read_by_gates
from small import computes

STEPS, READ, UNITS = 12, 10, 16


def lstm(seed: int) -> Model:
    """Return an LSTM of parts drawn by a seed: coupled gates, peepholes, a projection, normalized gates."""
    rng, g = np.random.default_rng(seed), Builder()
    coupled, peeps, normalized, by_time = (bool(rng.integers(2)) for _ in range(4))
    given = int(rng.choice([UNITS, 6]))

    def constant(*shape: int, size: float = 0.4) -> int:
        return g.constant((rng.normal(size=shape) * size).astype(np.float32))

    def each(*shape: int, there: bool = True) -> list[int | None]:
        """Return a constant for each gate; coupled ones have none for the first."""
        return [constant(*shape) if there and not (coupled and gate == 0) else None for gate in range(4)]

    peepholes = each(UNITS, there=peeps)[:3]
    projection = [constant(given, UNITS), constant(given)] if given < UNITS else [None, None]
    state = [g.variable((2, n), "float32") for n in (given, UNITS)]
    shape = (STEPS, 2) if by_time else (2, STEPS)
    x, y = g.input((*shape, READ), "float32", "x"), g.tensor((*shape, given), "float32", "y")
    inputs = [x, *each(UNITS, READ), *each(UNITS, given), *peepholes, *each(UNITS), *projection, *state]
    inputs += each(UNITS, there=normalized)
    options = {"fused_activation_function": "TANH", "cell_clip": 8.0, "time_major": by_time}
    return g.model([g.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [y], **options)])


def samples(model: Model, seed: int, count: int) -> list[np.ndarray]:
    """Return samples whose values go together, as those of pictures and sounds do."""
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(3, READ))
    shape = (*model.subgraphs[0].inputs[0].shape[:2], 3)
    return [(rng.normal(size=shape) @ mixed + 0.1).astype(np.float32) for _ in range(count)]


def noise(model: Model, made: Model, data: list[np.ndarray]) -> float:
    return sum(float(np.square(computes(made, x=x)[0] - computes(model, x=x)[0]).sum()) for x in data)


@pytest.mark.parametrize("seed", range(8))
def test_gates_read_the_input_and_what_was_given_a_step_before(seed: int) -> None:
    model = lstm(seed)
    (op,) = model.subgraphs[0].ops
    (x,) = samples(model, seed, 1)
    (y,) = computes(model, x=x)
    if not op.options.time_major:
        x_, y = x.swapaxes(0, 1), y.swapaxes(0, 1)
    else:
        x_ = x
    before = np.concatenate([np.zeros_like(y[:1]), y[:-1]])
    want = np.concatenate([x_, before], axis=2).reshape(STEPS * 2, -1)
    np.testing.assert_allclose(read_by_gates(op, x), want, atol=1e-5)


@pytest.mark.parametrize("scheme", ["int8", "dynamic"])
def test_gates_are_nearer_to_the_floats_on_others_than_those_they_were_rounded_for(scheme: str) -> None:
    kept = []
    for seed in range(6):
        model = lstm(seed)
        data, others = (samples(model, seed, n) for n in (16, 19))
        options = {"data": data, "least": 1, "method": "minmax"}
        plain, better = (quantize(model, scheme, **options, rounding=r) for r in ("nearest", None))
        assert "gates of 1 LSTMs rounded by gptq" in better.report.notes[-1]
        assert len(plain.content) == pytest.approx(len(better.content), abs=64)
        kept.append(noise(model, better.model, others[16:]) / noise(model, plain.model, others[16:]))
    assert np.max(kept) < 1.05  # int8 rounds what is between, too, which weights do not mend
    assert np.median(kept) < {"int8": 0.9, "dynamic": 0.75}[scheme]
