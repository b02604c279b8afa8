"""The STABLEHLO_* ops that LiteRT does not run, against calculations written out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np
import pytest
from delegraph import Builder, InputError, Model, Op, Tensor, dtype_of
from delegraph.contract import SupportTable
from delegraph.partition.specialize import with_bodies
from delegraph.shapes import infer
from delegraph_reference import kernels

INT_MIN = -(2**31)


def run(
    name: str, arrays: Sequence[np.ndarray], *shape: int, dtype: str | None = None, **options: Any
) -> np.ndarray:
    """Run an op with one output on the row that takes it; hold core's shape rule to the result.

    :param shape: of the output in the file, where the op takes it from there
    """
    (result,) = run_all(name, arrays, [(shape, dtype or dtype_of(arrays[0]))], **options)
    return result


def run_all(
    name: str,
    arrays: Sequence[np.ndarray],
    outputs: Sequence[tuple[Sequence[int], str]],
    body: Callable[[Builder], int] | None = None,
    **options: Any,
) -> list[np.ndarray]:
    op = shaped(an_op(name, arrays, outputs, body, **options))
    table = SupportTable("reference", rows(name))
    row = table.row_for(op)
    assert row is not None, "; ".join(map(str, table.refusals(op)))
    results = row.kernel(op)(*arrays)
    assert [r.shape for r in results] == [t.shape for t in op.outputs]
    assert [dtype_of(r) for r in results] == [dtype for _, dtype in outputs]
    return list(results)


def refusal(
    name: str, arrays: Sequence[np.ndarray], *shape: int, dtype: str | None = None, **options: Any
) -> str:
    op = an_op(name, arrays, [(shape, dtype or dtype_of(arrays[0]))], **options)
    return "; ".join(map(str, SupportTable("reference", rows(name)).refusals(op)))


def an_op(
    name: str,
    arrays: Sequence[np.ndarray],
    outputs: Sequence[tuple[Sequence[int], str]],
    body: Callable[[Builder], int] | None = None,
    **options: Any,
) -> Op:
    g = Builder()
    results = [g.tensor(shape, dtype) for shape, dtype in outputs]
    inputs = [g.input(a.shape, dtype_of(a)) for a in arrays]
    if body is not None:
        field = "comparator_subgraph_index" if name == "SORT" else "body_subgraph_index"
        options[field] = body(g)
    g.op(f"STABLEHLO_{name}", inputs, results, **options)
    model: Model = g.model(outputs=results)
    return with_bodies(model.subgraphs[0], model).ops[0]


def shaped(op: Op) -> Op:
    given = [None if t is None else t.shape for t in op.inputs]
    found = infer(op, given, lambda i: None)
    outputs: list[Tensor] = [attrs.evolve(t, shape=s) for t, s in zip(op.outputs, found, strict=True)]
    return attrs.evolve(op, outputs=tuple(outputs))


def rows(name: str) -> Any:
    return kernels.rows().rows_of(f"STABLEHLO_{name}")


def numbers(*shape: int, dtype: str = "float32") -> np.ndarray:
    """Return whole numbers of both signs in no order."""
    count = math.prod(shape)
    return (np.arange(count) * 7 % 11 - 5).astype(dtype).reshape(shape)


UNARY = {
    "ABS": abs,
    "CBRT": lambda x: math.copysign(abs(x) ** (1 / 3), x),
    "COSINE": math.cos,
    "EXPONENTIAL": math.exp,
    "FLOOR": math.floor,
    "LOG": lambda x: math.log(x) if x > 0 else math.nan,
    "LOGISTIC": lambda x: 1 / (1 + math.exp(-x)),
    "NEGATE": lambda x: -x,
    "RSQRT": lambda x: 1 / math.sqrt(x) if x > 0 else math.nan,
    "TANH": math.tanh,
}


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_float(name: str, dtype: str) -> None:
    x = np.array([[-3.25, -1.5, -0.001], [0.001, 2.5, 7.75]], dtype)
    expected = np.array([[UNARY[name](float(v)) for v in row] for row in x])
    np.testing.assert_allclose(run(name, [x]), expected.astype(dtype), rtol=2 * np.finfo(dtype).eps)


def test_the_smallest_integer_has_no_absolute_value_and_no_negative() -> None:
    x = np.array([INT_MIN, -3, 0, 5], np.int32)
    assert run("ABS", [x]).tolist() == [INT_MIN, 3, 0, 5]
    assert run("NEGATE", [x]).tolist() == [INT_MIN, 3, 0, -5]


def test_bfloat16_is_rounded_once() -> None:
    """Of 1.0, 0x3f80, it makes e with 8 bits: 2.71875, 0x402e."""
    g = Builder()
    g.op("STABLEHLO_EXPONENTIAL", [g.input((1,), "bfloat16")], [g.tensor((1,), "bfloat16")])
    op = g.model().subgraphs[0].ops[0]
    row = SupportTable("reference", rows("EXPONENTIAL")).row_for(op)
    assert row is not None
    (found,) = row.kernel(op)(np.array([0x3F80], np.uint16))
    assert found.tolist() == [0x402E]


def test_integers_are_divided_toward_zero() -> None:
    x = np.array([7, -7, 7, -7, 5, INT_MIN, 0], np.int32)
    y = np.array([2, 2, -2, -2, 0, -1, 3], np.int32)
    assert run("DIVIDE", [x, y]).tolist() == [3, -3, -3, 3, -1, INT_MIN, 0]
    assert run("REMAINDER", [x, y]).tolist() == [1, -1, 1, -1, 5, 0, 0]


def test_a_byte_divided_by_zero_has_all_bits_set() -> None:
    x, y = np.array([200, 200], np.uint8), np.array([0, 7], np.uint8)
    assert run("DIVIDE", [x, y]).tolist() == [255, 28]
    assert run("REMAINDER", [x, y]).tolist() == [200, 4]


def test_floats_are_divided_as_ieee_says() -> None:
    x, y = np.array([7.5, -7.5, 1], np.float32), np.array([2, 2, 0], np.float32)
    assert run("DIVIDE", [x, y]).tolist() == [3.75, -3.75, math.inf]
    assert run("REMAINDER", [x, y]).tolist()[:2] == [1.5, -1.5]
    assert math.isnan(run("REMAINDER", [x, y])[2])


def test_powers_of_integers_wrap_and_negative_ones_are_cut() -> None:
    x = np.array([2, 3, -1, -1, 1, 2, 0, 127], np.int8)
    y = np.array([7, 5, -3, -2, -9, -1, -1, -1], np.int8)
    assert run("POWER", [x, y]).tolist() == [-128, 243 - 256, -1, 1, 1, 0, -1, 0]


def test_powers_of_floats() -> None:
    x, y = np.array([2, 4, 0], np.float32), np.array([-1, 0.5, 0], np.float32)
    assert run("POWER", [x, y]).tolist() == [0.5, 2, 1]


def test_differences_wrap_and_bits_are_joined() -> None:
    x, y = np.array([3, 200], np.uint8), np.array([5, 7], np.uint8)
    assert run("SUBTRACT", [x, y]).tolist() == [254, 193]
    assert run("OR", [x, y]).tolist() == [7, 207]
    assert run("OR", [np.array([True, False]), np.array([False, False])]).tolist() == [True, False]


def test_shapes_that_differ_are_refused() -> None:
    assert "needs operands of one shape, found 2 and 1" in refusal("SUBTRACT", [numbers(2), numbers(1)])


@pytest.mark.parametrize("condition", [np.array([True, False]), np.array(True)])
def test_values_are_selected_by_a_condition_or_a_scalar(condition: np.ndarray) -> None:
    x, y = np.array([1, 2], np.int32), np.array([3, 4], np.int32)
    expected = [1, 4] if condition.ndim else [1, 2]
    assert run("SELECT", [condition, x, y], dtype="int32").tolist() == expected


def test_values_are_clamped_by_scalars_or_one_by_one() -> None:
    x = np.array([-5, 0.5, 5], np.float32)
    low, high = np.float32(-1), np.array([1, 0, 9], np.float32)
    assert run("CLAMP", [np.array(low), x, high]).tolist() == [-1, 0, 5]


DIRECTION, TYPE = "STABLEHLO_COMPARISON_DIRECTION_", "STABLEHLO_COMPARISON_TYPE_"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EQ", [0, 1, 0, 0, 1]),
        ("NE", [1, 0, 1, 1, 0]),
        ("LT", [1, 0, 0, 0, 0]),
        ("LE", [1, 1, 0, 0, 1]),
        ("GT", [0, 0, 1, 0, 0]),
        ("GE", [0, 1, 1, 0, 1]),
    ],
)
def test_floats_are_compared_and_nan_is_no_number(name: str, expected: list[int]) -> None:
    x, y = np.array([1, 2, 3, np.nan, -0.0], np.float32), np.array([2, 2, 2, np.nan, 0.0], np.float32)
    assert run("COMPARE", [x, y], dtype="bool", comparison_direction=DIRECTION + name).tolist() == expected


def test_in_total_order_zeros_and_nan_have_their_places() -> None:
    ordered = np.array([-np.nan, -np.inf, -1, -0.0, 0.0, 1, np.inf, np.nan], np.float32)
    ordered[0] = np.copysign(np.float32(np.nan), -1)
    options = {"comparison_direction": DIRECTION + "LT", "compare_type": TYPE + "FLOAT_TOTAL_ORDER"}
    assert run("COMPARE", [ordered[:-1], ordered[1:]], dtype="bool", **options).all()
    assert not run("COMPARE", [ordered, ordered], dtype="bool", **options).any()


def test_values_are_converted_to_another_type() -> None:
    x = np.array([-1.75, 0, 2.5], np.float32)
    assert run("CONVERT", [x], dtype="int32").tolist() == [-1, 0, 2]
    assert run("CONVERT", [x], dtype="bool").tolist() == [True, False, True]


def test_values_take_another_shape_and_order() -> None:
    x = numbers(2, 3)
    np.testing.assert_array_equal(run("RESHAPE", [x], 3, 2), x.reshape(3, 2))
    np.testing.assert_array_equal(run("TRANSPOSE", [x], permutation=[1, 0]), x.T)
    assert run("RESHAPE", [numbers(1)]).shape == ()
    assert run("TRANSPOSE", [np.array(3.0, np.float32)], permutation=[]).shape == ()


def test_a_reshape_to_other_sizes_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"needs an output of as many values, found 4 for 2×3"):
        run("RESHAPE", [numbers(2, 3)], 4)


def test_a_tensor_is_repeated_along_new_axes() -> None:
    x = numbers(3, 1)
    found = run("BROADCAST_IN_DIM", [x], 2, 4, 3, broadcast_dimensions=[2, 1])
    assert all(found[i, j, k] == x[k, 0] for i, j, k in np.ndindex(2, 4, 3))


def test_an_axis_that_does_not_fit_is_refused() -> None:
    found = refusal("BROADCAST_IN_DIM", [numbers(3)], 2, 4, broadcast_dimensions=[1])
    assert found.endswith("found 3 along (1,) of 2×4")


def test_tensors_are_put_one_behind_the_other() -> None:
    parts = [numbers(2, 1, dtype="int8"), numbers(2, 3, dtype="int8")]
    found = run("CONCATENATE", parts, dimension=1)
    assert found.tolist() == [[*parts[0][i], *parts[1][i]] for i in range(2)]


def test_a_slice_in_steps() -> None:
    x = numbers(5, 7)
    options = {"start_indices": [1, 0], "limit_indices": [4, 7], "strides": [2, 3]}
    np.testing.assert_array_equal(run("SLICE", [x], **options), x[[1, 3]][:, [0, 3, 6]])


def test_a_slice_that_reaches_beyond_is_an_input_error() -> None:
    with pytest.raises(
        InputError, match=r"needs slices inside of shape 5, found \(1,\) to \(6,\) in steps of \(1,\)"
    ):
        run("SLICE", [numbers(5)], start_indices=[1], limit_indices=[6], strides=[1])


def test_blocks_at_computed_places_are_moved_inside() -> None:
    x, starts = numbers(4, 5), [np.array(3, np.int32), np.array(-2, np.int32)]
    np.testing.assert_array_equal(run("DYNAMIC_SLICE", [x, *starts], slice_sizes=[2, 2]), x[2:4, 0:2])
    update = np.full((2, 2), 9, np.float32)
    expected = x.copy()
    expected[2:4, 0:2] = 9
    np.testing.assert_array_equal(run("DYNAMIC_UPDATE_SLICE", [x, update, *starts]), expected)


def test_numbers_count_along_an_axis() -> None:
    found = run("IOTA", [], 2, 3, dtype="int32", iota_dimension=1)
    assert found.tolist() == [[0, 1, 2], [0, 1, 2]]


@pytest.mark.parametrize(
    ("dtype", "out"), [("float32", "float32"), ("float16", "float32"), ("int8", "int32")]
)
def test_products_are_summed_up_batch_by_batch(dtype: str, out: str) -> None:
    x, y = numbers(3, 2, 4, dtype=dtype), numbers(2, 4, 5, 3, dtype=dtype)
    options = {
        "lhs_batching_dimensions": [1],
        "rhs_batching_dimensions": [0],
        "lhs_contracting_dimensions": [2, 0],
        "rhs_contracting_dimensions": [1, 3],
    }
    found = run("DOT_GENERAL", [x, y], dtype=out, **options)
    for b, j in np.ndindex(2, 5):
        cells = itertools.product(range(4), range(3))
        assert found[b, j] == sum(int(x[n, b, k]) * int(y[b, k, j, n]) for k, n in cells)


def test_a_dot_product_of_two_matrices_wraps() -> None:
    x, y = np.full((1, 3), 100, np.int8), np.full((3, 1), 2, np.int8)
    options = {"lhs_contracting_dimensions": [1], "rhs_contracting_dimensions": [0]}
    assert run("DOT_GENERAL", [x, y], **options).tolist() == [[600 - 512]]


@pytest.mark.parametrize(("groups", "batch_groups"), [(1, 1), (2, 1), (1, 2)])
def test_a_convolution_with_every_option(groups: int, batch_groups: int) -> None:
    """x: (features, batch, 5, 4), kernel: (3, in, out, 2), result: (features, 8, 2, batch).

    Rows: 5 spread to 9 with 1 in front, windows of 3. Columns: 4 less 1, with 2 behind, windows of 3
    every 2.
    """
    x, kernel = numbers(4, 2, 5, 4), numbers(3, 4 // groups, 6, 2)
    options = {
        "window_strides": [1, 2],
        "padding": [1, 0, -1, 2],
        "lhs_dilation": [2, 1],
        "rhs_dilation": [1, 2],
        "window_reversal": [True, False],
        "input_feature_dimension": 0,
        "input_batch_dimension": 1,
        "input_spatial_dimensions": [2, 3],
        "kernel_spatial_dimensions": [0, 3],
        "kernel_input_feature_dimension": 1,
        "kernel_output_feature_dimension": 2,
        "output_feature_dimension": 0,
        "output_batch_dimension": 3,
        "output_spatial_dimensions": [1, 2],
        "feature_group_count": groups,
        "batch_group_count": batch_groups,
    }
    found = run("CONVOLUTION", [x, kernel], **options)
    assert found.shape == (6, 8, 2, 2 // batch_groups)
    for out, row, column, image in np.ndindex(*found.shape):
        part = out // (6 // (groups * batch_groups))  # of the filters
        source = image if batch_groups == 1 else part * (2 // batch_groups) + image
        first = part * (4 // groups) if groups > 1 else 0
        total = 0.0
        for v, w, c in np.ndindex(3, 2, 4 // groups):
            at, across = row + v - 1, 2 * column + 2 * w + 1
            if at % 2 == 0 and 0 <= at // 2 < 5 and 0 <= across < 4:
                total += x[first + c, source, at // 2, across] * kernel[2 - v, c, out, w]
        assert found[out, row, column, image] == total


def a_body(name: str, dtype: str) -> Callable[[Builder], int]:
    def build(g: Builder) -> int:
        body = g.subgraph("body")
        arguments = [body.input((), dtype), body.input((), dtype)]
        body.op(name, arguments, [body.tensor((), dtype)])
        return body.index

    return build


@pytest.mark.parametrize(
    ("name", "dtype", "init", "function"),
    [
        ("STABLEHLO_ADD", "float32", 1, sum),
        ("STABLEHLO_MAXIMUM", "int32", 3, max),
        ("STABLEHLO_MINIMUM", "int32", -3, min),
        ("MUL", "int64", 2, math.prod),
    ],
)
def test_values_along_axes_are_reduced(name: str, dtype: str, init: int, function: Any) -> None:
    x = numbers(2, 3, 4, dtype=dtype)
    (found,) = run_all(
        "REDUCE", [x, np.array(init, dtype)], [((3,), dtype)], a_body(name, dtype), dimensions=[0, 2]
    )
    for i in range(3):
        assert found[i] == function([init, *x[:, i].reshape(-1).tolist()])


def test_whether_any_holds() -> None:
    x = np.array([[False, True], [False, False]])
    (found,) = run_all(
        "REDUCE", [x, np.array(False)], [((2,), "bool")], a_body("STABLEHLO_OR", "bool"), dimensions=[1]
    )
    assert found.tolist() == [True, False]


def test_a_sum_of_bytes_wraps() -> None:
    x = np.array([200, 100], np.uint8)
    (found,) = run_all(
        "REDUCE",
        [x, np.array(1, np.uint8)],
        [((), "uint8")],
        a_body("STABLEHLO_ADD", "uint8"),
        dimensions=[0],
    )
    assert found == 45


def a_comparator(
    direction: str, dtypes: Sequence[str], key: int, **options: Any
) -> Callable[[Builder], int]:
    def build(g: Builder) -> int:
        body = g.subgraph("comparator")
        arguments = [body.input((), dtype) for dtype in dtypes for _ in range(2)]
        pair = arguments[2 * key : 2 * key + 2]
        options["comparison_direction"] = DIRECTION + direction
        body.op("STABLEHLO_COMPARE", pair, [body.tensor((), "bool")], **options)
        return body.index

    return build


def test_values_rise_or_fall_along_an_axis() -> None:
    x = numbers(3, 5)
    for direction, falling in (("LT", False), ("GT", True)):
        body = a_comparator(direction, ["float32"], 0)
        (found,) = run_all("SORT", [x], [((3, 5), "float32")], body, dimension=1)
        assert found.tolist() == [sorted(row, reverse=falling) for row in x.tolist()]


@pytest.mark.parametrize("direction", ["LT", "GT"])
def test_values_of_one_tensor_sort_another_and_equal_ones_keep_their_order(direction: str) -> None:
    keys, values = np.array([2, 1, 2, 1, 3], np.int32), np.array([0, 1, 2, 3, 4], np.float32)
    body = a_comparator(direction, ["float32", "int32"], 1)
    outputs = [((5,), "float32"), ((5,), "int32")]
    found, order = run_all("SORT", [values, keys], outputs, body, dimension=0, is_stable=True)
    assert found.tolist() == ([1, 3, 0, 2, 4] if direction == "LT" else [4, 0, 2, 1, 3])
    assert order.tolist() == sorted(keys, reverse=direction == "GT")


def test_a_comparator_of_another_kind_is_refused() -> None:
    x = numbers(4)
    op = an_op("SORT", [x], [((4,), "float32")], a_comparator("EQ", ["float32"], 0), dimension=0)
    (why,) = SupportTable("reference", rows("SORT")).refusals(op)
    assert "needs a comparator that is STABLEHLO_COMPARE, LT or GT" in str(why)
