"""State lives in the interpreter: variable tensors, resource variables, hash tables, what ran once."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from delegraph import ModelError, StateError
from delegraph.model import Builder, Model


def summing(dtype="float32", **quantization) -> Model:
    """y = x + the sum of all x before."""
    g = Builder()
    x = g.input((-1,), dtype, name="x", **quantization)
    total = g.variable((1,), dtype, name="total", **quantization)
    y = g.op("Sum", [x, total], [g.tensor((1,), dtype, name="y", **quantization)])
    return g.model(outputs=[y], signature="sum")


def test_a_variable_persists_from_run_to_run(interpret):
    i = interpret(summing())
    assert [i([1]).item() for _ in range(3)] == [1, 2, 3]


def test_reset_all_variables_starts_anew(interpret):
    i = interpret(summing())
    i([1])
    i.reset_all_variables()
    assert i([1]).item() == 1


def test_an_int8_variable_is_reset_to_its_zero_point(interpret):
    i = interpret(summing("int8", scale=0.5, zero_point=-7))
    i.allocate_tensors()
    assert i.get_tensor(1).tolist() == [-7]


def test_a_uint8_variable_is_reset_to_0_as_in_litert(interpret):
    i = interpret(summing("uint8", scale=0.5, zero_point=7))
    i.allocate_tensors()
    assert i.get_tensor(1).tolist() == [0]


def test_a_variable_can_be_read_and_set(interpret):
    i = interpret(summing())
    i([1])
    assert i.get_tensor(1).tolist() == [1]
    i.set_tensor(1, np.float32([10]))
    assert i([1]).item() == 11


def test_a_variable_that_is_an_input_keeps_what_the_run_left(interpret):
    g = Builder()
    x = g.input((1,), "float32")
    total = g.variable((1,), "float32")
    y = g.op("Sum", [x, total], [g.tensor((1,), "float32")])
    i = interpret(g.model(outputs=[y], inputs=[x, total]))
    i.allocate_tensors()
    i.set_tensor(0, np.float32([1]))
    i.set_tensor(1, np.float32([5]))
    i.invoke()
    i.invoke()
    assert i.get_tensor(1).tolist() == [7]


def test_what_an_op_writes_into_a_variable_is_there_in_the_next_run(interpret):
    g = Builder()
    x, kept = g.input((1,), "float32"), g.variable((1,), "float32")
    before = g.op("NEG", [kept], [g.tensor((1,), "float32")])
    g.op("ADD", [x, x], [kept])  # and nobody reads it after this
    i = interpret(g.model(outputs=[before]))
    assert [i([n]).item() for n in (1, 2, 3)] == [0, -2, -4]


def test_a_view_of_a_variable_shows_its_next_value(interpret):
    i = interpret(summing())
    i([1])
    i.tensor(1)()[:] = 20
    assert i([1]).item() == 21
    assert i.tensor(1)().tolist() == [21]


def test_allocation_after_a_resize_resets_variables(interpret):
    i = interpret(summing())
    i([1])
    i.resize_tensor_input(0, [1])  # the shape it has: nothing to do
    i.allocate_tensors()
    assert i([1]).item() == 2
    i.resize_tensor_input(0, [2])
    i.resize_tensor_input(0, [1])
    i.allocate_tensors()
    assert i([1]).item() == 1


def test_a_signature_runner_keeps_state_while_shapes_stay(interpret):
    run = interpret(summing()).get_signature_runner()
    assert [run(x=np.float32([1]))["y"].item() for _ in range(2)] == [1, 2]


def test_several_ops_see_a_variable_in_the_files_order(interpret):
    g = Builder()
    x = g.input((1,), "float32")
    total = g.variable((1,), "float32")
    a = g.op("Sum", [x, total], [g.tensor((1,), "float32")])
    b = g.op("Sum", [a, total], [g.tensor((1,), "float32")])
    for settings in ({}, {"experimental_disable_delegate_node_fusion": True}):
        i = interpret(g.model(outputs=[a, b]), **settings)
        assert [v.item() for v in i([1])] == [1, 2]  # 0 + 1, 1 + 1
        assert [v.item() for v in i([1])] == [3, 6]  # 2 + 1, 3 + 3


def test_state_that_shares_memory_with_an_input_is_kept_apart(interpret, toy):
    class Keeping(toy):
        def step(self, op, values):
            x, total = op.inputs
            values[op.outputs[0].index] = values[total.index]
            values[total.index] = values[x.index][:]  # a view of the input

    i = interpret(summing(), Keeping())
    i([1])
    i.tensor(0)()[:] = 5
    assert i.get_tensor(1).tolist() == [1]


def with_resource(*inits: float) -> Model:
    """y = v; v = v + x, where CALL_ONCE assigns the first value of v."""
    g = Builder()
    init = g.subgraph("init")
    x = g.input((1,), "float32", name="x")
    g.op("CALL_ONCE", [], [], init_subgraph_index=init.index)
    handle = g.op("VAR_HANDLE", [], [g.tensor((), "resource")], shared_name="v")
    v = g.op("READ_VARIABLE", [handle], [g.tensor((1,), "float32", name="v")])
    g.op("ASSIGN_VARIABLE", [handle, g.op("ADD", [v, x], [g.tensor((1,), "float32")])], [])
    h = init.op("VAR_HANDLE", [], [init.tensor((), "resource")], shared_name="v")
    for value in inits:
        init.op("ASSIGN_VARIABLE", [h, init.constant(np.float32([value]))], [])
    init.returns()
    return g.model(outputs=[v])


def test_a_resource_variable_starts_where_call_once_leaves_it(interpret):
    i = interpret(with_resource(10))
    assert [i([1]).item() for _ in range(3)] == [10, 11, 12]


def test_resources_and_call_once_survive_a_reset(interpret):
    i = interpret(with_resource(10))
    i([1])
    i.reset_all_variables()
    i.allocate_tensors()
    assert i([1]).item() == 11


def test_reading_a_resource_variable_that_has_no_value_is_an_error(interpret):
    with pytest.raises(StateError, match="READ_VARIABLE v1 needs a variable that has a value"):
        interpret(with_resource())([1])


def test_two_interpreters_of_one_model_have_states_of_their_own(interpret):
    model = with_resource(10)
    first, second = interpret(model), interpret(model)
    assert [first([1]).item(), first([1]).item(), second([1]).item()] == [10, 11, 10]


def lookup(keys, values, default) -> Model:
    """y = table[x], with the table's size."""
    g = Builder()
    init = g.subgraph("init")
    kinds = {"key_dtype": "STRING", "value_dtype": "INT64"}
    g.op("CALL_ONCE", [], [], init_subgraph_index=init.index)
    x = g.input((3,), "string", name="x")
    table = g.op("HASHTABLE", [], [g.tensor((1,), "resource")], table_id=7, **kinds)
    size = g.op("HASHTABLE_SIZE", [table], [g.tensor((1,), "int64", name="size")])
    y = g.op(
        "HASHTABLE_FIND", [table, x, g.constant(np.int64([default]))], [g.tensor((3,), "int64", name="y")]
    )
    t = init.op("HASHTABLE", [], [init.tensor((1,), "resource")], table_id=7, **kinds)
    init.returns()
    if keys:
        init.op("HASHTABLE_IMPORT", [t, init.constant(keys), init.constant(np.int64(values))], [])
        init.op("HASHTABLE_IMPORT", [t, init.constant(["b"]), init.constant(np.int64([99]))], [])  # ignored
    return g.model(outputs=[y, size])


