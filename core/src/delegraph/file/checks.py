"""What must hold between the parts of a model: shapes and scales, who writes a tensor, who calls whom.

Source: tflite/core/subgraph.cc (CheckInputAndOutputForOverlap); tflite/core/interpreter_builder.cc
(ParseQuantization); schema.fbs, ``SparsityParameters``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

from ..errors import ModelError
from ..model import DTYPES, Graph, Model, Op, Quantization, Record, Signature, Tensor, called_fields
from ..text import shape_text

MAX_CALL_DEPTH = 100  # of subgraphs that call subgraphs
_MAX_SIZE = (1 << 31) - 1  # of a dimension: the file's integers are of 32 bits


def check_dataflow(graph: Graph) -> None:
    """Check that each tensor is written once at most, and that ops can run in some order.

    An input is written by who runs the subgraph: a constant there would win, or the value that was given.

    :raises ModelError: the message names the op and the tensor
    """
    writer = [-1] * len(graph.tensors)
    for t in graph.inputs:
        if t.is_constant and t.size:
            raise ModelError(f"input {t.index} {t.name!r} is a constant: it cannot be given a value")
        writer[t.index] = len(graph.ops)
    for place, op in enumerate(graph.ops):
        for t in op.outputs:
            if writer[t.index] >= 0 or t.is_constant or t.is_variable:
                _check_output(op, t, writer[t.index], len(graph.ops))
            writer[t.index] = place
    for t in graph.inputs:
        writer[t.index] = -1
    if any(_reads_later(op, place, writer) for place, op in enumerate(graph.ops)):
        _check_order(graph, writer)


def check_calls(subgraphs: Sequence[Graph]) -> None:
    """Check that the subgraphs that ops call exist, and that no call leads back to its caller.

    :raises ModelError: the message names the subgraphs of the circle
    """
    calls = [_called(graph, len(subgraphs)) for graph in subgraphs]
    depth = [_NEW] * len(subgraphs)  # how deep the calls below a subgraph go, once that is known
    for start in range(len(subgraphs)):
        if depth[start] == _NEW:
            _walk_calls(start, calls, depth)


def check_model(model: Model) -> None:
    """Check of a model that was not read from a file what the reader checks of files.

    :raises ModelError: the message names the subgraph, the op or the signature, and the tensor
    """
    if not model.subgraphs:
        raise ModelError(f"{model.source} needs a subgraph to run, found none")
    for graph in model.subgraphs:
        _check_tensors(graph)
        check_dataflow(graph)
    check_calls(model.subgraphs)
    for signature in model.signatures:
        _check_signature(signature, model)


def check_quantization(q: Quantization, shape: tuple[int, ...], dtype: str) -> None:
    """Check that scales and zero points fit each other, the shape and the type.

    A file that has scales and no zero points LiteRT does not load, whatever tensor they are of.

    :raises ModelError: the message says what was found
    """
    count = len(q.scale)
    if len(q.zero_point) != count:
        raise ModelError(f"quantization needs {count} zero points, one a scale, found {len(q.zero_point)}")
    if count == 1:
        if not 0 <= q.scale[0] < inf:
            raise ModelError(
                f"quantization needs a scale that is finite and not negative, found {q.scale[0]}"
            )
    elif count > 1:
        # Some converters keep the filter's axis for the bias, which has one axis only: no harm in that.
        sizes = shape if len(shape) == 1 else shape[q.axis : q.axis + 1]
        if q.axis < 0 or sizes != (count,):
            raise ModelError(f"{count} scales along axis {q.axis} do not fit shape {shape_text(shape)}")
        if not np.all((q.scale >= 0) & (q.scale < inf)):
            raise ModelError("quantization needs scales that are finite and not negative")
    if len(q.zero_point) and DTYPES[dtype].is_integer:
        _check_zero_points(q.zero_point, dtype)


def check_sparsity(sparsity: Record, shape: tuple[int, ...]) -> int:
    """Return how many values a sparse tensor stores.

    :raises ModelError: its parameters do not fit each other or the shape
    """
    order, blocks, levels = sparsity.traversal_order, sparsity.block_map or (), sparsity.dim_metadata
    rank = len(shape)
    if sorted(order) != list(range(rank + len(blocks))) or len(levels) != len(order):
        raise ModelError(
            f"sparsity: a traversal_order of {len(order)} does not fit shape {shape_text(shape)}, "
            f"{len(levels)} levels and {len(blocks)} blocks"
        )
    sizes = _level_sizes(order, blocks, levels, shape)
    count = 1
    for i, (level, size) in enumerate(zip(levels, sizes, strict=True)):
        if level.format != "DENSE":
            count = _sparse_count(i, level, size, count)
        elif level.dense_size != size:
            raise ModelError(f"sparsity: level {i} needs a size of {size}, found {level.dense_size}")
        else:
            count *= size
    return count


def _check_tensors(graph: Graph) -> None:
    """Check that operands and ends are the graph's tensors, of shapes and scales that a file can have."""
    place = f"subgraph {graph.index} {graph.name!r}"
    for t in graph.tensors:
        if t.shape is not None and not all(0 <= n <= _MAX_SIZE for n in t.shape):
            found = f"found {list(t.shape)}"
            raise ModelError(
                f"{place}: tensor {t.index} {t.name!r} needs sizes from 0 to {_MAX_SIZE}, {found}"
            )
        if t.quantization is not None and t.shape is not None:
            try:
                check_quantization(t.quantization, t.shape, t.dtype)
            except ModelError as e:
                raise ModelError(f"{place}: tensor {t.index} {t.name!r}: {e}") from e
    operands = [(str(op), t) for op in graph.ops for t in (*op.inputs, *op.outputs) if t is not None]
    ends = [(what, t) for what in ("inputs", "outputs") for t in getattr(graph, what)]
    for who, t in (*operands, *ends):
        own = graph.tensors[t.index] if 0 <= t.index < len(graph.tensors) else None
        if own is not t and (own is None or (own.dtype, own.shape) != (t.dtype, t.shape)):
            raise ModelError(f"{place}: {who}: tensor {t.index} {t.name!r} is none of its tensors")


