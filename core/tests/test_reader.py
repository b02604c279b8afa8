"""Reading: what a good file says, and what is said of a bad one."""

from __future__ import annotations

import mmap
import os
import struct
import sys
from pathlib import Path

import attrs
import numpy as np
import pytest
from delegraph import DelegraphError, Interpreter, ModelError
from delegraph.errors import ModelNotFound
from delegraph.file import read_model, write_model
from delegraph.model import Blocks, Builder, Graph, Model, OperatorCode, Quantization, Record, Signature

sys.path.insert(0, str(Path(__file__).parent))

from breaking import find_sites


def dense() -> Model:
    """A model of one op: t3 = FULLY_CONNECTED(t0, t1, t2)."""
    g = Builder()
    x = g.input((1, 3), "float32", name="x")
    w = g.constant(np.arange(6, dtype=np.float32).reshape(2, 3), name="w")
    b = g.constant(np.zeros(2, np.float32), name="b")
    y = g.op("FULLY_CONNECTED", [x, w, b], [g.tensor((1, 2), "float32", name="y")])
    return g.model(outputs=[y], signature="serve")


def with_tensor(model: Model, index: int, **changes) -> Model:
    graph = model.subgraphs[0]
    tensors = list(graph.tensors)
    tensors[index] = attrs.evolve(tensors[index], **changes)
    return with_graph(model, tensors=tuple(tensors))


def with_graph(model: Model, **changes) -> Model:
    return attrs.evolve(
        model, subgraphs=(attrs.evolve(model.subgraphs[0], **changes), *model.subgraphs[1:])
    )


def patched(data: bytes, what: str, value: float, nth: int = 0) -> bytes:
    """Return a file with one of its fields set: ``what`` as ``breaking`` names it."""
    site = [s for s in find_sites(data) if s.what == what][nth]
    out = bytearray(data)
    struct.pack_into("<" + site.code, out, site.place, value)
    return bytes(out)


def refused(data: Model | bytes, message: str, **how) -> None:
    with pytest.raises(ModelError, match=message):
        read_model(file_of(data) if isinstance(data, Model) else data, **how)


def file_of(model: Model) -> bytes:
    """Return the file of a model that may name what it does not have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("delegraph.file.writer.check_references", lambda model: None)
        return write_model(model)


# A good file


def test_weights_are_read_only_views_of_the_file(tmp_path):
    path = tmp_path / "dense.tflite"
    path.write_bytes(write_model(dense()))
    model = read_model(path)
    weights = model.subgraphs[0].tensors[1].data
    assert weights.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert not weights.flags.owndata
    assert not weights.flags.writeable
    assert np.shares_memory(weights, model.buffers[1])
    assert model.source == str(path)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_the_bytes_of_a_file_are_as_good_as_its_path(kind):
    data = write_model(dense())
    model = read_model(kind(data))
    assert model == read_model(data)
    assert not model.subgraphs[0].tensors[1].data.flags.writeable


def test_a_mapped_file_is_as_good_as_its_path(tmp_path):
    path = tmp_path / "dense.tflite"
    path.write_bytes(write_model(dense()))
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    assert read_model(mapped) == read_model(path) == read_model(str(path), mmap=False)


@pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="the system does not say what is held"
)
def test_values_of_a_mapped_file_can_be_given_back_and_read_again(tmp_path):
    values = np.arange(1 << 20, dtype=np.int32)
    g = Builder()
    x = g.input((1 << 20,), "int32")
    y = g.op("ADD", [x, g.constant(values)], [g.tensor((1 << 20,), "int32")])
    path = tmp_path / "add.tflite"
    path.write_bytes(write_model(g.model([y])))
    found = next(t for t in read_model(path).subgraphs[0].tensors if t.is_constant)
    assert np.array_equal(found.data, values)
    before = _held()
    found.release()
    assert before - _held() > values.nbytes // 2
    assert np.array_equal(found.data, values)


def _held() -> int:
    """Return the bytes that this process holds in memory."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Rss"))


def test_values_that_lie_elsewhere_are_left_as_they_are():
    tensor = attrs.evolve(dense().subgraphs[0].tensors[1], data=np.arange(4))
    tensor.release()
    attrs.evolve(tensor, data=None).release()
    assert np.array_equal(tensor.data, np.arange(4))


