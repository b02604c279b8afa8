"""Kernels made of tables: every shape and layout, constants, the arithmetic of real values written out."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import Op
from delegraph.model import Builder
from delegraph_reference import lut


def unary(source: str = "int8", target: str = "int8", **stored: float) -> Op:
    g = Builder()
    x = g.input((256,), source, **stored)
    y = g.op("NEG", [x], [g.tensor((256,), target, **stored)])
    return g.model([y]).subgraphs[0].ops[0]


def binary(constant: int | None = None, value: int = 5) -> Op:
    g = Builder()
    operands = [
        g.input((2, 3), "int8") if i != constant else g.constant(np.int8([value])) for i in range(2)
    ]
    y = g.op("SUB", operands, [g.tensor((2, 3), "int8")])
    return g.model([y]).subgraphs[0].ops[0]


negation = lut.by_value(lambda op: lambda q: np.clip(-q, -128, 127))
difference = lut.by_pair(lambda op: lambda a, b: np.clip(a - b, -128, 127))


@pytest.mark.parametrize("shape", [(), (0, 3), (1,), (2, 3, 4), (1, 1, 1, 1, 1, 2)])
def test_a_table_of_values_takes_every_shape(shape: tuple[int, ...]) -> None:
    x = np.full(shape, -128, np.int8)
    (y,) = negation(unary())(x)
    assert (y.shape, y.dtype) == (shape, np.int8)
    assert set(y.reshape(-1).tolist()) <= {127}


def test_a_table_reads_arrays_that_are_not_contiguous() -> None:
    x = np.arange(24, dtype=np.int8).reshape(4, 6)
    run = negation(unary())
    np.testing.assert_array_equal(run(x[::-1, ::2])[0], -x[::-1, ::2])
    np.testing.assert_array_equal(run(x.T)[0], -x.T)


def test_results_are_fresh_and_writable() -> None:
    run = negation(unary())
    (first,), (second,) = run(np.int8([1])), run(np.int8([2]))
    first[0] = 7
    assert (first.tolist(), second.tolist()) == ([7], [-2])


def test_a_table_may_lead_from_one_type_to_another() -> None:
    widen = lut.by_value(lambda op: lambda q: q * 100)
    (y,) = widen(unary("uint8", "int16"))(np.uint8([0, 255]))
    assert (y.dtype, y.tolist()) == (np.int16, [0, 25500])
    (y,) = widen(unary("int16", "int32"))(np.int16([-32768, 32767]))
    assert (y.dtype, y.tolist()) == (np.int32, [-3276800, 3276700])


@pytest.mark.parametrize(
    ("x", "y"), [((2, 3), (2, 3)), ((2, 3), (3,)), ((), (2, 3)), ((2, 1), (1, 3)), ((), ()), ((0, 3), (3,))]
)
def test_pairs_are_broadcast_by_the_formula_and_by_its_table(
    x: tuple[int, ...], y: tuple[int, ...]
) -> None:
    a = (np.arange(np.prod(x, dtype=int)) * 60 - 128).astype(np.int8).reshape(x)
    b = (np.arange(np.prod(y, dtype=int)) * 50 - 100).astype(np.int8).reshape(y)
    run = difference(binary())
    expected = np.clip(a.astype(int) - b.astype(int), -128, 127)
    for _ in range(20):  # the table is made on the way
        (z,) = run(a, b)
        np.testing.assert_array_equal(z, expected)
        assert (z.shape, z.dtype, type(z)) == (expected.shape, np.int8, np.ndarray)


def test_a_table_of_pairs_is_made_when_it_has_paid() -> None:
    asked = []

    def formula(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        asked.append(np.broadcast(a, b).size)
        return np.clip(a - b, -128, 127)

    small, large = np.zeros(2, np.int8), np.zeros(1 << 15, np.int8)
    run = lut.by_pair(lambda op: formula)(binary())
    for x in (small, large, large, large, small):
        run(x, x)
    assert asked == [2, 1 << 15, 1 << 16]


@pytest.mark.parametrize("value", [-128, -1, 0, 127])
@pytest.mark.parametrize("constant", [0, 1])
def test_one_constant_value_makes_a_table_of_values(constant: int, value: int) -> None:
    x, fixed = np.int8([[-128, -1, 0], [1, 2, 127]]), np.int8([value])
    operands = [x, fixed] if constant else [fixed, x]
    (z,) = difference(binary(constant, value))(*operands)
    np.testing.assert_array_equal(z, np.clip(operands[0].astype(int) - operands[1], -128, 127))


def test_real_values_are_rounded_half_away_from_zero_and_clipped() -> None:
    # real = 0.5 * (q - 2), doubled, stored in steps of 0.4 around 2.
    # q = 3: 0.5, 1.0, 2.5 steps, 3 + 2. q = 1: -0.5, -1.0, -2.5 steps, -3 + 2. q = 127: 312.5 steps.
    g = Builder()
    x = g.input((256,), "int8", scale=0.5, zero_point=2)
    y = g.op("NEG", [x], [g.tensor((256,), "int8", scale=0.4, zero_point=2)])
    op = g.model([y]).subgraphs[0].ops[0]
    run = lut.by_real_value(lambda real: 2 * real)(op)
    assert run(np.int8([2, 3, 1, 127, -128]))[0].tolist() == [2, 5, -1, 127, -128]


def test_what_overflows_inside_a_formula_warns_nobody() -> None:
    run = lut.by_real_value(lambda real: np.float32(3e38) * real)(unary(scale=1e3, zero_point=0))
    assert run(np.int8([-5, 0, 5]))[0].tolist() == [-128, 0, 127]
