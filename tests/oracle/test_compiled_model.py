"""``delegraph.compiled_model`` against LiteRT's: names, parameters, answers and errors of the same calls.

Programs of calls are generated, right and wrong ones; ``DELEGRAPH_PROGRAMS=500`` plays more of them. LiteRT
dies of some: the program ends there.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import litert as oracle
import numpy as np
import pytest
from child import Child, ChildDied
from compiled_transcript import Answer, Player, plain
from delegraph import Builder, Interpreter, Model, Signature, compat, load_delegate, write_model
from delegraph import compiled_model as ours
from delegraph.compiled_model import CompiledModel, CpuKernelMode, CpuOptions, HardwareAccelerator, Options
from delegraph_conformance.graphs.random_graph import inputs_of, random_graph

DIGITS = Path(__file__).parents[2] / "docs" / "models" / "digits_int8.tflite"
PROGRAMS = int(os.environ.get("DELEGRAPH_PROGRAMS", "24"))
GRAPHS = int(os.environ.get("DELEGRAPH_GRAPHS", "1"))
STEPS = 16
COMPILED = [name for name in compat.modules.STAND_INS if re.match(r"ai_edge_litert\.(?!interpreter)", name)]
Step = tuple[Any, ...]


@pytest.fixture(scope="module")
def litert() -> Iterator[list[Child]]:
    if importlib.util.find_spec("ai_edge_litert") is None:
        pytest.skip("ai-edge-litert is not installed: pip install ai-edge-litert")
    children = [Child(Path(__file__).with_name("compiled_transcript.py"))]
    yield children
    children[-1].close()


def ask(litert: list[Child], step: Step) -> Answer:
    try:
        return litert[-1].ask(step, timeout=60)[1]  # type: ignore[no-any-return]
    except ChildDied:
        litert.append(Child(Path(__file__).with_name("compiled_transcript.py")))
        raise


def negation(
    shape: tuple[int, ...] = (-1, 3), dtype: str = "float32", signature: str | None = None
) -> Model:
    g = Builder()
    sizes = [1 if n < 0 else n for n in shape]
    y = g.op("NEG", [g.input(shape, dtype, name="x")], [g.tensor(sizes, dtype, name="y")])
    return g.model([y], **({"signature": signature} if signature else {}))


def two_signatures() -> Model:
    g = Builder()
    a, b = (g.input((2, 2), "int32", name=name) for name in "ab")
    total = g.op("ADD", [a, b], [g.tensor((2, 2), "int32", name="total")])
    less = g.op("LESS", [a, b], [g.tensor((2, 2), "bool", name="less")])
    model = g.model([total, less])
    ends = {"a": a.index, "b": b.index}
    add = Signature("add", ends, {"sum": total.index, "less": less.index})
    turned = Signature("turned", {"b": a.index, "a": b.index}, {"sum": total.index, "less": less.index})
    return attrs.evolve(model, signatures=(add, turned))


MODELS = {
    "digits": DIGITS.read_bytes(),
    "open": write_model(negation(signature="serving_default")),
    "unnamed": write_model(negation((2, 3))),
    "two": write_model(two_signatures()),
}
KEYS = ("serving_default", "<placeholder signature>", "add", "turned", "nothing")
NAMES = ("image", "x", "a", "b", "y", "probabilities", "sum", "less", "nobody")
SHAPES = (
    [1, 3],
    [4, 3],
    [2, 2],
    [1, 8, 8, 1],
    [2, 8, 8, 1],
    [3],
    [-1, 3],
)  # LiteRT resizes to no size of 0 and to no scalar
TYPES = ("float32", "int8", "uint8", "int32", "bool", "float16")


def program(seed: int) -> tuple[str, list[Step]]:
    """Return a model's name and random calls, half of them with arguments that may be wrong."""
    bits = np.random.PCG64(seed)

    def one(choices: Any) -> Any:
        return choices[int(bits.random_raw()) % len(choices)]

    def array() -> np.ndarray:
        values = np.frombuffer(bits.random_raw(12).tobytes(), np.uint8)[: one((3, 12, 64, 65, 10))]
        dtype = one(TYPES)
        return (values % 2).astype(bool) if dtype == "bool" else (values % 9).astype(dtype)

    number = (0, 0, 0, 1, 100, 100, 101)
    places = (0, 0, 1, 9)
    calls = {
        "lists": lambda: ("lists", one((0, 0, 0, 1, 7))),
        "list": lambda: ("call", "get_signature_list"),
        "index": lambda: ("call", "get_signature_index", one(KEYS)),
        "inputs": lambda: ("call", "get_input_tensor_details", one(KEYS)),
        "outputs": lambda: ("call", "get_output_tensor_details", one(KEYS)),
        "needs": lambda: ("call", "get_input_buffer_requirements", one(places), one(places)),
        "gives": lambda: ("call", "get_output_buffer_requirements", one(places), one(places)),
        "buffer": lambda: ("buffer", 0, "create_input_buffer_by_name", one(KEYS), one(NAMES)),
        "result": lambda: ("buffer", 100, "create_output_buffer_by_name", one(KEYS), one(NAMES)),
        "resize": lambda: (
            "call",
            "resize_input_tensor",
            one((0, 0, 1, 9)),
            one(SHAPES),
            0,
            one((True, False)),
        ),
        "by_name": lambda: ("call", "resize_input_tensor_by_name", one(KEYS), one(NAMES), one(SHAPES)),
        "write": lambda: ("of", one(number), "write", array()),
        "read": lambda: ("of", one(number), "read", one((1, 3, 10, 64, 65)), one(TYPES)),
        "details": lambda: ("of", one(number), "get_tensor_details"),
        "run": lambda: (
            "run",
            one((0, 0, 0, 1, 7)),
            one(([0], [0, 1], [1, 0], [])),
            one(([100], [100, 101])),
        ),
        "named": lambda: ("run_by_name", one(KEYS), {one(NAMES): 0, one(NAMES): 1}, {one(NAMES): 100}),
    }
    often = ("lists", "write", "run", "run", "read", "read", *calls)
    return one(list(MODELS)), [("lists", 0), *(calls[one(often)]() for _ in range(STEPS))]


