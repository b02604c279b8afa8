"""The interpreter: what LiteRT programs call, and what they get."""

from __future__ import annotations

import gc
from types import SimpleNamespace

import numpy as np
import pytest
from attrs import frozen
from delegraph import (
    DelegateUnavailable,
    DelegraphError,
    InputError,
    OpSupport,
    StateError,
    SupportTable,
    UnsupportedOps,
    hookimpl,
)
from delegraph.file import write_model
from delegraph.interpreter import (
    Interpreter,
    InterpreterWithCustomOps,
    OpResolverType,
    load_delegate,
)
from delegraph.model import Builder, Model
from delegraph.plugins import Plugins


def doubling(shape=(2,), dtype="float32", **quantization) -> Model:
    """One op: y = x + x."""
    g = Builder()
    x = g.input(shape, dtype, name="x", **quantization)
    y = g.tensor([1 if n == -1 else n for n in shape], dtype, name="y", **quantization)
    return g.model(outputs=[g.op("ADD", [x, x], [y])], signature="double")


def test_set_invoke_get(interpret):
    i = interpret(doubling())
    i.allocate_tensors()
    i.set_tensor(i.get_input_details()[0]["index"], np.float32([1, 2]))
    i.invoke()
    assert i.get_tensor(i.get_output_details()[0]["index"]).tolist() == [2, 4]


def test_arrays_in_and_out(interpret):
    assert interpret(doubling())(np.float32([1, 2])).tolist() == [2, 4]


def test_run_takes_and_gives_arrays_by_name(interpret):
    assert interpret(doubling()).run({"x": np.float32([1, 2])})["y"].tolist() == [2, 4]


def test_run_takes_tensor_indices_too(interpret):
    assert interpret(doubling()).run({0: np.float32([1, 2])})["y"].tolist() == [2, 4]


def test_a_call_with_several_outputs_returns_a_tuple_in_the_models_order(interpret):
    g = Builder()
    x = g.input((1,), "float32", name="x")
    twice, minus = (
        g.op("ADD", [x, x], [g.tensor((1,), "float32")]),
        g.op("NEG", [x], [g.tensor((1,), "float32")]),
    )
    assert [y.item() for y in interpret(g.model(outputs=[minus, twice]))(np.float32([3]))] == [-3, 6]


def test_plain_numbers_become_the_tensors_dtype(interpret):
    assert interpret(doubling())([1, 2]).dtype == np.float32


def test_plain_numbers_that_do_not_fit_the_dtype_are_refused(interpret):
    with pytest.raises(InputError, match="needs int8 values, found"):
        interpret(doubling(dtype="int8"))([1, 300])


def test_run_names_the_missing_and_the_unknown_input(interpret):
    i = interpret(doubling())
    with pytest.raises(InputError, match="needs values for x; its inputs: x"):
        i.run({})
    with pytest.raises(InputError, match="no input 'z'; it has: x"):
        i.run({"z": np.float32([1, 2])})


def test_a_call_with_too_many_values_or_one_given_twice_is_refused(interpret):
    i = interpret(doubling())
    with pytest.raises(InputError, match=r"needs 1 inputs \(x\), found 2"):
        i(np.float32([1, 2]), np.float32([1, 2]))
    with pytest.raises(InputError, match="input 'x' is given twice"):
        i(np.float32([1, 2]), x=np.float32([1, 2]))


def test_run_resizes_only_what_the_model_leaves_open(interpret):
    i = interpret(doubling((-1, 2)))
    assert i(np.ones((3, 2), np.float32)).shape == (3, 2)
    with pytest.raises(InputError, match=r"needs shape \?×2, found 3×5"):
        i(np.ones((3, 5), np.float32))


def test_details_say_what_litert_says(interpret):
    details = interpret(doubling((2,), "int8", scale=0.5, zero_point=-3)).get_input_details()[0]
    assert details["name"] == "x"
    assert details["index"] == 0
    assert details["shape"].tolist() == [2]
    assert details["shape"].dtype == np.int32
    assert details["shape_signature"].tolist() == [2]
    assert details["dtype"] is np.int8
    assert details["quantization"] == (0.5, -3)
    assert details["quantization_parameters"]["scales"].dtype == np.float32
    assert details["quantization_parameters"]["zero_points"].dtype == np.int32
    assert details["quantization_parameters"]["quantized_dimension"] == 0
    assert details["quantization_parameters"]["block_size"] == 0
    assert details["sparsity_parameters"] == {}


