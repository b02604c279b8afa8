"""Two delegates are compared tensor by tensor, and each op is judged alone by what its row claims."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from delegraph.interpreter import Interpreter
from delegraph.model import Builder, Model, Tensor
from delegraph.report.compare import Comparison, compare, difference, outputs_of
from delegraph.run import interface_of

X = {"x": np.float32([[1, 2, 3, 4]])}


def compared(
    model: Model, plugins: Any, first: str, second: str, inputs: dict[str, np.ndarray]
) -> Comparison:
    settings: dict[str, Any] = {"model": model, "plugins": plugins}
    real = []
    for name in (first, second):
        with Interpreter(delegates=[name], **settings) as i:
            real.append(outputs_of(i, interface_of(model), inputs))
    settings["experimental_preserve_all_tensors"] = True
    with Interpreter(delegates=[first], **settings) as a, Interpreter(delegates=[second], **settings) as b:
        return compare(a, b, interface_of(model), inputs, (real[0], real[1]))


def tensor_of(dtype: str = "float32", **quantization: Any) -> Tensor:
    return Builder().input((2,), dtype, name="t", **quantization)


def test_a_delegate_equals_itself(products, plugins):
    found = compared(products(), plugins, "exact", "exact", X)
    assert [c.tensor.name for c in found.tensors] == ["a", "y", "z"]
    assert all(c.apart.is_none for c in found.tensors)
    assert found.first_beyond is None
    assert found.exit_code == 2
    assert found.nothing == "both sides run every op on the same delegate with the same options"


def test_the_first_op_beyond_its_claim_is_the_one_that_is_wrong(products, plugins):
    found = compared(products(), plugins, "off", "exact", X)
    assert found.first_beyond is not None
    assert found.first_beyond.op.name == "MUL"
    assert found.first_beyond.labels == ("off", "exact")


def test_an_op_that_only_hands_on_an_earlier_difference_is_within_its_claim(products, plugins):
    found = compared(products(), plugins, "off", "exact", X)
    after = found.tensors[2]
    assert after.tensor.name == "z"
    assert after.apart.max_abs == 2  # y + y, each 1 too large
    assert after.alone is not None
    assert after.alone.is_none
    assert not after.is_beyond


def test_outputs_are_found_by_name(products, plugins):
    found = compared(products(), plugins, "off", "exact", X)
    # y = (x + 1) * 2 is 4 to 10, and 1 more where it is wrong
    assert found.outputs["y"].real.max_abs == 1
    assert found.outputs["y"].real.max_rel == pytest.approx(1 / 11)
    assert found.outputs["z"].real.max_abs == 2


def test_quantized_tensors_are_compared_in_steps_and_in_real_values(products, plugins):
    model = products(dtype="int8", scale=0.5, zero_point=0)
    found = compared(model, plugins, "off", "exact", {"x": np.int8([[1, 2, 3, 4]])})
    assert found.outputs["y"].real.steps == 1
    assert found.outputs["y"].real.max_abs == 0.5
    assert found.first_beyond is not None
    assert found.first_beyond.op.index == 1


def test_the_claims_of_both_delegates_count_together(products, plugins):
    found = compared(products(), plugins, "off", "exact", X)
    claim = found.tensors[1].claim
    assert claim is not None
    assert (claim.steps, claim.rtol) == (0, pytest.approx(2e-5))


# Differences of arrays


def test_a_difference_is_relative_to_the_largest_value():
    found = difference(np.float32([10, 1]), np.float32([10, 3]), tensor_of())
    assert (found.max_abs, found.max_rel, found.steps) == (2, 0.2, None)


def test_unsigned_bytes_do_not_wrap_around():
    found = difference(np.uint8([0, 5]), np.uint8([255, 5]), tensor_of("uint8", scale=2.0, zero_point=3))
    assert (found.steps, found.max_abs) == (255, 510)


def test_integers_beyond_what_a_float_holds_are_told_apart():
    assert difference(np.int64([2**60, 0]), np.int64([2**60 + 1, 0]), tensor_of("int64")).steps == 1


def test_two_that_are_not_a_number_are_equal_and_one_is_not():
    nan, one = np.float32([np.nan, 1]), np.float32([1, 1])
    assert difference(nan, nan, tensor_of()).is_none
    assert difference(nan, one, tensor_of()).max_abs == np.inf


def test_equal_infinities_are_equal_and_opposite_ones_are_not():
    up = np.float32([np.inf, 1])
    assert difference(up, up, tensor_of()).is_none
    assert difference(up, -up, tensor_of()).max_abs == np.inf


def test_zeros_against_something_small_are_apart_as_a_whole():
    found = difference(np.float32([0, 0]), np.float32([1e-9, 0]), tensor_of())
    assert found.max_rel == 1


def test_truths_are_compared_in_steps():
    found = difference(np.array([True, False]), np.array([True, True]), tensor_of("bool"))
    assert (found.steps, found.max_abs) == (1, 1)


def test_arrays_of_other_shapes_are_infinitely_apart():
    assert difference(np.float32([1, 2]), np.float32([1]), tensor_of()).max_abs == np.inf


def test_strings_are_equal_or_infinitely_apart():
    a, b = np.array([b"x", b"y"], object), np.array([b"x", b"z"], object)
    assert difference(a, a.copy(), tensor_of("string")).is_none
    assert difference(a, b, tensor_of("string")).max_abs == np.inf


def test_empty_arrays_are_equal():
    assert difference(np.zeros(0, np.float32), np.zeros(0, np.float32), tensor_of()).is_none
