"""Constraints that rows of several delegates share: what makes an op one that a kernel can compute safely.

A row names them in ``where``; a constraint that needs an argument (which operand, which axis) is made by a
function. What an op's operands are is read with :func:`operand`, :func:`given` and :func:`operand_shape`.
"""

from __future__ import annotations

from .activations import known_activation, no_activation, no_activation_and_some_axis
from .movement import (
    broadcast_alpha,
    channels_of_blocks,
    declared_type,
    image_of_blocks,
    indices_for_axes,
    outputs_for_splits,
    rows_of_table,
    select_shapes,
    size_for_each,
    update_inside,
)
from .operands import (
    constant,
    dense,
    given,
    has_an_axis,
    operand,
    operand_shape,
    scales_of,
    shape_of,
    wrong_shape,
)
from .quantization import (
    axis_scales_found,
    blocks_of,
    in_blocks,
    one_scale_each,
    proper_range,
    same_quantization,
    scaled,
    scales_along,
    scales_found,
    scales_of_blocks,
    scales_of_columns,
    symmetric_bias,
    symmetric_weights,
)
from .recurrent import basic_kernel, full_kernel, sequence, variable_states
from .weights import bias_along, filled, matrices, same_channels, whole_groups, whole_multiple
from .windows import bounded_padding, image, one_alignment, real_windows, same_images, too_large

__all__ = [
    "axis_scales_found",
    "basic_kernel",
    "bias_along",
    "blocks_of",
    "bounded_padding",
    "broadcast_alpha",
    "channels_of_blocks",
    "constant",
    "declared_type",
    "dense",
    "filled",
    "full_kernel",
    "given",
    "has_an_axis",
    "image",
    "image_of_blocks",
    "in_blocks",
    "indices_for_axes",
    "known_activation",
    "matrices",
    "no_activation",
    "no_activation_and_some_axis",
    "one_alignment",
    "one_scale_each",
    "operand",
    "operand_shape",
    "outputs_for_splits",
    "proper_range",
    "real_windows",
    "rows_of_table",
    "same_channels",
    "same_images",
    "same_quantization",
    "scaled",
    "scales_along",
    "scales_found",
    "scales_of",
    "scales_of_blocks",
    "scales_of_columns",
    "select_shapes",
    "sequence",
    "shape_of",
    "size_for_each",
    "symmetric_bias",
    "symmetric_weights",
    "too_large",
    "update_inside",
    "variable_states",
    "whole_groups",
    "whole_multiple",
    "wrong_shape",
]
