"""Ops that move values, or pick and order them."""

from __future__ import annotations

import numpy as np

from ..draft import Draft
from ..recipe import EVERY_TYPE, INDICES, NUMBERS, recipe, varied

SHAPE = (2, 3, 4)
IMAGE = (1, 4, 4, 4)


@recipe("RESHAPE", varied("float32:int32", EVERY_TYPE, INDICES))
def reshape(d: Draft, t: str, i: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    d.op([x, d.index([6, 4], i)], [d.output((6, 4), t, **d.stored(t))], new_shape=[6, 4])


@recipe("TRANSPOSE", varied("float32:int32", EVERY_TYPE, INDICES))
def transpose(d: Draft, t: str, i: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    d.op([x, d.index([2, 0, 1], i)], [d.output((4, 2, 3), t, **d.stored(t))])


@recipe("SQUEEZE", EVERY_TYPE)
def squeeze(d: Draft, t: str) -> None:
    x = d.input((2, 1, 3), t, **d.stored(t))
    d.op([x], [d.output((2, 3), t, **d.stored(t))], squeeze_dims=[1])


@recipe("EXPAND_DIMS", varied("float32:int32", EVERY_TYPE, INDICES))
def expand_dims(d: Draft, t: str, i: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    d.op([x, d.index([1], i)], [d.output((2, 1, 3, 4), t, **d.stored(t))])


@recipe("SLICE", varied("float32:int32", EVERY_TYPE, INDICES))
def slice_(d: Draft, t: str, i: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    d.op([x, d.index([0, 1, 1], i), d.index([2, 2, 2], i)], [d.output((2, 2, 2), t, **d.stored(t))])


@recipe("STRIDED_SLICE", varied("float32:int32", EVERY_TYPE, INDICES))
def strided_slice(d: Draft, t: str, i: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    spec = [d.index(v, i) for v in ([0, 1, 0], [2, 3, 4], [1, 1, 2])]
    d.op([x, *spec], [d.output((2, 2, 2), t, **d.stored(t))])


@recipe("GATHER", varied("float32:int32", EVERY_TYPE, EVERY_TYPE))
def gather(d: Draft, t: str, i: str) -> None:
    x, where = d.input(SHAPE, t, **d.stored(t)), d.input((3,), i, low=0, high=1)
    d.op([x, where], [d.output((3, 3, 4), t, **d.stored(t))], axis=0)


@recipe("GATHER_ND", varied("float32:int32", EVERY_TYPE, INDICES))
def gather_nd(d: Draft, t: str, i: str) -> None:
    x, where = d.input(SHAPE, t, **d.stored(t)), d.input((3, 2), i, low=0, high=1)
    d.op([x, where], [d.output((3, 4), t, **d.stored(t))])


@recipe("CONCATENATION", EVERY_TYPE)
def concatenation(d: Draft, t: str) -> None:
    values = [d.input(SHAPE, t, **d.stored(t)) for _ in range(2)]
    d.op(values, [d.output((2, 6, 4), t, **d.stored(t))], axis=1)


@recipe("PACK", EVERY_TYPE)
def pack(d: Draft, t: str) -> None:
    values = [d.input(SHAPE, t, **d.stored(t)) for _ in range(2)]
    d.op(values, [d.output((2, 2, 3, 4), t, **d.stored(t))], values_count=2, axis=1)


@recipe("UNPACK", EVERY_TYPE)
def unpack(d: Draft, t: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    d.op([x], [d.output((2, 4), t, **d.stored(t)) for _ in range(3)], num=3, axis=1)


@recipe("SPLIT", varied("float32:int32", EVERY_TYPE, INDICES))
def split(d: Draft, t: str, i: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    outputs = [d.output((2, 3, 2), t, **d.stored(t)) for _ in range(2)]
    d.op([d.index(1 if i == "bool" else 2, i), x], outputs, num_splits=2)


@recipe("SPLIT_V", varied("float32:int32:int32", EVERY_TYPE, INDICES, INDICES))
def split_v(d: Draft, t: str, sizes: str, i: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    outputs = [d.output((2, 3, n), t, **d.stored(t)) for n in (3, 1)]
    d.op([x, d.index([3, 1], sizes), d.index(2, i)], outputs, num_splits=2)


@recipe("TILE", varied("float32:int32", EVERY_TYPE, INDICES))
def tile(d: Draft, t: str, i: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    d.op([x, d.index([1, 2, 1], i)], [d.output((2, 6, 4), t, **d.stored(t))])


@recipe("PAD", varied("float32:int32", EVERY_TYPE, INDICES))
def pad(d: Draft, t: str, i: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    d.op([x, d.index([[0, 0], [1, 1], [0, 1]], i)], [d.output((2, 5, 5), t, **d.stored(t))])


@recipe("PADV2", varied("float32:int32", EVERY_TYPE, INDICES))
def padv2(d: Draft, t: str, i: str) -> None:
    x, value = d.input(SHAPE, t, **d.stored(t)), d.input((1,), t, **d.stored(t))
    d.op([x, d.index([[0, 0], [1, 1], [0, 1]], i), value], [d.output((2, 5, 5), t, **d.stored(t))])


@recipe("MIRROR_PAD", varied("float32:int32", EVERY_TYPE, INDICES))
def mirror_pad(d: Draft, t: str, i: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    pads = d.index([[0, 0], [1, 1], [0, 1]], i)
    d.op([x, pads], [d.output((2, 5, 5), t, **d.stored(t))], mode="REFLECT")


@recipe("REVERSE_V2", varied("float32:int32", EVERY_TYPE, INDICES))
def reverse_v2(d: Draft, t: str, i: str) -> None:
    x = d.input(SHAPE, t, **d.stored(t))
    d.op([x, d.index([1], i)], [d.output(SHAPE, t, **d.stored(t))])


@recipe("REVERSE_SEQUENCE", varied("float32:int32", EVERY_TYPE, INDICES))
def reverse_sequence(d: Draft, t: str, i: str) -> None:
    x, lengths = d.input(SHAPE, t, **d.stored(t)), d.input((2,), i, low=1, high=3)
    d.op([x, lengths], [d.output(SHAPE, t, **d.stored(t))], seq_dim=1, batch_dim=0)


@recipe("BROADCAST_TO", varied("float32:int32", EVERY_TYPE, INDICES))
def broadcast_to(d: Draft, t: str, i: str) -> None:
    x = d.input((1, 3, 1), t, **d.stored(t))
    sizes = [1, 3, 1] if i == "bool" else [2, 3, 4]
    d.op([x, d.index(sizes, i)], [d.output(sizes, t, **d.stored(t))])


@recipe("BROADCAST_ARGS", EVERY_TYPE)
def broadcast_args(d: Draft, t: str) -> None:
    sizes = [[2, 1, 4], [3, 1]] if t not in ("bool", "string", "int2") else [[1, 1, 1], [1, 1]]
    if t == "string":
        sizes = [[b"1"] * 3, [b"1"] * 2]
    elif t == "bfloat16":
        sizes = [[0x3F80] * 3, [0x3F80] * 2]
    x, y = (d.input((len(n),), t, n) for n in sizes)
    d.op([x, y], [d.output((3,), t)])


@recipe("SPACE_TO_DEPTH", NUMBERS)
def space_to_depth(d: Draft, t: str) -> None:
    x = d.input(IMAGE, t, **d.stored(t))
    d.op([x], [d.output((1, 2, 2, 16), t, **d.stored(t))], block_size=2)


@recipe("DEPTH_TO_SPACE", NUMBERS)
def depth_to_space(d: Draft, t: str) -> None:
    x = d.input(IMAGE, t, **d.stored(t))
    d.op([x], [d.output((1, 8, 8, 1), t, **d.stored(t))], block_size=2)


@recipe("SPACE_TO_BATCH_ND", varied("float32:int32:int32", EVERY_TYPE, INDICES, INDICES))
def space_to_batch_nd(d: Draft, t: str, block: str, pads: str) -> None:
    x = d.input(IMAGE, t, **d.stored(t))
    spec = [d.index([2, 2], block), d.index([[0, 0], [0, 0]], pads)]
    d.op([x, *spec], [d.output((4, 2, 2, 4), t, **d.stored(t))])


@recipe("BATCH_TO_SPACE_ND", varied("float32:int32:int32", EVERY_TYPE, INDICES, INDICES))
def batch_to_space_nd(d: Draft, t: str, block: str, crops: str) -> None:
    x = d.input((4, 2, 2, 4), t, **d.stored(t))
    spec = [d.index([2, 2], block), d.index([[0, 0], [0, 0]], crops)]
    d.op([x, *spec], [d.output(IMAGE, t, **d.stored(t))])


@recipe("SELECT SELECT_V2", varied("bool:float32", EVERY_TYPE, EVERY_TYPE))
def select(d: Draft, condition: str, t: str) -> None:
    c = d.input(SHAPE, condition)
    x, y = (d.input(SHAPE, t, **d.stored(t)) for _ in range(2))
    d.op([c, x, y], [d.output(SHAPE, t, **d.stored(t))])


@recipe("WHERE", EVERY_TYPE)
def where(d: Draft, t: str) -> None:
    low = {"low": -2, "high": 2} if t.startswith(("int", "uint")) else {}
    d.op([d.input((3, 4), t, **low)], [d.output((12, 2), "int64")])


@recipe("FILL", varied("int32:float32", INDICES, EVERY_TYPE))
def fill(d: Draft, i: str, t: str) -> None:
    # LiteRT's Python interface loses a scalar string that it is given.
    value = d.constant(np.array(b"text", object)) if t == "string" else d.input((), t, **d.stored(t))
    shape = [1, 1] if i == "bool" else [2, 3]
    d.op([d.index(shape, i), value], [d.output(shape, t, **d.stored(t))])


@recipe("SHAPE", [f"{t}>int32" for t in EVERY_TYPE] + [f"float32>{t}" for t in EVERY_TYPE])
def shape(d: Draft, t: str, out: str) -> None:
    d.op([d.input(SHAPE, t)], [d.output((3,), out)], out_type=out.upper())


@recipe("RANK", EVERY_TYPE)
def rank(d: Draft, t: str) -> None:
    d.op([d.input(SHAPE, t)], [d.output((), "int32")])


@recipe("ONE_HOT", varied("int32:float32:int32", INDICES, EVERY_TYPE, ("int16", "int64")))
def one_hot(d: Draft, i: str, t: str, depth: str) -> None:
    n = 3
    indices = d.input((4,), i, low=0, high=2)
    on, off = (d.input((), t) for _ in range(2))
    d.op([indices, d.index(n, depth), on, off], [d.output((4, n), t)], axis=-1)


@recipe("SCATTER_ND", varied("int32:float32:int32", INDICES, EVERY_TYPE, INDICES))
def scatter_nd(d: Draft, i: str, t: str, sizes: str) -> None:
    at = d.input((3, 1), i, [[0], [1], [1]])
    limits = {"low": -5, "high": 5}
    shape = [1, 1] if sizes == "bool" else [4, 2]
    updates = d.input((3, shape[1]), t, **(limits if t != "bool" else {}))
    d.op([at, updates, d.index(shape, sizes)], [d.output(shape, t)])


@recipe("SPARSE_TO_DENSE", varied("int32:int32:float32", INDICES, INDICES, EVERY_TYPE))
def sparse_to_dense(d: Draft, i: str, sizes: str, t: str) -> None:
    at, n = d.input((2,), i, [0, 1]), 1 if sizes == "bool" else 5
    values, usual = d.input((2,), t), d.input((), t)
    d.op([at, d.index([n], sizes), values, usual], [d.output((n,), t)])


@recipe("MATRIX_DIAG", EVERY_TYPE)
def matrix_diag(d: Draft, t: str) -> None:
    d.op([d.input((2, 3), t, **d.stored(t))], [d.output((2, 3, 3), t, **d.stored(t))])


@recipe("MATRIX_SET_DIAG", EVERY_TYPE)
def matrix_set_diag(d: Draft, t: str) -> None:
    x, diagonal = d.input((2, 3, 3), t, **d.stored(t)), d.input((2, 3), t, **d.stored(t))
    d.op([x, diagonal], [d.output((2, 3, 3), t, **d.stored(t))])


@recipe("DYNAMIC_UPDATE_SLICE", varied("float32:int32", EVERY_TYPE, INDICES))
def dynamic_update_slice(d: Draft, t: str, i: str) -> None:
    x, update = d.input(SHAPE, t, **d.stored(t)), d.input((1, 2, 2), t, **d.stored(t))
    d.op([x, update, d.input((3,), i, [1, 1, 1])], [d.output(SHAPE, t, **d.stored(t))])


WIDE = ("uint8", "uint16", "int32", "float32", "int64", "complex64")


@recipe("BITCAST", [f"{t}>{t}" for t in EVERY_TYPE] + [f"{a}>{b}" for a in EVERY_TYPE for b in WIDE])
def bitcast(d: Draft, a: str, b: str) -> None:
    from delegraph.model import DTYPES

    m, n = DTYPES[a].bits or 32, DTYPES[b].bits or 32
    x = d.input((2, 3) if m >= n else (2, 3, n // m), a)
    d.op([x], [d.output((2, 3) if m <= n else (2, 3, m // n), b)])


@recipe("TOPK_V2", varied("float32:int32:int32", NUMBERS, INDICES, INDICES))
def topk_v2(d: Draft, t: str, k: str, i: str) -> None:
    n = 1 if k == "bool" else 2
    x = d.input(SHAPE, t, **d.stored(t))
    d.op([x, d.index(n, k)], [d.output((2, 3, n), t, **d.stored(t)), d.output((2, 3, n), i)])


@recipe("UNIQUE", varied("float32:int32", EVERY_TYPE, ("int32", "int64", "int16", "float32")))
def unique(d: Draft, t: str, i: str) -> None:
    values = {"low": -3, "high": 3} if t.startswith(("int", "uint")) else {}
    x = d.input((9,), t, **values)
    d.op([x], [d.output((9,), t), d.output((9,), i)], idx_out_type=i.upper())


@recipe("RESIZE_NEAREST_NEIGHBOR", varied("float32:int32", NUMBERS, INDICES))
def resize(d: Draft, t: str, i: str) -> None:
    x = d.input((1, 4, 4, 3), t, **d.stored(t))
    sizes = [1, 1] if i == "bool" else [6, 3]
    d.op([x, d.index(sizes, i)], [d.output((1, *sizes, 3), t, **d.stored(t))])


@recipe("DILATE", varied("float32:int32", EVERY_TYPE, INDICES))
def dilate(d: Draft, t: str, i: str) -> None:
    x, value = d.input((2, 3), t), d.input((), t)
    sizes = [1, 1] if i == "bool" else [2, 3]
    new = [(n - 1) * s + 1 for n, s in zip((2, 3), sizes, strict=True)]
    d.op([x, d.index(sizes, i), value], [d.output(new, t)])


@recipe("EMBEDDING_LOOKUP", [f"{a}:{t}" for a in EVERY_TYPE for t in ("same", "float32")])
def embedding_lookup(d: Draft, t: str, out: str) -> None:
    narrow = t.startswith(("int", "uint")) and out != "same"
    table = d.random(t, (5, 8))
    x = d.constant(table, t, **({"scale": 0.1, "zero_point": 0} if narrow else {}))
    d.op([d.input((3,), "int32", [4, 0, 2]), x], [d.output((3, 8), t if out == "same" else out)])


@recipe("HASHTABLE_LOOKUP", EVERY_TYPE)
def hashtable_lookup(d: Draft, t: str) -> None:
    wanted, keys = d.input((3,), "int32", [7, 1, 5]), d.input((2,), "int32", [1, 5])
    x = d.input((2, 4), t)
    d.op([wanted, keys, x], [d.output((3, 4), t), d.output((3,), "uint8")])


@recipe("LSH_PROJECTION", EVERY_TYPE)
def lsh_projection(d: Draft, t: str) -> None:
    d.op([d.input((2, 3), "float32"), d.input((3, 4), t)], [d.output((2,), "int32")], type="SPARSE")


@recipe("EMBEDDING_LOOKUP_SPARSE", EVERY_TYPE)
def embedding_lookup_sparse(d: Draft, t: str) -> None:
    ids, at = d.input((3,), "int32", [1, 3, 0]), d.input((3, 2), "int32", [[0, 0], [2, 0], [2, 1]])
    sizes, weights = d.index([3, 2]), d.input((3,), "float32", [1, 2, 4])
    table = d.input((4, 3), t)
    d.op([ids, at, sizes, weights, table], [d.output((3, 3), t)], combiner="MEAN")


@recipe("SKIP_GRAM", EVERY_TYPE)
def skip_gram(d: Draft, t: str) -> None:
    text = np.array([b"The quick brown fox"], object) if t == "string" else None
    options = {"ngram_size": 2, "max_skip_size": 0, "include_all_ngrams": False}
    d.op([d.input((1,), t, text)], [d.output((3,), t)], **options)
