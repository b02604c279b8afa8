"""A small int16 model, run by LiteRT and by the OpenCL delegate in each of its variants: bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import one_op_opencl
from delegraph import Builder, Model
from delegraph.numbers import window
from weighted import KINDS, Draw, weighted_model

STORED = {"scale": 0.1, "zero_point": 0}
DRAW = Draw(5, True, False, 1.0, (0, 0, 0), 0.3)
SAME = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}


def check(model: Model, inputs: Sequence[np.ndarray], **more: Any) -> list[np.ndarray]:
    """Fail unless the OpenCL delegate runs all of ``model`` and computes LiteRT's bits."""
    return one_op_opencl.check(model, inputs, steps=0, half_rtol=None, **more)


@contextmanager
def without_doubles() -> Iterator[None]:
    """Let the delegate take the device for one that has no float64."""
    devices = [one_op_opencl.loaded(tuple(o.items())).device for o in one_op_opencl.VARIANTS.values()]
    had = [device.has_fp64 for device in devices]
    for device in devices:
        device.has_fp64 = False
    try:
        yield
    finally:
        for device, fp64 in zip(devices, had, strict=True):
            device.has_fp64 = fp64


def convolution(
    op: str, kind: str, draw: Draw, layout: dict[str, Any], sizes: Sequence[int], **more: Any
) -> tuple[Model, list[np.ndarray]]:
    """Return a model of one convolution with constant weights, and its inputs.

    :param layout: as ``strategies.windows`` draws it
    :param sizes: batch, channels, output channels, groups; a group for each channel: depthwise
    """
    batch, channels, out, groups = sizes
    options = dict(layout)
    height, width, filter = options.pop("height"), options.pop("width"), options.pop("filter")
    places = [
        window(n, f, options[f"stride_{a}"], options[f"dilation_{a}_factor"], options["padding"]).output
        for a, n, f in zip("hw", (height, width), filter, strict=True)
    ]
    depthwise = op == "DEPTHWISE_CONV_2D"
    options |= {"depth_multiplier": out // channels} if depthwise else {}
    options |= {} if depthwise else {"quantized_bias_type": KINDS[kind].bias.upper()}
    return weighted_model(
        op,
        KINDS[kind],
        draw,
        (batch, height, width, channels),
        (1, *filter, out) if depthwise else (out, *filter, channels // groups),
        (batch, *places, out),
        channel_axis=3 if depthwise else 0,
        **options | more,
    )


def pair(
    op: str,
    shapes: Sequence[tuple[int, ...]],
    scales: Sequence[float],
    out: str = "int16",
    **options: Any,
) -> Model:
    """Return a model of one op on int16 inputs that are broadcast; scales: of each input and the output."""
    g = Builder()
    stored = [{"scale": s, "zero_point": 0} for s in scales]
    inputs = [g.input(shape, "int16", **q) for shape, q in zip(shapes, stored, strict=False)]
    y = g.tensor(np.broadcast_shapes(*shapes), out, **(stored[-1] if out == "int16" else {}))
    return g.model([g.op(op, inputs, [y], **options)])
