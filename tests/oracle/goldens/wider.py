"""Types that LiteRT does not run in an op, as wider ones that hold the same values and that it runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from delegraph import DTYPES, Tensor
from delegraph_conformance.draft import Draft
from delegraph_conformance.recipe import Recipe

WIDER = {"float16": "float32", "int4": "int8", "int2": "int8"}
WIDER |= {"uint16": "int32", "uint32": "int64", "uint64": "int64"}  # of which the values are small
INTEGERS = ("int8", "uint8", "int4", "int2")


class WiderDraft(Draft):
    """The same values, in wider types."""

    def input(self, shape: Sequence[int], dtype: str, values: Any = None, **rest: Any) -> Tensor:
        if dtype in WIDER and values is None:
            narrow = Draft(self.name, self.version, "")
            narrow.values = dict(self.values)  # the number of them is the seed
            limits = {name: rest.pop(name, None) for name in ("low", "high")}
            values = narrow.values[narrow.input(shape, dtype, **limits).index]
        return super().input(shape, WIDER.get(dtype, dtype), values, **rest)

    def constant(self, values: Any, dtype: str | None = None, **stored: Any) -> Tensor:
        if dtype in WIDER:
            values = np.asarray(values).astype(DTYPES[dtype].numpy)
        elif dtype is None and np.asarray(values).dtype == np.float16:
            dtype = "float16"
        return super().constant(values, WIDER.get(dtype or "", dtype), **stored)

    def variable(self, shape: Sequence[int], dtype: str, **stored: Any) -> Tensor:
        return super().variable(shape, WIDER.get(dtype, dtype), **stored)

    def output(self, shape: Sequence[int], dtype: str, **stored: Any) -> Tensor:
        return super().output(shape, WIDER.get(dtype, dtype), **stored)


class PerChannelDraft(WiderDraft):
    """Weights with one scale have it for each channel: kernels for weights beside float32 ask for that.

    The bytes of uint8 are read as int8, which is what LiteRT's kernels of that kind do.
    """

    def constant(self, values: Any, dtype: str | None = None, **stored: Any) -> Tensor:
        if dtype not in INTEGERS:
            return super().constant(values, dtype, **stored)
        array = np.asarray(values).astype(DTYPES[dtype].numpy)
        count = array.shape[stored["axis"]]
        stored["scale"] = np.broadcast_to(np.asarray(stored["scale"]), count)
        stored["zero_point"] = np.zeros(count, int)
        return super().constant(array.view(np.int8), "int8", **stored)


class ZeroBiasDraft(WiderDraft):
    """A bias of zeros, which LiteRT's CONV_2D wants and others may leave out."""

    def op(self, inputs: Iterable[Tensor | None], outputs: Sequence[Tensor], **rest: Any) -> None:
        x, weights = inputs
        assert x is not None
        assert weights is not None
        dtype = "float32" if x.dtype == "float32" else "int64" if x.dtype == "int16" else "int32"
        scales = np.asarray(weights.quantization.scale if weights.quantization else ()) * x.scale
        stored = {"scale": scales, "zero_point": np.zeros(len(scales), int), "axis": 0} if x.scale else {}
        zeros = self.constant(np.zeros((weights.shape or ())[0]), dtype, **stored)
        super().op([x, weights, zeros], outputs, **rest)


def widened(recipe: Recipe, types: str, variant: str, version: int) -> Iterator[Draft]:
    """Yield the model with wider types, and with a scale for each channel of weights beside float32."""
    names = re.split("[ :>]", types)
    if set(names) & set(WIDER):
        yield recipe.draft(version, types, variant, kind=WiderDraft)
    if recipe.op == "CONV_2D" and "-" in names:
        yield recipe.draft(version, types, variant, kind=ZeroBiasDraft)
    if recipe.family == "weighted" and names[0] == "float32" and names[1] in INTEGERS:
        yield recipe.draft(version, types, variant, kind=PerChannelDraft)
