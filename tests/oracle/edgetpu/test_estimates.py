"""Estimates of real models against what the Edge TPU compiler wrote into the compiled ones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import models
import pytest
from delegraph import Op, read_model
from delegraph_edgetpu.estimate import Estimate, estimate
from delegraph_edgetpu.estimate_published import (
    MEMORY,
    PublishedMemory,
    deeplab,
    mobilenet_v1,
    mobilenet_v2,
    posenet,
)

PAGE = Path(__file__).parents[3] / "docs/edgetpu-estimates.md"
POSENET = "posenet_mobilenet_v1_075_353_481_16_quant_decoder"

# The ops that the real compiler mapped, where it left some on the CPU.
MAPPED = {
    "deeplabv3_mnv2_dm05_pascal_quant": range(64),
    "movenet_single_pose_lightning_ptq": (*range(2, 89), *range(100, 105), *range(106, 112)),
    POSENET: range(37),
}
PERCENT = {  # the error of packed parameters and of activations on the chip
    "mobilenet_v1_0.25_128_quant": (0, -28.9),
    "mobilenet_v2_1.0_224_quant": (1.3, 0),  # its compiler stored no tables for SOFTMAX yet
    "deeplabv3_mnv2_dm05_pascal_quant": (0, -13.6),
    "movenet_single_pose_lightning_ptq": (0.2, 0),
    POSENET: (0, 0),
    "keras_lstm_mnist_ptq": (-62.3, -85.7),
    "split_concat": (-100, -84.7),
}

pytestmark = pytest.mark.skipif(models.folder() is None, reason=models.NO_MODELS)


@cache
def ops_of(name: str) -> tuple[Op, ...]:
    """Return the ops of a model, wherever it lies, that the real compiler mapped."""
    folder = models.folder()
    assert folder is not None
    (path,) = folder.glob(f"*/{name}.tflite")
    ops = read_model(path).subgraphs[0].ops
    return tuple(op for op in ops if op.index in MAPPED.get(name, range(len(ops))))


@cache
def estimated(name: str) -> Estimate:
    return estimate(ops_of(name))


@pytest.mark.parametrize("compiled", MEMORY, ids=lambda m: m.name)
def test_packed_parameters_have_the_error_that_the_page_states(compiled: PublishedMemory) -> None:
    stated, _ = PERCENT[compiled.name]
    assert within(estimated(compiled.name).parameter_bytes, compiled.parameter_bytes, stated)


@pytest.mark.parametrize("compiled", MEMORY, ids=lambda m: m.name)
def test_activations_on_the_chip_have_the_error_that_the_page_states(compiled: PublishedMemory) -> None:
    _, stated = PERCENT[compiled.name]
    assert within(estimated(compiled.name).narrow_memory_per_tile, compiled.narrow_memory_per_tile, stated)


def within(found: int, real: int, percent: float) -> bool:
    """Say whether the error lies between none and the stated one; none stated is none at all."""
    error = 100 * (found - real) / real
    return min(0, percent) <= error <= max(0, percent)


@pytest.mark.parametrize("compiled", MEMORY, ids=lambda m: m.name)
def test_all_parameters_are_cached_as_in_the_compiled_files(compiled: PublishedMemory) -> None:
    assert estimated(compiled.name).streamed_bytes == 0


def test_the_page_has_the_table_of_memory_as_the_code_finds_it() -> None:
    assert "\n".join(memory_table()) in PAGE.read_text()


def memory_table() -> Iterator[str]:
    yield "| model | parameters | estimate | error | activations a tile | estimate | error |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for m in MEMORY:
        e = estimated(m.name)
        parameters = with_error(e.parameter_bytes, m.parameter_bytes)
        activations = with_error(e.narrow_memory_per_tile, m.narrow_memory_per_tile)
        yield f"| {m.name} | {parameters} | {activations} |"


def with_error(found: int, real: int) -> str:
    return f"{real:,} | {found:,} | {100 * (found - real) / real:+.1f} %"


@pytest.mark.parametrize(
    ("name", "built"),
    [
        ("mobilenet_v1_0.25_128_quant", lambda: mobilenet_v1(0.25, 128)),
        ("mobilenet_v2_1.0_224_quant", lambda: mobilenet_v2(224)),
        (POSENET, lambda: posenet(0.75, 353, 481)),
    ],
    ids=["mobilenet_v1", "mobilenet_v2", "posenet"],
)
def test_the_architectures_of_the_fit_are_those_of_the_real_models(name: str, built) -> None:
    assert filters(ops_of(name)) == filters(built())


def filters(ops: tuple[Op, ...]) -> list[tuple]:
    found = [op for op in ops if op.name.endswith("CONV_2D")]
    return [(op.name, op.inputs[1].shape, op.outputs[0].shape, op.options.stride_h) for op in found]


def test_deeplab_of_the_fit_has_the_ops_of_the_real_one_of_half_its_width() -> None:
    real = ops_of("deeplabv3_mnv2_dm05_pascal_quant")
    assert sorted(map(steps, deeplab(513))) == sorted(map(steps, real))  # its two branches in any order


def steps(op: Op) -> tuple:
    """Return what an op is but for its channels."""
    return op.name, op.outputs[0].shape[:3], op.options.get("stride_h") if "CONV" in op.name else 0
