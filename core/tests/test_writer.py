"""Writing: what is read comes back, and what a caller changed is what the file says."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import attrs
import numpy as np
import pytest
from delegraph import InputError
from delegraph.file import read_model, write_model
from delegraph.model import Blocks, Builder, Model, Quantization, Record


def rewritten(model: Model) -> Model:
    return read_model(write_model(model))


def dense() -> Model:
    g = Builder()
    x = g.input((1, 3), "float32")
    w = g.constant(np.arange(6, dtype=np.float32).reshape(2, 3))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 2), "float32")])
    return g.model(outputs=[y], signature="serve", metadata={"note": b"abc"}, description="two rows")


def with_tensor(model: Model, index: int, **changes) -> Model:
    graph = model.subgraphs[0]
    tensors = list(graph.tensors)
    tensors[index] = attrs.evolve(tensors[index], **changes)
    return attrs.evolve(model, subgraphs=(attrs.evolve(graph, tensors=tuple(tensors)),))


def test_a_model_comes_back_equal():
    once = rewritten(dense())
    assert rewritten(once) == once
    assert (once.description, once.signatures[0].key) == ("two rows", "serve")
    assert once.buffers[once.metadata[0].buffer].tobytes() == b"abc"


def test_data_is_aligned_to_16_bytes():
    model = dense()
    assert write_model(model).index(model.buffers[1].tobytes()) % 16 == 0


def test_equal_long_vectors_are_written_once():
    """As a FlatBuffer may have it: several tables refer to one vector."""
    model = three_constants()
    scale = np.linspace(0.5, 1.5, 64, dtype=np.float32)
    for index in (1, 3):
        own = Quantization(scale.copy(), np.zeros(64, np.int64), 0)
        model = with_tensor(model, index, quantization=own)
    assert write_model(model).count(scale.tobytes()) == 1
    back = rewritten(model).subgraphs[0].tensors
    assert all((back[index].quantization.scale == scale).all() for index in (1, 3))


def test_new_constants_of_a_type_stand_beside_each_other():
    model = three_constants()
    for index in (1, 2, 3):
        model = with_tensor(model, index, data=model.subgraphs[0].tensors[index].data + 1)
    one, _, two = (rewritten(model).subgraphs[0].tensors[i].buffer for i in (1, 2, 3))
    assert two == one + 1


def three_constants() -> Model:
    """Return a model of constants of float32, int32 and float32."""
    g = Builder()
    x = g.input((64,), "float32")
    first, between, last = (g.constant(np.full(64, n, t)) for n, t in ((3, "f4"), (2, "i4"), (1, "f4")))
    y = g.op("ADD", [x, first], [g.tensor((64,), "float32")])
    z = g.op("RESHAPE", [y, between], [g.tensor((64,), "float32")])
    return g.model(outputs=[g.op("ADD", [z, last], [g.tensor((64,), "float32")])])


def test_new_values_get_a_buffer_of_their_own():
    model = rewritten(dense())
    changed = rewritten(with_tensor(model, 1, data=np.full((2, 3), 7, np.float32)))
    weights = changed.subgraphs[0].tensors[1]
    assert weights.data.tolist() == [[7, 7, 7], [7, 7, 7]]
    assert weights.buffer == len(model.buffers)
    assert changed.buffers[1].tobytes() == model.buffers[1].tobytes()  # others may still use the old one


def test_equal_values_keep_their_buffer():
    model = rewritten(dense())
    copied = with_tensor(model, 1, data=model.subgraphs[0].tensors[1].data.copy())
    assert rewritten(copied) == model


def test_a_constant_that_became_computed_has_no_values():
    changed = rewritten(with_tensor(rewritten(dense()), 1, data=None))
    assert changed.subgraphs[0].tensors[1].data is None


def test_tensors_that_share_a_buffer_still_share_it():
    g = Builder()
    a = g.constant(np.arange(4, dtype=np.float32))
    g.op("ADD", [a, a], [g.tensor((4,), "float32")])
    model = g.model()
    tensors = model.subgraphs[0].tensors
    twin = attrs.evolve(a, index=2, name="twin")
    graph = attrs.evolve(model.subgraphs[0], tensors=(*tensors, twin))
    found = rewritten(attrs.evolve(model, subgraphs=(graph,)))
    assert [t.buffer for t in found.subgraphs[0].tensors] == [1, 0, 1]
    assert len(found.buffers) == 2


def test_a_new_name_and_version_of_an_op_get_a_code_of_their_own():
    g = Builder()
    y = g.op("NEG", [g.input((1,), "float32")], [g.tensor((1,), "float32")])
    model = g.model(outputs=[y])
    graph = model.subgraphs[0]
    op = attrs.evolve(graph.ops[0], name="Negate", version=3, options=Record("NONE", {}), has_options=False)
    found = rewritten(attrs.evolve(model, subgraphs=(attrs.evolve(graph, ops=(op,)),)))
    assert (found.subgraphs[0].ops[0].name, found.subgraphs[0].ops[0].version) == ("Negate", 3)
    assert [c.custom_code for c in found.operator_codes] == [None, "Negate"]


@pytest.mark.parametrize("name", ["ADD", "CUSTOM", "CUSTOM:x", "STABLEHLO_COMPOSITE:y", "plain"])
def test_a_custom_op_never_goes_by_the_name_of_a_builtin(name):
    g = Builder()
    g.op(f"CUSTOM:{name}", [], [g.tensor((1,), "float32")])
    found = rewritten(g.model())
    assert found.operator_codes[0].custom_code == name
    assert found.subgraphs[0].ops[0].name == (name if name == "plain" else f"CUSTOM:{name}")


def test_a_composite_goes_by_its_name():
    g = Builder()
    g.subgraph("decomposition")
    g.op("STABLEHLO_COMPOSITE", [], [g.tensor((1,), "float32")], name="a.b", decomposition_subgraph_index=1)
    op = rewritten(g.model()).subgraphs[0].ops[0]
    assert op.name == "STABLEHLO_COMPOSITE:a.b"
    assert op.options.composite_attributes == b""


def test_options_left_out_stay_left_out():
    g = Builder()
    y = g.op("RESHAPE", [g.input((2,), "float32")], [g.tensor((2, 1), "float32")], new_shape=[2, 1])
    model = g.model(outputs=[y])
    graph = model.subgraphs[0]
    bare = attrs.evolve(graph.ops[0], has_options=False)
    ops = (
        rewritten(model).subgraphs[0].ops
        + rewritten(attrs.evolve(model, subgraphs=(attrs.evolve(graph, ops=(bare,)),))).subgraphs[0].ops
    )
    assert [(op.has_options, op.options.new_shape) for op in ops] == [(True, (2, 1)), (False, ())]


def test_quantization_comes_back_with_all_it_has():
    quantization = Quantization(
        np.zeros(0, np.float32),
        np.zeros(0, np.int64),
        axis=1,
        min=np.array([-1], np.float32),
        max=np.array([np.nan], np.float32),
        custom=Record("CustomQuantization", {"custom": b"abc"}),
    )
    model = with_tensor(dense(), 1, quantization=quantization)
    assert rewritten(model).subgraphs[0].tensors[1].quantization == quantization


@pytest.mark.parametrize("about", [{}, {"shape": (1, 1, 1, 2)}, {"axes": (0, 1)}])
@pytest.mark.parametrize("has_zero_points", [False, True])
@pytest.mark.parametrize("scales_first", [False, True])
def test_blocks_keep_the_tensors_of_their_scales(about, has_zero_points, scales_first):
    g = Builder()
    x = g.input((1, 4), "float32")
    made = [g.constant(np.float16([[1, 2], [3, 4]])), g.constant(np.int32([[0, 0], [0, 0]]))]
    w = g.constant(
        np.ones((2, 4)), "int4", blocks=Blocks(made[0], 2, made[1] if has_zero_points else None, **about)
    )
    y = g.op("FULLY_CONNECTED", [x, w], [g.tensor((1, 2), "float32")])
    model = g.model(outputs=[y])
    if not scales_first:
        model = reversed_tensors(model)
    back = rewritten(model)
    assert back == model
    (weights,) = (t.quantization.blocks for t in back.subgraphs[0].tensors if t.dtype == "int4")
    assert weights.scales is back.subgraphs[0].tensors[weights.scales.index]
    assert weights.scales.data.tolist() == [[1, 2], [3, 4]]


def reversed_tensors(model):
    """Number the tensors from the last to the first."""
    graph = model.subgraphs[0]
    new = {}

    def moved(t):
        if t is not None and t.index not in new:
            q = t.quantization
            if q is not None:
                b = q.blocks
                b = attrs.evolve(b, scales=moved(b.scales), zero_points=moved(b.zero_points))
                q = attrs.evolve(q, blocks=b)
            new[t.index] = attrs.evolve(t, index=len(graph.tensors) - 1 - t.index, quantization=q)
        return None if t is None else new[t.index]

    tensors = tuple(map(moved, reversed(graph.tensors)))
    ops = [
        attrs.evolve(op, inputs=tuple(map(moved, op.inputs)), outputs=tuple(map(moved, op.outputs)))
        for op in graph.ops
    ]
    changed = attrs.evolve(
        graph,
        tensors=tensors,
        ops=tuple(ops),
        inputs=tuple(map(moved, graph.inputs)),
        outputs=tuple(map(moved, graph.outputs)),
    )
    return attrs.evolve(model, subgraphs=(changed,), signatures=())


def test_a_sparse_tensor_keeps_its_stored_values():
    # 2 x 3, dense rows, sparse columns: row 0 has column 1, row 1 has columns 0 and 2.
    index = lambda *values: Record("Int32Vector", {"values": np.array(values, np.int32)})  # noqa: E731
    rows = {"format": "DENSE", "dense_size": 2, "array_segments": None, "array_indices": None}
    columns = {"format": "SPARSE_CSR", "dense_size": 0} | {
        "array_segments": index(0, 1, 3),
        "array_indices": index(1, 0, 2),
    }
    levels = tuple(Record("DimensionMetadata", level) for level in (rows, columns))
    sparsity = Record(
        "SparsityParameters", {"traversal_order": (0, 1), "block_map": None, "dim_metadata": levels}
    )
    model = with_tensor(dense(), 1, sparsity=sparsity, data=np.array([5, 6, 7], np.float32))
    found = rewritten(model).subgraphs[0].tensors[1]
    assert (found.shape, found.data.tolist()) == ((2, 3), [5, 6, 7])
    assert found.sparsity == sparsity


def test_variables_intermediates_and_mutated_inputs_come_back():
    g = Builder()
    state = g.variable((1,), "float32", name="state")
    scratch = g.tensor((0,), "int8", scale=0.5, zero_point=1)
    x = g.input((1,), "float32")
    y = g.op("SVDF", [x, x, x, None, state], [g.tensor((1,), "float32")], intermediates=[scratch])
    model = g.model(outputs=[y])
    graph = model.subgraphs[0]
    op = attrs.evolve(graph.ops[0], mutating_variable_inputs=(False,) * 4 + (True,))
    model = attrs.evolve(model, subgraphs=(attrs.evolve(graph, ops=(op,)),))
    found = rewritten(model).subgraphs[0].ops[0]
    assert found.variables[0].name == "state"
    assert found.intermediates[0].scale == 0.5
    assert found.mutating_variable_inputs == (False,) * 4 + (True,)


def test_an_archive_at_the_end_comes_back_and_opens():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("labels.txt", "cat\ndog\n")
    appended = write_model(dense()) + archive.getvalue()
    model = read_model(appended)
    again = rewritten(model)
    assert model.trailer == again.trailer == archive.getvalue()
    with zipfile.ZipFile(io.BytesIO(write_model(again))) as z:
        assert z.read("labels.txt") == b"cat\ndog\n"


def test_data_beyond_the_limit_lies_behind_the_flatbuffer(monkeypatch):
    g = Builder()
    big, small = g.constant(np.arange(100, dtype=np.int64)), g.constant(np.array([True]))
    options = bytes(range(40))
    y = g.op("Custom", [big, small], [g.tensor((1,), "float32")], custom_options=options)
    model = attrs.evolve(g.model(outputs=[y]), trailer=b"")
    monkeypatch.setattr("delegraph.file.writer._MAX_INLINE", 500)
    file = write_model(model)
    assert file.endswith(big.data.tobytes())
    assert file.index(big.data.tobytes()) % 16 == 0
    found = read_model(file).subgraphs[0]
    assert found.ops[0].custom_options == options
    assert found.tensors[0].data.tolist() == list(range(100))
    assert found.tensors[1].data.tolist() == [True]
    assert rewritten(model) == read_model(file)


def test_weights_are_held_twice_while_they_are_written_and_not_more_often():
    g = Builder()
    weights = g.constant(np.zeros(4_000_000, np.uint8))
    model = g.model([g.op("NEG", [weights], [g.tensor((4_000_000,), "uint8")])])
    tracemalloc.start()
    try:
        write_model(model)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2.3 * 4_000_000  # the builder has room to spare, which it does not touch


def test_a_signaling_nan_keeps_its_bits():
    nan = np.array([0x7F800001], np.uint32).view(np.float32)
    quantization = Quantization(np.ones(1, np.float32), np.zeros(1, np.int64), min=nan)
    model = with_tensor(dense(), 1, quantization=quantization)
    assert rewritten(model).subgraphs[0].tensors[1].quantization.min.view(np.uint32) == 0x7F800001


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": None}, r"tensor 1 't1' has no known shape"),
        ({"shape": (1 << 40, 3), "data": None}, r"Tensor 't1' does not fit the file: error: .*format"),
        ({"shape_signature": (None,)}, r"Tensor 't1' does not fit the file"),
        ({"data": np.zeros((2, 3))}, r"float32 values need an array of float32, found float64"),
    ],
)
def test_what_does_not_fit_the_file_is_named(changes, message):
    with pytest.raises(InputError, match=message):
        write_model(with_tensor(dense(), 1, **changes))
