"""The support table: what the Edge TPU compiler's limits accept and refuse, and the way out."""

from __future__ import annotations

import pytest
from delegraph import load_delegate


def said(refusals):
    return [(r.rule, r.found) for r in refusals]


def pool(n, **settings):
    x = n.input(1, 4, 4, 8)
    options = {"padding": "VALID", "stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2}
    n.op("AVERAGE_POOL_2D", [x], 1, 2, 2, 8, **options | settings)


def resize(n, before, after, name="RESIZE_BILINEAR", **settings):
    x = n.input(1, *before, 4)
    n.op(name, [x, n.constant(list(after))], 1, *after, 4, **settings)


def reduce(n, name, shape, axes, out):
    n.op(name, [n.input(*shape), n.constant(axes)], *out, keep_dims=False)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_quantized_convolutions_are_mapped(net, refusals, dtype):
    n = net(dtype)
    n.conv(n.input(1, 4, 4, 3), 8)

    assert refusals(n) == []


def test_a_float_op_is_told_to_be_quantized(net, refusals):
    n = net("float32")
    n.op("ADD", [n.input(1, 4), n.input(1, 4)], 1, 4)

    (why,) = refusals(n)

    assert (why.rule, why.found) == ("T T -> T, T: uint8 | int8", "float32 float32 -> float32")
    assert why.hint == "it works on float32: quantize the model to int8 or uint8 first"


def test_a_batch_above_1_is_refused(net, refusals):
    n = net()
    n.conv(n.input(4, 2, 2, 3), 8)

    (why,) = refusals(n)

    assert why.rule == "no dimension above 1 but the three innermost"
    assert why.found == "shape 4×2×2×3"
    assert why.hint == "make the batch 1 and run the model 4 times"


def test_rank_4_constants_are_no_activations(net, refusals):
    n = net()
    n.conv(n.input(1, 2, 2, 3), 64)  # filters (64, 1, 1, 3)

    assert refusals(n) == []


def test_a_filter_that_is_computed_is_refused(net, refusals):
    n = net()
    filters = n.g.input((8, 1, 1, 3), "int8", scale=0.5, zero_point=0)
    options = {"padding": "SAME", "stride_w": 1, "stride_h": 1}
    biases = n.constant([0] * 8, "int32", scale=0.25, zero_point=0)
    n.op("CONV_2D", [n.input(1, 2, 2, 3), filters, biases], 1, 2, 2, 8, **options)

    assert (
        "constant parameters: filters, biases, shapes, axes",
        "operand 1 't0' computed while running",
    ) in (said(refusals(n)))


def test_an_8_bit_tensor_without_a_scale_is_refused(net, refusals):
    n = net()
    n.g.op("RELU", [n.input(1, 4)], [n.g.tensor((1, 4), "int8", "raw")])

    assert said(refusals(n)) == [("quantized inputs and outputs", "int8 without a scale: tensor 1 'raw'")]


@pytest.mark.parametrize("name", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
def test_pools_take_no_fused_activation(net, refusals, name):
    n = net()
    x = n.input(1, 4, 4, 8)
    options = {"padding": "VALID", "stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2}
    n.op(name, [x], 1, 2, 2, 8, fused_activation_function="RELU6", **options)

    assert said(refusals(n)) == [("no fused activation", "RELU6")]


def test_a_pool_without_activation_is_mapped(net, refusals):
    n = net()
    pool(n)

    assert refusals(n) == []


def test_convolutions_take_one_dilation(net, refusals):
    n = net()
    n.conv(n.input(1, 8, 8, 3), 8, dilation_w_factor=2)

    assert said(refusals(n)) == [("the same dilation in height and width", "1 and 2")]


@pytest.mark.parametrize(("runtime", "expected"), [(12, 1), (13, 0)])
def test_depthwise_dilation_came_with_runtime_13(net, refusals, runtime, expected):
    n = net()
    x = n.input(1, 8, 8, 4)
    filters = n.constant([[[[1] * 4]]], "int8", scale=0.5, zero_point=0)
    options = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "depth_multiplier": 1}
    dilated = {"dilation_w_factor": 2, "dilation_h_factor": 2}
    n.op("DEPTHWISE_CONV_2D", [x, filters], 1, 8, 8, 4, version=3, **options, **dilated)

    assert len(refusals(n, runtime)) == expected


@pytest.mark.parametrize(
    ("name", "first"),
    [("QUANTIZE", 13), ("RSQRT", 14), ("SQUARED_DIFFERENCE", 14)],
)
def test_ops_have_a_first_runtime(net, refusals, name, first):
    n = net()
    inputs = [n.input(1, 4) for _ in range(2 if name == "SQUARED_DIFFERENCE" else 1)]
    n.op(name, inputs, 1, 4, version=2)

    assert refusals(n, first) == []
    (why,) = refusals(n, first - 1)
    assert (why.rule, why.found) == (f"runtime {first} or later", f"runtime {first - 1}")
    assert why.hint == f"compile for runtime {first}, if the device has it"


@pytest.mark.parametrize(
    ("values", "count", "found"),
    [
        (3, 2, None),  # the zero point of every tensor here: zero padding
        (0, 2, "a constant with values other than 0"),
        (3, 3, "a constant among 3 inputs"),
    ],
)
def test_concatenation_takes_a_constant_only_to_pad_with_zero(net, refusals, values, count, found):
    n = net()
    constant = n.constant([[values] * 4], "int8", scale=0.5, zero_point=3)
    n.op("CONCATENATION", [constant, *(n.input(1, 4) for _ in range(count - 1))], 1, 4 * count, axis=1)

    assert [f for _, f in said(refusals(n))] == ([] if found is None else [found])


def test_fully_connected_gives_one_dimension(net, refusals):
    def made(batch):
        n = net()
        weights = n.constant([[1, 2, 3, 4]] * 8, "int8", scale=0.5, zero_point=0)
        n.op("FULLY_CONNECTED", [n.input(batch, 4), weights, None], batch, 8)
        return n

    assert refusals(made(1)) == []
    assert [f for _, f in said(refusals(made(5)))] == ["shape 5×8"]


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ((1, 16_000), []),
        ((1, 16_001), ["16,001 values"]),
        ((1, 4, 10), ["shape 1×4×10"]),
    ],
)
def test_softmax_takes_one_dimension_of_up_to_16000_values(net, refusals, shape, found):
    n = net()
    n.op("SOFTMAX", [n.input(*shape)], *shape, beta=1.0)

    assert [f for _, f in said(refusals(n))] == found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((33, 33), (33, 33)),
        ((6, 6), (12, 12)),
        ((24, 24), (48, 48)),
        ((64, 64), (128, 128)),
        ((200, 9), (20, 9)),
    ],
)
def test_resizes_that_real_files_show_mapped_are(net, refusals, before, after):
    n = net()
    resize(n, before, after)

    assert refusals(n) == []