def test_per_axis_quantization_has_no_single_scale(interpret):
    i = interpret(doubling((2,), "int8", scale=[0.5, 0.25], zero_point=0))
    assert i.get_input_details()[0]["quantization"] == (0.0, 0)
    assert i.get_input_details()[0]["quantization_parameters"]["scales"].tolist() == [0.5, 0.25]


def test_zero_points_can_be_compressed(interpret):
    model = doubling((2,), "int8", scale=[0.5, 0.25], zero_point=0)
    i = interpret(model, experimental_compress_quantization_zero_points=True)
    assert i.experimental_compress_quantization_zero_points
    assert i.get_input_details()[0]["quantization_parameters"]["zero_points"].tolist() == [0]


def test_op_details_name_inputs_left_out_as_minus_one(interpret, toy):
    g = Builder()
    x = g.input((1, 2), "float32")
    w = g.constant(np.ones((3, 2), np.float32))
    model = g.model(outputs=[g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 3), "float32")])])
    delegate = toy("FULLY_CONNECTED")
    delegate.table = SupportTable("toy", [OpSupport("FULLY_CONNECTED", (1, 99), "any any any? -> any")])
    (op,) = interpret(model, delegate)._get_ops_details()
    assert op["op_name"] == "FULLY_CONNECTED"
    assert op["inputs"].tolist() == [0, 1, -1]
    assert op["operand_types"] == [np.float32, np.float32]
    assert op["result_types"] == [np.float32]


def test_tensor_details_list_every_tensor_of_a_subgraph(interpret):
    i = interpret(doubling())
    assert [d["name"] for d in i.get_tensor_details()] == ["x", "y"]
    with pytest.raises(ValueError, match="subgraph_index needs to be from 0 to 0, found 1"):
        i.get_tensor_details(1)


def test_set_tensor_refuses_another_dtype_or_shape(interpret):
    i = interpret(doubling())
    i.allocate_tensors()
    with pytest.raises(ValueError, match="needs float32, found float64"):
        i.set_tensor(0, np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="needs shape 2, found 3"):
        i.set_tensor(0, np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="from 0 to 1, found 9"):
        i.set_tensor(9, np.zeros(2, np.float32))
    with pytest.raises(TypeError, match=r"needs an integer, found 1\.0"):
        i.set_tensor(1.0, np.zeros(2, np.float32))
    with pytest.raises(InputError, match="neither an input nor a variable"):
        i.set_tensor(1, np.zeros(2, np.float32))


def test_nothing_can_be_set_read_or_invoked_before_allocation(interpret):
    i = interpret(doubling())
    with pytest.raises(ValueError, match="allocate_tensors"):
        i.set_tensor(0, np.zeros(2, np.float32))
    with pytest.raises(ValueError, match="allocate_tensors"):
        i.get_tensor(1)
    with pytest.raises(RuntimeError, match="allocate_tensors"):
        i.invoke()


def test_set_tensor_copies(interpret):
    i = interpret(doubling())
    i.allocate_tensors()
    x = np.float32([1, 2])
    i.set_tensor(0, x)
    x[:] = 9
    i.invoke()
    assert i.get_tensor(1).tolist() == [2, 4]


def test_get_tensor_copies(interpret):
    i = interpret(doubling())
    i(np.float32([1, 2]))
    i.get_tensor(1)[:] = 9
    assert i.get_tensor(1).tolist() == [2, 4]


def test_an_output_that_is_a_view_of_an_input_does_not_change_with_it(interpret):
    g = Builder()
    x = g.input((2, 1), "float32")
    i = interpret(g.model(outputs=[g.op("RESHAPE", [x], [g.tensor((2,), "float32")], new_shape=(2,))]))
    i(np.float32([[1], [2]]))
    i.set_tensor(0, np.float32([[8], [9]]))
    assert i.get_tensor(1).tolist() == [1, 2]


