"""``precision="bfloat16"``: both sides of a product are rounded to bfloat16, and sums are float32.

Convolutions and fully connected layers are drawn; what they compute is written out here, on numbers rounded
here. ``DELEGRAPH_BFLOAT16_CASES`` draws more of them.
"""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np
import pytest
from delegraph import Delegate, Interpreter, Model, load_delegate
from delegraph.model import Builder
from delegraph_opencl.cpu.bfloat16 import rounded
from delegraph_opencl.device import amx, pocl

CASES = int(os.environ.get("DELEGRAPH_BFLOAT16_CASES", "4"))
ALL = frozenset("avx512f avx512bw avx512vl avx512_bf16 amx_tile amx_bf16".split())


@pytest.fixture
def bfloat16(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Delegate:
    """Return a delegate that multiplies bfloat16 by the instructions that are asked for."""
    delegate = load_delegate("opencl", {"device": "cpu", "precision": "bfloat16"})
    if why := delegate.unavailable():
        pytest.skip(why)
    if delegate.device.bfloat16 != "amx" and request.param == "amx":
        pytest.skip("the CPU has no AMX")
    monkeypatch.setitem(vars(delegate.device), "bfloat16", request.param)
    return delegate


@pytest.mark.parametrize("bfloat16", ["amx", "avx512"], indirect=True)
def test_sums_are_those_of_rounded_numbers(bfloat16: Delegate) -> None:
    draw = random.Random(17)
    for _ in range(CASES):
        sizes = _drawn(draw)
        x, w, b = _numbers(sizes, draw.randrange(1000))
        fills_a_tile = "rows" in sizes or sizes["batch"] * _count(sizes) ** 2 >= 16
        expected = _convolution(*((_nearest(x), _nearest(w)) if fills_a_tile else (x, w)), b, sizes)
        found = Interpreter(model=_model(x, w, b, sizes), delegates=[bfloat16])(x)
        off = np.abs(found - expected).max() / np.abs(expected).max()
        assert off < 1e-5, f"{sizes}: {off:.1e}"


@pytest.mark.parametrize("bfloat16", ["amx", "avx512"], indirect=True)
@pytest.mark.parametrize(("rows", "rounds_input"), [(1, False), (20, True)])
def test_of_few_rows_only_the_weights_are_rounded(
    bfloat16: Delegate, rows: int, rounds_input: bool
) -> None:
    sizes = {"rows": rows, "depth": 100, "out": 40}
    x, w, b = _numbers(sizes, 3)
    expected = (_nearest(x) if rounds_input else x).astype(np.float64) @ _nearest(w).T + b
    found = Interpreter(model=_model(x, w, b, sizes), delegates=[bfloat16])(x)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("bfloat16", ["amx", "avx512"], indirect=True)
@pytest.mark.parametrize("asymmetric", [False, True])
def test_integer_weights_multiply_inputs_of_8_bits_exactly(bfloat16: Delegate, asymmetric: bool) -> None:
    rng = np.random.Generator(np.random.PCG64(5))
    levels = rng.integers(-126, 127, (32, 100)).astype(np.float32)
    levels[:, :2] = [-127, 128] if asymmetric else [-127, 127]  # of which a step is 1
    weights = rng.integers(-127, 128, (40, 100)).astype(np.int8)
    g = Builder()
    x = g.input(levels.shape, "float32")
    w = g.constant(weights, scale=0.5, zero_point=0)
    y = g.tensor((32, 40), "float32")
    g.op("FULLY_CONNECTED", [x, w], [y], version=9, asymmetric_quantize_inputs=asymmetric)
    between = levels + rng.uniform(-0.4, 0.4, levels.shape).astype(np.float32)  # the same steps
    between[:, :2] = levels[:, :2]
    found = Interpreter(model=g.model(), delegates=[bfloat16])(between)
    assert found.tolist() == (levels @ weights.T.astype(np.float32) / 2).tolist()


@pytest.mark.parametrize("bfloat16", ["amx", "avx512"], indirect=True)
def test_nan_and_infinities_come_through(bfloat16: Delegate) -> None:
    sizes = {"rows": 32, "depth": 64, "out": 16}
    x, w, b = _numbers(sizes, 4)
    x[3, 5], x[4, 6] = np.nan, np.inf
    found = Interpreter(model=_model(x, w, b, sizes), delegates=[bfloat16])(x)
    assert np.isnan(found[3]).all()
    # An op with a fused activation ends at the largest number.
    assert (np.abs(found[4]) == np.finfo(np.float32).max).all()
    assert np.isfinite(found[[0, 1, 2, *range(5, 32)]]).all()


def test_rounding_is_to_the_nearest_with_ties_to_even() -> None:
    numbers = np.float32([1, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -1 - 2**-9, np.inf, np.nan])
    back = (rounded(numbers).astype(np.uint32) << 16).view(np.float32)
    assert back[:6].tolist() == [1, 1, 1 + 2**-6, 1 + 2**-7, -1, np.inf]
    assert np.isnan(back[6])


@pytest.mark.parametrize(
    ("flags", "may_use_amx", "found"),
    [
        (ALL, True, "amx"),
        (ALL, False, "avx512"),
        (ALL - {"amx_tile"}, True, "avx512"),
        (ALL - {"avx512_bf16"}, True, ""),
    ],
)
def test_instructions_are_those_that_cpu_and_system_give(flags, may_use_amx, found) -> None:  # type: ignore[no-untyped-def]
    assert pocl.bfloat16(flags, lambda: may_use_amx) == found


def test_a_device_without_it_says_what_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delegate = load_delegate("opencl")
    if delegate.unavailable() is not None:
        pytest.skip("there is no device")
    monkeypatch.setitem(vars(delegate.device), "bfloat16", "")
    why = load_delegate("opencl", {"precision": "bfloat16"}).unavailable()
    assert why is not None
    assert "needs PoCL 3.0 or 3.1 on Linux, and a CPU for which /proc/cpuinfo lists avx512_bf16" in why
    why = load_delegate("opencl", {"precision": "bfloat16", "kernels": "gpu"}).unavailable()
    assert why == "precision='bfloat16' needs the kernels for CPUs, found kernels='gpu'"


def test_other_systems_have_no_amx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amx.sys, "platform", "darwin")
    assert amx.may_use.__wrapped__() is False