def test_a_hash_table_is_filled_once_and_looked_up(interpret):
    i = interpret(lookup(["a", "b", "a"], [1, 2, 3], -1))
    y, size = i(["b", "a", "z"])
    assert y.tolist() == [2, 1, -1]
    assert size.tolist() == [2]


def test_a_hash_table_without_entries_is_an_error(interpret):
    with pytest.raises(StateError, match="HASHTABLE_FIND v1 needs a hash table with entries"):
        interpret(lookup([], [], -1))(["a", "b", "c"])


@pytest.mark.parametrize(("count", "found"), [(0, "0 and 1"), (1, "1 and 1"), (2, "2 and 1")])
def test_a_lookup_without_keys_or_default_is_a_model_error(interpret, count, found):
    g = Builder()
    x = g.input((3,), "string")
    operands = [g.input((1,), "resource"), x, g.constant(np.int64([0]))][:count]
    g.op("HASHTABLE_FIND", operands, [g.tensor((3,), "int64")])
    with pytest.raises(ModelError, match=f"HASHTABLE_FIND v1 needs 3 inputs and 1 outputs, found {found}"):
        interpret(g.model()).allocate_tensors()


def test_a_lookup_has_the_shape_of_its_keys(interpret):
    i = interpret(lookup(["a", "b"], [1, 2], -1))
    i.resize_tensor_input(0, [2, 2])
    i.allocate_tensors()
    i.set_tensor(0, np.array([[b"a", b"b"], [b"z", b"a"]]))
    i.invoke()
    assert i.get_tensor(i.get_output_details()[0]["index"]).tolist() == [[1, 2], [-1, 1]]