def test_an_input_that_is_an_output_is_handed_through(interpret):
    g = Builder()
    x = g.input((2,), "float32", name="x")
    y = g.op("NEG", [x], [g.tensor((2,), "float32", name="y")])
    found = interpret(g.model(outputs=[x, y])).run({"x": np.float32([1, 2])})
    assert found["x"].tolist() == [1, 2]


def test_a_constant_can_be_an_output(interpret):
    g = Builder()
    x = g.input((1,), "float32", name="x")
    c = g.constant(np.float32([7]), name="c")
    y = g.op("ADD", [x, c], [g.tensor((1,), "float32", name="y")])
    assert interpret(g.model(outputs=[c, y])).run({"x": np.float32([1])})["c"].tolist() == [7]


def test_a_view_shows_what_invoke_computed_and_can_be_written(interpret):
    i = interpret(doubling())
    i.allocate_tensors()
    x, y = i.tensor(0), i.tensor(1)
    x().fill(3)
    i.invoke()
    assert y().tolist() == [6, 6]


@pytest.mark.parametrize("call", ["invoke", "allocate_tensors", "_ensure_safe"])
def test_while_a_view_lives_the_interpreter_does_not_run(interpret, call):
    i = interpret(doubling())
    i.allocate_tensors()
    held = i.tensor(0)()[1:]  # a slice counts
    with pytest.raises(RuntimeError, match="still refer to memory of the interpreter"):
        getattr(i, call)()
    del held
    gc.collect()  # for interpreters without reference counting
    getattr(i, call)()


def test_writing_to_a_view_of_an_output_does_not_reach_weights(interpret):
    g = Builder()
    x = g.input((1,), "float32")
    c = g.constant(np.float32([[5]]))
    y = g.op("RESHAPE", [c], [g.tensor((1,), "float32")], new_shape=(1,))
    z = g.op("NEG", [x], [g.tensor((1,), "float32")])
    i = interpret(g.model(outputs=[y, z]))
    i(np.float32([1]))
    i.tensor(y.index)()[:] = 9
    i.invoke()
    assert i.get_tensor(y.index).tolist() == [5]


def test_a_freed_tensor_is_an_error_that_names_the_flag(interpret):
    i = interpret(chain(3))
    i(np.float32([1]))
    with pytest.raises(InputError, match=r"freed after its last reader.*experimental_preserve_all_tensors"):
        i.get_tensor(1)


def test_all_tensors_can_be_preserved(interpret):
    i = interpret(chain(3), experimental_preserve_all_tensors=True)
    i(np.float32([1]))
    assert [i.get_tensor(n).item() for n in range(4)] == [1, -1, 1, -1]


def test_without_a_completed_run_there_are_no_outputs(interpret):
    i = interpret(doubling())
    i.allocate_tensors()
    with pytest.raises(StateError, match="no run of the model has completed"):
        i.get_tensor(1)


def test_each_op_can_be_run_alone(interpret, toy):
    together, apart, ordered = toy(), toy(), toy()
    interpret(chain(3), together)(np.float32([1]))
    interpret(chain(3), apart, experimental_disable_delegate_node_fusion=True)(np.float32([1]))
    interpret(chain(3), ordered, experimental_disable_delegate_clustering=True)(np.float32([1]))
    assert together.prepared == [["NEG"] * 3]
    assert apart.prepared == ordered.prepared == [["NEG"]] * 3


def test_a_delegate_added_later_gets_what_the_first_leaves(interpret, toy):
    g = Builder()
    x = g.input((1,), "float32")
    y = g.op("NEG", [g.op("ADD", [x, x], [g.tensor((1,), "float32")])], [g.tensor((1,), "float32")])
    first, second = toy("ADD"), toy("NEG")
    with pytest.raises(UnsupportedOps):
        interpret(g.model(outputs=[y]), first)
    i = interpret(g.model(outputs=[y]), first, toy("NEG", label="spare"))
    i.allocate_tensors()
    i.set_tensor(0, np.float32([4]))
    i.modify_graph_with_delegate(second)
    i.invoke()
    assert i.get_tensor(y.index).tolist() == [-8]
    assert [d.label for d in i.delegates] == ["toy", "spare", "toy:2"]


