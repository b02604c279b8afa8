"""Partitions in LiteRT: one interpreter for several ops, results that stay, state, threads, refusals."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from delegraph import Builder, DelegateFailed, Interpreter, load_delegate, write_model
from litert_parts import SHAPE, small_net, values

lite = pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
X = values(SHAPE, 7)


def litert_s(model, *inputs, resolver="AUTO"):
    """Return what LiteRT itself gives."""
    it = lite.Interpreter(
        model_content=write_model(model), experimental_op_resolver_type=lite.OpResolverType[resolver]
    )
    it.allocate_tensors()
    for tensor, array in zip(model.subgraphs[0].inputs, inputs, strict=True):
        it.set_tensor(tensor.index, array)
    it.invoke()
    return [it.get_tensor(t.index) for t in model.subgraphs[0].outputs]


def outputs(interpreter, *inputs):
    tensors = interpreter.model.subgraphs[0].inputs
    return list(interpreter.run({t.index: a for t, a in zip(tensors, inputs, strict=True)}).values())


def test_a_partition_runs_in_one_interpreter_and_gives_what_litert_gives(interpret, net):
    found = interpret(net)
    got = outputs(found, X)
    assert [(p.label, len(p.ops)) for p in found.plan.partitions] == [("litert", 3)]
    for ours, theirs in zip(got, litert_s(net, X), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_results_stay_as_they_are_when_the_partition_runs_again(load, net):
    delegate = load()
    (partition,) = Interpreter(model=net, delegates=[delegate]).plan.partitions
    run = delegate.prepare(partition)
    first = run(X)
    kept = [a.copy() for a in first]
    run(-X)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(first, kept, strict=True))


def test_a_run_leaves_its_inputs_alone_and_takes_read_only_ones(load, net):
    delegate = load()
    (partition,) = Interpreter(model=net, delegates=[delegate]).plan.partitions
    x = X.copy()
    x.flags.writeable = False
    delegate.prepare(partition)(x)
    assert x.tobytes() == X.tobytes()


@pytest.mark.parametrize(
    "resolver", ["auto", "builtin", "builtin_ref", "builtin_without_default_delegates"]
)
def test_the_resolver_is_the_one_that_was_asked_for(interpret, load, resolver):
    g = Builder()
    x = g.input((1, 300), "int8", scale=0.05, zero_point=3)
    y = g.op(
        "SUB", [x, g.constant(np.int8([9]), "int8", scale=0.031, zero_point=-4)], [_int8(g)], version=2
    )
    model = g.model([y])
    x = (np.arange(300) % 256 - 128).astype(np.int8).reshape(1, 300)
    (got,) = outputs(interpret(model, load(resolver=resolver)), x)
    assert got.tobytes() == litert_s(model, x, resolver=resolver.upper())[0].tobytes()
    if resolver == "builtin_ref":
        assert got.tobytes() == outputs(Interpreter(model=model), x)[0].tobytes()


def _int8(g):
    return g.tensor((1, 300), "int8", scale=0.07, zero_point=-1)


def test_builtin_ref_takes_the_versions_that_it_has(load):
    model = _one("ELU", (3,), "float32")
    op = model.subgraphs[0].ops[0]
    assert load().table.row_for(op) is not None
    (refusal,) = load(resolver="builtin_ref").table.refusals(op)
    assert "ELU" in str(refusal)


def _one(name, shape, dtype, **options):
    g = Builder()
    return g.model([g.op(name, [g.input(shape, dtype)], [g.tensor(shape, dtype)], **options)])


def recurrent():
    """A network whose hidden state is a variable."""
    g = Builder()
    w, r, b = (g.constant(values(shape, i)) for i, shape in enumerate([(4, 3), (4, 4), (4,)]))
    state = g.variable((2, 4), "float32")
    inputs = [g.input((2, 3), "float32", "x"), w, r, b, state]
    y = g.op("RNN", inputs, [g.tensor((2, 4), "float32", "y")], fused_activation_function="TANH")
    return g.model([y])


def test_state_goes_in_and_comes_out(interpret):
    model, steps = recurrent(), [values((2, 3), seed) for seed in (5, 6, 7)]
    ours, reference = interpret(model), Interpreter(model=model)
    for x in steps:
        assert np.allclose(outputs(ours, x)[0], outputs(reference, x)[0], atol=1e-6)
    ours.reset_all_variables()
    fresh = Interpreter(model=model)
    assert np.allclose(outputs(ours, steps[2])[0], outputs(fresh, steps[2])[0], atol=1e-6)


def test_two_runs_from_one_state_are_alike(load):
    """The state is core's: a run needs nothing that the one before left in LiteRT."""
    delegate = load()
    (partition,) = Interpreter(model=recurrent(), delegates=[delegate]).plan.partitions
    run = delegate.prepare(partition)
    x, state = values((2, 3), 5), values((2, 4), 9)
    given = [state if t.is_variable else x for t in partition.inputs]
    first, again = run(*given), run(*given)
    assert [a.tobytes() for a in first] == [a.tobytes() for a in again]
    assert len(first) == 2