def _check_signature(signature: Signature, model: Model) -> None:
    what = f"signature {signature.key!r}"
    if not 0 <= signature.subgraph < len(model.subgraphs):
        found = f"found {signature.subgraph}"
        raise ModelError(f"{what} needs a subgraph from 0 to {len(model.subgraphs) - 1}, {found}")
    count = len(model.subgraphs[signature.subgraph].tensors)
    for name, index in (*signature.inputs.items(), *signature.outputs.items()):
        if not 0 <= index < count:
            raise ModelError(f"{what} needs for {name!r} a tensor from 0 to {count - 1}, found {index}")


def _check_zero_points(points: np.ndarray, dtype: str) -> None:
    low, high = DTYPES[dtype].limits
    least, most = (points[0], points[0]) if len(points) == 1 else (points.min(), points.max())
    if not low <= least <= most <= high:
        raise ModelError(f"a zero point of {dtype} needs {low}..{high}, found {least}..{most}")


def _walk_calls(start: int, calls: Sequence[list[int]], depth: list[int]) -> None:
    """Follow the calls from one subgraph on, and note how deep they go."""
    path, rest = [start], [iter(calls[start])]
    depth[start] = _OPEN
    while path:
        here, callee = path[-1], next(rest[-1], None)
        if callee is None:
            depth[here] = 1 + max((depth[c] for c in calls[here]), default=0)
            path.pop()
            rest.pop()
        elif depth[callee] == _OPEN:
            circle = " calls ".join(map(str, [*path[path.index(callee) :], callee]))
            raise ModelError(f"subgraphs call each other in a circle: {circle}")
        elif depth[callee] == _NEW:
            path.append(callee)
            rest.append(iter(calls[callee]))
            depth[callee] = _OPEN
        if max(len(path), depth[here]) > MAX_CALL_DEPTH:
            raise ModelError(f"subgraphs call subgraphs more than {MAX_CALL_DEPTH} deep")


