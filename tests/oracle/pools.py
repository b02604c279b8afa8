"""Models of one pool, for the tests of AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder
from delegraph.numbers import window
from one_op import check, random_array


def check_pool(
    op: str,
    dtype: str,
    layout: dict[str, Any],
    batch: int = 1,
    channels: int = 2,
    *,
    seed: int = 0,
    values: np.ndarray | None = None,
    x: dict[str, Any] | None = None,
    y: dict[str, Any] | None = None,
    expect_refusal: str | None = None,
    **options: Any,
) -> None:
    """Check one pool against LiteRT.

    :param layout: as ``strategies.windows`` draws it; dilations do not count
    :param x: quantization of the input, y: of the output
    """
    height, width = layout["height"], layout["width"]
    (high, wide), padding = layout["filter"], layout["padding"]
    steps = layout["stride_h"], layout["stride_w"]
    sizes = zip((height, width), (high, wide), steps, strict=True)
    places = [window(n, f, max(s, 1), 1, padding).output for n, f, s in sizes]
    g = Builder()
    made = g.input((batch, height, width, channels), dtype, **(x or {}))
    out = g.tensor((batch, *places, channels), dtype, **(y or x or {}))
    options |= {"padding": padding, "stride_h": steps[0], "stride_w": steps[1]}
    g.op(op, [made], [out], filter_height=high, filter_width=wide, **options)
    if values is None:
        values = random_array(dtype, (batch, height, width, channels), seed)
    check(g.model(), [values.reshape(batch, height, width, channels)], expect_refusal=expect_refusal)


def plain(height: int, width: int, filter: tuple[int, int], stride: int, padding: str) -> dict[str, Any]:
    """Return a layout with one stride."""
    steps = {"stride_h": stride, "stride_w": stride}
    return {"height": height, "width": width, "filter": filter, "padding": padding, **steps}
