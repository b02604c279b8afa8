"""MediaPipe's custom ops, which LiteRT does not run, against calculations written out."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from delegraph import Builder, InputError, Op
from delegraph.contract import SupportTable
from delegraph_reference.kernels import (
    convolution_2d_transpose_bias,
    landmarks_2_transform_matrix,
    max_pooling_with_argmax_2d,
    max_unpooling_2d,
    transform_landmarks,
    transform_tensor_bilinear,
)
from flatbuffers import flexbuffers

SAME, VALID = 1, 2


def run(
    module: Any, arrays: Sequence[np.ndarray], stored: bytes, version: int = 1
) -> tuple[np.ndarray, ...]:
    """Run an op on the only row that takes it, and hold its shape rule to the results."""
    op, table = an_op(module, arrays, stored, version), SupportTable("reference", module.SUPPORT)
    row = table.row_for(op)
    assert row is not None, "; ".join(map(str, table.refusals(op)))
    results = row.kernel(op)(*arrays)
    assert [r.shape for r in results] == list(row.shapes(op, [a.shape for a in arrays]))
    assert all(r.dtype == np.float32 for r in results)
    return results


def refusal(module: Any, arrays: Sequence[np.ndarray], stored: bytes, version: int = 1) -> str:
    op = an_op(module, arrays, stored, version)
    return "; ".join(map(str, SupportTable("reference", module.SUPPORT).refusals(op)))


def an_op(module: Any, arrays: Sequence[np.ndarray], stored: bytes, version: int) -> Op:
    g, outputs = Builder(), len(module.SUPPORT[0].types.split("->")[1].split())
    inputs = [g.input(a.shape, "float32") for a in arrays]
    results = [g.tensor((), "float32") for _ in range(outputs)]
    g.op(module.SUPPORT[0].op, inputs, results, version=version, custom_options=stored)
    return g.model().subgraphs[0].ops[0]


def numbers(*shape: int) -> np.ndarray:
    """Return small numbers of both signs, none of them twice."""
    count = int(np.prod(shape))
    return ((np.arange(count) * 37 % count - count // 2) / 8).astype(np.float32).reshape(shape)


def pool(padding: int, stride: tuple[int, int], size: tuple[int, int], activation: int = 0) -> bytes:
    """Return TfLitePoolParams: strides and sizes are (height, width)."""
    return struct.pack("<8i", padding, stride[1], stride[0], size[1], size[0], activation, -1, -1)


@pytest.mark.parametrize("padding", [SAME, VALID])
@pytest.mark.parametrize("size", [(5, 6), (3, 3), (1, 4)])
@pytest.mark.parametrize("stride", [(2, 2), (1, 3)])
@pytest.mark.parametrize("filters", [(3, 3), (2, 2), (4, 1)])
def test_each_pixel_spreads_over_its_window(
    padding: int, size: tuple[int, int], stride: tuple[int, int], filters: tuple[int, int]
) -> None:
    x, weights, bias = numbers(2, *size, 3), numbers(4, *filters, 3), numbers(4)
    (found,) = run(
        convolution_2d_transpose_bias, [x, weights, bias], struct.pack("<3i", padding, stride[1], stride[0])
    )
    axes = list(zip(size, stride, filters, strict=True))
    cut = [max(0, f - (n - 1) % s - 1) if padding == SAME else 0 for n, s, f in axes]
    sides = [s * (n - 1) + f - c for (n, s, f), c in zip(axes, cut, strict=True)]
    expected = np.zeros((2, *sides, 4)) + bias
    for b, y, u, v, w in np.ndindex(2, *size, *filters):
        row, column = y * stride[0] - cut[0] // 2 + v, u * stride[1] - cut[1] // 2 + w
        if 0 <= row < sides[0] and 0 <= column < sides[1]:
            expected[b, row, column] += weights[:, v, w].astype(np.float64) @ x[b, y, u]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-5)


def test_a_bias_of_another_size_is_refused() -> None:
    arrays = [numbers(1, 2, 2, 3), numbers(4, 2, 2, 3), numbers(3)]
    found = refusal(convolution_2d_transpose_bias, arrays, struct.pack("<3i", SAME, 2, 2))
    assert "needs one value of the bias for each output channel, found 3" in found


def test_options_that_are_too_short_are_refused() -> None:
    arrays = [numbers(1, 2, 2, 3), numbers(4, 2, 2, 3), numbers(4)]
    found = refusal(convolution_2d_transpose_bias, arrays, b"\1\0\0\0")
    assert "custom options need 12 bytes or more, found 4" in found


@pytest.mark.parametrize("padding", [SAME, VALID])
@pytest.mark.parametrize("size", [(5, 6), (4, 4)])
@pytest.mark.parametrize("stride", [(2, 2), (1, 3)])
@pytest.mark.parametrize("window", [(2, 2), (3, 2)])
@pytest.mark.parametrize("activation", [0, 1, 3])
def test_the_largest_value_of_a_window_and_its_place(
    padding: int, size: tuple[int, int], stride: tuple[int, int], window: tuple[int, int], activation: int
) -> None:
    x = np.round(numbers(2, *size, 3))  # with equal values: the first one's place counts
    values, places = run(max_pooling_with_argmax_2d, [x], pool(padding, stride, window, activation))
    axes = zip(values.shape[1:3], stride, window, size, strict=True)
    before = [max(0, (n - 1) * s + w - d) // 2 for n, s, w, d in axes]
    bounds = {0: (-np.inf, np.inf), 1: (0, np.inf), 3: (0, 6)}[activation]
    for b, y, u, c in np.ndindex(*values.shape):
        best, place = -math.inf, 0
        for v, w in np.ndindex(*window):
            row, column = y * stride[0] - before[0] + v, u * stride[1] - before[1] + w
            if 0 <= row < size[0] and 0 <= column < size[1] and x[b, row, column, c] > best:
                best, place = x[b, row, column, c], v * window[1] + w
        assert values[b, y, u, c] == min(max(best, bounds[0]), bounds[1])
        assert places[b, y, u, c] == np.float32(place) + np.float32(0.1)


def test_an_unknown_padding_is_refused() -> None:
    found = refusal(max_pooling_with_argmax_2d, [numbers(1, 4, 4, 1)], pool(0, (2, 2), (2, 2)))
    assert "needs padding SAME or VALID, found UNKNOWN" in found


def test_unpooling_puts_values_back_where_pooling_found_them() -> None:
    x = numbers(2, 6, 4, 3)
    options = pool(SAME, (2, 2), (2, 2))
    values, places = run(max_pooling_with_argmax_2d, [x], options)
    (found,) = run(max_unpooling_2d, [values, places], options)
    blocks = x.reshape(2, 3, 2, 2, 2, 3)
    largest = (blocks == blocks.max((2, 4), keepdims=True)).reshape(x.shape)
    np.testing.assert_array_equal(found, np.where(largest, x, 0))


def test_of_two_values_for_one_place_the_later_one_stays() -> None:
    """Windows of 2 every 1: all values come to lie in column 1 or behind it."""
    values = np.array([[[[1], [2], [3]]]], np.float32)
    places = np.array([[[[1.1], [0.1], [1.1]]]], np.float32)
    (found,) = run(max_unpooling_2d, [values, places], pool(VALID, (1, 1), (1, 2)))
    assert found.ravel().tolist() == [0, 2, 0, 3, 0, 0]


def test_places_outside_of_the_output_are_left_out() -> None:
    values = np.array([[[[1], [2], [3], [4]]]], np.float32)
    places = np.array([[[[0.1], [1e9], [np.nan], [-9.0]]]], np.float32)
    (found,) = run(max_unpooling_2d, [values, places], pool(VALID, (1, 2), (1, 2)))
    assert found.ravel().tolist() == [1, 0, 0, 0, 0, 0, 0, 0]


def bilinear(height: int, width: int) -> bytes:
    return bytes(flexbuffers.Dumps({"output_height": height, "output_width": width}))


def matrix(a: float, b: float, c: float, d: float, e: float, f: float) -> np.ndarray:
    """Return the 4 x 4 matrix of x' = a x + b y + c, y' = d x + e y + f."""
    return np.array([[[a, b, 0, c], [d, e, 0, f], [0, 0, 1, 0], [0, 0, 0, 1]]], np.float32)


def test_the_identity_shows_the_image() -> None:
    image = numbers(1, 4, 5, 2)
    (found,) = run(transform_tensor_bilinear, [image, matrix(1, 0, 0, 0, 1, 0)], bilinear(4, 5), 2)
    np.testing.assert_array_equal(found, image)


def test_between_pixels_values_are_interpolated_and_outside_they_are_zero() -> None:
    """Version 1: output (x, y) shows the image at (x / 2 + 0.25, y + 0.5)."""
    image = np.array([[[[0], [4]], [[8], [16]]]], np.float32)
    stored = bytes(flexbuffers.Dumps({"mode": "bilinear", "output_size": [2, 3]}))
    (found,) = run(transform_tensor_bilinear, [image, matrix(0.5, 0, 0.25, 0, 1, 0.5)], stored, 1)
    # row 0 lies between the image's rows: 4 to 10; at 0.25 and 0.75. Column 2 is at 1.25, row 1 at 1.5.
    assert found[0, :, :, 0].tolist() == [[5.5, 8.5, 0], [0, 0, 0]]


def test_in_version_2_the_centers_of_pixels_are_at_a_half() -> None:
    """Half the size: output pixel (0, 0) has its center at 0.5, the image's 1.0: between four pixels."""
    image = np.array([[[[0], [4]], [[8], [16]]]], np.float32)
    (found,) = run(transform_tensor_bilinear, [image, matrix(2, 0, 0, 0, 2, 0)], bilinear(1, 1), 2)
    assert found.ravel().tolist() == [7.0]


