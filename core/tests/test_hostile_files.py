"""Files made to do harm: each is refused with a ModelError or read, quickly and in little memory."""

from __future__ import annotations

import struct
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from delegraph import ModelError
from delegraph.file import read_model, write_model
from delegraph.model import Builder, Model

sys.path.insert(0, str(Path(__file__).parent))

from breaking import find_sites, mutants

SEED = 20240817
SECONDS = 2.0  # for one file of a few kB, on a slow and busy machine
MAX_GROWTH = (
    200  # bytes of Python values a byte of the file may become: a tensor has some 700 in 20 of them
)


def convolutions() -> Model:
    """Weights of several types, quantized in several ways, and a signature."""
    g = Builder()
    x = g.input((-1, 4, 4, 2), "int8", name="image", scale=0.5, zero_point=-3)
    w = g.constant(np.ones((3, 1, 1, 2), np.int8), "int4", name="w", scale=[0.1, 0.2, 0.3])
    b = g.constant(np.zeros(3, np.int32), name="b", scale=[0.05, 0.1, 0.15])
    y = g.tensor((1, 4, 4, 3), "int8", scale=0.25, zero_point=5)
    y = g.op("CONV_2D", [x, w, b], [y], version=3, padding="VALID", stride_w=1, stride_h=1)
    axes = g.constant(np.array([1, 2], np.int32))
    mean = g.op("MEAN", [y, axes], [g.tensor((1, 3), "int8", scale=0.25, zero_point=5)], keep_dims=True)
    z = g.op(
        "RESHAPE", [mean, None], [g.tensor((3, 1), "int8", scale=0.25, zero_point=5)], new_shape=(3, -1)
    )
    return g.model(outputs=[z], signature="serve", metadata={"min_runtime_version": b"2.3.0"})


def words_and_state() -> Model:
    """Strings, truths, a variable, a custom op, two subgraphs."""
    g = Builder()
    x = g.input((2,), "int32")
    names = g.constant(["zero", "", "two"], name="names")
    y = g.op("GATHER", [names, x], [g.tensor((2,), "string")], axis=-1)
    flag = g.constant(np.array([True, False]))
    state = g.variable((2,), "float32", name="state")
    own = g.op("Own", [flag, state], [g.tensor((2,), "float32")], custom_options=bytes(range(9)))
    body = g.subgraph("body")
    a = body.input((2,), "float32")
    body.returns(body.op("LEAKY_RELU", [a], [body.tensor((2,), "float32")], alpha=0.1))
    z = g.op("IF", [flag, own], [g.tensor((2,), "float32")], then_subgraph_index=1, else_subgraph_index=1)
    return g.model(outputs=[y, z])


@pytest.mark.parametrize("model", [convolutions, words_and_state])
def test_a_mutated_file_is_refused_or_can_be_read_and_written(model):
    data = write_model(model())
    read = 0
    for done, mutant in mutants(data, SEED, 400):
        start = time.perf_counter()
        try:
            found = read_model(mutant)
        except ModelError:
            continue
        finally:
            assert time.perf_counter() - start < SECONDS, done
        read += 1
        for tensor in (t for graph in found.subgraphs for t in graph.tensors):
            assert tensor.data is None or tensor.data.size >= 0, done
        assert read_model(write_model(found)) == found, done
    assert 40 < read < 360  # some of both, else the mutations tell nothing


def test_every_cut_of_a_file_is_refused():
    data = write_model(convolutions())
    for length in range(len(data)):
        with pytest.raises(ModelError):
            read_model(data[:length])


def test_mutations_are_the_same_for_the_same_seed():
    data = write_model(convolutions())
    assert list(mutants(data, 1, 20)) == list(mutants(data, 1, 20))
    assert list(mutants(data, 1, 20)) != list(mutants(data, 2, 20))


