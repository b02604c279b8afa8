"""Convolutions, pools and resizes: NHWC in, NHWC out."""

from __future__ import annotations

from collections.abc import Sequence

from ..model import Shape
from ..numbers import window
from ._rule import Dims, Inputs


def conv_2d(inputs: Inputs) -> list[Shape]:
    """CONV_2D: x (batch, height, width, in), filter (out, height, width, in / groups)."""
    batch, *spatial, channels = inputs.shape(0, rank=4)
    out, *filter, depth = inputs.shape(1, rank=4)
    if not depth or channels % depth or out % (channels // depth or 1):
        inputs.fail(
            "input channels that are the filter's, or a whole number of groups of them",
            f"{channels} and {depth}",
        )
    return [(batch, *_positions(inputs, spatial, filter, "hw"), out)]


def depthwise_conv_2d(inputs: Inputs) -> list[Shape]:
    """DEPTHWISE_CONV_2D: filter (1, height, width, out), out a multiple of the input's channels."""
    batch, *spatial, channels = inputs.shape(0, rank=4)
    _, *filter, out = inputs.shape(1, rank=4)
    if not channels or out % channels:
        inputs.fail("filter channels that are a multiple of the input's", f"{out} and {channels}")
    return [(batch, *_positions(inputs, spatial, filter, "hw"), out)]


def conv_3d(inputs: Inputs) -> list[Shape]:
    """CONV_3D: x (batch, depth, height, width, in), filter (depth, height, width, in, out)."""
    batch, *spatial, channels = inputs.shape(0, rank=5)
    *filter, depth, out = inputs.shape(1, rank=5)
    if channels != depth:
        inputs.fail("input channels that are the filter's", f"{channels} and {depth}")
    return [(batch, *_positions(inputs, spatial, filter, "dhw"), out)]


def transpose_conv(inputs: Inputs) -> list[Shape]:
    """TRANSPOSE_CONV: input 0 holds the output's shape; filter (out, height, width, in)."""
    out, *filter, depth = inputs.shape(1, rank=4)
    return [_transposed(inputs, filter, depth, out)]


def conv_3d_transpose(inputs: Inputs) -> list[Shape]:
    """CONV_3D_TRANSPOSE: input 0 holds the output's shape; filter (depth, height, width, out, in)."""
    *filter, out, depth = inputs.shape(1, rank=5)
    return [_transposed(inputs, filter, depth, out)]


def _transposed(inputs: Inputs, filter: Sequence[int], depth: int, out: int) -> Dims:
    batch, *_, channels = inputs.shape(2, rank=len(filter) + 2)
    if min(filter) < 1:
        inputs.fail("filter sizes of at least 1", f"{tuple(filter)}")
    if channels != depth:
        inputs.fail("input channels that are the filter's", f"{channels} and {depth}")
    wanted = inputs.ints(0)
    if len(wanted) != len(filter) + 2 or (wanted[0], wanted[-1]) != (batch, out):
        inputs.fail(f"an output of batch {batch} and {out} channels", f"shape {wanted}")
    return wanted


def pool_2d(inputs: Inputs) -> list[Shape]:
    batch, *spatial, channels = inputs.shape(0, rank=4)
    filter = (inputs.options.filter_height, inputs.options.filter_width)
    return [(batch, *_positions(inputs, spatial, filter, "hw"), channels)]


def resize(inputs: Inputs) -> list[Shape]:
    """RESIZE_*: input 1 holds (height, width)."""
    batch, _, _, channels = inputs.shape(0, rank=4)
    height, width = inputs.ints(1, 2)
    return [(batch, height, width, channels)]


def depth_to_space(inputs: Inputs) -> list[Shape]:
    batch, height, width, channels = inputs.shape(0, rank=4)
    block = inputs.options.block_size
    if block < 1 or channels % (block * block):
        inputs.fail(f"channels that block_size {block} squared divides", f"{channels}")
    return [(batch, height * block, width * block, channels // (block * block))]


def space_to_depth(inputs: Inputs) -> list[Shape]:
    batch, height, width, channels = inputs.shape(0, rank=4)
    block = inputs.options.block_size
    if block < 1 or height % block or width % block:
        inputs.fail(f"height and width that block_size {block} divides", f"{height} x {width}")
    return [(batch, height // block, width // block, channels * block * block)]


def _positions(inputs: Inputs, spatial: list[int], filter: Sequence[int], axes: str) -> list[int]:
    options = inputs.options
    strides = [getattr(options, f"stride_{a}") for a in axes]
    dilations = [options.get(f"dilation_{a}_factor", 1) for a in axes]
    for what, values in (("filter sizes", filter), ("strides", strides), ("dilations", dilations)):
        if min(values) < 1:
            inputs.fail(f"{what} of at least 1", f"{tuple(values)}")
    rows = zip(spatial, filter, strides, dilations, strict=True)
    return [window(n, k, s, d, options.padding).output for n, k, s, d in rows]


RULES = {
    "AVERAGE_POOL_2D": pool_2d,
    "CONV_2D": conv_2d,
    "CONV_3D": conv_3d,
    "CONV_3D_TRANSPOSE": conv_3d_transpose,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "DEPTH_TO_SPACE": depth_to_space,
    "L2_POOL_2D": pool_2d,
    "MAX_POOL_2D": pool_2d,
    "RESIZE_BILINEAR": resize,
    "RESIZE_NEAREST_NEIGHBOR": resize,
    "SPACE_TO_DEPTH": space_to_depth,
    "TRANSPOSE_CONV": transpose_conv,
}
