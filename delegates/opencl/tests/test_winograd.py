"""3 x 3 taps with a quarter of the multiplications: as exact as the sums one after the other.

Convolutions are drawn; what they compute is written out here in float64. ``DELEGRAPH_WINOGRAD_CASES`` draws
more of them.
"""

from __future__ import annotations

import os
import random
from types import SimpleNamespace

import numpy as np
import pytest
from delegraph import Builder, window
from delegraph_opencl.cpu.winograd import suits
from delegraph_opencl.device.device import Device
from delegraph_opencl.program.geometry import Geometry

CASES = int(os.environ.get("DELEGRAPH_WINOGRAD_CASES", "3"))
LARGEST = np.finfo(np.float32).max


@pytest.fixture(autouse=True, params=[8, 16])
def lanes(request, monkeypatch):
    """The floats of a register: on which the tiles depend, and what suits."""
    monkeypatch.setattr(Device, "lanes", property(lambda device: request.param))
    return request.param


def test_sums_are_as_exact_as_those_of_the_taps(interpret):
    draw = random.Random(3)
    for _ in range(CASES):
        batch, height, width = draw.choice([1, 2]), draw.choice([4, 8, 12, 30]), draw.choice([7, 8, 16])
        channels, filters = draw.choice([16, 24, 64, 136]), draw.choice([16, 17, 40, 64])
        padding, seed = draw.choice(["SAME", "VALID"]), draw.randrange(1000)
        height, width = (n + 2 if padding == "VALID" else n for n in (height, width))
        rng = np.random.Generator(np.random.PCG64(seed))
        x = rng.standard_normal((batch, height, width, channels)).astype(np.float32)
        w = rng.standard_normal((filters, 3, 3, channels)).astype(np.float32)
        expected = _sums(x, w, padding)
        found = _convolved(interpret, x, w, padding)
        off = np.abs(found - expected).max() / np.abs(expected).max()
        assert off < 5e-6, f"{x.shape} {w.shape} {padding} {seed}: {off:.1e}"


def test_what_is_not_finite_comes_out_where_a_window_sees_it(interpret):
    """Beside it pixels are those without it, as one tap after the other gives them."""
    rng = np.random.Generator(np.random.PCG64(1))
    x = rng.standard_normal((1, 16, 16, 16)).astype(np.float32)
    w = np.abs(rng.standard_normal((33, 3, 3, 16))).astype(np.float32)
    plain = _sums(x, w, "SAME")
    x[0, 2, 3, 5], x[0, 9, 10, 0], x[0, 14, 2, 7], x[0, 5, 13, 1] = np.nan, np.inf, -np.inf, 1e30
    found = _convolved(interpret, x, w, "SAME")
    assert np.isnan(found[0, 1:4, 2:5]).all()
    # An op with a fused activation ends at the largest number.
    assert (found[0, 8:11, 9:12] == LARGEST).all()
    assert (found[0, 13:16, 1:4] == -LARGEST).all()
    assert (found[0, 4:7, 12:15] > 1e26).all()
    others = np.ones((16, 16), bool)
    for i, j in ((2, 3), (9, 10), (14, 2), (5, 13)):
        others[i - 1 : i + 2, j - 1 : j + 2] = False
    np.testing.assert_allclose(found[0, others], plain[0, others], atol=1e-5 * np.abs(plain).max())


@pytest.mark.parametrize(
    ("size", "channels", "filters", "stride", "used_by"),
    [
        (8, 16, 32, 1, {8, 16}),
        (8, 16, 16, 1, {8}),
        (8, 16, 32, 2, ()),
        (8, 8, 32, 1, ()),
        (8, 20, 32, 1, ()),
        (8, 32, 15, 1, ()),
        (7, 32, 32, 1, {8}),  # some of the last tiles is beyond the image
        (6, 32, 32, 1, ()),  # too much of them
        (4, 32, 32, 1, {8}),  # one tile
        (8, 256, 256, 1, ()),  # weights at the points would take 9 MB
    ],
)
def test_only_where_it_is_faster(size, channels, filters, stride, used_by, lanes):
    line = window(size, 3, stride, 1, "SAME")
    g = Geometry(1, size, size, channels, line, line, filters)
    target = SimpleNamespace(half=False, bfloat16="", device=SimpleNamespace(lanes=lanes))
    assert suits(g, SimpleNamespace(levels=None), target) is (lanes in used_by)
    assert not suits(g, SimpleNamespace(levels=(-128, 127)), target)


def _convolved(interpret, x, w, padding):
    """Return what two launches of one kernel make: of the filters, and of them in reverse order."""
    g, edge = Builder(), 0 if padding == "SAME" else 2
    given = g.input(x.shape, "float32")
    made = [g.tensor((len(x), x.shape[1] - edge, x.shape[2] - edge, len(w)), "float32") for _ in range(2)]
    for y, filters in zip(made, (w, w[::-1]), strict=True):
        operands = [given, g.constant(filters.copy()), None]
        g.op("CONV_2D", operands, [y], padding=padding, stride_h=1, stride_w=1)
    with interpret(g.model(outputs=made), require_full_delegation=True) as interpreter:
        found, reverse = interpreter(x)
    np.testing.assert_array_equal(found, reverse[..., ::-1])
    return found


def _sums(x, w, padding):
    edge = 1 if padding == "SAME" else 0
    x = np.pad(x.astype(np.float64), ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (1, 2))
    return np.einsum("nyxcij,oijc->nyxo", windows, w.astype(np.float64), optimize=True)
