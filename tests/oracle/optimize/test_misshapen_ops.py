"""Every op changed in one place, alone and among others: quantizing refuses it, or takes it.

Operands are left out, one less, one too many, of another rank, size or type, constants are empty, options
at extremes. What is refused is so by one of delegraph's own errors, never by Python's. Some changes are
drawn of each op: ``DELEGRAPH_EXAMPLES=500`` tries as many, and others each time.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from campaign import WANTED
from delegraph import DTYPES, Builder, DelegraphError, Model, load_delegate
from delegraph_conformance.graphs.random_graph import random_graph
from delegraph_optimize import dequantize, measure, quantize
from delegraph_optimize.advise import Situation, advise
from misshapen import more_or_fewer, mutants
from misshapen_cases import models_of, ops_of
from optimize.one_op_models import floats

SEED = os.urandom(4).hex() if WANTED else "0"
COUNT = WANTED or 1
TABLE = load_delegate("reference").table
KINDS = ("float32", "float16", "int8", "int16")
WAYS = {
    "dequantize": dequantize,
    "float16": lambda model: quantize(model, "float16", least=0),
    "weights": lambda model: quantize(model, "weights", least=0),
    "report": lambda model: measure([model, model], delegates=()),
    "advise": lambda model: advise(model, Situation("model.tflite")),
    "dynamic": lambda model: quantize(model, "dynamic", least=0, weights="int4", block=32),
}


@pytest.mark.parametrize("op", ops_of(TABLE))
def test_a_misshapen_op_is_refused_or_quantized(op: str) -> None:
    some = models_of(op, TABLE, "", every_row=bool(WANTED))
    assert not _bare([found for _, model, place in some for found in _changed(model, place)], op)


@pytest.mark.parametrize("kind", KINDS)
def test_a_misshapen_op_among_others_is_refused_or_quantized(kind: str) -> None:
    models = [random_graph(seed, kind) for seed in range(COUNT)]
    places = [(model, op.index) for model in models for op in model.subgraphs[0].ops]
    assert not _bare([found for place in places for found in _changed(*place)], kind, 10 * COUNT)


@pytest.mark.parametrize("place", range(5))
def test_misshapen_batch_normalization_is_refused_or_quantized(place: int) -> None:
    model = _normalized()
    assert not _bare([*more_or_fewer(model, model.subgraphs[0].ops[place])], "", 100)
    assert not _bare([*_changed(model, place)], f"{place}", 10 * COUNT)


def _normalized() -> Model:
    """A convolution with what goes into its weights behind it."""
    g = Builder()
    size = (1, 4, 4, 5)
    operands = [
        g.input((1, 4, 4, 3), "float32"),
        *(g.constant(floats(*n).values) for n in ((5, 3, 3, 3), (5,))),
    ]
    y = g.op("CONV_2D", operands, [g.tensor(size, "float32")], stride_w=1, stride_h=1)
    for op in ("MUL", "ADD", "DIV", "SUB"):
        y = g.op(op, [y, g.constant(floats(5).values)], [g.tensor(size, "float32")])
    return g.model(outputs=[y])


def _changed(model: Model, place: int) -> list[tuple[str, Model]]:
    graph = model.subgraphs[0]
    feeds = [np.zeros(t.shape or (), DTYPES[t.dtype].numpy) for t in graph.inputs]
    return [(f"{graph.ops[place]}, {how}", changed) for how, changed in mutants(model, feeds, place)]


def _bare(changed: list[tuple[str, Model]], seed: str, count: int = COUNT) -> list[str]:
    """Return what ended with an exception of Python's."""
    some = random.Random(f"{SEED} {seed}").sample(changed, min(count, len(changed)))
    return [
        f"{way}, {how}: {e!r} (seed {SEED})"
        for how, model in some
        for way, use in WAYS.items()
        if (e := _ended(use, model)) is not None
    ]


def _ended(use: Callable[[Model], Any], model: Model) -> Exception | None:
    try:
        use(model)
    except DelegraphError:
        return None
    except Exception as e:
        return e
    return None
