"""Ops that only move values: LiteRT shows with int32 where values go, and every type must go there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import litert
import numpy as np
from compiled_quickly import compiled_quickly
from delegraph import DTYPES, Builder, Model, write_model
from movement import values_of
from one_op_opencl import VARIANTS, run

# A kernel only sees how wide a value is, and whether it is a real number.
TYPES = {
    "default": ("float32", "int8", "uint8", "int16", "int64", "bool"),
    "gpu": ("float32", "int8"),
    "float16": ("float32",),
}
QUANTIZED = {"int8": {"scale": 0.5, "zero_point": -3}, "uint8": {"scale": 0.25, "zero_point": 130}}
# Adds a model for a type to a builder, with the quantization to give the tensors that are moved.
Build = Callable[[Builder, str, dict[str, Any]], Model]


def check_moves(
    build: Build, shape: Sequence[int], *, fill: bool = False, resolver: str = "BUILTIN_REF"
) -> None:
    """Fail unless the OpenCL delegate moves values of every type to where LiteRT moves int32's.

    :param build: the model's first inputs are the data, all of ``shape``.
    :param fill: the op writes a zero of the type where no value of the input goes.
    """
    model = build(Builder(), "int32", {})
    count = len(model.subgraphs[0].inputs)
    places = np.arange(1, count * np.prod(shape, dtype=int) + 1, dtype=np.int32).reshape(count, *shape)
    found = litert.run(write_model(model), list(places), resolver)
    for variant, options in VARIANTS.items():
        for dtype in TYPES[variant]:
            quantization = QUANTIZED.get(dtype, {})
            values = values_of(dtype, places.size)
            zero = np.array([quantization.get("zero_point", 0)], values.dtype)
            known = np.concatenate([zero, values])
            moved = build(Builder(), dtype, quantization)
            with compiled_quickly():
                results, _ = run(moved, list(values.reshape(places.shape)), options)
            for ours, where in zip(results, found, strict=True):
                what = f"{dtype}, {variant}"
                assert ours.dtype == DTYPES[dtype].numpy, f"{what}: {ours.dtype}"
                assert ours.shape == where.shape, f"{what}: {ours.shape}, LiteRT has {where.shape}"
                assert fill or where.all()
                assert np.array_equal(ours, known[where]), f"{what} moves otherwise than int32"