def test_options_that_the_file_leaves_out_are_the_defaults_of_the_schema():
    model = dense()
    op = attrs.evolve(model.subgraphs[0].ops[0], has_options=False)
    found = read_model(write_model(with_graph(model, ops=(op,)))).subgraphs[0].ops[0]
    assert not found.has_options
    assert (found.options.keep_num_dims, found.options.fused_activation_function) == (False, "NONE")


def test_an_operator_code_of_an_old_file_stands_in_the_narrow_field():
    data = write_model(dense())
    found = read_model(patched(data, "OperatorCode.builtin_code", 0))
    assert found.subgraphs[0].ops[0].name == "FULLY_CONNECTED"
    assert found.operator_codes == (OperatorCode("FULLY_CONNECTED", 1, None, 9),)


def test_an_empty_constant_has_no_elements():
    g = Builder()
    axes = g.constant(np.zeros(0, np.int32))
    g.op("SUM", [g.input((2,), "float32"), axes], [g.tensor((2,), "float32")])
    found = read_model(write_model(g.model())).subgraphs[0].tensors[0]
    assert found.is_constant
    assert found.data.shape == (0,)


def test_an_empty_buffer_of_a_shape_with_elements_makes_no_constant():
    model = dense()  # as compilers for the Edge TPU write each tensor that is computed
    model = attrs.evolve(with_tensor(model, 3, buffer=3), buffers=(*model.buffers, np.zeros(0, np.uint8)))
    assert not read_model(write_model(model)).subgraphs[0].tensors[3].is_constant


def test_values_are_unpacked_once_for_all_tensors_of_a_buffer():
    g = Builder()
    w = g.constant(np.array([1, -2, 3], np.int8), "int4")
    model = g.model()
    twin = attrs.evolve(w, index=1)
    first, second = read_model(write_model(with_graph(model, tensors=(w, twin)))).subgraphs[0].tensors
    assert first.data.tolist() == [1, -2, 3]
    assert np.shares_memory(first.data, second.data)


def test_a_truth_is_any_byte_but_zero():
    g = Builder()
    g.constant(np.array([False, True, True]))
    model = g.model()
    stored = np.array([0, 2, 255], np.uint8)
    data = write_model(attrs.evolve(model, buffers=(None, stored)))
    assert read_model(data).subgraphs[0].tensors[0].data.view(np.uint8).tolist() == [0, 1, 1]


def test_a_scale_per_channel_may_name_an_axis_that_a_bias_lacks():
    scales = Quantization(np.ones(2, np.float32), np.zeros(2, np.int64), axis=3)  # as in person_detect
    found = read_model(write_model(with_tensor(dense(), 2, quantization=scales)))
    assert found.subgraphs[0].tensors[2].quantization == scales


def test_ops_may_stand_before_those_whose_results_they_read():
    g = Builder()
    x, a, b = g.input((1,), "float32"), g.tensor((1,), "float32"), g.tensor((1,), "float32")
    g.op("NEG", [a], [b])
    g.op("ABS", [x], [a])
    assert [op.name for op in read_model(write_model(g.model())).subgraphs[0].ops] == ["NEG", "ABS"]


def test_an_op_may_read_what_nobody_writes():
    g = Builder()  # LiteRT says so when it runs, and not at all for the shape of RESHAPE
    g.op("RESHAPE", [g.input((1,), "float32"), g.tensor((0,), "int32")], [g.tensor((1,), "float32")])
    assert len(read_model(write_model(g.model())).subgraphs[0].ops) == 1


def test_a_variable_may_be_read_before_it_is_written():
    g = Builder()
    state = g.variable((1,), "float32")
    y = g.op("NEG", [state], [g.tensor((1,), "float32")])
    g.op("ABS", [y], [state])
    assert len(read_model(write_model(g.model())).subgraphs[0].ops) == 2


def test_bytes_that_are_no_text_become_escapes():
    data = write_model(dense()).replace(b"serve", b"s\xff\xferv")
    assert read_model(data).signatures[0].key == r"s\xff\xferv"


# No file, or none of ours


def test_a_missing_file_is_an_error_of_every_kind_that_people_catch(tmp_path):
    with pytest.raises(
        ModelNotFound, match=r"Could not open '.*no\.tflite': there is no such file"
    ) as caught:
        read_model(tmp_path / "no.tflite")
    assert isinstance(caught.value, (FileNotFoundError, ValueError, DelegraphError))
    assert {FileNotFoundError, ValueError, DelegraphError} <= set(type(caught.value).__mro__)


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(ModelError, match=r"Could not open '.*'"):
        read_model(tmp_path)