def test_mutations_with_knowledge_of_the_structure_reach_all_of_it():
    sites = {site.what for site in find_sites(write_model(convolutions()))}
    assert sites >= {
        "Tensor.shape item",
        "Tensor.type",
        "Operator.inputs item",
        "OperatorCode.builtin_code",
        "Conv2DOptions.padding",
        "QuantizationParameters.scale item",
        "Operator.builtin_options kind",
        "TensorMap.name character",
    }


def test_a_table_that_many_places_refer_to_counts_each_time():
    """A vector of offsets to one table would make a million tensors of a small file."""
    data = bytearray(write_model(convolutions()))
    sites = {s.what: s.place for s in find_sites(bytes(data))}
    data += bytes(-len(data) % 4)
    start, count = len(data), 200_000
    table = start + 4 + 4 * count + 4  # behind the vector: a vtable of 4 bytes, and a table without fields
    offsets = table - (start + 4 + 4 * np.arange(count))
    data += struct.pack("<I", count) + offsets.astype("<u4").tobytes() + struct.pack("<HHi", 4, 4, 4)
    _point(data, sites["SubGraph.tensors offset"], start)
    _assert_small(bytes(data), "tables or vectors overlap")


@pytest.mark.parametrize("field", ["Tensor.name", "Tensor.shape", "Operator.inputs"])
def test_vectors_that_overlap_count_each_time(field):
    """A thousand names that share a megabyte of text are a gigabyte."""
    g = Builder()
    x = g.input((1,), "float32", name="x0")
    for i in range(1000):
        x = g.op("NEG", [x], [g.tensor((1,), "float32", name=f"x{i + 1}")])
    data = bytearray(write_model(g.model()))
    sites = [s.place for s in find_sites(bytes(data)) if s.what == f"{field} offset"]
    start = len(data) + -len(data) % 4
    data += bytes(start - len(data)) + struct.pack("<I", 250_000) + bytes(1_000_000)
    for place in sites:
        _point(data, place, start)
    _assert_small(bytes(data), "tables or vectors overlap|needs a rank of at most 32")


def test_a_vtable_for_every_table_costs_no_memory_that_stays():
    g = Builder()
    for i in range(3000):
        g.tensor((i,), "float32")
    data = bytearray(write_model(g.model()))
    tables = [s.place for s in find_sites(bytes(data)) if s.what == "Tensor vtable"]
    for place in tables:
        vtable = place - struct.unpack_from("<i", data, place)[0]
        size = struct.unpack_from("<H", data, vtable)[0]
        struct.pack_into("<i", data, place, place - len(data))
        data += data[vtable : vtable + size]
    _assert_small(bytes(data), None)


def test_a_rank_of_a_million_is_refused_before_sizes_are_multiplied():
    g = Builder()
    g.tensor((3,) * 1_000_000, "int8")
    start = time.perf_counter()
    with pytest.raises(ModelError, match="needs a rank of at most 32, found 1000000"):
        read_model(write_model(g.model()))
    assert time.perf_counter() - start < 2 * SECONDS


def test_thousands_of_subgraphs_that_one_calls_take_no_longer_than_they_should():
    g = Builder()
    for i in range(1, 3000):
        g.op("CALL_ONCE", [], [], init_subgraph_index=i)
        g.subgraph("")
    data = write_model(g.model())
    start = time.perf_counter()
    assert len(read_model(data).subgraphs) == 3000
    assert time.perf_counter() - start < SECONDS


def _point(data: bytearray, place: int, target: int) -> None:
    struct.pack_into("<I", data, place, target - place)


def _assert_small(data: bytes, message: str | None) -> None:
    """Check that a file is refused (or read, if there is no message) in little time and memory."""
    tracemalloc.start()
    start = time.perf_counter()
    try:
        if message is None:
            read_model(data)
        else:
            with pytest.raises(ModelError, match=message):
                read_model(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - start < 10 * SECONDS  # tracing memory is slow
    assert peak < MAX_GROWTH * len(data)