def test_a_resource_variable_of_unknown_shape_is_read_as_it_is(interpret):
    g = Builder()
    x = g.input((-1,), "float32", name="x")
    handle = g.op("VAR_HANDLE", [], [g.tensor((), "resource")], shared_name="v")
    g.op("ASSIGN_VARIABLE", [handle, x], [])
    v = g.op("READ_VARIABLE", [handle], [g.tensor((), "float32")])
    i = interpret(g.model(outputs=[g.op("NEG", [v], [g.tensor((), "float32")])]))
    assert i([1, 2]).tolist() == [-1, -2]
    assert i([1, 2, 3]).tolist() == [-1, -2, -3]


def test_an_op_that_only_reads_a_variable_has_no_state_to_return() -> None:
    g = Builder()
    kept = g.variable((2,), "float32")
    x = g.input((2,), "float32")
    g.op("CONCATENATION", [x, kept], [g.tensor((4,), "float32")], axis=0)
    g.op("SVDF", [x, x, x, None, kept], [g.tensor((4,), "float32")])
    reader, writer = g.model([]).subgraphs[0].ops
    assert reader.variables == ()
    assert writer.variables == (kept,)


def _filled_table(keys, values) -> Builder:
    g = Builder()
    table = g.op("HASHTABLE", [], [g.tensor((1,), "resource")], table_id=7)
    g.op("HASHTABLE_IMPORT", [table, g.constant(keys), g.constant(values)], [])
    default = g.constant(np.int64([0]))
    g.op("HASHTABLE_FIND", [table, g.constant(keys), default], [g.tensor((2,), "int64", name="y")])
    return g


@pytest.mark.parametrize(
    ("keys", "values", "message"),
    [
        (["a", "b"], np.int64([1]), "HASHTABLE_IMPORT v1 needs a value for each of 2 keys, found 1"),
        (["a", "b"], ["one", "two"], "HASHTABLE_FIND v1 needs a table of int64 values"),
    ],
)
def test_a_table_whose_values_do_not_fit_is_a_model_error(interpret, keys, values, message):
    with pytest.raises(ModelError, match=message):
        interpret(_filled_table(keys, values).model())()


TYPES = {"int64": np.int64([1, 2]), "int32": np.int32([1, 2]), "float32": np.float32([1, 2])}
TYPES["string"] = np.array([b"a", b"b"], object)


def test_a_lookup_of_other_types_than_the_table_has_is_a_model_error(interpret):
    """As in LiteRT, which compares the types of keys, values, default and output."""
    for keys, values, sought, default, out in itertools.product(TYPES, repeat=5):
        g = Builder()
        table = g.op("HASHTABLE", [], [g.tensor((1,), "resource")], table_id=7)
        g.op("HASHTABLE_IMPORT", [table, *map(g.constant, (TYPES[keys], TYPES[values]))], [])
        missing = g.constant(TYPES[default][:1])
        y = g.op("HASHTABLE_FIND", [table, g.constant(TYPES[sought]), missing], [g.tensor((2,), out)])
        model = g.model(outputs=[y])
        if (keys, values, default) == (sought, out, out):
            assert interpret(model)().tolist() == TYPES[values].tolist()
        else:
            with pytest.raises(ModelError, match=r"HASHTABLE_FIND v1 needs a (table|default) of"):
                interpret(model)()


@pytest.mark.parametrize("dtype", ["string", "float32"])
@pytest.mark.parametrize("name", ["HASHTABLE_SIZE", "HASHTABLE_FIND", "READ_VARIABLE", "ASSIGN_VARIABLE"])
def test_a_handle_that_is_no_number_is_a_model_error(interpret, name, dtype):
    g = Builder()
    handle, x = g.input((1,), dtype), g.constant(np.int64([1]))
    more = {"HASHTABLE_FIND": [x, x], "ASSIGN_VARIABLE": [x]}.get(name, [])
    made = [] if name == "ASSIGN_VARIABLE" else [g.tensor((1,), "int64")]
    g.op(name, [handle, *more], made)
    with pytest.raises(ModelError, match=f"{name} v1 needs a handle"):
        interpret(g.model(outputs=made))(TYPES[dtype][:1])