def _check_output(op: Op, t: Tensor, writer: int, op_count: int) -> None:
    if writer >= 0:
        other = "is an input of the subgraph" if writer == op_count else f"is written by op {writer} too"
        raise ModelError(f"{op} writes tensor {t.index} {t.name!r}, which {other}")
    if t.is_constant:
        raise ModelError(f"{op} writes tensor {t.index} {t.name!r}, which is a constant")
    if any(t is read for read in op.inputs):  # a variable: for other tensors it is a circle of one
        raise ModelError(f"{op} reads and writes tensor {t.index} {t.name!r}")


def _reads_later(op: Op, place: int, writer: Sequence[int]) -> bool:
    """Say whether an op reads what it or a later op writes; a variable's value is there before."""
    return any(t is not None and writer[t.index] >= place and not t.is_variable for t in op.inputs)


def _check_order(graph: Graph, writer: Sequence[int]) -> None:
    """Check that ops which do not stand in order of dependency could be put in one."""
    needs = [
        {writer[t.index] for t in op.inputs if t is not None and not t.is_variable} - {-1}
        for op in graph.ops
    ]
    readers: list[list[int]] = [[] for _ in graph.ops]
    for i, before in enumerate(needs):
        for j in before:
            readers[j].append(i)
    left = [len(before) for before in needs]
    ready = [i for i, n in enumerate(left) if not n]
    for i in ready:
        for j in readers[i]:
            left[j] -= 1
            if not left[j]:
                ready.append(j)
    if len(ready) < len(graph.ops):
        stuck = next(op for op, n in zip(graph.ops, left, strict=True) if n)
        raise ModelError(f"{stuck} needs its own result: ops depend on each other in a circle")


def _called(graph: Graph, subgraph_count: int) -> list[int]:
    called: dict[int, None] = {}
    for op in graph.ops:
        for name in called_fields(op.options.table):
            value = op.options.get(name)
            if value is None:
                raise ModelError(f"subgraph {graph.index}: {op} needs the option {name}, found none")
            for index in value if isinstance(value, tuple) else (value,):
                if not 0 <= index < subgraph_count:
                    raise ModelError(
                        f"subgraph {graph.index}: {op}: {name} is {index}, "
                        f"but the model has {subgraph_count} subgraphs"
                    )
                called[index] = None
    return list(called)


def _level_sizes(
    order: Sequence[int], blocks: Sequence[int], levels: Sequence[Record], shape: Sequence[int]
) -> list[int]:
    """Return the size of each level: a dimension's in blocks, or a block's in elements."""
    rank, sizes = len(shape), list(shape)
    block_sizes = [levels[order.index(rank + i)].dense_size for i in range(len(blocks))]
    for dim, size in zip(blocks, block_sizes, strict=True):
        if not 0 <= dim < rank or size < 1 or sizes[dim] % size:
            raise ModelError(
                f"sparsity: blocks of {size} along dimension {dim} do not fit shape {shape_text(shape)}"
            )
        sizes[dim] //= size
    return [[*sizes, *block_sizes][dim] for dim in order]


def _sparse_count(index: int, level: Record, size: int, count: int) -> int:
    """Return how many values lie below a sparse level of ``count`` segments."""
    if level.array_segments is None or level.array_indices is None:
        raise ModelError(f"sparsity: level {index} needs segments and indices, found none")
    segments = level.array_segments.values.astype(np.int64)
    indices = level.array_indices.values
    if (
        len(segments) != count + 1
        or segments[0] != 0
        or segments[-1] != len(indices)
        or np.any(np.diff(segments) < 0)
    ):
        raise ModelError(
            f"sparsity: level {index} needs {count + 1} ascending segments that end at {len(indices)}"
        )
    if len(indices) and not 0 <= indices.min() <= indices.max() < size:
        raise ModelError(f"sparsity: level {index} needs indices below {size}, found {indices.max()}")
    return len(indices)


_NEW, _OPEN = 0, -1  # depths of a subgraph not seen yet, and of one whose calls are being followed
