"""The oracle itself: it survives what kills LiteRT, and it notices a kernel that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import litert
import numpy as np
import pytest
import special
from delegraph.contract import OpSupport
from delegraph.file import write_model
from delegraph.model import Builder, Model, Op
from one_op import check, difference, inputs_for, random_array

DIGITS = Path(__file__).parents[2] / "docs" / "models" / "digits_int8.tflite"


def test_a_model_runs_in_the_child() -> None:
    image = random_array("int8", (1, 8, 8, 1), seed=1)
    (scores,) = litert.run(DIGITS, [image])
    assert scores.shape == (1, 10)
    assert scores.dtype == np.int8


def test_inputs_may_be_named_by_their_tensor() -> None:
    image = random_array("int8", (1, 8, 8, 1), seed=1)
    index = litert.details(DIGITS)["inputs"][0]["index"]
    np.testing.assert_array_equal(litert.run(DIGITS, {index: image}), litert.run(DIGITS, [image]))


def test_preserved_tensors_can_be_asked_for() -> None:
    image = random_array("int8", (1, 8, 8, 1), seed=1)
    first = litert.details(DIGITS)["ops"][0]["outputs"][0]
    (inner,) = litert.run(DIGITS, [image], outputs=[first], preserve=True)
    assert inner.ndim == 4


def test_what_litert_refuses_is_an_error_with_its_message() -> None:
    with pytest.raises(litert.LiteRTError, match="expected type INT8"):
        litert.run(DIGITS, [np.zeros((1, 8, 8, 1), np.float32)])


def test_a_model_that_kills_litert_is_reported_and_the_next_one_runs() -> None:
    with pytest.raises(litert.LiteRTCrashed) as caught:
        litert.run(write_model(_add_without_quantization()), [np.zeros((2, 2), np.int8)] * 2)
    assert caught.value.signal in ("SIGABRT", "SIGSEGV")
    assert litert.run(DIGITS, [np.zeros((1, 8, 8, 1), np.int8)])


def test_a_request_that_takes_too_long_ends_the_child() -> None:
    with litert.loaded(DIGITS, timeout=0.5) as model, pytest.raises(litert.LiteRTCrashed) as caught:
        model.times(10_000_000, [np.zeros((1, 8, 8, 1), np.int8)])
    assert caught.value.signal == "timeout"


def test_times_come_from_inside_the_child() -> None:
    seconds = litert.time(DIGITS, [np.zeros((1, 8, 8, 1), np.int8)], runs=5)
    assert len(seconds) == 5
    assert min(seconds) > 0


@pytest.mark.parametrize("resolver", ["BUILTIN_REF", "BUILTIN", "BUILTIN_WITHOUT_DEFAULT_DELEGATES"])
def test_a_right_kernel_passes(resolver: str) -> None:
    x = random_array("float32", (2, 3), seed=3)
    assert check(_negation(), [x], kernels=_kernel(lambda x: (-x,)), resolver=resolver) is not None


def test_an_answer_that_is_off_by_one_is_caught() -> None:
    def wrong(x: np.ndarray, perm: np.ndarray) -> tuple[np.ndarray]:
        moved = x.T.copy()
        moved[0, 0] ^= 1
        return (moved,)

    model = _transpose()
    x = inputs_for(model.subgraphs[0].inputs[0], seed=4)
    assert check(model, [x], kernels=_kernel(lambda x, perm: (x.T,), "TRANSPOSE", "int8 int32 -> int8"))
    with pytest.raises(AssertionError, match="1 of 6 values differ"):
        check(model, [x], kernels=_kernel(wrong, "TRANSPOSE", "int8 int32 -> int8"))


def test_an_op_that_no_row_takes_is_a_failure() -> None:
    with pytest.raises(AssertionError, match="is refused: needs a row for NEG"):
        check(_negation(), [np.ones((2, 3), np.float32)], kernels=lambda op: [])


def test_an_expected_refusal_is_looked_for() -> None:
    check(_negation(), [], kernels=lambda op: [], expect_refusal="a row for NEG")
    with pytest.raises(AssertionError, match="found: none"):
        check(_negation(), [], kernels=_kernel(lambda x: (-x,)), expect_refusal="a row")


def test_what_kills_litert_must_be_refused() -> None:
    model, zeros = _add_without_quantization(), np.zeros((2, 2), np.int8)
    assert check(model, [zeros, zeros], kernels=lambda op: []) is None
    takes_all = _kernel(lambda x, y: (x + y,), "ADD", "T T -> T", T="int8")
    with pytest.raises(AssertionError, match="LiteRT cannot run what delegraph takes: LiteRT died"):
        check(model, [zeros, zeros], kernels=takes_all)


def test_a_kernel_that_writes_to_an_input_is_caught() -> None:
    def wrong(x: np.ndarray) -> tuple[np.ndarray]:
        np.negative(x, out=x)
        return (x,)

    with pytest.raises(ValueError, match="read-only"):
        check(_negation(), [np.ones((2, 3), np.float32)], kernels=_kernel(wrong))


def test_a_kernel_that_reuses_its_result_is_caught() -> None:
    scratch = np.empty((2, 3), np.float32)

    def wrong(x: np.ndarray) -> tuple[np.ndarray]:
        return (np.negative(x, out=scratch),)

    with pytest.raises(AssertionError, match="a later run changed the results"):
        check(_negation(), [random_array("float32", (2, 3), seed=3)], kernels=_kernel(wrong))


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        (np.int8([127, 0]), np.int8([-128, 0]), "1 of 2 values differ, the worst at [0]"),
        (np.uint8([0]), np.uint8([255]), "1 of 1 values differ"),
        (np.int64([2**62 + 1]), np.int64([2**62]), "1 of 1 values differ"),
        (np.float32([1, 2.0625]), np.float32([1, 2]), "off by 0.0312 of the largest value"),
        (np.float32([np.nan]), np.float32([1]), "infinities or NaN elsewhere"),
        (np.float32([np.inf]), np.float32([-np.inf]), "infinities or NaN elsewhere"),
        (np.float32([1]), np.float64([1]), "dtype float32, LiteRT has float64"),
        (np.zeros((2, 1)), np.zeros((1, 2)), "shape (2, 1), LiteRT has (1, 2)"),
        (np.array([True]), np.array([False]), "1 of 1 values differ"),
    ],
)
def test_differences_are_named(ours: np.ndarray, theirs: np.ndarray, words: str) -> None:
    assert words in (difference(ours, theirs) or "")


def test_equal_arrays_do_not_differ() -> None:
    odd = np.float32([np.nan, np.inf, -np.inf, 1])
    assert difference(odd, odd.copy()) is None
    assert difference(np.int8([3]), np.int8([4]), steps=1) is None


def test_a_zero_of_the_other_sign_is_a_difference() -> None:
    ours, theirs = np.float32([1, -0.0]), np.float32([1, 0.0])
    assert "zeros of another sign; 1 of 2" in (difference(ours, theirs) or "")
    assert difference(ours, theirs, zero_signs=False) is None
    imaginary = np.array([complex(0.0, -0.0)], np.complex64)
    assert difference(imaginary, np.zeros(1, np.complex64)) is not None


def test_more_than_twice_as_far_from_the_exact_answer_as_litert_is_caught() -> None:
    exact = np.array([1.0])
    theirs, near, far = np.float32([1 + 2e-6]), np.float32([1 - 3e-6]), np.float32([1 - 5e-6])
    assert difference(near, theirs, exact=exact) is None
    assert "from the float64 answer" in (difference(far, theirs, exact=exact) or "")


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "uint64", "int4"])
def test_random_integers_reach_both_ends_of_their_type(dtype: str) -> None:
    from delegraph_conformance.random_values import integer_limits

    drawn = random_array(dtype, (500,), seed=1)
    assert (int(drawn.min()), int(drawn.max())) == integer_limits(dtype)


@pytest.mark.parametrize("dtype", special.FLOATS)
def test_special_values_reach_every_float_type(dtype: str) -> None:
    ordinary = random_array("uint16" if dtype == "bfloat16" else dtype, (40, 40), seed=5, low=1, high=2)
    fed = {f.name: f.arrays[0] for f in special.feeds([dtype], [ordinary])}
    assert len(fed) == len(special.SHARES) * (len(special.MOODS) + 1)
    for name, array in fed.items():
        share = int(name.rpartition(" ")[2])
        assert array.dtype == ordinary.dtype
        assert 0.5 < (array != ordinary).mean() * share < 2.5, name  # complex: one part is enough
    if dtype != "bfloat16":
        assert np.isnan(fed["nan, one of 9"]).any()
        assert np.signbit(fed["zeros, one of 2"].real).any()


def test_special_values_leave_integers_alone() -> None:
    ids = random_array("int32", (9,), seed=5)
    assert all(f.arrays[0] is ids for f in special.feeds(["int32"], [ids]))


def _negation() -> Model:
    g = Builder()
    x = g.input((2, 3), "float32")
    return g.model(outputs=[g.op("NEG", [x], [g.tensor((2, 3), "float32")])])


def _transpose() -> Model:
    g = Builder()
    x = g.input((2, 3), "int8", scale=1.0, zero_point=0)
    y = g.tensor((3, 2), "int8", scale=1.0, zero_point=0)
    return g.model(outputs=[g.op("TRANSPOSE", [x, g.constant(np.int32([1, 0]))], [y], version=2)])


def _add_without_quantization() -> Model:
    g = Builder()
    x, y = g.input((2, 2), "int8"), g.input((2, 2), "int8")
    return g.model(outputs=[g.op("ADD", [x, y], [g.tensor((2, 2), "int8")], version=2)])


def _kernel(
    run: Callable[..., tuple[np.ndarray, ...]], op: str = "NEG", types: str = "T -> T", T: str = ""
) -> Callable[[str], list[OpSupport]]:
    """Return a table of one row whose kernel is ``run``."""

    def prepare(_: Op) -> Callable[..., tuple[np.ndarray, ...]]:
        return run

    T = T or ("float32" if "T" in types else "")
    return lambda _: [OpSupport(op, (1, 9), types, kernel=prepare, T=T)]
