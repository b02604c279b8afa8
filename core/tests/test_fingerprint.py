"""The fingerprint of a partition: each field of a model is changed in turn; it matters, or does not."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from delegraph import Graph, Op, Record, Tensor
from delegraph.model import Builder, fingerprint
from delegraph.partition import partition, specialize

sys.path.insert(0, str(Path(__file__).parent))

from rich_model import rich_model

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
        for f in (f for f in attrs.fields(type(value)) if f.init):
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