def test_another_mode_than_bilinear_is_refused() -> None:
    stored = bytes(flexbuffers.Dumps({"mode": "nearest", "output_size": [2, 3]}))
    found = refusal(transform_tensor_bilinear, [numbers(1, 2, 2, 1), matrix(1, 0, 0, 0, 1, 0)], stored)
    assert found == "needs mode bilinear, found nearest"


def test_an_output_size_that_is_missing_is_an_input_error() -> None:
    op = an_op(transform_tensor_bilinear, [numbers(1, 2, 2, 1), numbers(16)], bilinear(1, 1), 1)
    with pytest.raises(InputError, match=r"needs a height and a width as output_size, found \(\)"):
        transform_tensor_bilinear.shapes(op, [(1, 2, 2, 1), (16,)])


def test_points_move_and_their_third_coordinate_stays() -> None:
    points = np.array([[[[1, 2, 3, -4, 5, 6]]]], np.float32)
    stored = bytes(flexbuffers.Dumps({"dimensions": 3, "scale": 10.0}))
    (found,) = run(transform_landmarks, [points, matrix(2, 1, 0.5, -1, 3, 0.25)], stored)
    # x: 2 + 2 + 5 and -8 + 5 + 5; y: -1 + 6 + 2.5 and 4 + 15 + 2.5
    assert found.ravel().tolist() == [9, 7.5, 3, 2, 21.5, 6]