@pytest.mark.parametrize("mapped", [True, False])
def test_an_empty_file_is_no_model(tmp_path, mapped):
    path = tmp_path / "empty.tflite"
    path.touch()
    with pytest.raises(ModelError, match=r"empty.tflite is no .tflite file: .* in a file of 0 bytes"):
        read_model(path, mmap=mapped)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.timeout(20)
def test_what_may_have_no_end_is_no_model(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # nobody writes to it
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ModelError, match=rf"'{path}': it is a pipe or a device"):
            read_model(path)


def test_the_name_of_a_custom_op_has_an_end():
    """Each of its ops shows it: pages would grow with the square of the model."""
    g = Builder()
    g.op("N" * 257, [g.input((1,), "float32")], [g.tensor((1,), "float32")])
    refused(g.model(outputs=[]), "a custom_code of at most 256, found 257 characters")


def test_another_kind_of_file_is_no_model():
    refused(b"PK\3\4" + bytes(100), r"needs b'TFL3' at byte 4, found b'\\x00\\x00\\x00\\x00'")


def test_something_else_is_no_model():
    with pytest.raises(ModelError, match="a model needs a path or the bytes of a file, found a int"):
        read_model(3)


# A broken model


def test_a_message_names_the_file_the_subgraph_and_the_tensor(tmp_path):
    path = tmp_path / "bad.tflite"
    path.write_bytes(write_model(with_tensor(dense(), 3, shape=(1, -2))))
    where = r"bad\.tflite: subgraph 0: tensor 3 'y': shape \[1, -2\] needs sizes of 0 or more, found -2"
    with pytest.raises(ModelError, match=where):
        read_model(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": (1 << 30, 1 << 30)}, r"is larger than max_tensor_bytes=4294967296"),
        ({"shape": (1,) * 33}, r"needs a rank of at most 32, found 33"),
        ({"shape_signature": (1, 2, 3)}, r"shape_signature \(1, 2, 3\) does not fit shape 1×2"),
        ({"shape_signature": (1, -2)}, r"shape_signature \(1, -2\) does not fit"),
        ({"external_buffer": 1}, r"its values lie in another file .*allow_external_buffers=True"),
    ],
)
def test_a_tensor_that_cannot_be_is_refused(changes, message):
    refused(with_tensor(dense(), 3, **changes), r"subgraph 0: tensor 3 'y': .*" + message)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("Tensor.shape item", 4, r"tensor 0 'w': shape 4×3 of int32 needs 48 bytes, found 24"),
        ("Tensor.type", 9, r"shape 2×3 of int8 needs 6 bytes, found 24"),
        ("Tensor.type", 5, r"the places of 1 strings do not ascend within 24 bytes"),
        ("Tensor.type", 13, r"a resource cannot have values in the file, found 24 bytes"),
        ("Tensor.buffer", 9, r"its buffer is 9, but the model has 2 buffers"),
        ("Tensor.type", 77, r"77 is no TensorType; the last known one is 22"),
        (
            "Tensor.name length",
            1 << 20,
            r"tensor 0: a vector of 1048576 elements .* reaches beyond the file",
        ),
        ("Buffer.data length", 1 << 20, r"buffer 1: a vector of 1048576 elements"),
        ("Model.version", 4, r"needs version 3 of the schema, found 4"),
        ("Model.subgraphs length", 0, r"needs a subgraph, found none"),
        ("Tensor vtable", 1 << 30, r"tensor 0: Tensor: its vtable at byte -\d+ lies outside the file"),
        ("Tensor vtable size", 3, r"its vtable says 3 bytes of its own"),
        ("Tensor vtable slot", 2, r"the field of slot 0 at 2 overlaps or leaves the table"),
        ("Tensor vtable slot", 1000, r"the field of slot 0 at 1000 overlaps or leaves the table"),
        ("root offset", 1 << 31, r"Model at byte 2147483648 lies beyond the file's \d+ bytes"),
    ],
)
def test_a_field_that_cannot_be_is_refused(field, value, message):
    g = Builder()
    g.constant(np.arange(1, 7, dtype=np.int32).reshape(2, 3), name="w")
    refused(patched(write_model(g.model()), field, value), message)


def test_a_variable_has_no_values_in_the_file():
    g = Builder()
    tensor = attrs.evolve(g.constant(np.zeros(3, np.float32)), is_variable=True)
    refused(
        with_graph(g.model(), tensors=(tensor,)),
        "a variable cannot have values in the file, found 12 bytes",
    )