def test_every_tensor_can_be_kept(interpret, net):
    kept = interpret(net, experimental_preserve_all_tensors=True)
    got = outputs(kept, X)
    by_name = {t.name: kept.get_tensor(t.index) for t in net.subgraphs[0].tensors if t.name in "yzp"}
    assert np.allclose(by_name["z"], 2 * by_name["y"])
    assert np.array_equal(by_name["p"], got[1])


def test_control_flow_and_resources_stay_in_core(load):
    g = Builder()
    cond, body = g.subgraph("cond"), g.subgraph("body")
    n = cond.input((), "int32")
    x = cond.input((2,), "float32")
    cond.returns(cond.op("LESS", [n, cond.constant(np.int32(3))], [cond.tensor((), "bool")]))
    n, x = body.input((), "int32"), body.input((2,), "float32")
    more = body.op("ADD", [n, body.constant(np.int32(1))], [body.tensor((), "int32")])
    body.returns(more, body.op("ADD", [x, x], [body.tensor((2,), "float32")]))
    indices = {"cond_subgraph_index": cond.index, "body_subgraph_index": body.index}
    ends = [g.tensor((), "int32"), g.tensor((2,), "float32")]
    g.op("WHILE", [g.input((), "int32"), g.input((2,), "float32")], ends, **indices)
    it = Interpreter(model=g.model(ends), delegates=[load()])
    assert np.array_equal(outputs(it, np.array(0, np.int32), np.float32([1.5, -2]))[1], [12, -16])
    labels = [p.label for subgraph in it.plan.subgraphs for p in subgraph.partitions]
    assert labels == ["core", "litert", "litert"]


def refusal(model, delegate, at=0):
    graph = model.subgraphs[0]
    return "; ".join(map(str, delegate.table.refusals(graph.ops[at], graph)))


def test_what_litert_would_die_of_is_refused(load):
    g = Builder()
    image, weights = g.input((1, 4, 4, 2), "float32"), g.constant(values((1, 2, 2, 2), 3))
    options = {"padding": "VALID", "stride_w": 1, "stride_h": 1, "depth_multiplier": 1}
    g.op("DEPTHWISE_CONV_2D", [image, weights], [g.tensor((1, 3, 3, 2), "float32")], **options)
    assert "float32 float32 float32 -> float32" in refusal(g.model(), load())
    assert "needs values in every operand" in refusal(_one("ABS", (0, 3), "float32"), load())
    assert "found string" in refusal(_one("RESHAPE", (2,), "string"), load())


def hybrid(activation):
    g = Builder()
    x = g.input((2, 8), "float32")
    weights = g.constant(np.full((4, 8), 100, np.int8), "int8", scale=0.5, zero_point=0)
    y = g.tensor((2, 4), "float32")
    return g.model(
        [g.op("FULLY_CONNECTED", [x, weights], [y], version=3, fused_activation_function=activation)]
    )


def test_bounds_that_make_values_small_beside_the_error_of_quantizing_inside_are_refused(load):
    assert "needs no narrow bounds on the result" in refusal(hybrid("RELU_N1_TO_1"), load())
    assert refusal(hybrid("RELU"), load()) == ""
    assert refusal(hybrid("RELU6"), load()) == ""
    assert refusal(hybrid("RELU_N1_TO_1"), load(resolver="builtin_without_default_delegates")) == ""


@pytest.mark.parametrize(
    ("name", "resolver", "taken"),
    [
        ("FLOOR", "auto", False),
        ("FLOOR", "builtin_ref", True),
        ("CEIL", "builtin_without_default_delegates", True),
    ],
)
def test_subnormal_numbers_are_not_left_to_xnnpack(load, name, resolver, taken):
    assert (refusal(_one(name, (3,), "float32"), load(resolver=resolver)) == "") is taken


