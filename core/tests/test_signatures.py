"""Signature runners: named arrays in, named arrays out."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from delegraph import InputError, Signature
from delegraph.interpreter import SignatureRunner
from delegraph.model import Builder, Model


def two_signatures() -> Model:
    """Subgraph 0 negates; subgraph 1 adds two vectors of any length."""
    g = Builder()
    x = g.input((2,), "float32", name="x")
    g.returns(g.op("NEG", [x], [g.tensor((2,), "float32", name="y")]))
    add = g.subgraph("add")
    a, b = add.input((-1,), "float32", name="a"), add.input((-1,), "float32", name="b")
    add.op("ADD", [a, b], [add.tensor((1,), "float32", name="c")])
    signatures = (
        Signature("negate", {"value": 0}, {"negated": 1}, 0),
        Signature("add", {"left": 0, "right": 1}, {"sum": 2}, 1),
    )
    return attrs.evolve(g.model(), signatures=signatures)


def test_signatures_are_listed_with_their_names(interpret):
    i = interpret(two_signatures())
    assert i.get_signature_list() == {
        "negate": {"inputs": ["value"], "outputs": ["negated"]},
        "add": {"inputs": ["left", "right"], "outputs": ["sum"]},
    }
    assert i._get_full_signature_list()["add"] == {"inputs": {"left": 0, "right": 1}, "outputs": {"sum": 2}}


def test_a_runner_needs_no_allocation(interpret):
    run = interpret(two_signatures()).get_signature_runner("negate")
    assert run(value=np.float32([1, 2]))["negated"].tolist() == [-1, -2]


def test_a_runner_resizes_inputs_to_what_it_gets(interpret):
    run = interpret(two_signatures()).get_signature_runner("add")
    for n in (1, 3, 2):
        assert run(left=np.ones(n, np.float32), right=np.ones(n, np.float32))["sum"].tolist() == [2] * n


def test_runners_of_several_subgraphs_do_not_disturb_each_other(interpret, toy):
    delegate = toy()
    i = interpret(two_signatures(), delegate)
    negate, add = i.get_signature_runner("negate"), i.get_signature_runner("add")
    one = np.ones(1, np.float32)
    for _ in range(3):
        assert negate(value=np.float32([1, 2]))["negated"].tolist() == [-1, -2]
        assert add(left=one, right=one)["sum"].tolist() == [2]
    assert delegate.prepared == [["NEG"], ["ADD"]]


def test_a_resize_in_one_subgraph_leaves_the_others_allocated(interpret):
    i = interpret(two_signatures())
    i.allocate_tensors()
    i.set_tensor(0, np.float32([1, 2]))
    i.get_signature_runner("add")(left=np.ones(3, np.float32), right=np.ones(3, np.float32))
    i.invoke()
    assert i.get_tensor(1).tolist() == [-1, -2]


def test_results_of_a_signature_can_be_read_with_its_subgraph(interpret):
    i = interpret(two_signatures())
    i.get_signature_runner("add")(left=np.float32([1]), right=np.float32([2]))
    assert i.get_tensor(2, subgraph_index=1).tolist() == [3]


def test_details_come_by_name(interpret):
    run = interpret(two_signatures()).get_signature_runner("add")
    assert run.get_input_details()["right"]["index"] == 1
    assert run.get_input_details()["left"]["shape_signature"].tolist() == [-1]
    assert run.get_output_details()["sum"]["name"] == "c"


def test_the_key_may_be_left_out_only_if_there_is_one_signature(interpret):
    with pytest.raises(ValueError, match="needs a signature_key; the model has: negate, add"):
        interpret(two_signatures()).get_signature_runner()
    model = two_signatures()
    only = attrs.evolve(model, signatures=model.signatures[:1])
    assert interpret(only).get_signature_runner()(value=np.float32([1, 2]))["negated"].tolist() == [-1, -2]


def test_wrong_names_and_counts_say_which_there_are(interpret):
    i = interpret(two_signatures())
    run = i.get_signature_runner("add")
    one = np.ones(1, np.float32)
    with pytest.raises(
        ValueError, match="signature 'add' needs a value for 'right'; its inputs: left, right"
    ):
        run(left=one)
    with pytest.raises(ValueError, match="signature 'add' has no input 'up'; its inputs: left, right"):
        run(left=one, right=one, up=one)
    with pytest.raises(ValueError, match="no signature 'sub'; the model has: negate, add"):
        i.get_signature_runner("sub")
    with pytest.raises(InputError):
        SignatureRunner(None, "add")


def test_a_value_of_another_dtype_is_refused(interpret):
    with pytest.raises(ValueError, match="needs float32, found int64"):
        interpret(two_signatures()).get_signature_runner("negate")(value=np.array([1, 2]))


def test_shapes_that_do_not_fit_are_refused_and_the_next_call_works(interpret):
    run = interpret(two_signatures()).get_signature_runner("add")
    with pytest.raises(RuntimeError, match="op #0 ADD v1"):
        run(left=np.ones(2, np.float32), right=np.ones(3, np.float32))
    assert run(left=np.float32([1]), right=np.float32([1]))["sum"].tolist() == [2]


def test_a_signature_may_name_a_tensor_that_is_no_output_of_its_subgraph(interpret):
    g = Builder()
    x = g.input((1,), "float32")
    a = g.op("NEG", [x], [g.tensor((1,), "float32")])
    b = g.op("ADD", [a, a], [g.tensor((1,), "float32")])
    model = attrs.evolve(g.model(outputs=[b]), signatures=(Signature("s", {"x": 0}, {"a": 1, "b": 2}),))
    found = interpret(model).get_signature_runner()(x=np.float32([3]))
    assert {name: value.item() for name, value in found.items()} == {"a": -3, "b": -6}