def test_a_caller_says_how_large_a_tensor_may_be():
    model = dense()
    assert read_model(write_model(model), max_tensor_bytes=24)
    refused(
        model,
        r"tensor 1 'w': shape 2×3 of float32 is larger than max_tensor_bytes=23",
        max_tensor_bytes=23,
    )


def test_external_buffers_are_allowed_on_request():
    model = with_tensor(dense(), 1, data=None, external_buffer=7)
    place = {"id": 7, "group": 0, "offset": 0, "length": 24, "packing": ""}
    model = attrs.evolve(
        model,
        external_buffer_groups=(Record("ExternalBufferGroup", {"name": "weights.bin"}),),
        external_buffers=(Record("ExternalBuffer", place),),
    )
    found = read_model(write_model(model), allow_external_buffers=True)
    assert not found.subgraphs[0].tensors[1].is_constant
    assert found.external_buffers[0].length == 24
    refused(
        attrs.evolve(model, external_buffers=()),
        "it refers to external buffer 7, found no such one",
        allow_external_buffers=True,
    )


@pytest.mark.parametrize(
    ("scale", "zero_point", "axis", "message"),
    [
        ([1, 1], [0], 0, "quantization needs 2 zero points, one a scale, found 1"),
        ([1], [], 0, "quantization needs 1 zero points, one a scale, found 0"),
        ([np.nan], [0], 0, "a scale that is finite and not negative, found nan"),
        ([-0.5], [0], 0, "a scale that is finite and not negative, found -0.5"),
        ([1, np.inf], [0, 0], 0, "scales that are finite and not negative"),
        ([1, 1, 1], [0, 0, 0], 0, r"3 scales along axis 0 do not fit shape 2×3"),
        ([1, 1], [0, 0], 2, r"2 scales along axis 2 do not fit"),
        ([1, 1], [0, 0], -2, r"2 scales along axis -2 do not fit"),
        ([1], [128], 0, r"a zero point of int8 needs -128\.\.127, found 128\.\.128"),
        ([1, 1], [0, -129], 0, r"a zero point of int8 needs -128\.\.127, found -129\.\.0"),
    ],
)
def test_quantization_that_cannot_be_is_refused(scale, zero_point, axis, message):
    g = Builder()
    tensor = g.tensor((2, 3), "int8")
    quantization = Quantization(np.array(scale, np.float32), np.array(zero_point, np.int64), axis)
    changed = with_graph(g.model(), tensors=(attrs.evolve(tensor, quantization=quantization),))
    refused(changed, message)
    with pytest.raises(ModelError, match=f"tensor 0 't0': .*{message}"):
        Interpreter(model=changed)


def test_an_input_that_is_a_constant_is_refused():
    g = Builder()
    w = g.constant(np.ones(2, np.float32), name="w")
    y = g.op("NEG", [w], [g.tensor((2,), "float32")])
    refused(g.model(inputs=[w], outputs=[y]), "input 0 'w' is a constant: it cannot be given a value")


@pytest.mark.parametrize("field", [{"scales": 4}, {"zero_points": -2}, {"block_size": -1}])
def test_blockwise_quantization_names_tensors_that_exist(field):
    refused(in_blocks(**field), "does not fit a subgraph of 4 tensors")


@pytest.mark.parametrize("dtype", ["string", "resource", "variant"])
@pytest.mark.parametrize("what", ["scales", "zero_points"])
def test_scales_in_blocks_are_numbers(what, dtype):
    model = with_tensor(in_blocks(**{what: 3}), 3, dtype=dtype, data=None, buffer=0)
    refused(model, f"BlockwiseQuantization needs numbers, found tensor 3 .* {dtype}")


def test_a_tensor_that_holds_its_own_scales_is_read_and_written():
    once = read_model(file_of(in_blocks(scales=1)))
    assert once.subgraphs[0].tensors[1].quantization.blocks.scales.quantization.blocks is None
    assert read_model(write_model(once)) == once


