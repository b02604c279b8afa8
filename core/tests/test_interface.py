"""What is run has the names of a signature where there is one, else those of its tensors."""

from __future__ import annotations

import attrs
import pytest
from delegraph.errors import InputError
from delegraph.model import Builder, Model, Signature
from delegraph.run import interface_of


def model(*signatures: Signature, names: tuple[str, str] = ("a:0", "b:0")) -> Model:
    """Return a model with inputs 0 and 1 and their sum, 2."""
    g = Builder()
    a, b = (g.input((1, -1), "float32", name=name) for name in names)
    made = g.model(outputs=[g.op("ADD", [a, b], [g.tensor((1, 1), "float32", name="sum:0")])])
    return attrs.evolve(made, signatures=signatures)


def names_of(interface) -> tuple[list[str], list[str]]:
    return [a.name for a in interface.inputs], [a.name for a in interface.outputs]


def test_the_only_signature_names_the_main_subgraph():
    interface = interface_of(model(Signature("serve", {"left": 0, "right": 1}, {"sum": 2})))
    assert names_of(interface) == (["left", "right"], ["sum"])
    assert interface.signature == "serve"


def test_without_a_signature_tensors_have_their_own_names():
    interface = interface_of(model())
    assert names_of(interface) == (["a:0", "b:0"], ["sum:0"])
    assert interface.signature is None


def test_of_several_signatures_one_is_asked_for():
    both = Signature("one", {"x": 0, "y": 1}, {"z": 2}), Signature("two", {"p": 0, "q": 1}, {"r": 2})
    assert names_of(interface_of(model(*both))) == (["a:0", "b:0"], ["sum:0"])
    assert names_of(interface_of(model(*both), "two")) == (["p", "q"], ["r"])


def test_a_signature_that_leaves_an_input_out_does_not_name_the_main_subgraph():
    interface = interface_of(model(Signature("half", {"left": 0}, {"sum": 2})))
    assert names_of(interface) == (["a:0", "b:0"], ["sum:0"])


def test_an_unknown_signature_is_an_error_that_lists_those_there_are():
    with pytest.raises(InputError, match=r"no signature 'x' in .*; it has: 'serve'"):
        interface_of(model(Signature("serve", {"left": 0, "right": 1}, {"sum": 2})), "x")


def test_tensors_of_one_name_are_told_apart_by_their_indices():
    assert names_of(interface_of(model(names=("x", "x"))))[0] == ["x", "x#1"]


def test_an_open_size_is_written_as_a_question_mark():
    assert interface_of(model()).inputs[0].shape_text == "1×?"
