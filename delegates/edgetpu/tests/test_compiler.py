"""Compiled files run, bit for bit as their sources do on the reference delegate."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from delegraph import Blocks, InputError, Interpreter, UnsupportedOps, read_model, write_model
from delegraph.errors import DelegateFailed
from delegraph_edgetpu.compiler import compiled_in_segments, compiled_together
from delegraph_edgetpu.cut import Settings

BOTH = ["edgetpu", "reference"]


def compiled(path, **settings):
    (found,) = compiled_together([path], Settings(**settings), print)
    return found


def filled(seed, shape, dtype):
    raw = np.random.PCG64(seed).random_raw(int(np.prod(shape))).astype(np.uint8)
    return raw.reshape(shape).view(dtype)


def runs(model, delegates, count=2):
    """Return what a model gives in some runs, with its state carried on."""
    interpreter = Interpreter(model=model, delegates=delegates)
    interpreter.allocate_tensors()
    found = []
    for seed in range(count):
        for t in model.subgraphs[0].inputs:
            interpreter.set_tensor(t.index, filled(seed, t.shape, t.dtype))
        interpreter.invoke()
        found.append([interpreter.get_tensor(t.index) for t in model.subgraphs[0].outputs])
    return found


def assert_same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        for x, y in zip(a, b, strict=True):
            assert x.dtype == y.dtype
            assert x.tobytes() == y.tobytes()


def check(path, **settings):
    """Fail unless the source with edgetpu and the compiled file both give what the reference gives."""
    source = read_model(path)
    out = read_model(compiled(path, **settings).data)
    expected = runs(source, ["reference"])
    assert_same(runs(source, BOTH), expected)
    assert_same(runs(out, BOTH), expected)
    return out


def state(y, n):
    """Return the output state of the LSTM that gives y."""
    (op,) = (op for op in n.g._ops if y in op.outputs)
    return op.inputs[18]


def labels(model, delegates=BOTH):
    plan = Interpreter(model=model, delegates=delegates).plan
    return [(p.label, [op.name for op in p.ops]) for p in plan.partitions]


def image(net, dtype="int8"):
    n = net(dtype)
    x = n.conv(n.input(1, 6, 6, 3), 8, fused_activation_function="RELU6")
    return n, n.conv(x, 4)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_a_whole_model_becomes_one_op(net, saved, dtype):
    n, y = image(net, dtype)

    out = check(saved(n.model(y)))

    assert [op.name for op in out.subgraphs[0].ops] == ["edgetpu-custom-op"]
    assert out.subgraphs[0].inputs[0].shape == (1, 6, 6, 3)
    assert [c.custom_code for c in out.operator_codes] == ["edgetpu-custom-op"]


def test_the_cpu_keeps_what_is_not_mapped(net, saved):
    n, y = image(net)
    y = n.op("DEQUANTIZE", [y], 1, 6, 6, 4, to="float32", version=2)

    out = check(saved(n.model(y)))

    assert labels(out) == [("edgetpu", ["edgetpu-custom-op"]), ("reference", ["DEQUANTIZE"])]


def test_scales_of_blocks_stay_with_their_weights(net, saved):
    n, x = image(net)
    x = n.op("DEQUANTIZE", [x], 1, 6, 6, 4, to="float32", version=2)
    scales = n.constant(np.full((2, 2), 0.5), "float16")
    w = n.constant(np.ones((2, 144)), "int8", blocks=Blocks(scales, 72))
    y = n.op(
        "FULLY_CONNECTED",
        [n.op("RESHAPE", [x], 1, 144, to="float32", new_shape=(1, 144)), w],
        1,
        2,
        to="float32",
    )

    out = read_model(compiled(saved(n.model(y))).data)

    (weights,) = (t for t in out.subgraphs[0].tensors if t.shape == (2, 144))
    kept = weights.quantization.blocks.scales
    assert kept.data.tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert kept.index != scales.index


def test_the_rest_of_a_compiled_file_stays_on_the_cpu_though_it_could_be_mapped(net, saved):
    n, x = image(net)
    y = n.op("RELU", [n.op("ABS", [x], 1, 6, 6, 4)], 1, 6, 6, 4)
    path = saved(n.model(y))

    out = check(path)

    assert labels(out)[1] == ("reference", ["ABS", "RELU"])


def test_a_compiled_file_needs_no_advice(net, saved):
    n, x = image(net)
    out = read_model(compiled(saved(n.model(n.op("ABS", [x], 1, 6, 6, 4)))).data)

    plan = Interpreter(model=out, delegates=BOTH).plan

    assert plan.delegates[0].advise(plan) == []


def test_a_compiled_file_keeps_its_shapes(net, saved):
    n = net()
    x = n.g.input((1, -1, 8), "int8", scale=0.5, zero_point=3)
    out = read_model(compiled(saved(n.model(n.op("RELU", [x], 1, 1, 8)))).data)
    interpreter = Interpreter(model=out, delegates=BOTH)
    interpreter.resize_tensor_input(0, (1, 5, 8))

    with pytest.raises(DelegateFailed, match="a compiled model takes the shapes that it was compiled for"):
        interpreter.allocate_tensors()


def test_every_subset_of_a_compiled_file_runs(net, saved):
    n, x = image(net)
    y = n.op("RELU", [n.op("ABS", [x], 1, 6, 6, 4)], 1, 6, 6, 4)

    out = check(saved(n.model(y)), multiple_subgraphs=True)

    assert [label for label, _ in labels(out)] == ["edgetpu", "reference", "edgetpu"]


def test_several_inputs_and_outputs_keep_their_places(net, saved):
    n = net()
    a, b = n.input(1, 8), n.input(1, 8)
    total = n.op("ADD", [a, b], 1, 8)
    less = n.op("SUB", [b, a], 1, 8)

    out = check(saved(n.model(less, total)))

    (op,) = out.subgraphs[0].ops
    assert (len(op.inputs), len(op.outputs)) == (2, 2)


def test_state_becomes_an_input_of_the_op_and_is_carried_on(net, saved):
    n = net()
    y = n.lstm(n.input(1, 3, 5), 4)

    out = check(saved(n.model(y)))

    (op,) = out.subgraphs[0].ops
    assert [(t.dtype, t.is_variable) for t in op.inputs] == [
        ("int8", False),
        ("int8", True),
        ("int16", True),
    ]
    _, second = runs(out, BOTH)
    again = Interpreter(model=out, delegates=BOTH)
    again.allocate_tensors()
    again.set_tensor(out.subgraphs[0].inputs[0].index, filled(1, (1, 3, 5), "int8"))
    again.invoke()
    fresh = again.get_tensor(out.subgraphs[0].outputs[0].index)
    assert not np.array_equal(second[0], fresh)  # the second run saw what the first left behind
    again.reset_all_variables()
    again.invoke()
    assert np.array_equal(again.get_tensor(out.subgraphs[0].outputs[0].index), fresh)


def test_signatures_and_metadata_stay(net, saved):
    n, y = image(net)

    out = read_model(compiled(saved(n.model(y, signature="serve", metadata={"labels": b"a\nb"}))).data)

    (signature,) = out.signatures
    assert signature.outputs == {y.name: out.subgraphs[0].outputs[0].index}
    assert bytes(out.buffers[out.metadata[0].buffer]) == b"a\nb"


def test_a_signature_of_sizes_that_do_not_come_true_goes(net, saved):
    n, x = image(net)
    y = n.op("SQUEEZE", [n.op("ABS", [x], 1, 6, 6, 4)], 6, 6, 4, squeeze_dims=[0])
    model = n.model(y)
    graph = model.subgraphs[0]
    wrong = attrs.evolve(graph.tensors[y.index], shape=(1, 6, 6, 4), shape_signature=(-1, 6, 6, 4))
    tensors = (*graph.tensors[: y.index], wrong, *graph.tensors[y.index + 1 :])
    ops = (*graph.ops[:-1], attrs.evolve(graph.ops[-1], outputs=(wrong,)))
    graph = attrs.evolve(graph, tensors=tensors, ops=ops, outputs=(wrong,))

    out = check(saved(attrs.evolve(model, subgraphs=(graph,))))

    (t,) = out.subgraphs[0].outputs
    assert (t.shape, t.shape_signature) == ((6, 6, 4), None)


def test_metadata_that_number_tensors_go(net, saved):
    n, y = image(net)
    metadata = {"OfflineMemoryAllocation": bytes(16), "labels": b"a"}

    out = read_model(compiled(saved(n.model(y, metadata=metadata))).data)

    assert [m.name for m in out.metadata] == ["labels"]


def test_other_subgraphs_stay(net, saved):
    n, y = image(net)
    other = n.g.subgraph("other")
    x = other.input((1, 2), "float32")
    other.op("ADD", [x, other.constant([[1.0, 2.0]], "float32")], [other.tensor((1, 2), "float32")])

    out = read_model(compiled(saved(n.model(y))).data)

    assert [op.name for op in out.subgraphs[1].ops] == ["ADD"]
    assert np.array_equal(out.subgraphs[1].tensors[1].data, [[1.0, 2.0]])


def test_models_share_the_cache_in_the_order_of_the_arguments(net, saved):
    paths = []
    for name in ("a", "b"):
        n, y = image(net)
        paths.append(saved(n.model(y), f"{name}.tflite"))

    a, b = compiled_together(paths, Settings(), print)

    assert (a.name, b.name) == ("a", "b")
    assert a.estimates[0].cached_bytes == b.estimates[0].cached_bytes  # both fit
    assert a.estimates[0].cache_remaining == b.estimates[0].cache_remaining


def test_segments_hand_on_by_name_what_the_whole_model_computes(net, saved):
    n = net()
    x = n.op("QUANTIZE", [n.input(1, 6, 6, 3, dtype="float32")], 1, 6, 6, 3)
    a = n.conv(x, 8)
    b = n.conv(a, 8)
    c = n.op("ADD", [n.conv(b, 8), a], 1, 6, 6, 8)  # a skips a segment
    y = n.op("DEQUANTIZE", [c], 1, 6, 6, 8, to="float32", version=2)
    path = saved(n.model(y))
    given = filled(1, (1, 6, 6, 3), "int8").astype(np.float32)
    whole = Interpreter(str(path), delegates=["reference"])(given)

    values = {x.name: None} | {read_model(path).subgraphs[0].inputs[0].name: given}
    files = list(compiled_in_segments(path, Settings(num_segments=3), print))
    for found in files:
        segment = read_model(found.data)
        interpreter = Interpreter(model=segment, delegates=BOTH)
        interpreter.allocate_tensors()
        for t in segment.subgraphs[0].inputs:
            interpreter.set_tensor(t.index, values[t.name])
        interpreter.invoke()
        values |= {t.name: interpreter.get_tensor(t.index) for t in segment.subgraphs[0].outputs}

    assert [f.name for f in files] == [f"model_segment_{i}_of_3" for i in range(3)]
    assert np.array_equal(values[y.name], whole)
    assert sum(len(f.operations) for f in files) == 6


def test_segments_do_not_share_the_state_of_an_lstm(net, saved):
    n = net()
    y = n.lstm(n.input(1, 3, 5), 4)
    model = n.model(n.op("RELU", [n.op("RELU", [y], 1, 3, 4)], 1, 3, 4), n.op("ABS", [state(y, n)], 1, 4))

    with pytest.raises(
        InputError, match=r"model_segment_0_of_2 keeps the state in tensor \d+, and op #3 ABS"
    ):
        list(compiled_in_segments(saved(model), Settings(num_segments=2), print))


def test_segments_take_the_subgraphs_along_that_they_call(net, saved):
    n, x = image(net)
    index = n.op("ARG_MAX", [x, n.constant([3])], 1, 6, 6, to="int32", output_type="INT32")
    none = n.op("REDUCE_ANY", [n.op("CAST", [index], 1, 6, 6, to="bool"), n.constant([0, 1, 2])], to="bool")
    body = n.g.subgraph("body")
    body.returns(body.input((1, 6, 6, 4), "int8", scale=0.5, zero_point=3))
    n.op("IF", [none, x], 1, 6, 6, 4, then_subgraph_index=1, else_subgraph_index=1)

    first, last = compiled_in_segments(saved(n.model()), Settings(num_segments=2), print)

    assert [len(read_model(f.data).subgraphs) for f in (first, last)] == [1, 2]


def test_the_last_segment_gives_the_results_that_are_constant(net, saved):
    n, x = image(net)
    known = n.op("ADD", [n.constant([1, 2], "int8", scale=0.5, zero_point=3)] * 2, 2)

    first, last = compiled_in_segments(saved(n.model(known, x)), Settings(num_segments=2), print)

    assert [t.name for t in read_model(last.data).subgraphs[0].outputs] == [known.name, x.name]
    assert known.name not in [t.name for t in read_model(first.data).subgraphs[0].outputs]


def test_segments_tell_tensors_of_one_name_apart(net, saved):
    n, x = image(net)
    model = n.model(n.conv(x, 4))
    graph = model.subgraphs[0]
    renamed = {t.index: attrs.evolve(t, name="same") for t in graph.tensors}

    def of(tensors):
        return tuple(renamed[t.index] for t in tensors)

    ops = tuple(attrs.evolve(op, inputs=of(op.inputs), outputs=of(op.outputs)) for op in graph.ops)
    graph = attrs.evolve(
        graph,
        tensors=tuple(renamed.values()),
        ops=ops,
        inputs=of(graph.inputs),
        outputs=of(graph.outputs),
    )
    path = saved(attrs.evolve(model, subgraphs=(graph,)))

    first, second = compiled_in_segments(path, Settings(num_segments=2), print)

    handed_on = [t.name for t in read_model(first.data).subgraphs[0].outputs]
    assert [t.name for t in read_model(second.data).subgraphs[0].inputs] == handed_on
    assert handed_on[0].startswith("same:")


# What cannot run


def custom(net, options):
    n = net()
    y = n.op("edgetpu-custom-op", [n.input(1, 8)], 1, 8, custom_options=options)
    return n.model(y)


def failure(model):
    interpreter = Interpreter(model=model, delegates=BOTH)
    with pytest.raises((UnsupportedOps, DelegateFailed)) as e:
        interpreter.allocate_tensors()
    return str(e.value)


def test_a_payload_of_somebody_else_is_refused(net):
    text = failure(custom(net, b"something else"))

    assert "needs a payload that delegraph wrote" in text
    assert "delegraph edgetpu compile MODEL.tflite" in text


def test_a_damaged_model_in_a_payload_is_an_error(net, saved):
    n, y = image(net)
    out = read_model(compiled(saved(n.model(y))).data)
    (op,) = out.subgraphs[0].ops
    options = op.custom_options[:-1] + b"!"
    graph = attrs.evolve(out.subgraphs[0], ops=(attrs.evolve(op, custom_options=options),))

    assert "it is damaged" in failure(attrs.evolve(out, subgraphs=(graph,)))


def test_a_payload_that_does_not_fit_its_op_is_an_error(net, saved):
    n, y = image(net)
    out = read_model(compiled(saved(n.model(y))).data)
    (op,) = out.subgraphs[0].ops

    assert "needs tensor 0 of its payload as int8 of shape 1×8" in failure(custom(net, op.custom_options))


def test_written_models_read_back_as_they_were(net, saved):
    n, y = image(net)
    out = read_model(compiled(saved(n.model(y))).data)

    assert read_model(write_model(out)) == out


def test_without_the_reference_delegate_it_says_what_is_missing(monkeypatch):
    from delegraph_edgetpu import EdgeTpu, delegate

    monkeypatch.setattr(delegate, "find_spec", lambda name: None)

    assert EdgeTpu().unavailable() == (
        "it runs its ops with the reference delegate; pip install delegraph-reference"
    )


def test_the_threads_asked_for_are_the_references(net, saved):
    n, y = image(net)
    model = n.model(y)

    with Interpreter(model=model, delegates=["edgetpu"], num_threads=2) as interpreter:
        assert interpreter.delegates[0].options.num_threads == 2
        interpreter.allocate_tensors()