@pytest.mark.parametrize(
    ("before", "after", "hint"),
    [
        ((1, 1), (33, 33), "leave the resize out: ADD and MUL spread a 1 × 1 image themselves"),
        ((33, 33), (513, 513), "resize less, or leave it behind the model"),
        ((256, 256), (512, 512), "resize less, or leave it behind the model"),
    ],
)
def test_resizes_that_real_files_show_refused_are(net, refusals, before, after, hint):
    n = net()
    resize(n, before, after)

    assert refusals(n)[0].hint == hint


@pytest.mark.parametrize("written", [False, True])
def test_a_variable_that_is_no_state_of_an_lstm_stays_on_the_cpu(net, refusals, written):
    n = net()
    kept = n.g.variable((1, 8), "int8", scale=0.5, zero_point=3)
    x, y = n.input(1, 8), n.tensor(1, 8)
    n.g.op("MINIMUM", [x, x if written else kept], [kept if written else y])

    (why,) = refusals(n)

    assert str(why).startswith("needs no variable tensors but the state of an LSTM, found tensor 0 't0'")


def test_nearest_neighbor_with_half_pixels_is_mapped_as_in_exports_of_yolo(net, refusals):
    n = net()
    resize(n, (4, 4), (8, 8), "RESIZE_NEAREST_NEIGHBOR", version=3, half_pixel_centers=True)

    assert refusals(n) == []


def test_a_version_that_is_loaded_and_not_mapped_stays_on_the_cpu(net, refusals):
    n = net()
    resize(n, (4, 4), (8, 8), "RESIZE_NEAREST_NEIGHBOR", version=4)

    (why,) = refusals(n)

    assert str(why).startswith("needs version 1..3, found version 4 (the compiler maps RESIZE_NEAREST_NE")