# Convolutions that are drawn; ``rows``: a fully connected layer.


def _drawn(draw: random.Random) -> dict[str, int]:
    """Return sizes with windows, strides and groups; rows and channels that fill no tile."""
    channels, out = draw.choice([16, 17, 31, 32, 48, 70]), draw.choice([16, 18, 32, 33, 50, 80])
    if draw.random() < 0.3:
        return {
            "rows": draw.choice([16, 17, 31, 32, 33, 65]),
            "depth": draw.choice([64, 65, 1030]),
            "out": out,
        }
    groups = draw.choice([1, 1, 2])
    return {
        "batch": draw.choice([1, 2]),
        "size": draw.choice([5, 7, 8]),
        "depth": channels,
        "out": out * groups,
        "groups": groups,
        "kernel": draw.choice([1, 2, 3]) if channels > 60 else draw.choice([2, 3]),
        "stride": draw.choice([1, 2]) if channels < 40 else 1,
    }


def _numbers(sizes: dict[str, int], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.Generator(np.random.PCG64(seed))
    if "rows" in sizes:
        x, w = (sizes["rows"], sizes["depth"]), (sizes["out"], sizes["depth"])
        shapes: list[tuple[int, ...]] = [x, w, (sizes["out"],)]
    else:
        n, k = sizes["size"], sizes["kernel"]
        shapes = [
            (sizes["batch"], n, n, sizes["depth"] * sizes["groups"]),
            (sizes["out"], k, k, sizes["depth"]),
            (sizes["out"],),
        ]
    return tuple(rng.standard_normal(shape).astype(np.float32) for shape in shapes)  # type: ignore[return-value]


def _count(sizes: dict[str, int]) -> int:
    """Return the windows in a line."""
    return (sizes["size"] - sizes["kernel"]) // sizes["stride"] + 1


def _nearest(numbers: np.ndarray) -> np.ndarray:
    """Return the nearest numbers of 8 bits, ties to even, by arithmetic."""
    fraction, power = np.frexp(numbers.astype(np.float64))
    return np.ldexp(np.rint(fraction * 256) / 256, power)


def _convolution(x: np.ndarray, w: np.ndarray, b: np.ndarray, sizes: dict[str, int]) -> np.ndarray:
    """Return sums in float64: of a window that is VALID."""
    if "rows" in sizes:
        return x @ w.T + b
    k, stride, groups = sizes["kernel"], sizes["stride"], sizes["groups"]
    count, each, out = _count(sizes), sizes["depth"], sizes["out"] // groups
    y = np.zeros((x.shape[0], count, count, sizes["out"]))
    for g in range(groups):
        own = slice(g * out, (g + 1) * out)
        for i in range(k):
            for j in range(k):
                rows, columns = (slice(d, d + stride * (count - 1) + 1, stride) for d in (i, j))
                seen = x[:, rows, columns, g * each : (g + 1) * each]
                y[..., own] += seen @ w[own, i, j].T
    return y + b


def _model(x: np.ndarray, w: np.ndarray, b: np.ndarray, sizes: dict[str, Any]) -> Model:
    g = Builder()
    given = [g.input(x.shape, "float32"), g.constant(w), g.constant(b)]
    if "rows" in sizes:
        y = g.tensor((sizes["rows"], sizes["out"]), "float32")
        return g.model(outputs=[g.op("FULLY_CONNECTED", given, [y])])
    count = _count(sizes)
    y = g.tensor((x.shape[0], count, count, sizes["out"]), "float32")
    stride = sizes["stride"]
    return g.model(outputs=[g.op("CONV_2D", given, [y], padding="VALID", stride_h=stride, stride_w=stride)])
