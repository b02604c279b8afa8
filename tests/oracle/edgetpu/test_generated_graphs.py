"""CompiledFile files of generated graphs give what LiteRT gives for the sources, bit for bit.

DELEGRAPH_EXAMPLES makes more cases.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import litert
import numpy as np
import pytest
from campaign import Program, examples, runs_of
from delegraph import Graph, InputError, Interpreter, Model, Tensor, read_model, write_model
from delegraph_edgetpu.compiler import CompiledFile, compiled_in_segments, compiled_together
from delegraph_edgetpu.custom_op import CUSTOM_OP
from delegraph_edgetpu.cut import CompilationFailed, Settings
from delegraph_edgetpu.payload import decoded
from edgetpu_graphs import MAPPED, programs
from hypothesis import given, reject
from hypothesis import strategies as st

pytestmark = pytest.mark.skipif(litert.version() is None, reason="LiteRT is not installed")
RUNS = 2  # with the state of the first carried on


def batches(model: Model) -> list[list[np.ndarray]]:
    """Return arrays for the inputs of some runs."""
    bits = np.random.PCG64(5)
    return [
        [
            bits.random_raw(t.size).astype(np.uint8).reshape(t.shape).view(t.dtype)
            for t in model.subgraphs[0].inputs
        ]
        for _ in range(RUNS)
    ]


def compiled(model: Model, **settings: object) -> list[CompiledFile]:
    """Compile a model; one that cannot be compiled is no case."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        path.write_bytes(write_model(model))
        found = Settings(**settings)  # type: ignore[arg-type]
        together = compiled_together([path], found, print)
        try:
            return list(compiled_in_segments(path, found, print) if found.num_segments > 1 else together)
        except (CompilationFailed, InputError):
            reject()


def ours(files: Sequence[CompiledFile], model: Model) -> list[list[np.ndarray]]:
    """Run files one after another; what one hands on, the next finds by its name."""
    results = []
    with_delegates = [
        Interpreter(model=read_model(f.data), delegates=["edgetpu", "reference"]) for f in files
    ]
    for interpreter in with_delegates:
        interpreter.allocate_tensors()
    for batch in batches(model):
        values = {t.name: array for t, array in zip(model.subgraphs[0].inputs, batch, strict=True)}
        for interpreter in with_delegates:
            for d in interpreter.get_input_details():
                interpreter.set_tensor(d["index"], values[d["name"]])
            interpreter.invoke()
            values |= {
                d["name"]: interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()
            }
        results.append([values[t.name] for t in model.subgraphs[0].outputs])
    return results


def check(files: Sequence[CompiledFile], model: Model) -> None:
    wanted = runs_of(bytes(write_model(model)), batches(model))
    for run, (found, expected) in enumerate(zip(ours(files, model), wanted, strict=True)):
        for t, a, b in zip(model.subgraphs[0].outputs, found, expected, strict=True):
            np.testing.assert_array_equal(a, b, f"{t.name} of run {run}")


@examples(60)
@given(program=programs(), multiple_subgraphs=st.booleans())
def test_a_compiled_file_gives_what_litert_gives_for_the_source(
    program: Program, multiple_subgraphs: bool
) -> None:
    check(compiled(program.model, multiple_subgraphs=multiple_subgraphs), program.model)


def named(tensors: Iterable[Tensor | None]) -> list[str | None]:
    return [t and t.name for t in tensors]


def operands(graph: Graph, wanted: Container[int]) -> list[tuple[object, ...]]:
    """Return what ops read and write, by the names of the tensors, and where the scales of blocks are."""
    found = []
    for op in (op for op in graph.ops if op.index in wanted):
        quantized = [t.quantization for t in op.inputs if t is not None and t.quantization is not None]
        scales = named(q.blocks.scales for q in quantized if q.blocks is not None)
        found.append((op.name, named(op.inputs), named(op.outputs), named(op.intermediates), scales))
    return sorted(found, key=repr)


@examples(30)
@given(program=programs(), multiple_subgraphs=st.booleans())
def test_what_the_cpu_keeps_reads_and_writes_the_same_tensors_by_name(
    program: Program, multiple_subgraphs: bool
) -> None:
    (file,) = compiled(program.model, multiple_subgraphs=multiple_subgraphs)
    out = read_model(file.data)
    graph, source = out.subgraphs[0], program.model.subgraphs[0]
    ours = {op.index for op in graph.ops if op.name != CUSTOM_OP}

    kept = {o.op.index for o in file.operations if not o.is_mapped}
    assert operands(graph, ours) == operands(source, kept)
    assert (named(graph.inputs), named(graph.outputs)) == (named(source.inputs), named(source.outputs))
    for before, after in zip(program.model.signatures, out.signatures, strict=True):
        for were, now in ((before.inputs, after.inputs), (before.outputs, after.outputs)):
            places = {name: source.tensors[i].name for name, i in were.items()}
            assert {name: graph.tensors[i].name for name, i in now.items()} == places


@examples(30)
@given(program=programs(), num_segments=st.integers(2, 3))
def test_segments_in_a_row_give_what_litert_gives_for_the_source(
    program: Program, num_segments: int
) -> None:
    check(compiled(program.model, num_segments=num_segments), program.model)


@examples(30)
@given(program=programs([MAPPED]))
def test_litert_runs_the_model_of_a_payload(program: Program) -> None:
    (file,) = compiled(program.model)
    graph = read_model(file.data).subgraphs[0]
    (op,) = graph.ops
    payload = decoded(op.custom_options)
    inner = read_model(payload.model).subgraphs[0]
    wanted = runs_of(bytes(write_model(program.model)), batches(program.model))
    # What the op reads and writes, by the numbers that the header gives them.
    operands = (*op.inputs, *op.outputs)
    numbers = (*payload.header.inputs, *payload.header.outputs)
    places = {t.index: i for t, i in zip(operands, numbers, strict=True)}
    with litert.loaded(payload.model) as it:
        for batch, expected in zip(batches(program.model), wanted, strict=True):
            arrays = zip(graph.inputs, batch, strict=True)
            results = it.run({places[t.index]: a for t, a in arrays if t.index in places})
            found = dict(zip((t.index for t in inner.outputs), results, strict=True))
            for t, array in zip(graph.outputs, expected, strict=True):
                if t in op.outputs:
                    np.testing.assert_array_equal(found[places[t.index]], array)
