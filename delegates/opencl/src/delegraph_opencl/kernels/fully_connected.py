"""FULLY_CONNECTED: rows of the input times a matrix, plus a bias.

x: any shape, taken as rows of ``depth`` numbers; weights: (units, depth); bias: (units,).

Source: tflite/delegates/gpu/common/model_builder.cc (FullyConnectedOperationParser);
tflite/kernels/fully_connected.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Op, OpSupport, needs, shape_text
from delegraph.rules import bias_along, fitting_bias_scale, operand_shape, scales_of_units_or_blocks

from ..cpu import integers
from ..cpu.convolution import convolved
from ..families.hybrid import operands
from ..families.weighted_ops import any_activation, nonempty, weighted_support
from ..options import Options
from ..program.epilogue import epilogue_of
from ..program.geometry import product
from ..program.launch import Launch
from ..program.node import Kernel, Node
from ..program.target import Target


def support(options: Options) -> Iterable[OpSupport]:
    constraints = (
        any_activation,
        default_format,
        whole_support,
        nonempty(1),
        bias_along(0),
        fitting_bias_scale(),
    )
    return weighted_support(
        "FULLY_CONNECTED",
        Kernel(_launches, fuses=True, folds=True, narrow=True),
        options,
        constraints,
        last=14,
        hybrid=[scales_of_units_or_blocks],
    )


def _launches(node: Node, target: Target) -> Iterable[Launch]:
    x, matrix = node.input(0), node.input(1)
    units, depth = matrix.shape
    g = product(x.size // depth, depth, units)
    if x.narrow:
        yield from integers.convolved(node, g, target)
        return
    asymmetric = bool(node.op.options.get("asymmetric_quantize_inputs", False))
    o = operands(node, target, g.positions, asymmetric, from_zero=True, as_vector=True, as_bytes=True)
    yield from o.launches
    y, epilogue = node.outputs[0], epilogue_of(node, o.post_ops)
    if target.variant == "gpu":
        from ..gpu import convolution as gpu

        yield from gpu.convolved(g, o.x, o.weights, y, epilogue, target)
    elif o.x.narrow:
        stored = integers.hybrid_weights(node.input(1).tensor, o.x)
        yield integers.integer_convolution(g, o.x, stored, y, integers.sum_epilogue(epilogue), target)
    else:
        yield from convolved(g, o.x, o.weights, y, epilogue, target)


@needs("the default format of weights")
def default_format(op: Op) -> str | None:
    found = str(op.options.get("weights_format", "DEFAULT"))
    return None if found == "DEFAULT" else found


@needs("weights (units, depth), and input rows of that depth")
def whole_support(op: Op) -> str | None:
    x, weights = operand_shape(op, 0), operand_shape(op, 1)
    size = 1
    for n in x:
        size *= n
    kept = not op.options.get("keep_num_dims", False) or x[-1:] == weights[-1:]
    fits = len(weights) == 2 and not size % max(weights[1], 1) and kept
    return None if fits else f"{shape_text(x)} and weights {shape_text(weights)}"
