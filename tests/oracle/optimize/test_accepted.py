"""What LiteRT and the reference delegate run, they run once it is quantized or dequantized, too.

Models are those of one op changed in one place (types, shapes, scales, options, operands), outputs that
claim a type that their op does not give, and random graphs. ``DELEGRAPH_EXAMPLES=500`` tries as many, and
others each time.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import litert
import numpy as np
import pytest
from attrs import frozen
from campaign import WANTED
from claimed_types import claims, places_of, program
from delegraph import (
    DTYPES,
    Builder,
    DelegraphError,
    Interpreter,
    Model,
    load_delegate,
    read_model,
    write_model,
)
from delegraph_conformance.draft import random_values
from delegraph_conformance.graphs.random_graph import random_graph
from delegraph_optimize import Quantized, dequantize, quantize
from matrix.recipe import recipes
from misshapen import mutants
from misshapen_cases import models_of, ops_of

SEED = os.urandom(4).hex() if WANTED else "0"
COUNT = WANTED or 7
TABLE = load_delegate("reference").table
BUDGET = {"max_tensor_bytes": 16 << 20, "max_total_bytes": 256 << 20, "max_while_iterations": 1000}
ALONE = ("DENSIFY",)  # XNNPACK dies of one that writes an output, as it is
KINDS = ("float32", "float32", "float16", "int8", "int16")


def _with_data(scheme: str, **settings: Any) -> Callable[[Model], Quantized]:
    return lambda model: quantize(model, scheme, data=iter(_samples(model)), **settings)


WAYS: dict[str, Callable[[Model], Quantized]] = {
    "dequantize": dequantize,
    "float16": lambda model: quantize(model, "float16", least=0),
    "weights": lambda model: quantize(model, "weights", least=0),
    "dynamic": lambda model: quantize(model, "dynamic", least=0),
    "dynamic, int4": lambda model: quantize(model, "dynamic", least=0, weights="int4", block=32),
    "int8": _with_data("int8", effort="fast"),
    "int8, uint8 outside": _with_data("int8", effort="fast", inputs="uint8"),
    "int8, best": _with_data("int8", effort="best"),
    "int8, equalized": _with_data("int8", effort="fast", equalize=True, bias_correction=True),
    "int16x8": _with_data("int16x8", effort="fast"),
    "int8 for the Edge TPU": _with_data("int8", effort="fast", target="edgetpu"),
}


@frozen
class Case:
    how: str
    model: Model


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Refusals are warnings of delegraph's log, and this is about what is not refused."""
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("way", WAYS)
def test_what_litert_runs_it_runs_quantized(way: str) -> None:
    found = [(case, _refusal(way, case.model)) for case in _cases()]
    wrong = [f"{case.how}: {why}" for case, why in found if why]
    assert not wrong, "\n".join([f"seed {SEED}", *wrong])


@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize("step", ["stride_w", "dilation_h_factor"])
def test_strides_and_dilations_that_only_xnnpack_takes(op: str, step: str) -> None:
    model = _stepping(op, step)
    assert _litert_says(write_model(model)) is None
    assert [why for way in WAYS if (why := _refusal(way, model))] == []


def _stepping(op: str, step: str) -> Model:
    g, depthwise = Builder(), op == "DEPTHWISE_CONV_2D"
    x, w = g.input((1, 4, 4, 32), "float32", "x"), np.ones((1 if depthwise else 8, 1, 1, 32), np.float32)
    b = g.constant(np.ones(32 if depthwise else 8, np.float32))
    multiplier = {"depth_multiplier": 1} if depthwise else {}
    steps = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1, step: 2**31 - 1}
    y = g.tensor((1, 4, 1 if step == "stride_w" else 4, 32 if depthwise else 8), "float32", "y")
    return g.model([g.op(op, [x, g.constant(w), b], [y], padding="SAME", **steps, **multiplier)])


def test_a_refusal_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WAYS, "wrong", lambda model: dequantize(_cases()[0].model))
    monkeypatch.setattr(sys.modules[__name__], "_litert_says", lambda file: "no")
    assert _refusal("wrong", _cases()[0].model) == "LiteRT: no"


def _refusal(way: str, model: Model) -> str | None:
    """Return why a model that was made is not run; None where it is, or is refused beforehand."""
    try:
        made = WAYS[way](model).content
    except DelegraphError:
        return None
    try:
        _run(read_model(made))
    except DelegraphError as e:
        return f"reference: {e}"
    said = _litert_says(made)
    return said and f"LiteRT: {said}"


@cache
def _cases() -> list[Case]:
    draw, found = random.Random(SEED), []
    while len(found) < COUNT:
        case = _drawn(draw)
        if case is not None and _is_run(case.model):
            found.append(case)
    return found


def _is_run(model: Model) -> bool:
    try:
        file = write_model(model)
        _run(read_model(file))
    except DelegraphError:
        return False
    return _litert_says(file) is None


def _drawn(draw: random.Random) -> Case | None:
    kind = draw.random()
    if kind < 0.1:
        return _claiming(draw)
    if kind < 0.3:
        model, place = random_graph(draw.randrange(10**6), draw.choice(KINDS)), 0
        place = draw.randrange(len(model.subgraphs[0].ops))
    else:
        some = _models(draw.choice([op for op in ops_of(TABLE) if op not in ALONE]))
        if not some:
            return None
        _, model, place = draw.choice(some)
    changed = [("as it is", model), *mutants(model, _zeros(model), place)]
    how, mutant = draw.choice(changed)
    return Case(f"{model.subgraphs[0].ops[place]}, {how}", mutant)


@cache
def _models(op: str) -> list[tuple[str, Model, int]]:
    return list(models_of(op, TABLE, "", every_row=bool(WANTED)))


def _claiming(draw: random.Random) -> Case | None:
    recipe = recipes()[draw.choice(sorted(recipes()))]
    draft = recipe.draft(1, draw.choice(sorted(recipe.types)))
    places = places_of(draft)
    place = draw.choice(places) if places else ""
    wrong = claims(draft, place) if places else []
    if not wrong:
        return None
    found = program(draft, "", place, 0, draw.choice(wrong))
    return Case(str(found), found.model)


def _zeros(model: Model) -> list[np.ndarray]:
    return [np.zeros(t.shape or (), DTYPES[t.dtype].numpy) for t in model.subgraphs[0].inputs]


def _samples(model: Model) -> list[list[np.ndarray]]:
    inputs = model.subgraphs[0].inputs
    return [
        [random_values(t.dtype, tuple(map(abs, t.shape or ())), seed) for t in inputs] for seed in (1, 2)
    ]


def _run(model: Model) -> None:
    with Interpreter(model=model, delegates=["reference"], **BUDGET) as it:
        it.allocate_tensors()
        for d in it.get_input_details():
            it.set_tensor(d["index"], _small(d))
        it.invoke()


def _litert_says(file: bytes) -> str | None:
    """Return why LiteRT does not run a file; None where it does."""
    try:
        with litert.loaded(file, "BUILTIN") as it:
            it.run([_small(d) for d in it.details()["inputs"]])
    except litert.LiteRTError as e:
        return str(e)
    return None


def _small(detail: dict[str, Any]) -> np.ndarray:
    """Return values from 0 to 15 for an input."""
    shape, dtype = tuple(map(int, detail["shape"])), np.dtype(detail["dtype"])
    if dtype.kind in "OSU":
        return np.full(shape, b"text", object)
    return (np.arange(int(np.prod(shape, dtype=np.int64))) % 16).reshape(shape).astype(dtype)
