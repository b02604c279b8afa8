"""Where a model is cut, in the compiler's words, and what cannot be compiled at all."""

from __future__ import annotations

import numpy as np
import pytest
from delegraph import InputError, plan_model
from delegraph_edgetpu.cut import CompilationFailed, Settings, cut
from delegraph_edgetpu.status import (
    DATA_TYPE,
    MAPPED,
    NO_SUCH_OP,
    NO_SUCH_VERSION,
    NOT_CONSTANT,
    RANK,
    SECOND_SUBGRAPH,
    UNSPECIFIED,
)


def statuses(path, **settings):
    return [o.status for o in cut(path, Settings(**settings), print).operations]


def mapped(path, **settings):
    return [[op.index for op in p.ops] for p in cut(path, Settings(**settings), print).mapped]


def with_break(net):
    """RELU, then ABS that the chip lacks, then RELU again; beside it a branch without ABS."""
    n = net()
    x = n.op("RELU", [n.input(1, 8)], 1, 8)
    after = n.op("RELU", [n.op("ABS", [x], 1, 8)], 1, 8)
    beside = n.op("TANH", [x], 1, 8)
    return n.model(after, beside)


def test_the_first_subset_goes_by_dependency_not_by_order(net, saved):
    assert mapped(saved(with_break(net))) == [[0, 3]]


def test_a_later_subset_is_left_out_and_says_for_what_it_waits(net, saved):
    operations = cut(saved(with_break(net)), Settings(), print).operations

    assert [o.status for o in operations] == [MAPPED, NO_SUCH_OP, SECOND_SUBGRAPH, MAPPED]
    assert operations[2].why == "supported, but it waits for op #1 ABS v1 on the CPU"
    assert operations[2].way_out == "make that pass, or compile with --multiple-subgraphs"
    assert operations[1].why == "the Edge TPU has no such operation"


def test_every_subset_is_mapped_where_asked_for(net, saved):
    assert mapped(saved(with_break(net)), multiple_subgraphs=True) == [[0, 3], [2]]


def test_the_first_subset_is_taken_even_if_another_is_larger(net, saved):
    n = net()
    x = n.op("ABS", [n.op("RELU", [n.input(1, 8)], 1, 8)], 1, 8)
    for _ in range(3):
        x = n.op("RELU", [x], 1, 8)

    assert mapped(saved(n.model(x))) == [[0]]


def test_ops_in_front_stay_on_the_cpu(net, saved):
    n = net()
    x = n.op("QUANTIZE", [n.input(1, 8, dtype="float32")], 1, 8)
    n.op("RELU", [x], 1, 8)

    assert statuses(saved(n)) == [DATA_TYPE, MAPPED]


def test_the_other_statuses_are_the_compilers(net, saved):
    n = net()
    x = n.op("RELU", [n.input(1, 8)], 1, 8)
    wide = n.input(2, 2, 2, 8)
    n.op("SOFTMAX", [n.input(1, 2, 8)], 1, 2, 8, beta=1.0)
    n.op("RELU", [wide], 2, 2, 2, 8)
    n.op("RELU6", [x], 1, 8, version=3)
    weights = n.g.input((3, 8), "int8", scale=0.5, zero_point=0)
    n.op("FULLY_CONNECTED", [x, weights, None], 1, 3)
    n.op("RSQRT", [x], 1, 8, version=2)

    assert statuses(saved(n), runtime_version=13) == [
        MAPPED,
        UNSPECIFIED,
        RANK,
        NO_SUCH_VERSION,
        NOT_CONSTANT,
        NO_SUCH_OP,
    ]


def test_a_float_model_is_to_be_quantized_first(net, saved):
    n = net("float32")
    n.op("ADD", [n.input(1, 4), n.input(1, 4)], 1, 4)
    path = saved(n)

    with pytest.raises(CompilationFailed, match="this model is float32; quantize it first") as e:
        cut(path, Settings(), print)
    assert e.value.log == f"Invalid model: {path}\nModel not quantized"


def test_a_model_of_text_is_not_to_be_quantized(net, saved):
    n = net("string")
    n.op("RESHAPE", [n.input(1, 4), n.constant([4])], 4)

    with pytest.raises(
        CompilationFailed, match="this model works on string, and there is nothing in it to"
    ):
        cut(saved(n), Settings(), print)