def test_ops_that_nobody_has_a_row_for_are_listed_when_the_interpreter_is_made(interpret, toy):
    with pytest.raises(ValueError, match="op #0 ADD v1 cannot be handled by toy: needs a row for ADD"):
        interpret(doubling(), toy("NEG"))


def test_custom_ops_that_nobody_has_are_listed_by_allocate_tensors(interpret, toy):
    g = Builder()
    x = g.input((1,), "float32")
    i = interpret(g.model(outputs=[g.op("Mystery", [x], [g.tensor((1,), "float32")])]))
    with pytest.raises(RuntimeError, match="op #0 Mystery v1 cannot be handled by toy"):
        i.allocate_tensors()


def test_an_interpreter_closes_the_delegates_it_loaded_and_no_others(toy):
    class Loaded(toy):
        name = "loaded"
        made = []

        def __init__(self, options=None, label=None):
            super().__init__(label=label)
            self.made.append(self)

    plugins = Plugins()
    plugins.register(offering(Loaded), "plugin")
    given = toy()
    with Interpreter(model=doubling(), delegates=["loaded", given], plugins=plugins) as i:
        assert i(np.float32([1, 2])).tolist() == [2, 4]
    assert Loaded.made[0].closed
    assert not given.closed
    with pytest.raises(StateError, match="found it closed"):
        i.invoke()
    i.close()


def test_num_threads_reaches_delegates_loaded_by_name(toy):
    class Threaded(toy):
        name = "threaded"

        @frozen
        class Options:
            num_threads: int = 1

        def __init__(self, options=None, label=None):
            super().__init__(label=label)
            self.options = self.Options(**(options or {}))

    plugins = Plugins()
    plugins.register(offering(Threaded), "plugin")
    i = Interpreter(model=doubling(), delegates=["threaded"], num_threads=3, plugins=plugins)
    assert i.delegates[0].options.num_threads == 3


def test_a_delegate_that_cannot_work_here_is_an_error_if_it_is_the_only_one(interpret, toy):
    class Absent(toy):
        def unavailable(self):
            return "no device"

    with pytest.raises(DelegateUnavailable, match="no device"):
        interpret(doubling(), Absent())


def test_native_delegates_of_litert_are_refused_with_the_way_out():
    class Native:
        def _get_native_delegate_pointer(self):
            return 1

    with pytest.raises(InputError, match=r"delegraph\.load_delegate\(\).*found a delegate of LiteRT"):
        Interpreter(model=doubling(), experimental_delegates=[Native()], plugins=Plugins())


def test_the_model_is_given_once(tmp_path, interpret, toy):
    content = write_model(doubling())
    (tmp_path / "m.tflite").write_bytes(content)
    for one in ({"model_path": tmp_path / "m.tflite"}, {"model_content": content}):
        assert Interpreter(**one, delegates=[toy()], plugins=Plugins())([1, 2]).tolist() == [2, 4]
    with pytest.raises(ValueError, match="needs one of model_path, model_content and model, found none"):
        Interpreter()
    with pytest.raises(ValueError, match="found 2 of them"):
        Interpreter(tmp_path / "m.tflite", content)
    with pytest.raises(ValueError, match="Could not open"):
        Interpreter("no such file.tflite")


