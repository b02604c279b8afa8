"""The fingerprint of a partition: each field of a model is changed in turn; it matters, or does not."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
from delegraph import Blocks, Graph, Model, Op, Record, Tensor
from delegraph.model import Builder, fingerprint
from delegraph.partition import partition, specialize

# What a model computes does not depend on these.
NO_MATTER = {
    "Model": {
        "operator_codes", "buffers", "signatures", "metadata", "metadata_buffer", "description", "version",
        "external_buffer_groups", "external_buffers", "trailer", "source",
    },
    "Graph": {"name", "index", "debug_metadata_index", "folded", "merged"},
    "Op": {"index", "code", "debug_metadata_index", "has_options", "bodies"},
    "Tensor": {"index", "name", "buffer", "begins"},
}  # fmt: skip


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


def changes(value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield values that differ from this one in one place, each with the path of fields to the place."""
    if isinstance(value, tuple):
        if value:
            yield (), value[:-1]
        for i, item in enumerate(value):
            for path, changed in changes(item):
                yield path, (*value[:i], changed, *value[i + 1 :])
    elif isinstance(value, Record):
        for name, item in value:
            for path, changed in changes(item):
                yield (f"{value.table}.{name}", *path), value.replace(**{name: changed})
    elif attrs.has(type(value)):
        for f in attrs.fields(type(value)):
            for path, changed in changes_of_field(value, f.name):
                arguments = {f.alias: changed}
                yield (f"{type(value).__name__}.{f.name}", *path), attrs.evolve(value, **arguments)
    elif isinstance(value, np.ndarray):
        if value.size:
            other = value.copy()
            other.reshape(-1)[-1] = b"x" if value.dtype == object else not value.reshape(-1)[-1]
            yield (), other
    elif isinstance(value, (bool, int, float, str, bytes)):
        yield (
            (),
            {bool: lambda v: not v, str: lambda v: v + "x", bytes: lambda v: v + b"x"}.get(
                type(value), lambda v: v + 1
            )(value),
        )
    elif value is None:
        yield (), 1


def changes_of_field(value: Any, name: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield other values of a field; an op and the ends of a graph name tensors by their index alone."""
    before = getattr(value, name)
    if isinstance(value, Tensor) and name == "dtype":
        if not value.is_constant:  # its values would be others, too
            yield (), "int16"
    elif isinstance(value, Tensor) and name in ("_data", "begins"):
        yield from changes(value.data) if name == "_data" and value.is_constant else ()
    elif isinstance(value, Tensor) and name == "shape_signature" and before is None:
        yield (), (-1, 2)
    elif isinstance(value, Tensor) and name in ("quantization", "sparsity") and before is None:
        return
    elif isinstance(value, (Op, Graph)) and before and isinstance(before, tuple) and name in REFERENCES:
        yield (), before[:-1]
        other = attrs.evolve(next(t for t in before if t is not None), index=77)
        yield (), (other, *before[1:])
    elif name not in (*REFERENCES, "options", "bodies", "folded", "merged") or before:
        yield from changes(before)


REFERENCES = ("inputs", "outputs", "intermediates")


def matters(path: tuple[str, ...]) -> bool:
    """Say whether the place of a change decides what the model computes."""
    steps = [step.split(".") for step in path]
    if any(step == ["Blocks", "scales"] for step in steps):
        return steps[-1] == ["Tensor", "index"]  # who the scales are; the rest stands in that tensor itself
    return not any(name in NO_MATTER.get(table, ()) for table, name in steps)


def test_every_change_that_matters_gives_another_fingerprint_and_no_other_does():
    model = rich_model()
    before, tried = fingerprint(model), Counter[tuple[str, ...]]()
    for path, changed in changes(model):
        tried[path] += 1
        if tried[path] <= 20:  # places of one kind
            assert (fingerprint(changed) != before) == matters(path), path
    assert len(tried) > 75


def test_another_process_finds_the_same():
    program = "from test_fingerprint import *; print(fingerprint(rich_model()))"
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=__file__.rpartition("/")[0],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {fingerprint(rich_model())}


def test_names_and_the_place_in_a_model_do_not_matter():
    found = set()
    for before in (0, 3):
        g = Builder()
        for i in range(before):
            g.op("NEG", [g.input((7,), "float32", f"other {i}")], [g.tensor((7,), "float32")])
        x = g.input((2,), "float32", f"x{before}")
        g.op("ADD", [x, g.constant([1.0, 2.0], "float32")], [g.tensor((2,), "float32")])
        (part,) = partition(specialize(g.model()), []).partitions
        found.add(part.of_op(part.ops[-1]).fingerprint())
    assert len(found) == 1
