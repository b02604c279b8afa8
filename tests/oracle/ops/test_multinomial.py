"""MULTINOMIAL against LiteRT."""

from __future__ import annotations

import litert
import numpy as np
from delegraph.file import write_model
from delegraph.model import Builder
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array, rows
from strategies import SEEDS

SEED = st.integers(-(2**63), 2**63 - 1)


@settings(max_examples=40, deadline=None)
@given(
    batch=st.integers(1, 3),
    classes=st.integers(1, 8),
    samples=st.integers(1, 9),
    seed=SEED,
    data_seed=SEEDS,
    dtype=st.sampled_from(["int32", "int64"]),
)
def test_classes_are_drawn_as_their_logits_say(
    batch: int, classes: int, samples: int, seed: int, data_seed: int, dtype: str
) -> None:
    g = Builder()
    logits, count = g.input((batch, classes), "float32"), g.constant(np.int32(samples))
    g.op("MULTINOMIAL", [logits, count], [g.tensor((batch, samples), dtype)], seed=seed or 1, seed2=3)
    values = random_array("float32", (batch, classes), data_seed, -3, 3)
    values[0, 0] = -np.inf if classes > 1 else 0  # never drawn
    check(g.model(), [values])


def test_drawing_goes_on_from_one_run_to_the_next() -> None:
    g = Builder()
    logits, count = g.input((2, 5), "float32"), g.constant(np.int32(7))
    y = g.op("MULTINOMIAL", [logits, count], [g.tensor((2, 7), "int64")], seed=3, seed2=4)
    model, values = g.model([y]), random_array("float32", (2, 5), 1, -1, 1)
    theirs = litert.run(write_model(model), [values], invokes=3)[0]
    run = rows("MULTINOMIAL")[0].kernel(model.subgraphs[0].ops[0])
    ours = [run(values, np.array(7, np.int32))[0] for _ in range(3)]
    assert ours[2].tolist() == theirs.tolist()
