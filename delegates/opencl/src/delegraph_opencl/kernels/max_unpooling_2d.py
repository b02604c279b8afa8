"""MaxUnpooling2D: puts values back to where MaxPoolingWithArgmax2D found them, zeros elsewhere (MediaPipe).

Source: tflite/delegates/gpu/common/mediapipe/default/custom_parsers.cc;
mediapipe/util/tflite/operations/max_unpooling.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from delegraph import Graph, InputError, Op, OpSupport, Shape, needs, shape_text
from delegraph.rules import same_images, stateless

from ..families.elementwise import spread
from ..families.mediapipe import pool_of, real_pool
from ..options import Options
from ..program.launch import Launch, blocks, int32s
from ..program.node import Kernel, Node
from ..program.target import Target

_WORK = 4096  # elements of a work-item on a CPU


def support(options: Options) -> Iterable[OpSupport]:
    yield OpSupport(
        "MaxUnpooling2D",
        (1, 1),
        "float32 float32 -> float32",
        (stateless, real_pool, same_images, windows_apart, places_of_pooling),
        Kernel(_launches),
        rtol=2.0**-11 if options.precision == "float16" else 0.0,
        shapes=shapes,
    )


@needs("windows that do not overlap")
def windows_apart(op: Op) -> str | None:
    pool = pool_of(op)
    return None if pool.size == pool.strides else f"windows of {pool.size} every {pool.strides}"


@needs("places that a MaxPoolingWithArgmax2D of the same windows found")
def places_of_pooling(op: Op, graph: Graph) -> str | None:
    """Each lies in its own window then, and what reads them need not look elsewhere."""
    places = op.inputs[1]
    assert places is not None
    maker = next((o for o in graph.ops if any(t.index == places.index for t in o.outputs)), None)
    if maker is None or maker.name != "MaxPoolingWithArgmax2D" or maker.outputs[1].index != places.index:
        return "an input" if maker is None else str(maker)
    found = pool_of(maker).size
    return None if found == pool_of(op).size else f"windows of {found}"


def shapes(op: Op, given: Sequence[Shape]) -> list[Shape]:
    x = given[0]
    if x is None:
        return [None]
    if len(x) != 4 or real_pool.found(op):
        raise InputError(f"{op} needs images and {real_pool.rule}, found {shape_text(x)} and {pool_of(op)}")
    height, width = pool_of(op).size
    return [(x[0], x[1] * height, x[2] * width, x[3])]


def _launches(node: Node, target: Target) -> Iterator[Launch]:
    """Each value of the output asks the place of its window whether it is there."""
    x, places, y = node.input(0), node.input(1), node.outputs[0]
    if not y.size:
        return
    channels = x.shape[3]
    vector = next(n for n in (8, 4, 1) if channels % n == 0)
    count = y.size // vector
    per_item = max(_WORK // vector, 1) if target.variant == "cpu" else 1
    height, width = pool_of(node.op).size
    defines = (("SIZE_Y", height), ("SIZE_X", width), ("N", vector))
    yield Launch(
        _SOURCE,
        "unpool",
        (x, places, y, *int32s(count, per_item, y.shape[2], channels // vector)),
        *spread(blocks(count, per_item), target),
        (*defines, ("V(name)", "name" if vector == 1 else f"name##{vector}")),
        writes=(y,),
    )


_SOURCE = """
__kernel void unpool(__global const REAL* restrict x, __global const REAL* restrict places,
                     __global REAL* restrict y, int n, int per_item, int width, int vectors) {
  int i = get_global_id(0) * per_item, last = min(i + per_item, n);
  int c = i % vectors, column = i / vectors % width, line = i / vectors / width;  // lines of all images
  for (; i < last; i++) {
    int from = (line / SIZE_Y * (width / SIZE_X) + column / SIZE_X) * vectors + c;
    V(F) place = floor(V(LOAD)(places, from * N)), here = (V(F))(line % SIZE_Y * SIZE_X + column % SIZE_X);
    V(STORE)(y, i * N, (place == here) ? V(LOAD)(x, from * N) : (V(F))(0));
    if (++c == vectors) {
      c = 0;
      if (++column == width) column = 0, line++;
    }
  }
}
"""