@pytest.mark.parametrize(
    ("name", "shape", "axes", "out", "found"),
    [
        ("MEAN", (1, 4, 4, 8), [1, 2], (1, 8), []),
        ("MEAN", (1, 4, 4, 8), [-1], (1, 4, 4), []),
        ("MEAN", (1, 4, 4, 6), [3], (1, 4, 4), ["6 channels"]),
        ("MEAN", (1, 64, 128, 3), [1, 2], (1, 3), []),
        ("MEAN", (1, 256, 128, 3), [1, 2], (1, 3), ["32,768 values"]),
        ("MEAN", (1, 4, 4, 8), [0, 1], (4, 8), ["axes (0, 1) of rank 4"]),
        ("SUM", (1, 4, 4, 8), [0], (4, 4, 8), ["axes (0,) of rank 4"]),
        ("REDUCE_MAX", (1, 4, 4, 8), [-4], (4, 4, 8), ["axes (0,) of rank 4"]),
        ("REDUCE_MIN", (1, 4, 4, 8), [3], (1, 4, 4), []),
        ("SUM", (8,), [0], (), []),
    ],
)
def test_reductions_leave_the_batch_alone(net, refusals, name, shape, axes, out, found):
    n = net()
    reduce(n, name, shape, axes, out)

    assert [f for _, f in said(refusals(n))] == found


def test_older_runtimes_reduce_and_pad_images_alone(net, refusals):
    mean, pad = net(), net()
    reduce(mean, "MEAN", (1, 4, 4, 8), [3], (1, 4, 4))
    pads = pad.constant([[0, 0], [0, 0], [0, 0], [0, 4]])
    pad.op("PAD", [pad.input(1, 4, 4, 8), pads], 1, 4, 4, 12)

    assert [f for _, f in said(refusals(mean, 12))] == ["axes (3,), runtime 12"]
    assert [f for _, f in said(refusals(pad, 12))] == [
        "padding [(0, 0), (0, 0), (0, 0), (0, 4)], runtime 12"
    ]
    assert refusals(mean) == refusals(pad) == []


def test_the_batch_is_not_padded(net, refusals):
    n = net()
    n.op("PAD", [n.input(1, 2, 2, 4), n.constant([[1, 0], [0, 0], [0, 0], [0, 0]])], 2, 2, 2, 4)

    assert "(1, 0)" in [f for _, f in said(refusals(n))]


@pytest.mark.parametrize(("axis", "refused"), [(0, True), (1, False), (-1, False), (-3, True)])
def test_pack_adds_no_batch(net, refusals, axis, refused):
    n = net()
    out = [1, 4]
    out.insert(axis % 3, 2)
    n.op("PACK", [n.input(1, 4), n.input(1, 4)], *out, axis=axis, values_count=2, version=2)

    assert ("an axis other than the batch, dimension 0", f"axis {axis}") in said(refusals(n)) or not refused
    assert bool(refusals(n)) == refused


@pytest.mark.parametrize(("axis", "refused"), [(0, True), (1, False), (-4, True), (3, False)])
def test_split_leaves_the_batch_alone(net, refusals, axis, refused):
    n = net()
    shape = [2, 2, 2, 2] if axis in (0, -4) else [1, 2, 2, 2]
    part = list(shape)
    part[axis] = 1
    outputs = [n.tensor(*part), n.tensor(*part)]
    n.g.op("SPLIT", [n.constant(axis), n.input(*shape)], outputs, num_splits=2)

    rules = [rule for rule, _ in said(refusals(n))]
    assert ("an axis other than the batch, dimension 0" in rules) == refused


def test_prelu_has_a_slope_for_each_channel(net, refusals):
    def made(shape):
        n = net()
        slopes = n.constant([[[1] * shape[2]] * shape[1]] * shape[0], "int8", scale=0.5, zero_point=0)
        n.op("PRELU", [n.input(1, 4, 4, 8), slopes], 1, 4, 4, 8)
        return n

    assert refusals(made((1, 1, 8))) == []
    assert [f for _, f in said(refusals(made((4, 4, 8))))] == ["shape 4×4×8"]


