"""The integer file computes what was trained: each op gives what fake quantization gives, within a step.

The graphs are the conformance suite's random ones of floats, and chains written here. Each op of the file
gets its integers from the reference delegate; the module gets the real numbers that they stand for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from delegraph import Builder, Interpreter, Model, Op, read_model

torch = pytest.importorskip("torch")
pytest.importorskip("delegraph_conformance")
from delegraph_conformance.graphs.random_graph import inputs_of, random_graph  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
from delegraph_optimize import quantize  # noqa: E402
from delegraph_optimize.real import real_array  # noqa: E402
from delegraph_optimize.spec import SPECS  # noqa: E402
from delegraph_optimize.train import TrainableModel, export, trainable  # noqa: E402
from train_models import concatenated, convolutional, sequence  # noqa: E402

ROOT = Path(__file__).parents[4]
GRAPHS = int(os.environ.get("DELEGRAPH_TRAIN_GRAPHS", "12"))
BORDERS = ("QUANTIZE", "DEQUANTIZE")
# Whose integer kernels approximate: their own tables and fixed point may be off by more than rounding.
MORE_STEPS = {"HARD_SWISH": 2, "LOG_SOFTMAX": 2, "SOFTMAX": 2, "L2_NORMALIZATION": 2}
# Which int16 kernels look up in a table of 513 entries, and mix two of them.
MORE_STEPS_OF_16 = dict.fromkeys("EXP GELU LOG LOGISTIC RSQRT SOFTMAX SQRT TANH".split(), 64)
INSIDE = ("UNIDIRECTIONAL_SEQUENCE_LSTM", "SVDF")  # integers within, which training does not round to


def off(module: TrainableModel, model: Model, inputs: list[np.ndarray]) -> Iterator[tuple[str, float]]:
    """Yield each integer op of a file, and by how many steps its outputs are off."""
    graph = model.subgraphs[0]
    with Interpreter(
        model=model, delegates=["reference"], experimental_preserve_all_tensors=True
    ) as interpreter:
        interpreter.allocate_tensors()
        for tensor, values in zip(graph.inputs, inputs, strict=True):
            interpreter.set_tensor(tensor.index, values)
        interpreter.invoke()
        held = {t.index: interpreter.get_tensor(t.index) for op in graph.ops for t in op.outputs}
        held |= {t.index: interpreter.get_tensor(t.index) for t in graph.inputs}
    stored = [op for op in graph.ops if op.name not in BORDERS]
    steps = list(module.steps)
    assert [op.name for op in stored] == [step.op.name for step in steps]
    for op, step in zip(stored, steps, strict=True):
        if step.dtype is None or op.name in INSIDE:
            continue
        with torch.no_grad():
            found = outputs_of(module, step, op, held)
        for tensor, y in zip(op.outputs, found, strict=True):
            if tensor.quantization is not None and len(tensor.quantization.scale):
                wanted = real_array(held[tensor.index], tensor)
                yield op.name, float(np.abs(y.numpy() - wanted).max(initial=0) / tensor.scale)


def outputs_of(module: TrainableModel, step, op: Op, held: dict[int, np.ndarray]) -> list:  # type: ignore[no-untyped-def]
    """Return what the module makes of what the op of the file reads."""
    found, homes = {}, {}
    for place, (ours, theirs) in enumerate(zip(step.op.inputs, op.inputs, strict=False)):
        if ours is None or theirs is None or ours.is_constant or ours.is_variable:
            continue
        found[ours.index] = torch.from_numpy(np.array(real_array(held[theirs.index], theirs)))
        if SPECS[op.name].input(place).is_activation:
            moves = SPECS[op.name].input(place).role == "="
            own = module.edges.keys[ours.index, step.dtype]
            homes[ours.index] = step.shared if moves and step.shared else own
    module.carry_out(step, found, homes)
    return [found[t.index] for t in step.op.outputs]


def shaken(module: TrainableModel) -> None:
    """Move weights and ranges, as training would."""
    rng = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            size = 0.05 if name in module.names else 0.2
            parameter.mul_(1 + size * (torch.rand(parameter.shape, generator=rng) - 0.5))


def check(model: Model, samples: list[list[np.ndarray]], bits: tuple[int, int]) -> int:
    names = [t.name for t in model.subgraphs[0].inputs]
    data = [dict(zip(names, sample, strict=True)) for sample in samples]
    module = trainable(model, data, bits=bits)
    shaken(module)
    made = export(module)
    found = list(off(module, made, samples[0]))
    more = MORE_STEPS_OF_16 if bits[1] > 8 else MORE_STEPS
    slack = 0.02 if bits[1] > 8 else 1e-3  # float32 holds 24 bits
    worse = [(name, steps) for name, steps in found if steps > more.get(name, 1) + slack]
    assert not worse
    return len(found)


@pytest.mark.parametrize("bits", [(8, 8), (4, 8), (3, 8), (8, 16)], ids=lambda b: f"{b[0]},{b[1]}")
def test_a_random_graph_is_stored_as_it_was_trained(bits: tuple[int, int]) -> None:
    compared = 0
    for seed in range(GRAPHS):
        model = random_graph(seed, "float32")
        samples = [inputs_of(model, s) for s in range(3)]
        compared += check(model, samples, bits)
    assert compared >= GRAPHS


@pytest.mark.parametrize("bits", [(8, 8), (4, 8)], ids=lambda b: f"{b[0]},{b[1]}")
@pytest.mark.parametrize("made", [convolutional, concatenated, sequence])
def test_a_chain_is_stored_as_it_was_trained(made, bits: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    model = made()
    shape = model.subgraphs[0].inputs[0].shape
    rng = np.random.default_rng(5)
    samples = [[rng.uniform(-1, 1, shape).astype(np.float32)] for _ in range(8)]
    check(model, samples, bits)


@pytest.mark.parametrize(
    ("bits", "effort"), [((8, 8), "fast"), ((8, 8), "normal"), ((4, 8), "normal"), ((4, 8), "best")]
)
def test_without_training_the_file_is_the_one_that_quantize_makes(
    bits: tuple[int, int], effort: str
) -> None:
    model = read_model(ROOT / "docs/models/digits_float32.tflite")
    digits = np.random.default_rng(1).uniform(0, 1, (20, 8, 8, 1)).astype(np.float32)
    how = {"data": digits, "method": "minmax", "effort": effort}
    module = trainable(model, bits=bits, **how)
    wanted = quantize(model, "int8", weights=f"int{bits[0]}", **how).model.subgraphs[0]
    found = export(module).subgraphs[0]
    assert [op.name for op in found.ops] == [op.name for op in wanted.ops]
    there = {(t.name, t.dtype): t for t in wanted.tensors}
    assert len(found.tensors) == len(wanted.tensors)
    values, channels = [], []
    for ours in found.tensors:
        theirs = there[ours.name, ours.dtype]
        if ours.data is not None and ours.dtype in ("int4", "int8", "int32"):
            values.append(
                np.abs(ours.data.astype(np.int64) - theirs.data.astype(np.int64)).reshape(-1) <= 1
            )
        if ours.quantization is not None:
            channels.append(np.isclose(ours.quantization.scale, theirs.quantization.scale, rtol=1e-5))
            assert (ours.quantization.zero_point == theirs.quantization.zero_point).all()
    # The step of a channel is the best of several, which sums of floats in another order may tie.
    least = 1.0 if effort == "fast" else 0.97
    assert np.concatenate(values).mean() >= least
    assert np.concatenate(channels).mean() >= least


def test_tensors_that_quantize_gives_one_scale_share_one() -> None:
    model = concatenated()
    samples = np.random.default_rng(2).uniform(-1, 1, (4, 1, 6, 6, 2)).astype(np.float32)
    module = trainable(model, list(samples), bits=(8, 8))
    (joined,) = [step for step in module.steps if step.op.name == "CONCATENATION"]
    keys = {module.edges.keys[t.index, "int8"] for t in (*joined.op.inputs, *joined.op.outputs) if t}
    assert len(keys) == 1


def test_outputs_of_a_fixed_range_keep_it() -> None:
    g = Builder()
    x = g.input((1, 8), "float32", "x")
    y = g.op("SOFTMAX", [x], [g.tensor((1, 8), "float32")], beta=1.0)
    z = g.op(
        "FULLY_CONNECTED", [y, g.constant(np.eye(8, dtype=np.float32)), None], [g.tensor((1, 8), "float32")]
    )
    data = list(np.random.default_rng(3).normal(size=(6, 1, 8)).astype(np.float32))
    module = trainable(g.model([z]), data, bits=(8, 8))
    shaken(module)
    (softmax,) = [op for op in export(module).subgraphs[0].ops if op.name == "SOFTMAX"]
    assert (softmax.outputs[0].scale, softmax.outputs[0].zero_point) == (1 / 256, -128)


def test_a_rule_leaves_an_op_in_floats() -> None:
    from delegraph_optimize import Rule

    model = convolutional()
    data = list(np.random.default_rng(3).normal(size=(6, 1, 8, 8, 3)).astype(np.float32))
    module = trainable(model, data, bits=(8, 8), rules=[Rule(scheme="float32", op="FULLY_CONNECTED")])
    (dense,) = [op for op in export(module).subgraphs[0].ops if op.name == "FULLY_CONNECTED"]
    assert dense.inputs[1] is not None
    assert dense.inputs[1].dtype == "float32"
    (step,) = [s for s in module.steps if s.op.name == "FULLY_CONNECTED"]
    assert step.dtype is None
