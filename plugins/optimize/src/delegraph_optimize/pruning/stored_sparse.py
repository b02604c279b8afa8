"""Weights with many zeros as sparse tensors of the file: what is no zero, and where it stands.

Source: schema.fbs (SparsityParameters); tflite/kernels/fully_connected.cc, which takes weights in
compressed rows, of single values or of blocks of 1 x 4, and those of 8 bits in blocks of 1 x 16. For other
ops a DENSIFY makes them dense when the model is loaded, as LiteRT's converter has it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from delegraph import Record

from ..compress import WeightLayer
from ..writer import EditedOp, GraphEdit, ModelEdit

_OPS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
_BLOCK = 4  # inputs
_INT8_BLOCK = 16
_MOST_BLOCKS = 256  # of a row: LiteRT counts them in bytes
_SPARSE_VERSION = 8  # of FULLY_CONNECTED
_VECTORS = (("Uint8Vector", 1 << 8), ("Uint16Vector", 1 << 16), ("Int32Vector", 1 << 31))


def store_sparse(layers: Sequence[WeightLayer]) -> dict[int, str]:
    """Store weights sparse where that takes fewer bytes; return how each layer has them, by its ``id``."""
    told: dict[int, str] = {}
    for layer in layers:
        if layer.reason or layer.node.name not in _OPS:
            continue
        told[id(layer)] = _store(layer)
    return told


def store_sparse_integers(edit: ModelEdit) -> str:
    """Store int8 weights of FULLY_CONNECTED sparse where that takes fewer bytes; say how many are so."""
    count = 0
    for graph in edit.graphs:
        for index in sorted({n.inputs[1] for n in graph.nodes if _multiplies_int8(graph, n)}):
            count += _store_integers(graph, index)
    return f"weights stored in blocks of 1 x {_INT8_BLOCK} that are not zero: {count} tensors"


def _multiplies_int8(graph: GraphEdit, node: EditedOp) -> bool:
    types = [graph.tensors[i].dtype for i in node.inputs[:2]] if node.name == "FULLY_CONNECTED" else []
    return types == ["int8", "int8"] and graph.is_constant(node.inputs[1])


def _store_integers(graph: GraphEdit, index: int) -> bool:
    weights, readers = graph.data(index), [n for n in graph.nodes if index in n.reads]
    known = {*graph.inputs, *graph.outputs}
    if weights is None or index in known or not all(_multiplies_int8(graph, n) for n in readers):
        return False
    if weights.ndim != 2 or weights.shape[1] % _INT8_BLOCK or graph.tensors[index].sparsity is not None:
        return False
    there = weights.reshape(len(weights), -1, _INT8_BLOCK).any(axis=2)
    values, sparsity, nbytes = compressed_rows(weights, _INT8_BLOCK)
    if there.shape[1] > _MOST_BLOCKS or there.sum(axis=1).max() >= _MOST_BLOCKS or nbytes >= weights.nbytes:
        return False
    graph.change(index, data=values, shape=weights.shape, sparsity=sparsity)
    for reader in readers:
        reader.version = max(reader.version, _SPARSE_VERSION)
    return True


def _store(layer: WeightLayer) -> str:
    weights = layer.weights
    readers = [n for n in layer.graph.nodes if layer.tensor.index in n.reads]
    direct = all(n.name == "FULLY_CONNECTED" for n in readers)
    block = _BLOCK if _in_blocks(weights) else 1
    values, sparsity, nbytes = compressed_rows(weights, block)
    if nbytes >= weights.nbytes:
        return "dense: smaller so"
    if not values.size:  # a buffer without bytes is no constant
        return "dense: all zeros"
    index = layer.tensor.index
    if direct:
        for reader in readers:
            reader.version = max(reader.version, _SPARSE_VERSION)
    else:
        _densify(layer, readers)
    layer.graph.change(index, data=values, shape=weights.shape, sparsity=sparsity)
    kind = "sparse" if block == 1 else f"sparse, 1x{block} blocks"
    return kind if direct else f"{kind}, DENSIFY"


def _in_blocks(weights: np.ndarray) -> bool:
    """Say whether zeros come in blocks, so that blocks hold few of them."""
    if weights.shape[-1] % _BLOCK:
        return False
    held = np.count_nonzero(weights.reshape(-1, _BLOCK).any(axis=1)) * _BLOCK
    return bool(held <= 1.1 * np.count_nonzero(weights))


def compressed_rows(weights: np.ndarray, block: int) -> tuple[np.ndarray, Record, int]:
    """Return what is stored of weights whose last axis is compressed, where it stands, and bytes in all."""
    rows = weights.reshape(-1, weights.shape[-1] // block, block)
    there = rows.any(axis=2)
    values = np.ascontiguousarray(rows[there].reshape(-1))
    segments = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    places = [_vector(segments), _vector(np.nonzero(there)[1])]
    levels = [_dense(size) for size in weights.shape[:-1]]
    levels.append(_level("SPARSE_CSR", 0, *places))
    levels += [_dense(block)] if block > 1 else []
    sparsity = {
        "traversal_order": np.arange(len(levels), dtype=np.int32),
        "block_map": np.array([weights.ndim - 1], np.int32) if block > 1 else None,
        "dim_metadata": tuple(levels),
    }
    nbytes = values.nbytes + sum(vector.values.nbytes for vector in places)
    return values, Record("SparsityParameters", sparsity), nbytes


def _dense(size: int) -> Record:
    return _level("DENSE", size)


def _level(kind: str, size: int, segments: Record | None = None, indices: Record | None = None) -> Record:
    fields = {"format": kind, "dense_size": size, "array_segments": segments, "array_indices": indices}
    return Record("DimensionMetadata", fields)


def _vector(values: np.ndarray) -> Record:
    """Return whole numbers in the smallest vector that holds them."""
    table, _ = next(v for v in _VECTORS if values.max(initial=0) < v[1])
    dtype = {"Uint8Vector": np.uint8, "Uint16Vector": np.uint16, "Int32Vector": np.int32}[table]
    return Record(table, {"values": values.astype(dtype)})


def _densify(layer: WeightLayer, readers: Sequence[EditedOp]) -> None:
    """Let a DENSIFY make the weights that ops read."""
    graph, tensor = layer.graph, layer.tensor
    made = graph.add(f"{tensor.name}_dense", tensor.dtype, tensor)
    for reader in readers:
        reader.replace_input(tensor.index, made)
    first = min(i for i, n in enumerate(graph.nodes) if any(n is r for r in readers))
    node = EditedOp("DENSIFY", [tensor.index], [made], Record("DensifyOptions", {}))
    graph.nodes.insert(first, node)