def test_of_a_model_of_text_and_numbers_the_numbers_are_to_be_quantized(net, saved):
    n = net("string")
    n.op("RESHAPE", [n.op("RESHAPE", [n.input(1, 4), n.constant([4])], 4), n.constant([1, 4])], 1, 4)
    n.op("ABS", [n.input(1, 4, dtype="float32")], 1, 4, to="float32")

    with pytest.raises(CompilationFailed, match="this model is float32; quantize it first"):
        cut(saved(n), Settings(), print)


def test_float_activations_with_8_bit_weights_are_float(net, saved):
    n = net("float32")
    weights = n.constant([[1, 2, 3, 4]], "int8", scale=0.5, zero_point=0)
    n.op("FULLY_CONNECTED", [n.input(1, 4), weights, None], 1, 1)

    with pytest.raises(CompilationFailed, match="this model is float32"):
        cut(saved(n), Settings(), print)


def test_a_model_of_which_nothing_is_mapped_says_why(net, saved):
    n = net()
    n.op("ABS", [n.input(1, 4)], 1, 4)

    with pytest.raises(CompilationFailed, match="none of the 1 ops can be mapped") as e:
        cut(saved(n), Settings(), print)
    assert "op #0 ABS v1, the Edge TPU has no such operation" in str(e.value)
    assert [o.status for o in e.value.operations] == [NO_SUCH_OP]


def with_dynamic_tail(net):
    n = net()
    x = n.op("RELU", [n.input(1, 8)], 1, 8)
    x = n.op("TANH", [x], 1, 8)
    shape = n.g.input((2,), "int32")
    y = n.op("RESHAPE", [x, shape], 1, 8)
    return n.model(n.op("RELU6", [y], 1, 8))


def test_shapes_that_only_a_run_shows_fail_as_in_the_compiler(net, saved):
    with pytest.raises(CompilationFailed, match="the shape of what op #2 RESHAPE v1 gives depends on") as e:
        cut(saved(with_dynamic_tail(net)), Settings(), print)
    assert e.value.log.startswith("ERROR: Attempting to use a delegate that only supports static-sized")


@pytest.mark.parametrize(("step", "tries", "kept"), [(1, [4, 3, 2], [0, 1]), (3, [4, 1], [0])])
def test_a_search_compiles_a_shorter_beginning(net, saved, step, tries, kept):
    said = []

    found = cut(saved(with_dynamic_tail(net)), Settings(search=True, search_step=step), said.append)

    assert said == [
        f"Searching for valid delegate with step {step}",
        *(f"Try to compile segment with {n} ops" for n in tries),
    ]
    assert [op.index for p in found.mapped for op in p.ops] == kept


def test_a_custom_op_of_unknown_shape_is_not_dynamic(net, saved):
    n = net()
    x = n.op("RELU", [n.input(1, 8)], 1, 8)
    n.g.op("Mine", [x], [n.g.tensor((1, 8), "float32")])

    assert statuses(saved(n)) == [MAPPED, NO_SUCH_OP]


def test_a_compiled_model_is_not_compiled_again(net, saved):
    n = net()
    n.op("edgetpu-custom-op", [n.input(1, 8)], 1, 8, custom_options=b"1\x004\x00\0\0\0\0DWN1")

    with pytest.raises(InputError, match="is compiled already"):
        cut(saved(n), Settings(), print)


def test_a_plan_is_given_advice(net):
    plan = plan_model(with_break(net), ["edgetpu"], warn=False)

    first, second = plan.delegates[0].advise(plan)

    assert first == "ABS #1: the Edge TPU has no such operation; use MAXIMUM of x and a MUL of x by -1"
    assert second.startswith("RELU #2: supported, but it waits for op #1 ABS v1 on the CPU; make that pass")


def test_parameters_that_do_not_fit_the_chip_are_advised_about(net):
    n = net()
    weights = n.constant(np.ones((3000, 3000), np.int8), "int8", scale=0.5, zero_point=0)
    n.op("FULLY_CONNECTED", [n.input(1, 3000), weights, None], 1, 3000)
    plan = plan_model(n.model(), ["edgetpu"], warn=False)

    (line,) = plan.delegates[0].advise(plan)

    assert line.endswith("or compile it for several Edge TPUs with --num-segments")


def test_the_cut_is_cores_partition(net):
    model = with_break(net)

    plan = plan_model(model, ["edgetpu"], warn=False)

    assert [op.index for op in plan.partitions[0].ops] == [0, 3]
