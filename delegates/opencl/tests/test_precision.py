"""Numbers are stored and computed as the option says, and as the device can."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from delegraph import OptionError
from delegraph_opencl import OpenCL, Target
from opencl_parts import chain

X = np.linspace(-4, 4, 1600, dtype=np.float32).reshape(1, 10, 10, 16)
MODEL = chain("ADD", shape=X.shape)


def decided(monkeypatch, load, kind, has_fp16, precision):
    delegate = load(precision=precision)
    device = SimpleNamespace(type=kind, has_fp16=has_fp16)
    monkeypatch.setattr(OpenCL, "device", device)
    return delegate.target.half


@pytest.mark.parametrize(
    ("kind", "has_fp16", "precision", "half"),
    [
        ("gpu", True, "auto", True),
        ("gpu", False, "auto", False),
        ("cpu", True, "auto", False),
        ("cpu", False, "float16", True),
        ("gpu", True, "float32", False),
    ],
)
def test_auto_is_float16_where_a_gpu_computes_it(monkeypatch, load, kind, has_fp16, precision, half):
    assert decided(monkeypatch, load, kind, has_fp16, precision) is half


def test_the_default_is_float32(load):
    assert not load().target.half


def test_another_precision_is_refused_with_those_there_are(load):
    with pytest.raises(OptionError, match=r"needs 'float32' \| 'float16' \| 'auto'|float32.*float16.*auto"):
        load(precision="double")


@pytest.mark.parametrize(("has_fp16", "computes"), [(True, "half"), (False, "float")])
def test_float16_is_computed_where_the_device_can(has_fp16, computes):
    device = SimpleNamespace(has_fp16=has_fp16, slow_builtins=False)
    text = Target(device, half=True).prelude()
    assert "#define REAL half\n" in text
    assert f"#define F {computes}\n" in text


def test_sums_of_integers_are_never_computed_in_half():
    device = SimpleNamespace(has_fp16=True, slow_builtins=False)
    assert "#define F float\n" in Target(device, half=True).prelude(exact=True)


@pytest.mark.parametrize("kernels", ["cpu", "gpu"])
def test_float16_rounds_what_is_stored_and_no_more(interpret, load, kernels):
    found = interpret(MODEL, load(precision="float16", kernels=kernels))(X)
    half = np.float16(X).astype(np.float32)  # what the input becomes on the device
    assert np.array_equal(found, np.float16(half + np.float32(1)).astype(np.float32))


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("kernels", ["cpu", "gpu"])
def test_nan_comes_through_and_infinite_sums_end_at_the_largest_number(interpret, load, precision, kernels):
    x = X.copy()
    x[0, 0, 0, :3] = np.nan, np.inf, -np.inf
    found = interpret(MODEL, load(precision=precision, kernels=kernels))(x)[0, 0, 0]
    assert np.isnan(found[0])
    largest = float(np.finfo(precision).max)
    assert found[1:3].tolist() == [largest, -largest]