def play(litert: list[Child], name: str, steps: list[Step]) -> int:
    """Play a program on both, compare all answers and return how many there were."""
    player, number = Player(ours), 0
    for number, step in enumerate([("new", MODELS[name]), *steps]):
        try:
            theirs = ask(litert, step)
        except ChildDied:
            return number
        found = player.play(step)
        what = f"{name}: step {number} of {[s if s[0] != 'new' else '...' for s in steps]}: {step!r:.200}"
        if theirs[0] == "error":
            assert found[0] == "error", (
                f"{what}: LiteRT raises {theirs[1][0]}, delegraph returns {found[1]!r}"
            )
            assert theirs[1][0] in found[1], f"{what}: LiteRT raises {theirs[1][0]}, delegraph {found[1]}"
        else:
            assert found[0] == "value", f"{what}: LiteRT returns {theirs[1]!r}, delegraph raises {found[1]}"
            assert plain(found[1]) == plain(theirs[1]), what
            if step[1] == "resize_input_tensor" and step[-1] is False:
                return number  # to what the model does not have open: LiteRT's outputs keep their shapes
    return number


@pytest.mark.filterwarnings("ignore")
def test_calls_have_the_same_answers(litert: list[Child]) -> None:
    played = sum(play(litert, *program(seed)) for seed in range(PROGRAMS))
    assert played > PROGRAMS * STEPS // 3  # what LiteRT dies of ends a program


@pytest.mark.parametrize("address", COMPILED)
def test_every_public_name_and_parameter_is_there(litert: list[Child], address: str) -> None:
    _, theirs = ask(litert, ("interface", address))
    with compat.installed():
        found = Player(ours).interface(address)
    assert set(theirs) - set(found) <= {"Any", "Sequence"}  # which they import
    for name in set(theirs) & set(found):
        members = theirs[name].items()
        different = {n: (m, found[name].get(n)) for n, m in members if found[name].get(n) != m}
        assert not different, f"{name}: {different}"
        assert set(found[name]) - set(theirs[name]) <= {"plan"}, name


@pytest.mark.parametrize("dtype", ["int16", "int64"])
def test_types_that_litert_s_buffers_refuse_are_taken(dtype: str) -> None:
    g = Builder()
    quantized = {"scale": 0.5, "zero_point": 0} if dtype == "int16" else {}
    x = g.input((2, 3), dtype, name="x", **quantized)
    y = g.tensor((3, 2), dtype, name="y", **quantized)
    model = g.model([g.op("RESHAPE", [x, g.constant(np.int32([3, 2]))], [y])])
    compiled = CompiledModel.from_buffer(write_model(model))
    inputs, outputs = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
    values = np.array([[1, -2, 3], [-4, 500, 30000]], dtype)
    inputs[0].write(values)
    compiled.run_by_index(0, inputs, outputs)
    assert outputs[0].get_tensor_details() == {"dtype": dtype, "shape": [3, 2]}
    assert outputs[0].read(6, dtype).tolist() == values.ravel().tolist()


def test_the_hardware_chooses_the_delegate() -> None:
    content = MODELS["digits"]
    everything = HardwareAccelerator.CPU | HardwareAccelerator.GPU | HardwareAccelerator.NPU
    named = {
        HardwareAccelerator.CPU: ["litert"],
        HardwareAccelerator.GPU: ["opencl"],
        HardwareAccelerator.NPU | HardwareAccelerator.CPU: ["edgetpu", "litert"],
        everything: ["edgetpu", "opencl", "litert"],
    }
    for hardware, expected in named.items():
        compiled = CompiledModel.from_buffer(content, hardware)
        assert [d.name for d in compiled.plan.delegates][: len(expected)] == expected
        assert compiled.is_fully_accelerated()
        compiled.close()
    exact = Options(HardwareAccelerator.CPU, CpuOptions(kernel_mode=CpuKernelMode.REFERENCE))
    assert CompiledModel.from_buffer(content, options=exact).plan.delegates[0].name == "reference"


