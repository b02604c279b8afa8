"""A model in which most fields of the schema have a value: for tests that go through all of them."""

from __future__ import annotations

import attrs
import numpy as np
from delegraph import Blocks, Builder, Model, Record


def rich_model() -> Model:
    """Return a model in which most fields of the schema have a value."""
    g = Builder()
    then, otherwise = g.subgraph("then"), g.subgraph("else")
    then.op("NEG", [then.input((2, 3), "float32")], [then.tensor((2, 3), "float32")])
    otherwise.op("EXP", [otherwise.input((2, 3), "float32")], [otherwise.tensor((2, 3), "float32")])
    x, p = g.input((2, 64), "float32", "x"), g.input((), "bool", "p")
    scales = g.constant(np.ones((3, 2), np.float16))
    w = g.constant(np.ones((3, 64), np.int8), "int4", "w", blocks=Blocks(scales, 32))
    h = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((2, 3), "float32")], version=12)
    names = g.constant(["a", "bc"])
    n = g.op("GATHER", [names, g.constant([1], "int32")], [g.tensor((1,), "string")])
    q = g.op("QUANTIZE", [h], [g.tensor((2, 3), "int8", scale=[0.5, 0.25, 0.125], zero_point=1, axis=1)])
    weights = [g.constant(np.ones(s, np.float32)) for s in ((3, 3), (3, 3), (3,))]
    s = g.op("RNN", [h, *weights, g.variable((2, 3), "float32")], [g.tensor((2, 3), "float32")])
    c = g.op("mine", [s, x], [g.tensor((2, 3), "float32")], custom_options=b"\x01", intermediates=[q, n])
    y = g.op(
        "IF",
        [p, c],
        [g.tensor((2, 3), "float32")],
        then_subgraph_index=then.index,
        else_subgraph_index=otherwise.index,
    )
    model = g.model([y, q, n])
    return with_rare_fields(model)


def with_rare_fields(model: Model) -> Model:
    """Return the model with a sparse tensor and others that the builder does not make."""
    main = model.subgraphs[0]
    level = {"dense_size": 2, "array_segments": None, "array_indices": None}
    sparsity = Record(
        "SparsityParameters",
        {
            "traversal_order": (0, 1),
            "block_map": None,
            "dim_metadata": (Record("DimensionMetadata", {"format": "DENSE", **level}),) * 2,
        },
    )
    odd = attrs.evolve(
        main.tensors[0],
        index=len(main.tensors),
        sparsity=sparsity,
        shape_signature=(-1, 64),
        variant_tensors=(Record("VariantSubType", {"shape": (1,), "type": "INT8", "has_rank": False}),),
    )
    last = attrs.evolve(main.ops[-2], mutating_variable_inputs=(False, True))
    ops = (*main.ops[:-2], last, main.ops[-1])
    main = attrs.evolve(main, tensors=(*main.tensors, odd), ops=ops)
    return attrs.evolve(model, subgraphs=(main, *model.subgraphs[1:]))