def test_shapes_that_only_a_run_shows_are_refused_with_the_reason(load):
    g = Builder()
    found = g.op("WHERE", [g.input((4,), "bool")], [g.tensor((0, 1), "int64")])
    y = g.op("ABS", [g.op("CAST", [found], [g.tensor((0, 1), "int32")])], [g.tensor((0, 1), "int32")])
    it = Interpreter(model=g.model([y]), delegates=[load()])
    assert np.array_equal(outputs(it, np.array([True, False, True, True]))[0], [[0], [2], [3]])
    kinds = {
        r.kind for f in it.plan.fallbacks[1:] for r in f.refusals
    }  # the first is WHERE, which has no row
    assert kinds == {"dynamic"}


def test_parameters_that_litert_refuses_or_dies_of_are_refused(load):
    g = Builder()
    x = g.input((3,), "int8", scale=0.0, zero_point=0)
    g.op("LOGISTIC", [x], [g.tensor((3,), "int8", scale=1 / 256, zero_point=-128)], version=2)
    assert "needs scales above 0" in refusal(g.model(), load())
    assert "along an axis of their tensor" in refusal(_along_no_axis(), load())


def _along_no_axis():
    g = Builder()
    image = g.input((1, 2, 2, 2), "int8", scale=0.5, zero_point=0)
    weights = g.constant(np.ones((2, 1, 1, 2), np.int8), scale=[0.1, 0.2], zero_point=[0, 0])
    bias = g.constant(np.int32([1, 2]), scale=[0.05, 0.1], zero_point=[0, 0], axis=3)
    options = {"padding": "VALID", "stride_w": 1, "stride_h": 1}
    y = g.tensor((1, 2, 2, 2), "int8", scale=0.5, zero_point=0)
    g.op("CONV_2D", [image, weights, bias], [y], version=3, **options)
    return g.model()


def test_scalars_and_outputs_in_the_middle(interpret):
    g = Builder()
    x = g.input((), "float32")
    y = g.op("ABS", [x], [g.tensor((), "float32")])
    model = g.model([y, g.op("NEG", [y], [g.tensor((), "float32")])])
    assert [float(a) for a in outputs(interpret(model), np.float32(-3))] == [3, -3]


def test_an_interpreter_for_each_thread(load):
    delegate = load(num_threads=2)

    def work(number):
        it = Interpreter(model=small_net(), delegates=[delegate])
        expected = litert_s(small_net(), X * number)
        return all(
            np.allclose(a, b, atol=1e-6)
            for _ in range(20)
            for a, b in zip(outputs(it, X * number), expected, strict=True)
        )

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(work, range(4)))


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="Linux alone says what is in memory")
def test_the_weights_of_the_file_leave_memory_when_litert_has_them(interpret, tmp_path):
    g = Builder()
    weights = g.constant(values((1000, 1000), 3))
    y = g.op("FULLY_CONNECTED", [g.input((1, 1000), "float32"), weights], [g.tensor((1, 1000), "float32")])
    path = tmp_path / "weights.tflite"
    path.write_bytes(write_model(g.model([y])))
    it = Interpreter(str(path), delegates=["litert"], require_full_delegation=True)
    it.allocate_tensors()
    it.invoke()
    assert resident(path) < 500_000


def resident(path):
    """Return how many bytes of a mapped file are in memory."""
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    assert any(str(path) in line for line in lines)
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Rss:"))


def test_a_closed_delegate_says_so(net):
    delegate = load_delegate("litert")
    (partition,) = Interpreter(model=net, delegates=[delegate]).plan.partitions
    run = delegate.prepare(partition)
    delegate.close()
    with pytest.raises(DelegateFailed, match="closed"):
        run(X)


def test_a_gpu_s_neighbour_takes_what_it_leaves_over(load):
    """``opencl,litert,reference``, with a delegate that takes ADD alone in the place of OpenCL."""
    from delegraph import Delegate, OpSupport, SupportTable, run_op_by_op

    class Adder(Delegate):
        name = "adder"

        def prepare(self, partition):
            return run_op_by_op(partition, lambda op: lambda x, y: (x + y,))

    adder = Adder()
    adder.table = SupportTable("adder", [OpSupport("ADD", (1, 1), "float32 float32 -> float32")])
    it = Interpreter(model=small_net(), delegates=[adder, load()])
    got = outputs(it, X)
    assert [p.label for p in it.plan.partitions] == ["litert", "adder", "litert"]
    for a, b in zip(got, litert_s(small_net(), X), strict=True):
        assert np.allclose(a, b, atol=1e-6)
