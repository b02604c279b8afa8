"""A file is written of what a model has: each number by which it names something is set to others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from attrs import evolve
from delegraph import Builder, InputError, Metadata, Model, Record, Signature, read_model, write_model

sys.path.insert(0, str(Path(__file__).parent))

from rich_model import rich_model

FAR = 1000
WRONG = (-1, FAR, 1 << 31, 1 << 40)


def model() -> Model:
    found = rich_model()
    return evolve(
        found,
        metadata=(Metadata("m", 1),),
        metadata_buffer=(1,),
        signatures=(Signature("s", {"a": 0}, {"b": 1}),),
    )


def elsewhere(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield a value with one of its references out of range, for each of them, and what it is called."""
    if isinstance(value, tuple):
        for i, item in enumerate(value):
            for what, wrong in elsewhere(item):
                yield what, (*value[:i], wrong, *value[i + 1 :])
    elif isinstance(value, Record):
        for name, _ in value:
            if "subgraph" in name:
                yield from ((f"{name}: there is no", value.replace(**{name: n})) for n in WRONG)
    elif attrs.has(type(value)):
        for f in attrs.fields(type(value)):
            for what, wrong in elsewhere_in(value, f.name, getattr(value, f.name)):
                yield what, evolve(value, **{f.alias: wrong})


def elsewhere_in(owner: Any, name: str, value: Any) -> Iterator[tuple[str, Any]]:
    kind = type(owner).__name__
    if (kind, name) in NUMBERS:
        yield from ((NUMBERS[kind, name], n) for n in WRONG)
    elif (kind, name) == ("Model", "metadata_buffer"):
        yield from (("metadata_buffer: there is no buffer", (n,)) for n in WRONG)
    elif kind == "Signature" and name in ("inputs", "outputs"):
        yield from (("there is no tensor", {"a": n}) for n in WRONG)
    elif name in ("inputs", "outputs", "intermediates", "scales", "zero_points"):
        some = value if isinstance(value, tuple) else (value,)
        for i, t in enumerate(some):
            for n in WRONG if t is not None else ():
                moved = (*some[:i], evolve(t, index=n), *some[i + 1 :])
                yield "there is no tensor", moved if isinstance(value, tuple) else moved[0]
    elif name in (
        "subgraphs",
        "tensors",
        "ops",
        "options",
        "quantization",
        "blocks",
        "signatures",
        "metadata",
    ):
        yield from elsewhere(value)


WITHIN = ("subgraphs", "tensors", "ops", "options", "quantization", "blocks", "signatures", "metadata")
NUMBERS = {
    ("Tensor", "buffer"): "there is no buffer",
    ("Tensor", "index"): "needs index=",
    ("Op", "code"): "there is no operator code",
    ("Metadata", "buffer"): "metadata 'm': there is no buffer",
    ("Signature", "subgraph"): "signature 's': there is no subgraph",
}


def test_a_number_of_something_that_is_not_there_is_named():
    tried = 0
    for said, wrong in elsewhere(model()):
        with pytest.raises(InputError, match=said):
            write_model(wrong)
        tried += 1
    assert tried > 350


def test_the_place_of_a_wrong_number_is_named():
    whole = model()
    main = whole.subgraphs[0]
    op = evolve(main.ops[1], inputs=(evolve(main.ops[1].inputs[0], index=77), *main.ops[1].inputs[1:]))
    wrong = evolve(
        whole, subgraphs=(evolve(main, ops=(main.ops[0], op, *main.ops[2:])), *whole.subgraphs[1:])
    )
    said = r"^subgraph 0 'main': op #1 GATHER v1: inputs: there is no tensor 77, the subgraph has \d+$"
    with pytest.raises(InputError, match=said):
        write_model(wrong)


def test_a_tensor_of_another_subgraph_is_not_taken_for_one_of_this():
    g = Builder()
    x = g.input((2,), "float32", "x")
    g.op("NEG", [x], [g.tensor((2,), "float32", "y")])
    other = Builder()
    stranger = other.input((3,), "int32", "stranger")
    built = g.model()
    graph = built.subgraphs[0]
    wrong = evolve(graph, ops=(evolve(graph.ops[0], inputs=(stranger,)),))
    with pytest.raises(InputError, match=r"tensor 0 'stranger' is not of this subgraph, where that is 'x'"):
        write_model(evolve(built, subgraphs=(wrong,)))


def test_options_of_another_op_are_named():
    g = Builder()
    x = g.input((2,), "float32")
    op = g.op("ADD", [x, x], [g.tensor((2,), "float32")])
    built = g.model([op])
    graph = built.subgraphs[0]
    other = evolve(graph.ops[0], options=Record("MulOptions", {"fused_activation_function": "NONE"}))
    with pytest.raises(InputError, match=r"op #0 ADD v1 needs options of AddOptions, found MulOptions"):
        write_model(evolve(built, subgraphs=(evolve(graph, ops=(other,)),)))


def test_a_constant_without_a_buffer_keeps_its_values():
    g = Builder()
    w = g.constant([1.0, 2.0], "float32")
    g.op("NEG", [w], [g.tensor((2,), "float32")])
    built = g.model()
    graph = built.subgraphs[0]
    moved = evolve(graph, tensors=(evolve(w, buffer=0), graph.tensors[1]))
    first = evolve(built, subgraphs=(moved,), buffers=built.buffers[1:])  # whose buffer 0 has the values
    assert read_model(write_model(first)).subgraphs[0].tensors[0].data.tolist() == [1.0, 2.0]
