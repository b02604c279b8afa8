"""The integer file computes what was trained: each op gives what fake quantization gives, within a step.

The graphs are the conformance suite's random ones of floats, and chains written here. Each op of the file
gets its integers from the reference delegate; the module gets the real numbers that they stand for.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from delegraph import Builder, Model, read_model

torch = pytest.importorskip("torch")
pytest.importorskip("delegraph_conformance")
from delegraph_conformance.graphs.random_graph import inputs_of, random_graph  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
from compared_ops import off  # noqa: E402
from delegraph_optimize import quantize  # noqa: E402
from delegraph_optimize.train import TrainableModel, export, trainable  # noqa: E402
from train_models import concatenated, convolutional, sequence  # noqa: E402

ROOT = Path(__file__).parents[4]
GRAPHS = int(os.environ.get("DELEGRAPH_TRAIN_GRAPHS", "12"))


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
    worse = [(name, steps) for name, steps, most in found if steps > most]
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
