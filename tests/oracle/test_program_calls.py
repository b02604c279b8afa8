"""Programs of calls of the interpreter, right and wrong ones, have LiteRT's answers and errors on ours.

The programs are generated; ``DELEGRAPH_PROGRAMS=500`` plays more of them. LiteRT dies of some: the program
ends there.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from child import Child, ChildDied
from delegraph import Builder, Model, Signature, write_model
from delegraph.compat import interpreter as ours
from test_interpreter_dropin import check
from transcript import Answer, Player

DIGITS = Path(__file__).parents[2] / "docs" / "models" / "digits_int8.tflite"
TRANSCRIPT = Path(__file__).with_name("transcript.py")
PROGRAMS = int(os.environ.get("DELEGRAPH_PROGRAMS", "40"))
STEPS = 14
Step = tuple[Any, ...]


@pytest.fixture(scope="module")
def litert() -> Iterator[list[Child]]:
    if importlib.util.find_spec("ai_edge_litert") is None:
        pytest.skip("ai-edge-litert is not installed: pip install ai-edge-litert")
    children = [Child(TRANSCRIPT)]
    yield children
    children[-1].close()


def open_size() -> Model:
    g = Builder()
    x = g.input((-1, 3), "float32", name="x")
    middle = g.op("NEG", [x], [g.tensor((1, 3), "float32", name="middle")])
    y = g.op("ADD", [middle, x], [g.tensor((1, 3), "float32", name="y")])
    return g.model([y], signature="serving_default")


def two_signatures() -> Model:
    g = Builder()
    a, b = (g.input((2, 2), "int32", name=name) for name in "ab")
    total = g.op("ADD", [a, b], [g.tensor((2, 2), "int32", name="total")])
    less = g.op("LESS", [a, b], [g.tensor((2, 2), "bool", name="less")])
    ends = {"sum": total.index, "less": less.index}
    add = Signature("add", {"a": a.index, "b": b.index}, ends)
    turned = Signature("turned", {"b": a.index, "a": b.index}, ends)
    return attrs.evolve(g.model([total, less]), signatures=(add, turned))


MODELS = {
    "digits": DIGITS.read_bytes(),
    "open": write_model(open_size()),
    "two": write_model(two_signatures()),
}
ENDS = {"digits": (0, 23), "open": (0, 2), "two": (0, 1, 2, 3)}  # inputs and outputs
INPUTS = {"digits": (0,), "open": (0,), "two": (0, 1)}
SHAPES = ([1, 3], (4, 3), [2, 2], [1, 8, 8, 1], (2, 8, 8, 1), [3], "ab", [1.5, 2], None)
TYPES = ("float32", "int8", "uint8", "int32", "bool", "float64", "int64")
KEYS = ("serving_default", "add", "turned", "nothing", None)
ASKED = (
    "get_input_details", "get_output_details", "get_tensor_details", "num_subgraphs", "get_signature_list",
    "_get_full_signature_list", "_get_ops_details", "reset_all_variables",
)  # fmt: skip
WRAPPED = (
    "NumNodes", "NumSubgraphs", "InputIndices", "OutputIndices", "GetSignatureDefs", "ResetVariableTensors",
)  # fmt: skip
OF_TENSOR = (
    "TensorName", "TensorType", "TensorSize", "TensorSizeSignature", "TensorQuantization",
    "TensorQuantizationParameters", "TensorSparsityParameters",
)  # fmt: skip


def program(seed: int) -> tuple[str, list[Step]]:
    """Return a model's name and random calls on it, many of them with arguments that are wrong."""
    bits = np.random.PCG64(seed)

    def one(choices: Any) -> Any:
        return choices[int(bits.random_raw()) % len(choices)]

    def array() -> Any:
        values = np.frombuffer(bits.random_raw(12).tobytes(), np.uint8) % 7
        shape = one(((1, 3), (4, 3), (2, 2), (1, 8, 8, 1), (3,), ()))
        return np.asarray(np.resize(values, shape).astype(one(TYPES)), order=one("CCF"))

    def values() -> Any:
        found = array()
        return one((found, found, found, found.tolist()))

    name = one(list(MODELS))
    tensor = (*ENDS[name], *ENDS[name], *ENDS[name], 99, -1)
    inputs = (*INPUTS[name], *INPUTS[name], 99)  # LiteRT sets and resizes any tensor, ours inputs alone
    calls = {
        "asked": lambda: ("call", one(ASKED)),
        "subgraph": lambda: ("call", "get_tensor_details", one((0, 1, -1))),
        "op": lambda: ("call", "_get_op_details", one((0, 1, 99))),
        "allocate": lambda: ("begin",),
        "invoke": lambda: ("call", "invoke"),
        "set": lambda: ("call", "set_tensor", one((*inputs, -1)), values()),
        "get": lambda: ("call", "get_tensor", one(tensor)),
        "get in": lambda: ("call", "get_tensor", one(tensor), one((0, 0, 1))),
        "resize": lambda: ("call", "resize_tensor_input", one(inputs), one(SHAPES), one((True, False))),
        "runner": lambda: ("runner", one(KEYS)),
        "run": lambda: ("run", one(KEYS), {one(("a", "x", "image")): array(), one("bxq"): array()}),
        "ask": lambda: ("ask", one(KEYS), one(("get_input_details", "get_output_details"))),
        "wrapped": lambda: ("wrapped", one(WRAPPED)),
        "tensors": lambda: ("wrapped", one(OF_TENSOR), one(ENDS[name]), 0),
        "node": lambda: ("wrapped", one(("NodeName", "NodeInputs", "NodeOutputs")), one((0, 1))),
    }
    runner = ("runner", "runner", "run", "run", "ask")  # LiteRT allocates nothing while one is held
    often = ("allocate", "set", "set", "invoke", "invoke", "get", "get")
    alone = (*often, *(call for call in calls if call not in runner))
    return name, [calls[one((*runner, "asked") if seed % 3 == 0 else alone)]() for _ in range(STEPS)]


def play(litert: list[Child], name: str, steps: list[Step]) -> int:
    """Play a program on both, compare all answers and return how many there were."""
    player, number = Player(ours), 0
    for number, step in enumerate([("make", {"model_content": MODELS[name]}), *steps]):
        try:
            (theirs,) = litert[-1].ask([step], timeout=60)[1]
        except ChildDied:
            litert.append(Child(TRANSCRIPT))
            return number
        (found,) = player.play([step])
        if not _has_no_meaning(step, theirs, found):
            before = " ".join(f"{s[-1 if s[0] == 'begin' else 1]}" for s in steps[:number])
            check(f"{name}, after {before}: {step!r:.200}", theirs, found)
        if step[0] == "run" and theirs[0] == "error":
            return number  # LiteRT has resized some of its inputs, ours none
    return number


def _has_no_meaning(step: Step, theirs: Answer, found: Answer) -> bool:
    """Say whether LiteRT returns what the memory of an output had before the first run; ours raises."""
    return step[1:2] == ("get_tensor",) and theirs[0] == "value" and "StateError" in found[1]


@pytest.mark.filterwarnings("ignore")
def test_calls_have_the_same_answers(litert: list[Child]) -> None:
    played = sum(play(litert, *program(seed)) for seed in range(PROGRAMS))
    assert played > PROGRAMS * STEPS // 2  # what LiteRT dies of ends a program