@pytest.mark.parametrize(
    "settings",
    [
        {"num_threads": 0},
        {"num_threads": "4"},
        {"experimental_op_resolver_type": 1},
        {"on_failure": "ignore"},
    ],
)
def test_settings_that_do_not_fit_are_refused(interpret, settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        interpret(doubling(), **settings)


def test_litert_names_can_be_imported():
    assert OpResolverType.BUILTIN_REF.value == 2
    assert callable(load_delegate)
    with pytest.raises(InputError, match="support rows"):
        InterpreterWithCustomOps(custom_op_registerers=["Register"], model=doubling())


def test_every_error_is_delegraphs_own(interpret):
    i = interpret(doubling())
    for call in (i.invoke, lambda: i.get_tensor(7), lambda: i.get_signature_runner("none")):
        with pytest.raises(DelegraphError):
            call()


def test_strings_go_in_as_str_or_bytes_and_come_out_as_bytes(interpret):
    g = Builder()
    x = g.input((2,), "string", name="x")
    y = g.op("RESHAPE", [x], [g.tensor((2, 1), "string", name="y")], new_shape=(2, 1))
    i = interpret(g.model(outputs=[y]))
    for value in (["ab", "ä"], np.array([b"ab", "ä".encode()]), np.array(["ab", "ä"], object)):
        assert i.run({"x": value})["y"].tolist() == [[b"ab"], ["ä".encode()]]
    assert i.get_input_details()[0]["dtype"] is np.bytes_
    with pytest.raises(InputError, match="needs strings"):
        i.run({"x": np.array([1, 2])})
    assert i.tensor(0)().tolist() == [b"ab", "ä".encode()]


def test_int4_comes_one_value_an_element_within_its_range(interpret):
    g = Builder()
    x = g.input((2,), "int4", name="x")
    y = g.op("RESHAPE", [x], [g.tensor((2, 1), "int4", name="y")], new_shape=(2, 1))
    i = interpret(g.model(outputs=[y]))
    assert i.run({"x": np.int8([-8, 7])})["y"].tolist() == [[-8], [7]]
    with pytest.raises(InputError, match="int4 values from -8 to 7, found 1 to 8"):
        i.run({"x": np.int8([1, 8])})


def test_bfloat16_comes_as_bits_or_in_the_type_of_ml_dtypes(interpret):
    g = Builder()
    x = g.input((2,), "bfloat16", name="x")
    y = g.op("RESHAPE", [x], [g.tensor((2, 1), "bfloat16", name="y")], new_shape=(2, 1))
    i = interpret(g.model(outputs=[y]))
    assert i.run({"x": np.uint16([0x3F80, 0x4000])})["y"].tolist() == [[0x3F80], [0x4000]]
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert i.run({"x": np.array([1, 2], ml_dtypes.bfloat16)})["y"].tolist() == [[0x3F80], [0x4000]]


def test_memory_counts_tensors_while_they_live(interpret):
    # x, t1, t2, y of 4 bytes: an op needs its input and its output; the model's input lives all the time.
    found = interpret(chain(3)).memory()
    assert (found.peak, found.constants, found.variables, found.unknown) == (12, 0, 0, 0)
    assert interpret(chain(3), experimental_preserve_all_tensors=True).memory().peak == 16


def test_a_graph_of_100_000_ops_is_allocated_in_seconds(interpret):
    i = interpret(chain(100_000))
    assert i(np.float32([1])).tolist() == [1]


def chain(n: int) -> Model:
    """NEG n times."""
    g = Builder()
    x = g.input((1,), "float32", name="x")
    for _ in range(n):
        x = g.op("NEG", [x], [g.tensor((1,), "float32")])
    return g.model(outputs=[x])


def offering(cls):
    """Return a plugin that offers a delegate class and its rows."""
    return SimpleNamespace(
        DELEGRAPH_API=1,
        delegraph_delegates=hookimpl(lambda: [cls]),
        delegraph_op_support=hookimpl(lambda delegate: [OpSupport("ADD", (1, 9), "any any -> any")]),
    )


def test_rows_of_the_spare_reference_delegate_are_looked_for_when_they_are_needed(toy):
    asked = []

    class Reference(toy):
        name = "reference"

        def __init__(self, options=None, label=None):
            super().__init__(label=label)
            del self.table

    class Offering:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_delegates(self):
            return [Reference]

        @hookimpl
        def delegraph_op_support(self, delegate):
            asked.append(delegate.name)
            return [OpSupport("NEG", (1, 99), "any -> any")]

    plugins = Plugins()
    plugins.register(Offering(), "reference")
    g = Builder()
    x = g.input((2,), "float32")
    y = g.op("NEG", [x], [g.tensor((2,), "float32")])
    model = g.model(outputs=[y])

    i = Interpreter(model=model, delegates=[toy("NEG")], plugins=plugins)
    assert i(np.float32([1, 2])).tolist() == [-1, -2]
    assert asked == []
    i = Interpreter(model=model, delegates=[toy("ADD")], plugins=plugins)
    assert i(np.float32([1, 2])).tolist() == [-1, -2]
    assert asked == ["reference"]