def test_in_version_2_the_last_axis_says_the_dimensions() -> None:
    points = np.array([[[1, 2], [-4, 5]]], np.float32)
    (found,) = run(transform_landmarks, [points, matrix(2, 1, 0.5, -1, 3, 0.25)], b"", 2)
    assert found.tolist() == [[[4.5, 5.25], [-2.5, 19.25]]]


def test_four_dimensions_are_refused() -> None:
    found = refusal(transform_landmarks, [numbers(1, 2, 4), numbers(16)], b"", 2)
    assert "needs points of 2 or 3 dimensions" in found


def test_the_crop_of_a_turned_face_in_pixels() -> None:
    """Eyes at (2, 1) and (2, 3): the face is turned by 90 degrees. The box of all points is turned, too.

    Under -90 degrees, (x, y) → (y, -x): points (1, -2), (3, -2), (2, -6): 2 wide, 4 high, center (2, -4),
    which is (4, 2) in the image. Output pixel (0, 0) of 10 x 20 at scale 1 is the
    box's corner (1, -6): (6, 1).
    """
    points = np.array([[[2, 1, 7], [2, 3, 7], [6, 2, 7]]], np.float32)
    options = {
        "subset_idxs": [0, 1, 2],
        "left_rotation_idx": 0,
        "right_rotation_idx": 1,
        "target_rotation_radians": 0.0,
        "output_height": 20,
        "output_width": 10,
        "scale_x": 1.0,
        "scale_y": 1.0,
    }
    (found,) = run(landmarks_2_transform_matrix, [points], bytes(flexbuffers.Dumps(options)), 2)
    assert np.allclose(found[0] @ [0, 0, 0, 1], [6, 1, 0, 1], atol=1e-6)
    assert np.allclose(found[0] @ [10, 20, 0, 1], [2, 3, 0, 1], atol=1e-6)
    assert np.allclose(found[0] @ [5, 10, 3, 1], [4, 2, 3, 1], atol=1e-6)


def test_the_crop_of_an_upright_face_relative_to_a_range() -> None:
    """Points from (20, 40) to (60, 80) of a range of 100, in images of 101 and 11 pixels.

    The last pixels are at 100 and 10. The box, twice as large: (0, 20) to (80, 100): what output
    pixels 0 and 10 show.
    """
    points = np.array([[[[20, 40, 1, 60, 40, 2, 40, 80, 3]]]], np.float32)
    options = {
        "input_hw": [101, 101],
        "output_hw": [11, 11],
        "dimensions": 3,
        "landmarks_range": 100,
        "bbox_size_multiplier": 2.0,
        "left_rotation_idx": 0,
        "right_rotation_idx": 1,
        "subset": [0, 1, 2],
    }
    (found,) = run(landmarks_2_transform_matrix, [points], bytes(flexbuffers.Dumps(options)), 1)
    assert np.allclose(found[0] @ [0, 0, 0, 1], [0, 20, 0, 1], atol=1e-4)
    assert np.allclose(found[0] @ [10, 10, 0, 1], [80, 100, 0, 1], atol=1e-4)


def test_indices_of_points_that_are_not_there_are_refused() -> None:
    options = {"subset_idxs": [0, 9], "output_height": 1, "output_width": 1, "scale_x": 1.0, "scale_y": 1.0}
    stored = bytes(flexbuffers.Dumps(options))
    found = refusal(landmarks_2_transform_matrix, [numbers(1, 3, 3)], stored, 2)
    assert found == "needs indices of points that are there, found (0, 0, 0, 9) of 3"