def in_blocks(scales=2, zero_points=-1, block_size=2):
    """Return a model whose tensor 1 says so of its blocks."""
    scales, points = (attrs.evolve(dense().subgraphs[0].tensors[0], index=i) for i in (scales, zero_points))
    blocks = Blocks(scales, block_size, points)
    quantization = Quantization(np.zeros(0, np.float32), np.zeros(0, np.int64), blocks=blocks)
    return with_tensor(dense(), 1, quantization=quantization)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "Operator.inputs item",
            9,
            r"op 0 FULLY_CONNECTED: inputs \(9, 1, 2\): there is no tensor 9, only 4",
        ),
        ("Operator.inputs item", -2, r"inputs \(-2, 1, 2\): there is no tensor -2"),
        ("Operator.outputs item", -1, r"outputs \(-1\): there is no tensor -1"),
        ("Operator.outputs item", 1, r"FULLY_CONNECTED v1 writes tensor 1 'w', which is a constant"),
        ("Operator.outputs item", 0, r"writes tensor 0 'x', which is an input of the subgraph"),
        (
            "OperatorCode.builtin_code",
            210,
            r"operator code 0: 210 is no BuiltinOperator; .* 209 \(STABLEHLO_CASE\)",
        ),
        (
            "OperatorCode.builtin_code",
            32,
            r"needs a custom_code beside the builtin code CUSTOM, found none",
        ),
        ("OperatorCode.builtin_code", 25, r"SOFTMAX needs SoftmaxOptions, found FullyConnectedOptions"),
        ("OperatorCode.builtin_code", 19, r"RELU needs no options, found FullyConnectedOptions"),
        ("Operator.builtin_options kind", 0, r"BuiltinOptions of kind 0 \(NONE\) has a table"),
        (
            "Operator.builtin_options kind",
            200,
            r"kind 200 of BuiltinOptions is unknown; the last known one is 126",
        ),
        ("FullyConnectedOptions.weights_format", 2, r"FullyConnectedOptions.weights_format: 2 is no Full"),
        ("SubGraph.inputs item", 4, r"subgraph 0: inputs \(4\): there is no tensor 4"),
        ("SubGraph.outputs item", -1, r"subgraph 0: outputs \(-1\): there is no tensor -1"),
        ("TensorMap.tensor_index", 8, r"signature 0: output 'y' is tensor 8, but there are 4 tensors"),
        ("Metadata.buffer", 7, r"metadata 0: its buffer is 7, but the model has 4 buffers"),
    ],
)
def test_an_index_or_code_that_cannot_be_is_refused(field, value, message):
    g = Builder()
    x = g.input((1, 3), "float32", name="x")
    w = g.constant(np.arange(6, dtype=np.float32).reshape(2, 3), name="w")
    b = g.constant(np.zeros(2, np.float32), name="b")
    options = {"weights_format": "SHUFFLED4x16INT8"}  # not the default, which a file leaves out
    y = g.op("FULLY_CONNECTED", [x, w, b], [g.tensor((1, 2), "float32", name="y")], **options)
    model = g.model(outputs=[y], signature="serve", metadata={"note": b"abc"})
    refused(patched(write_model(model), field, value), message)


def test_an_op_has_a_code():
    g = Builder()
    y = g.op("NEG", [g.input((1,), "float32")], [g.tensor((1,), "float32")])
    g.op("ABS", [y], [g.tensor((1,), "float32")])
    data = write_model(g.model())  # the file leaves out the index of the first op, which is 0
    refused(patched(data, "Operator.opcode_index", 2), "its opcode_index is 2, but there are 2 codes")


def test_a_signature_has_a_subgraph():
    model = attrs.evolve(dense(), signatures=(Signature("s", {}, {}, subgraph=1),))
    refused(model, "signature 0: its subgraph is 1, but the model has 1")


def test_two_arguments_of_one_name_are_refused():
    signature = Signature("s", {"x": 0, "y": 1}, {})
    data = write_model(attrs.evolve(dense(), signatures=(signature,)))
    refused(data.replace(b"\1\0\0\0y\0", b"\1\0\0\0x\0"), "signature 0: two inputs have the name 'x'")


def test_a_tensor_is_written_once():
    g = Builder()
    x, y = g.input((1,), "float32"), g.tensor((1,), "float32")
    g.op("NEG", [x], [y])
    g.op("ABS", [x], [y])
    refused(g.model(), "op #1 ABS v1 writes tensor 1 't1', which is written by op 0 too")


@pytest.mark.parametrize("length", [1, 2, 5])
def test_ops_that_wait_for_each_other_are_refused(length):
    g = Builder()
    tensors = [g.tensor((1,), "float32") for _ in range(length)]
    for i, y in enumerate(tensors):
        g.op("NEG", [tensors[i - 1]], [y])
    g.op("ABS", [g.input((1,), "float32")], [g.tensor((1,), "float32")])
    refused(g.model(), "op #0 NEG v1 needs its own result: ops depend on each other in a circle")


def test_an_op_does_not_write_the_variable_it_reads():
    g = Builder()
    state = g.variable((1,), "float32", name="state")
    g.op("NEG", [state], [state])
    refused(g.model(), "op #0 NEG v1 reads and writes tensor 0 'state'")


