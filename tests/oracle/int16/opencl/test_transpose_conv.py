"""TRANSPOSE_CONV of int16 on OpenCL against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from int16_opencl import DRAW, check
from weighted import KINDS, weighted_model

LAYERS = [
    ("SAME", (4, 4), (32, 32), (16, 16), (2, 2), 48, 24),  # padding, filter, out, input, strides, channels
    ("SAME", (3, 2), (7, 8), (4, 3), (2, 3), 5, 3),
    ("VALID", (3, 3), (9, 7), (4, 5), (2, 1), 3, 17),
    ("VALID", (2, 2), (6, 6), (3, 3), (2, 2), 1, 1),
    ("SAME", (1, 1), (5, 5), (2, 2), (3, 3), 2, 9),
]


@pytest.mark.parametrize("kind", ["int16", "int16 with int32 bias"])
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("has_bias", [False, True])
def test_layers_are_bit_for_bit(kind: str, layer: Any, has_bias: bool) -> None:
    padding, filter, out, spatial, strides, depth, filters = layer
    shape = (2, *out, filters)
    options = {"padding": padding, "stride_h": strides[0], "stride_w": strides[1], "has_bias": has_bias}
    options |= {"leading": np.array(shape, np.int32), "version": 5}
    options |= {"quantized_bias_type": KINDS[kind].bias.upper()}
    shapes = ((2, *spatial, depth), (filters, *filter, depth), shape)
    check(*weighted_model("TRANSPOSE_CONV", KINDS[kind], DRAW, *shapes, **options))
