"""LOCAL_RESPONSE_NORMALIZATION: x / (bias + alpha * sum of squares of the channels around it) ** beta.

Source: tflite/kernels/local_response_norm.cc, internal/reference/reference_ops.h.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from delegraph import OpSupport
from delegraph.rules import bounded_radius, image

from ..families.elementwise import spread
from ..families.support_rows import float_support
from ..options import Options
from ..program.epilogue import epilogue_of
from ..program.launch import Launch, blocks, int32s
from ..program.node import Kernel, Node
from ..program.target import Target

_LEAST_WORK = 512  # elements of a work-item on a CPU


def support(options: Options) -> Iterable[OpSupport]:
    name, kernel = "LOCAL_RESPONSE_NORMALIZATION", Kernel(_launches, fuses=True)
    constraints = [image, bounded_radius]
    return float_support(name, kernel, options, "T -> T", last=1, constraints=constraints, quantized="")


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    x, out, o = node.input(0), node.outputs[0], node.op.options
    if not x.size:
        return
    epilogue, depth = epilogue_of(node), x.shape[-1]
    each = _LEAST_WORK if target.variant == "cpu" else 1
    items, local = spread(blocks(x.size, each), target)
    numbers = map(np.float32, (o.bias, o.alpha, o.beta))
    sizes = int32s(x.size, each, depth, min(o.radius, depth))
    args = (x, out, *numbers, *sizes, *epilogue.args)
    yield Launch(epilogue.text + _SOURCE, "local_response", args, items, local, writes=(out,), flops=x.size)


# The window reaches from ``radius`` channels below to ``radius`` - 1 above, as LiteRT has it.
_SOURCE = """
__kernel void local_response(__global const REAL* restrict x, __global REAL* restrict y, float bias,
                             float alpha, float beta, int n, int each, int depth, int radius
                             EPILOGUE_PARAMS) {
  int first = get_global_id(0) * each, last = min(first + each, n);
  for (int i = first; i < last; i++) {
    int c = i % depth;
    float sum = 0;
    for (int k = max(c - radius, 0); k < min(c + radius, depth); k++) {
      float v = LOAD(x, i - c + k);
      sum += v * v;
    }
    float v = (float)LOAD(x, i) * pow(sum * alpha + bias, -beta);
    STORE(y, PLACE(i, c), EPILOGUE(TO_F(v), i, c));
  }
}
"""