# Subgraphs


def calling(*calls: tuple[int, int]) -> Model:
    """A model of subgraphs; each pair says that one calls another."""
    g = Builder()
    graphs = [g, *(g.subgraph(f"s{i}") for i in range(1, max(map(max, calls)) + 1))]
    for caller, callee in calls:
        graphs[caller].op("CALL_ONCE", [], [], init_subgraph_index=callee)
    return g.model()


def test_subgraphs_may_call_the_same_one():
    assert len(read_model(write_model(calling((0, 1), (0, 2), (1, 3), (2, 3)))).subgraphs) == 4


@pytest.mark.parametrize(
    ("calls", "circle"),
    [(((0, 0),), "0 calls 0"), (((0, 1), (1, 2), (2, 1)), "1 calls 2 calls 1")],
)
def test_subgraphs_that_call_each_other_are_refused(calls, circle):
    refused(calling(*calls), f"subgraphs call each other in a circle: {circle}")


def test_calls_do_not_go_deeper_than_a_hundred():
    assert read_model(write_model(calling(*((i, i + 1) for i in range(99)))))
    refused(calling(*((i, i + 1) for i in range(100))), "subgraphs call subgraphs more than 100 deep")


def test_a_called_subgraph_exists():
    g = Builder()
    g.op("CALL_ONCE", [], [], init_subgraph_index=1)
    refused(
        g.model(), "subgraph 0: op #0 CALL_ONCE v1: init_subgraph_index is 1, but the model has 1 subgraphs"
    )


def test_a_control_flow_op_without_options_calls_the_first_subgraph_which_is_a_circle():
    model = calling((0, 1))
    graph: Graph = model.subgraphs[0]
    bare = attrs.evolve(graph.ops[0], has_options=False)
    refused(with_graph(model, ops=(bare,)), "in a circle: 0 calls 0")


# Sparse tensors


def sparse(**changes) -> Model:
    """2 x 3, dense rows, sparse columns: row 0 has column 1, row 1 has columns 0 and 2."""
    values = {
        "segments": [0, 1, 3],
        "indices": [1, 0, 2],
        "rows": 2,
        "order": (0, 1),
        "blocks": None,
    } | changes
    rows = {"format": "DENSE", "dense_size": values["rows"], "array_segments": None, "array_indices": None}
    columns = {
        "format": "SPARSE_CSR",
        "dense_size": 0,
        "array_segments": Record("Uint8Vector", {"values": np.array(values["segments"], np.uint8)}),
        "array_indices": Record("Int32Vector", {"values": np.array(values["indices"], np.int32)}),
    }
    levels = tuple(Record("DimensionMetadata", level) for level in (rows, columns))
    sparsity = Record(
        "SparsityParameters",
        {"traversal_order": values["order"], "block_map": values["blocks"], "dim_metadata": levels},
    )
    g = Builder()
    w = g.constant(np.arange(3, dtype=np.float32))
    return with_graph(g.model(), tensors=(attrs.evolve(w, shape=(2, 3), sparsity=sparsity),))


def test_a_sparse_tensor_gives_its_stored_values():
    tensor = read_model(write_model(sparse())).subgraphs[0].tensors[0]
    assert (tensor.shape, tensor.data.tolist()) == ((2, 3), [0, 1, 2])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"segments": [0, 3, 1]}, "level 1 needs 3 ascending segments that end at 3"),
        ({"segments": [0, 3]}, "level 1 needs 3 ascending segments"),
        ({"segments": [1, 1, 3]}, "level 1 needs 3 ascending segments"),
        ({"indices": [1, 0, 3]}, "level 1 needs indices below 3, found 3"),
        ({"indices": [-1, 0, 2]}, "level 1 needs indices below 3"),
        ({"indices": [1, 0], "segments": [0, 1, 2]}, r"shape 2 of float32 needs 8 bytes, found 12"),
        ({"order": (0, 0)}, r"a traversal_order of 2 does not fit shape 2×3"),
        ({"order": (0, 1, 2)}, "a traversal_order of 3 does not fit"),
        ({"blocks": (0,)}, "a traversal_order of 2 does not fit .* 1 blocks"),
        ({"rows": 3}, "level 0 needs a size of 2, found 3"),
    ],
)
def test_sparsity_that_cannot_be_is_refused(changes, message):
    refused(sparse(**changes), "tensor 0 't0': .*" + message)