@pytest.mark.parametrize(
    ("strides", "masks", "found"),
    [
        ([1, 1], {}, []),
        ([1, 2], {}, ["strides [1, 2]"]),
        ([1, 1], {"new_axis_mask": 1}, ["ellipsis_mask 0, new_axis_mask 1"]),
        ([1, 1], {"ellipsis_mask": 2}, ["ellipsis_mask 2, new_axis_mask 0"]),
    ],
)
def test_strided_slices_have_stride_1_and_no_new_axes(net, refusals, strides, masks, found):
    n = net()
    inputs = [n.input(1, 8), n.constant([0, 0]), n.constant([1, 8]), n.constant(strides)]
    model = n.model(n.op("STRIDED_SLICE", inputs, 1, 8 // max(strides), **masks))
    delegate = load_delegate("edgetpu")

    graph = model.subgraphs[0]
    assert [f for _, f in said(delegate.table.refusals(graph.ops[0], graph))] == found


@pytest.mark.parametrize(
    ("shape", "dims", "out", "runtime", "taken"),
    [
        ((1, 1, 10), [0, 1], (10,), 12, True),
        ((5, 1, 10), [1], (5, 10), 12, False),
        ((5, 1, 10), [1], (5, 10), 13, True),
        ((1, 5, 10), [], (5, 10), 12, True),
    ],
)
def test_older_runtimes_squeeze_in_front(net, refusals, shape, dims, out, runtime, taken):
    n = net()
    n.op("SQUEEZE", [n.input(*shape)], *out, squeeze_dims=dims)

    assert (refusals(n, runtime) == []) == taken


def test_tile_and_transpose_are_mapped(net, refusals):
    tile, transpose = net(), net()
    tile.op("TILE", [tile.input(1, 2, 4), tile.constant([1, 2, 1])], 1, 4, 4)
    transpose.op("TRANSPOSE", [transpose.input(1, 2, 4), transpose.constant([0, 2, 1])], 1, 4, 2)

    assert refusals(tile) == refusals(transpose) == []


def test_an_lstm_is_mapped_from_runtime_14(net, refusals):
    n = net()
    n.lstm(n.input(1, 5, 3), 4)

    assert refusals(n) == []
    assert [r.rule for r in refusals(n, 13)] == ["runtime 14 or later"]


@pytest.mark.parametrize("version", [5, 6])
def test_convolutions_go_up_to_version_5(net, refusals, version):
    n = net()
    x = n.input(1, 2, 2, 3)
    filters = n.constant([[[[1, 2, 3]]]], "int8", scale=0.5, zero_point=0)
    options = {"padding": "SAME", "stride_w": 1, "stride_h": 1}
    biases = n.constant([0], "int32", scale=0.25, zero_point=0)
    n.op("CONV_2D", [x, filters, biases], 1, 2, 2, 1, version=version, **options)

    assert [str(r)[:36] for r in refusals(n)] == (
        [] if version == 5 else ["needs version 1..5, found version 6 "]
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SQUARE", "use MUL of x by itself"),
        ("HARD_SWISH", "use RELU6 (as EfficientNet-Lite does)"),
        (
            "DEQUANTIZE",
            "keep what it feeds in int8 or uint8, the model's outputs too, or leave it at the end",
        ),
        ("Mine", "replace it by ops of the table, or move it behind the last op that is mapped"),
    ],
)
def test_an_op_that_the_chip_lacks_has_a_way_out(net, refusals, name, hint):
    n = net()
    n.op(name, [n.input(1, 4)], 1, 4)

    assert refusals(n)[0].hint == hint


@pytest.mark.parametrize(
    ("dtype", "hint"),
    [
        ("int16", "quantize the model with int8 activations, not int16"),
        ("int32", "it works on int32, which belongs on the CPU: keep it in front of the model, or behind"),
    ],
)
def test_other_types_have_a_way_out(net, refusals, dtype, hint):
    n = net(dtype)
    n.op("ADD", [n.input(1, 4), n.input(1, 4)], 1, 4)

    assert refusals(n)[0].hint == hint


def test_every_constraint_says_a_way_out():
    rows = load_delegate("edgetpu").table.rows

    assert [c.rule for row in rows for c in row.constraints if not c.hint] == []


def test_an_unknown_runtime_version_is_an_error():
    with pytest.raises(ValueError, match=r"'runtime_version' of delegate 'edgetpu' needs 10 \| 11"):
        load_delegate("edgetpu", {"runtime_version": 9})