def test_what_falls_back_is_not_called_accelerated() -> None:
    g = Builder()
    x, one = g.input((4,), "int32", name="x"), g.constant(np.int32([1, 1, 1, 1]))
    shifted = g.op("RIGHT_SHIFT", [x, one], [g.tensor((4,), "int32", name="shifted")])
    content = write_model(g.model([g.op("NEG", [shifted], [g.tensor((4,), "int32", name="y")])]))
    with pytest.raises(RuntimeError, match="RIGHT_SHIFT"):
        CompiledModel.from_buffer(content, HardwareAccelerator.GPU)
    compiled = CompiledModel.from_buffer(content, HardwareAccelerator.GPU | HardwareAccelerator.CPU)
    assert not compiled.is_fully_accelerated()
    assert [(f.op.name, f.delegate) for f in compiled.plan.fallbacks] == [("RIGHT_SHIFT", "opencl")]
    assert CompiledModel.from_buffer(content).is_fully_accelerated() == (
        {p.label for p in CompiledModel.from_buffer(content).plan.partitions} == {"litert"}
    )


def test_an_accelerator_that_is_not_here_is_told_and_the_cpu_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("delegraph.compiled_model.choice.GPU", "a_gpu_of_nobody")
    caplog.set_level("WARNING", logger="delegraph")
    both = HardwareAccelerator.GPU | HardwareAccelerator.CPU
    compiled = CompiledModel.from_buffer(MODELS["digits"], both)
    assert "no GPU: no delegate 'a_gpu_of_nobody'" in caplog.text
    assert not compiled.is_fully_accelerated()
    with pytest.raises(RuntimeError, match="a_gpu_of_nobody"):
        CompiledModel.from_buffer(MODELS["digits"], HardwareAccelerator.GPU)


def test_the_callers_memory_is_read_and_written() -> None:
    compiled = CompiledModel.from_buffer(MODELS["unnamed"])
    x, y = np.float32([[1, 2, 3], [4, 5, 6]]), np.zeros((2, 3), np.float32)
    buffers = [ours.TensorBuffer.create_from_host_memory(a) for a in (x, y)]
    compiled.run_by_index(0, buffers[:1], buffers[1:])
    assert y.tolist() == (-x).tolist()
    x[:] = 7
    compiled.run_by_index(0, buffers[:1], buffers[1:])
    assert y.tolist() == (-x).tolist()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["float32", "int8", "uint8"])
def test_random_graphs_have_litert_s_results(litert: list[Child], kind: str) -> None:
    """Those of its CompiledModel; of its interpreter where that one's differ, as for uint8 graph 40005."""
    for seed in range(40_000, 40_000 + 4 * GRAPHS):
        model = random_graph(seed, kind)
        inputs = inputs_of(model, seed)
        ours_of, theirs_of = Player(ours).play, partial(ask, litert)
        found = _results(ours_of, model, inputs)
        try:
            expected = _results(theirs_of, model, inputs)
        except ChildDied:
            continue
        if not all(map(_close, found, expected)):
            expected = oracle.run(write_model(model), inputs, "BUILTIN")
        assert all(map(_close, found, expected)), f"{kind} graph {seed}: {expected} in LiteRT, {found}"


def _results(play: Callable[[Step], Answer], model: Model, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Return the outputs of a run on buffers, flat."""
    outputs = model.subgraphs[0].outputs
    numbers = [100 + i for i in range(len(outputs))]
    steps: list[Step] = [("new", write_model(model)), ("lists", 0)]
    steps += [("of", i, "write", x) for i, x in enumerate(inputs)]
    steps += [("run", 0, list(range(len(inputs))), numbers)]
    reads = zip(numbers, outputs, strict=True)
    steps += [("of", n, "read", int(np.prod(t.shape)), t.dtype) for n, t in reads]
    answers = [play(step) for step in steps]
    assert all(kind == "value" for kind, _ in answers), answers
    return [value for _, value in answers[-len(outputs) :]]


def _close(found: np.ndarray, expected: np.ndarray) -> bool:
    steps = 0 if found.dtype.kind == "f" else 1
    off = np.abs(np.float64(found) - np.float64(expected.ravel())).max(initial=0)
    return bool(off <= max(steps, 1e-3 * np.abs(np.float64(expected)).max(initial=0) * (steps == 0)))


@pytest.mark.parametrize("delegate", ["reference", "opencl"])
def test_results_are_those_of_the_interpreter(delegate: str) -> None:
    x = np.arange(64, dtype=np.int8).reshape(1, 8, 8, 1)
    compiled = CompiledModel.from_file(DIGITS, delegates=[delegate])
    inputs, outputs = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
    inputs[0].write(x)
    compiled.run_by_index(0, inputs, outputs)
    interpreter = Interpreter(DIGITS, delegates=[load_delegate(delegate)])
    assert outputs[0].read(10, np.int8).tolist() == interpreter(x).ravel().tolist()
