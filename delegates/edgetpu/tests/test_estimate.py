"""Estimates of single ops and of caches, against arithmetic written out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from delegraph import Builder, DelegraphError, Op
from delegraph_edgetpu.estimate import CLOCK_HZ, co_compile, estimate, segments
from delegraph_edgetpu.estimate_published import mobilenet_v1

MIB = 2**20


def conv(
    size: int, inputs: int, outputs: int, kernel: int = 1, *, stride: int = 1, per_channel: bool = False
) -> Op:
    g = Builder()
    x = g.input((1, size, size, inputs), "int8", scale=1.0, zero_point=0)
    scale: Any = np.full(outputs, 0.5) if per_channel else 0.5
    filter_ = g.constant(np.zeros((outputs, kernel, kernel, inputs), np.int8), scale=scale)
    bias = g.constant(np.zeros(outputs, np.int32))
    y = g.tensor((1, -(-size // stride), -(-size // stride), outputs), "int8", scale=1.0, zero_point=0)
    g.op("CONV_2D", [x, filter_, bias], [y], padding="SAME", stride_h=stride, stride_w=stride)
    return only_op(g)


def depthwise(size: int, channels: int, kernel: int = 3, **options: int) -> Op:
    g = Builder()
    x = g.input((1, size, size, channels), "int8", scale=1.0, zero_point=0)
    filter_ = g.constant(np.zeros((1, kernel, kernel, channels), np.int8), scale=0.5)
    bias = g.constant(np.zeros(channels, np.int32))
    y = g.tensor((1, size, size, channels), "int8", scale=1.0, zero_point=0)
    options = {"stride_h": 1, "stride_w": 1, "depth_multiplier": 1, **options}
    g.op("DEPTHWISE_CONV_2D", [x, filter_, bias], [y], padding="SAME", **options)
    return only_op(g)


def fully_connected(inputs: int, outputs: int) -> Op:
    g = Builder()
    x = g.input((1, inputs), "int8", scale=1.0, zero_point=0)
    filter_ = g.constant(np.zeros((outputs, inputs), np.int8), scale=0.5)
    y = g.tensor((1, outputs), "int8", scale=1.0, zero_point=0)
    g.op("FULLY_CONNECTED", [x, filter_, None], [y])
    return only_op(g)


def elementwise(name: str, shape: Sequence[int]) -> Op:
    g = Builder()
    x = g.input(shape, "int8", scale=1.0, zero_point=0)
    g.op(name, [x], [g.tensor(shape, "int8", scale=1.0, zero_point=0)])
    return only_op(g)


def only_op(g: Builder) -> Op:
    (op,) = g.model(outputs=[]).subgraphs[0].ops
    return op


def row(op: Op) -> Any:
    (found,) = estimate([op], cache_bytes=8 * MIB).rows
    return found


def test_nothing_costs_nothing() -> None:
    e = estimate([])
    assert (e.rows, e.cycles, e.seconds, e.parameter_bytes, e.narrow_memory_bytes) == ((), 0, 0.0, 0, 0)
    assert e.cache_bytes == e.cache_remaining == 8 * MIB


def test_a_convolution_takes_16_outputs_by_4_inputs_of_a_pixel_in_a_cycle() -> None:
    # 8 x 8 pixels on 4 x 4 tiles are 4 a tile; 9 taps; 32 inputs are 8 fours; 48 outputs are 3 sixteens
    assert row(conv(8, 32, 48, 3)).compute_cycles == 4 * 9 * 8 * 3


def test_sizes_round_up_to_whole_tiles_fours_and_sixteens() -> None:
    assert row(conv(5, 3, 17)).compute_cycles == row(conv(8, 4, 32)).compute_cycles == 4 * 1 * 1 * 2


def test_multiply_accumulates_are_counted_without_rounding() -> None:
    assert row(conv(5, 3, 17, 3)).macs == 5 * 5 * 17 * 9 * 3
    assert row(depthwise(5, 6)).macs == 5 * 5 * 6 * 9
    assert row(fully_connected(30, 10)).macs == 300
    assert row(elementwise("LOGISTIC", (1, 8, 8, 4))).macs == 0


def test_a_depthwise_convolution_computes_64_channels_of_a_tap_in_a_cycle() -> None:
    assert row(depthwise(8, 64)).compute_cycles == 4 * 9 * 64 // 64


def test_a_depthwise_convolution_is_bound_by_memory() -> None:
    found = row(depthwise(8, 64))
    # 4 pixels of 64 channels are read and written, 6 bytes a cycle: 512 / 6
    assert found.memory_cycles == found.cycles == 86 > found.compute_cycles


def test_the_larger_of_compute_and_memory_is_the_time() -> None:
    found = row(conv(8, 32, 48, 3))
    assert found.memory_cycles == -(-4 * (32 + 48) // 6) < found.compute_cycles
    assert found.cycles == found.compute_cycles
    assert found.seconds == found.cycles / CLOCK_HZ == found.cycles / 500e6


def test_a_fully_connected_op_computes_in_one_tile() -> None:
    assert row(fully_connected(30, 10)).compute_cycles == 8 * 1
    assert row(fully_connected(32, 1001)).compute_cycles == 8 * 63


def test_an_lstm_multiplies_by_eight_matrices_in_each_step() -> None:
    g = Builder()
    x = g.input((1, 28, 28), "int8", scale=1.0, zero_point=0)
    of_input = [g.constant(np.zeros((20, 28), np.int8), scale=0.5) for _ in range(4)]
    of_output = [g.constant(np.zeros((20, 20), np.int8), scale=0.5) for _ in range(4)]
    y = g.tensor((1, 28, 20), "int8", scale=1.0, zero_point=0)
    g.op("UNIDIRECTIONAL_SEQUENCE_LSTM", [x, *of_input, *of_output], [y])
    found = row(only_op(g))
    assert found.macs == 28 * 4 * (20 * 28 + 20 * 20)
    assert found.compute_cycles == 28 * 4 * (2 * 7 + 2 * 5)
    # 20 outputs are packed as 32, each with 4 bytes besides
    assert found.parameter_bytes == 4 * (32 * (4 + 28) + 32 * (4 + 20))


def test_a_transposed_convolution_goes_by_the_pixels_of_its_input() -> None:
    g = Builder()
    x = g.input((1, 4, 4, 16), "int8", scale=1.0, zero_point=0)
    filter_ = g.constant(np.zeros((8, 2, 2, 16), np.int8), scale=0.5)
    shape = g.constant(np.array([1, 8, 8, 8], np.int32))
    y = g.tensor((1, 8, 8, 8), "int8", scale=1.0, zero_point=0)
    g.op("TRANSPOSE_CONV", [shape, filter_, x], [y], padding="VALID", stride_h=2, stride_w=2)
    found = row(only_op(g))
    assert found.macs == 4 * 4 * 16 * 2 * 2 * 8
    assert found.compute_cycles == 1 * 4 * 4 * 1


def test_a_pool_reads_its_window_and_has_no_products() -> None:
    g = Builder()
    x = g.input((1, 8, 8, 64), "int8", scale=1.0, zero_point=0)
    y = g.tensor((1, 4, 4, 64), "int8", scale=1.0, zero_point=0)
    window = {"filter_height": 2, "filter_width": 2, "stride_h": 2, "stride_w": 2}
    g.op("MAX_POOL_2D", [x], [y], padding="VALID", **window)
    found = row(only_op(g))
    assert (found.macs, found.compute_cycles) == (0, 4)


def test_an_op_of_unknown_kind_costs_what_it_moves() -> None:
    found = row(elementwise("SomebodysOp", (1, 8, 8, 64)))
    assert (found.macs, found.parameter_bytes) == (0, 0)
    assert found.compute_cycles == 4
    assert found.memory_cycles == 86


@pytest.mark.parametrize("shape", [(), (7,), (3, 7), (1, 1, 1, 1, 7), (0, 4)])
def test_tensors_of_any_rank_have_an_estimate(shape: tuple[int, ...]) -> None:
    found = row(elementwise("RELU", shape))
    assert found.activation_bytes == 2 * int(np.prod(shape))
    assert found.cycles >= 0


def test_int16_state_takes_two_bytes_an_element() -> None:
    g = Builder()
    x = g.input((1, 20), "int16", scale=1.0, zero_point=0)
    g.op("RELU", [x], [g.tensor((1, 20), "int16", scale=1.0, zero_point=0)])
    assert estimate([only_op(g)]).narrow_memory_per_tile == 2 * 40


# outputs of at most 64 in sixteens, more in blocks of 64; each with a bias of 4 bytes; inputs in fours
@pytest.mark.parametrize(
    ("inputs", "outputs", "kernel", "nbytes"),
    [
        (3, 8, 3, 16 * (4 + 9 * 4)),
        (8, 16, 1, 16 * (4 + 8)),
        (32, 64, 1, 64 * (4 + 32)),
        (64, 65, 1, 128 * (4 + 64)),
        (256, 1001, 1, 1024 * (4 + 256)),
    ],
)
def test_filters_are_packed_in_blocks_of_outputs(
    inputs: int, outputs: int, kernel: int, nbytes: int
) -> None:
    assert row(conv(4, inputs, outputs, kernel)).parameter_bytes == nbytes


def test_a_scale_for_each_channel_takes_8_bytes_more() -> None:
    plain, per_channel = (row(conv(4, 8, 16, per_channel=p)).parameter_bytes for p in (False, True))
    assert per_channel - plain == 16 * 8


def test_depthwise_filters_are_packed_as_diagonal_matrices() -> None:
    # 16 bytes of biases and 9 matrices of 16 bytes for each four channels
    assert row(depthwise(4, 8)).parameter_bytes == 2 * (16 + 9 * 16)


def test_shapes_and_axes_take_no_parameters_but_quantized_constants_do() -> None:
    g = Builder()
    x = g.input((1, 4, 4, 8), "int8", scale=1.0, zero_point=0)
    g.op("RESHAPE", [x, g.constant(np.array([128], np.int32))], [g.tensor((128,), "int8")])
    assert row(only_op(g)).parameter_bytes == 0
    g = Builder()
    x = g.input((1, 4, 4, 8), "int8", scale=1.0, zero_point=0)
    factor = g.constant(np.zeros((4, 4, 8), np.int8), scale=1.0)
    g.op("MUL", [x, factor], [g.tensor((1, 4, 4, 8), "int8", scale=1.0)])
    assert row(only_op(g)).parameter_bytes == 128


def test_more_of_anything_never_costs_less() -> None:
    small = row(conv(16, 16, 16, 3))
    for larger in (conv(32, 16, 16, 3), conv(16, 32, 16, 3), conv(16, 16, 32, 3), conv(16, 16, 16, 5)):
        found = row(larger)
        assert found.macs > small.macs
        assert found.compute_cycles > small.compute_cycles
        assert found.memory_cycles >= small.memory_cycles
        assert found.parameter_bytes >= small.parameter_bytes


def test_a_window_brings_the_rows_of_its_neighbors_into_the_tile() -> None:
    # 8 x 8 pixels are 2 x 2 a tile; a window of 3 reads 4 x 4 of them
    assert estimate([depthwise(8, 16)]).narrow_memory_per_tile == 4 * 4 * 16 + 2 * 2 * 16


def test_a_dilated_window_reaches_further() -> None:
    op = depthwise(8, 16, dilation_h_factor=2, dilation_w_factor=2)
    assert estimate([op]).narrow_memory_per_tile == 6 * 6 * 16 + 2 * 2 * 16


def test_activations_on_the_chip_are_at_most_3_mib() -> None:
    e = estimate([conv(512, 64, 64)])
    assert e.narrow_memory_per_tile == 196_608
    assert e.narrow_memory_bytes == 3 * MIB


def test_an_op_too_large_for_the_tiles_moves_its_activations_at_half_the_speed() -> None:
    found = row(depthwise(512, 64))
    assert found.memory_cycles == -(-2 * 128 * 128 * 64 * 10 // 31)  # 3.1 bytes a cycle


def test_an_input_read_twice_is_moved_once() -> None:
    g = Builder()
    x = g.input((1, 8, 8, 64), "int8", scale=1.0, zero_point=0)
    g.op("MUL", [x, x], [g.tensor((1, 8, 8, 64), "int8", scale=1.0, zero_point=0)])
    assert row(only_op(g)).memory_cycles == 86


def test_the_cache_is_what_the_largest_activations_leave_of_8_mib() -> None:
    # reads and writes 64 KiB
    assert estimate([conv(32, 64, 64)]).cache_bytes == 8 * MIB - 2 * 64 * 1024
    assert estimate([conv(1024, 16, 16)]).cache_bytes == 0


def test_parameters_that_do_not_fit_the_cache_are_streamed_a_byte_a_cycle() -> None:
    small, large = conv(1, 64, 64), conv(1, 1024, 1024)
    sizes = 64 * (4 + 64), 1024 * (4 + 1024)
    e = estimate([small, large], cache_bytes=5000)
    assert [r.streamed_bytes for r in e.rows] == [0, sizes[1]]
    assert (e.cached_bytes, e.streamed_bytes, e.parameter_bytes) == (*sizes, sum(sizes))
    assert e.cache_remaining == 5000 - sizes[0]
    assert e.rows[1].memory_cycles == e.rows[1].cycles == sizes[1]


def test_what_still_fits_is_cached_behind_what_does_not() -> None:
    e = estimate([conv(1, 1024, 1024), conv(1, 64, 64)], cache_bytes=5000)
    assert [r.streamed_bytes > 0 for r in e.rows] == [True, False]


def test_models_compiled_together_share_one_cache_and_the_first_has_the_choice() -> None:
    a, b = [conv(1, 64, 64)], [conv(1, 128, 64)]
    sizes = 64 * (4 + 64), 64 * (4 + 128)
    first, second = co_compile([a, b], cache_bytes=9000)
    assert (first.streamed_bytes, second.streamed_bytes) == (0, sizes[1])
    assert first.cache_remaining == second.cache_remaining == 9000 - sizes[0]
    second, first = co_compile([b, a], cache_bytes=9000)
    assert (first.streamed_bytes, second.streamed_bytes) == (sizes[0], 0)


def test_models_compiled_together_leave_room_for_the_larger_activations() -> None:
    small, large = [conv(8, 16, 16)], [conv(256, 16, 16)]
    assert {e.cache_bytes for e in co_compile([small, large])} == {8 * MIB - 2 * MIB}


def test_one_model_compiled_together_is_one_model() -> None:
    ops = [conv(8, 16, 16), depthwise(8, 16)]
    assert co_compile([ops]) == [estimate(ops)]


def test_segments_keep_the_order_and_every_op() -> None:
    ops = [conv(8, 16, 16 * n) for n in (5, 1, 4, 1, 3, 2)]
    for count in range(1, 7):
        parts = segments(ops, count)
        assert len(parts) == count
        assert all(parts)
        assert [op for part in parts for op in part] == ops


def test_segments_are_balanced_by_time() -> None:
    ops = [conv(32, 64, 16 * n) for n in (1, 2, 3, 4, 5, 6, 7, 8, 9)]  # compute takes 1 : 2 : ... : 9
    assert [len(part) for part in segments(ops, 3)] == [5, 2, 2]  # 15 : 13 : 17, none better


def test_no_other_cut_has_a_faster_slowest_segment() -> None:
    ops = mobilenet_v1(0.25, 128)[8:22]
    for count in (2, 3, 4):
        slowest = max(estimate(part).cycles for part in segments(ops, count))
        assert slowest == min(
            max(estimate(ops[a:b]).cycles for a, b in pairwise((0, *cuts, len(ops))))
            for cuts in combinations(range(1, len(ops)), count - 1)
        )


def test_parameters_in_each_others_way_do_not_break_a_pipeline() -> None:
    # the second op streams behind its compute; alone in the cache it makes the small ones stream
    ops = [conv(1, 1024, 4096), conv(64, 1024, 4096), *[conv(1, 1024, 512) for _ in range(8)]]
    for count in range(1, 11):
        assert len(segments(ops, count)) == count


def test_a_segment_has_a_cache_of_its_own() -> None:
    # 4.5 MiB each: together one of them streams, apart none
    ops = [conv(1, 2048, 2240) for _ in range(2)]
    assert estimate(ops).streamed_bytes > 0
    assert [estimate(part).streamed_bytes for part in segments(ops, 2)] == [0, 0]


@pytest.mark.parametrize("count", [-1, 0, 3])
def test_more_segments_than_ops_are_refused(count: int) -> None:
    with pytest.raises(DelegraphError, match=rf"needs 1 to 2 segments.*found {count}"):
        segments([conv(8, 16, 16), conv(8, 16, 16)], count)
