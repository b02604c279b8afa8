"""Our interpreter against LiteRT's: the same calls, the same answers, down to types and error classes."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from child import Child
from delegraph.file import write_model
from delegraph.model import Blocks, Builder, Model, Signature
from delegraph.run import interpreter as ours
from transcript import Answer, Player

DIGITS = Path(__file__).parents[2] / "docs" / "models" / "digits_int8.tflite"
PROPERTY = "experimental_compress_quantization_zero_points"
Step = tuple[Any, ...]
Compare = Callable[[list[Step]], list[Answer]]


@pytest.fixture(scope="module")
def litert() -> Iterator[Child]:
    if importlib.util.find_spec("ai_edge_litert") is None:
        pytest.skip("ai-edge-litert is not installed: pip install ai-edge-litert")
    child = Child(Path(__file__).with_name("transcript.py"))
    yield child
    child.close()


@pytest.fixture
def compare(litert: Child) -> Compare:
    """Return a function that plays a program on both, compares all answers and returns ours."""

    def play(program: list[Step]) -> list[Answer]:
        _, theirs = litert.ask(program, timeout=60)
        answers = Player(ours).play(program)
        for step, expected, found in zip(program, theirs, answers, strict=True):
            check(f"{step!r:.100}", expected, found)
        return answers

    return play


def check(what: str, expected: Answer, found: Answer) -> None:
    if expected[0] == "error":
        name = expected[1][0]
        assert found[0] == "error", f"{what}: LiteRT raises {name}, delegraph returns {found[1]!r}"
        assert name in found[1], f"{what}: LiteRT raises {name}, delegraph {found[1]}"
    else:
        assert found[0] == "value", f"{what}: LiteRT returns {expected[1]!r}, delegraph raises {found[1]}"
        same(what, expected[1], found[1])


def same(what: str, expected: Any, found: Any) -> None:
    """Check that two values are equal and of equal type."""
    assert type(found) is type(expected), f"{what}: {expected!r} is not of the type of {found!r}"
    if isinstance(expected, dict):
        assert list(found) == list(expected), what
        for key in expected:
            same(f"{what}[{key!r}]", expected[key], found[key])
    elif isinstance(expected, (list, tuple)):
        if "'get_tensor_details'" in what and isinstance(expected, list):
            expected = [d for d in expected if d["name"]]  # LiteRT lists its scratch tensors, without names
        assert len(found) == len(expected), what
        for i, pair in enumerate(zip(expected, found, strict=True)):
            same(f"{what}[{i}]", *pair)
    elif isinstance(expected, np.ndarray):
        assert found.dtype == expected.dtype, what
        np.testing.assert_array_equal(found, expected, err_msg=what)
    else:
        assert found == expected, f"{what}: LiteRT returns {expected!r}, delegraph {found!r}"


def doubling(shape: tuple[int, ...] = (-1, 2), dtype: str = "float32") -> Model:
    """y = x + x, for any first size."""
    g = Builder()
    x = g.input(shape, dtype, name="x")
    y = g.tensor([1 if n == -1 else n for n in shape], dtype, name="y")
    return g.model(outputs=[g.op("ADD", [x, x], [y])], signature="double")


def numbered(model: Model, *signatures: Signature) -> bytes:
    return write_model(attrs.evolve(model, signatures=signatures))


IMAGE = np.arange(64, dtype=np.int8).reshape(1, 8, 8, 1)


@pytest.mark.parametrize("cls", ["Interpreter", "SignatureRunner"])
def test_methods_have_the_same_names_and_parameters(litert: Child, cls: str) -> None:
    _, ((_, names),) = litert.ask([("names", cls)], timeout=60)
    private = {"Interpreter": ["__init__", "_get_op_details", "_get_ops_details", "_get_tensor_details"]}
    methods = [n for n in [*names, *private.get(cls, ())] if n != PROPERTY]
    asked = [("parameters", cls, name) for name in methods]
    _, theirs = litert.ask(asked, timeout=60)
    for name, expected, found in zip(methods, theirs, Player(ours).play(asked), strict=True):
        check(f"{cls}.{name}", expected, found)


def test_details_of_a_model_before_and_after_allocation(compare: Compare) -> None:
    asked: list[Step] = [
        ("call", "get_input_details"),
        ("call", "get_output_details"),
        ("call", "get_tensor_details"),
        ("call", "get_tensor_details", 0),
        ("call", "get_tensor_details", 1),
        ("call", "_get_ops_details"),
        ("call", "_get_op_details", 2),
        ("call", "_get_op_details", 99),
        ("call", "_get_tensor_details", 99, 0),
        ("call", "num_subgraphs"),
        ("call", "get_signature_list"),
        ("call", "_get_full_signature_list"),
    ]
    compare([("new", DIGITS), *asked, ("call", "allocate_tensors"), *asked])


def test_set_invoke_get(compare: Compare) -> None:
    compare(
        [
            ("new", str(DIGITS)),
            ("call", "allocate_tensors"),
            ("call", "set_tensor", 0, IMAGE),
            ("call", "get_tensor", 0),
            ("call", "set_tensor", np.int32(0), IMAGE),
            ("call", "invoke"),
            ("call", "get_tensor", 23),
            ("call", "get_tensor", 23, 0),
            ("call", "get_tensor", 13),  # a constant
            ("call", "invoke"),
            ("call", "reset_all_variables"),
            ("call", "get_tensor", 23),
        ]
    )


def test_calls_that_are_refused(compare: Compare) -> None:
    compare(
        [
            ("new", DIGITS),
            ("call", "set_tensor", 0, IMAGE),
            ("call", "get_tensor", 23),
            ("call", "get_tensor", 0),
            ("read", 23),
            ("call", "invoke"),
            ("call", "allocate_tensors"),
            ("call", "set_tensor", 0, IMAGE.astype(np.float32)),
            ("call", "set_tensor", 0, IMAGE.tolist()),
            ("call", "set_tensor", 0, IMAGE[0]),
            ("call", "set_tensor", 0, np.zeros((2, 8, 8, 1), np.int8)),
            ("call", "set_tensor", 999, IMAGE),
            ("call", "set_tensor", -1, IMAGE),
            ("call", "set_tensor", 1.0, IMAGE),
            ("call", "set_tensor", "x", IMAGE),
            ("call", "get_tensor", 999),
            ("call", "get_tensor", -1),
            ("call", "get_tensor", 0, 5),
            ("read", 999),
            ("call", "get_signature_runner", "no such"),
            ("call", "get_signature_runner", 3),
        ]
    )


def test_interpreters_that_cannot_be_made(compare: Compare) -> None:
    compare(
        [
            ("make", {}),
            ("make", {"model_path": str(DIGITS), "model_content": b"x"}),
            ("make", {"model_path": "no such file.tflite"}),
            ("make", {"model_content": b"not a model at all"}),
            ("make", {"model_path": str(DIGITS), "num_threads": 0}),
            ("make", {"model_path": str(DIGITS), "num_threads": "two"}),
            ("make", {"model_path": str(DIGITS), "num_threads": 2}),
            ("make", {"model_content": write_model(doubling())}),
            ("make", {"model_path": str(DIGITS), "experimental_compress_quantization_zero_points": True}),
            ("get", "experimental_compress_quantization_zero_points"),
            ("call", "get_tensor_details"),
        ]
    )


def test_a_builtin_op_of_a_version_nobody_has(compare: Compare) -> None:
    g = Builder()
    x = g.input((2,), "float32")
    model = write_model(g.model(outputs=[g.op("ADD", [x, x], [g.tensor((2,), "float32")], version=99)]))
    compare([("make", {"model_content": model})])


def test_a_custom_op_nobody_has(compare: Compare) -> None:
    g = Builder()
    x = g.input((2,), "float32")
    model = write_model(g.model(outputs=[g.op("Mystery", [x], [g.tensor((2,), "float32")])]))
    compare(
        [("make", {"model_content": model}), ("call", "get_input_details"), ("call", "allocate_tensors")]
    )


def test_views(compare: Compare) -> None:
    compare(
        [
            ("new", DIGITS),
            ("call", "allocate_tensors"),
            ("write", 0, IMAGE),
            ("call", "get_tensor", 0),
            ("call", "invoke"),
            ("read", 23),
            ("hold", 0),
            ("call", "set_tensor", 0, IMAGE),
            ("call", "get_tensor", 0),
            ("call", "invoke"),
            ("call", "allocate_tensors"),
            ("call", "resize_tensor_input", 0, [1, 8, 8, 1]),
            ("call", "_ensure_safe"),
            ("drop",),
            ("call", "invoke"),
            ("call", "get_tensor", 23),
        ]
    )


def test_resizing(compare: Compare) -> None:
    three = np.float32([[1, 2], [3, 4], [5, 6]])
    compare(
        [
            ("make", {"model_content": write_model(doubling())}),
            ("call", "get_input_details"),
            ("call", "resize_tensor_input", 0, [3, 2]),
            ("call", "get_input_details"),
            ("call", "get_output_details"),
            ("call", "invoke"),
            ("call", "allocate_tensors"),
            ("call", "get_output_details"),
            ("call", "set_tensor", 0, three),
            ("call", "invoke"),
            ("call", "get_tensor", 1),
            ("call", "resize_tensor_input", 0, [3, 2]),  # as it is: no allocation needed
            ("call", "invoke"),
            ("call", "resize_tensor_input", 0, (1, 2), True),
            ("call", "set_tensor", 0, three[:1]),
            ("call", "invoke"),
            ("call", "resize_tensor_input", 0, [1, 5], True),
            ("call", "resize_tensor_input", 0, [1], True),
            ("call", "resize_tensor_input", 9, [1, 2]),
            ("call", "resize_tensor_input", 0, [-1, 2]),
            ("call", "resize_tensor_input", 0, [[1, 2]]),
            ("call", "resize_tensor_input", 0, "ab"),
            ("call", "resize_tensor_input", 0, np.array([0, 2])),
            ("call", "allocate_tensors"),
            ("call", "set_tensor", 0, three[:0]),
            ("call", "invoke"),
            ("call", "get_tensor", 1),
        ]
    )


def test_shapes_that_do_not_fit(compare: Compare) -> None:
    g = Builder()
    x, y = g.input((2,), "float32"), g.input((2,), "float32")
    model = write_model(g.model(outputs=[g.op("ADD", [x, y], [g.tensor((2,), "float32")])]))
    compare(
        [
            ("make", {"model_content": model}),
            ("call", "resize_tensor_input", 0, [3]),
            ("call", "allocate_tensors"),
            ("call", "invoke"),
        ]
    )


def test_shapes_that_values_decide(compare: Compare) -> None:
    g = Builder()
    n = g.input((), "int32", name="n")
    zero, one = g.constant(np.int32(0)), g.constant(np.int32(1))
    r = g.op("RANGE", [zero, n, one], [g.tensor((1,), "int32")])
    model = write_model(g.model(outputs=[g.op("NEG", [r], [g.tensor((1,), "int32")])]))
    steps: list[Step] = [("make", {"model_content": model}), ("call", "allocate_tensors")]
    for value in (4, 1, 7):
        steps += [
            ("call", "set_tensor", n.index, np.int32(value)),
            ("call", "invoke"),
            ("call", "get_output_details"),
            ("call", "get_tensor", 4),
        ]
    compare(steps)


def test_all_tensors_preserved(compare: Compare) -> None:
    settings = {"model_path": str(DIGITS), "experimental_preserve_all_tensors": True}
    compare(
        [
            ("make", settings),
            ("call", "allocate_tensors"),
            ("call", "set_tensor", 0, IMAGE),
            ("call", "invoke"),
            *[("call", "get_tensor", i) for i in range(24)],
        ]
    )


def test_signatures(compare: Compare) -> None:
    g = Builder()
    a, b = g.input((-1,), "float32", name="a"), g.input((-1,), "float32", name="b")
    g.returns(g.op("ADD", [a, b], [g.tensor((1,), "float32", name="c")]))
    other = g.subgraph("other")
    z = other.input((2,), "float32", name="z")
    other.returns(other.op("NEG", [z], [other.tensor((2,), "float32", name="w")]))
    model = numbered(
        g.model(),
        Signature("add", {"left": 0, "right": 1}, {"sum": 2}, 0),
        Signature("negate", {"value": 0}, {"negated": 1}, 1),
    )
    one, two = np.ones(1, np.float32), np.ones(2, np.float32)
    compare(
        [
            ("make", {"model_content": model}),
            ("call", "get_signature_list"),
            ("call", "_get_full_signature_list"),
            ("call", "num_subgraphs"),
            ("call", "get_tensor_details", 1),
            ("runner", None),
            ("runner", "add"),
            ("runner", "negate"),
            ("ask", "add", "get_input_details"),
            ("ask", "negate", "get_output_details"),
            ("run", "add", {"left": two, "right": two}),
            ("ask", "add", "get_output_details"),
            ("run", "negate", {"value": two}),
            ("run", "add", {"left": one, "right": one}),
            ("call", "get_tensor", 1, 1),
            ("run", "add", {}),
            ("run", "add", {"left": one}),
            ("run", "add", {"left": one, "down": one}),
            ("run", "negate", {"value": np.array([1, 2])}),
        ]
    )


def test_a_single_signature_needs_no_key(compare: Compare) -> None:
    compare(
        [
            ("make", {"model_content": write_model(doubling())}),
            ("runner", None),
            ("run", None, {"x": np.float32([[1, 2]])}),
        ]
    )


def test_strings(compare: Compare) -> None:
    g = Builder()
    x = g.input((2,), "string", name="x")
    y = g.op("TILE", [x, g.constant(np.int32([2]))], [g.tensor((4,), "string", name="y")], version=2)
    model = write_model(g.model(outputs=[y]))
    steps: list[Step] = [
        ("make", {"model_content": model, "resolver": "BUILTIN"}),
        ("call", "allocate_tensors"),
        ("call", "get_input_details"),
        ("call", "get_output_details"),
    ]
    for value in (np.array([b"ab", b""]), np.array(["ä", "bcd"]), np.array([b"x", "y"], object)):
        steps += [
            ("call", "set_tensor", 0, value),
            ("call", "invoke"),
            ("call", "get_tensor", y.index),
        ]
    steps += [("call", "set_tensor", 0, np.array([1, 2])), ("call", "set_tensor", 0, np.array([b"a"]))]
    compare(steps)


@pytest.mark.parametrize("dtype", ["int4", "bool", "int64", "uint32", "float64", "float16", "complex64"])
def test_details_and_values_of_other_types(compare: Compare, dtype: str) -> None:
    g = Builder()
    x = g.input((2, 2), dtype, name="x")
    y = g.op("RESHAPE", [x], [g.tensor((4,), dtype, name="y")], new_shape=(4,))
    value = np.array([[0, 1], [1, 0]]).astype("int8" if dtype == "int4" else dtype)
    compare(
        [
            ("make", {"model_content": write_model(g.model(outputs=[y]))}),
            ("call", "allocate_tensors"),
            ("call", "get_input_details"),
            ("call", "set_tensor", 0, value),
            ("call", "get_tensor", 0),
            ("call", "invoke"),
            ("call", "get_tensor", y.index),
        ]
    )


@pytest.mark.parametrize("zero_points", [None, [[0, 0], [0, 0]]])
def test_quantization_in_blocks(compare: Compare, zero_points: Any) -> None:
    g = Builder()
    x = g.input((1, 64), "float32", name="x")
    scales = g.constant(np.float16([[0.5, 0.25], [2, 1]]), name="scales")
    points = None if zero_points is None else g.constant(np.int32(zero_points), name="points")
    w = g.constant(np.ones((2, 64)), "int4", "w", blocks=Blocks(scales, 32, points))
    y = g.op("FULLY_CONNECTED", [x, w], [g.tensor((1, 2), "float32", name="y")])
    compare(
        [("make", {"model_content": write_model(g.model(outputs=[y]))}), ("call", "get_tensor_details")]
    )


def test_per_axis_quantization(compare: Compare) -> None:
    g = Builder()
    x = g.input((1, 2), "float32", name="x")
    w = g.constant(np.int8([[1, 2], [3, 4]]), scale=[0.5, 0.25], zero_point=0, axis=0, name="w")
    d = g.op("DEQUANTIZE", [w], [g.tensor((2, 2), "float32")], version=5)
    y = g.op("ADD", [x, d], [g.tensor((2, 2), "float32", name="y")])
    model = write_model(g.model(outputs=[y]))
    for compress in (False, True):
        settings = {"model_content": model, "experimental_compress_quantization_zero_points": compress}
        compare([("make", settings), ("call", "get_tensor_details")])


def branching() -> bytes:
    """y = -x if c else x + x."""
    g = Builder()
    c, x = g.input((), "bool", name="c"), g.input((2,), "float32", name="x")
    then, otherwise = g.subgraph("then"), g.subgraph("else")
    a = then.input((2,), "float32")
    then.op("NEG", [a], [then.tensor((2,), "float32")])
    b = otherwise.input((2,), "float32")
    otherwise.op("ADD", [b, b], [otherwise.tensor((2,), "float32")])
    y = g.op(
        "IF", [c, x], [g.tensor((2,), "float32", name="y")],
        then_subgraph_index=then.index, else_subgraph_index=otherwise.index,
    )  # fmt: skip
    return write_model(g.model(outputs=[y]))


def looping() -> bytes:
    """While n < 5: n = n + 1, x = x + x."""
    g = Builder()
    n, x = g.input((), "int32", name="n"), g.input((1,), "float32", name="x")
    cond, body = g.subgraph("cond"), g.subgraph("body")
    a = cond.input((), "int32")
    cond.input((1,), "float32")
    cond.returns(cond.op("LESS", [a, cond.constant(np.int32(5))], [cond.tensor((), "bool")]))
    b, y = body.input((), "int32"), body.input((1,), "float32")
    b2 = body.op("ADD", [b, body.constant(np.int32(1))], [body.tensor((), "int32")])
    body.returns(b2, body.op("ADD", [y, y], [body.tensor((1,), "float32")]))
    outputs = g.op(
        "WHILE", [n, x], [g.tensor((), "int32"), g.tensor((1,), "float32")],
        cond_subgraph_index=cond.index, body_subgraph_index=body.index,
    )  # fmt: skip
    return write_model(g.model(outputs=outputs))


def remembering() -> bytes:
    """y = v; v = v + x, where CALL_ONCE makes v 10."""
    g = Builder()
    init = g.subgraph("init")
    x = g.input((1,), "float32", name="x")
    g.op("CALL_ONCE", [], [], init_subgraph_index=init.index)
    handle = g.op("VAR_HANDLE", [], [g.tensor((), "resource")], shared_name="v")
    v = g.op("READ_VARIABLE", [handle], [g.tensor((1,), "float32")])
    g.op("ASSIGN_VARIABLE", [handle, g.op("ADD", [v, x], [g.tensor((1,), "float32")])], [])
    h = init.op("VAR_HANDLE", [], [init.tensor((), "resource")], shared_name="v")
    init.op("ASSIGN_VARIABLE", [h, init.constant(np.float32([10]))], [])
    init.returns()
    return write_model(g.model(outputs=[v]))


def looking_up() -> bytes:
    """y = table[x], filled by CALL_ONCE; and the table's size."""
    g = Builder()
    init = g.subgraph("init")
    kinds = {"key_dtype": "STRING", "value_dtype": "INT64", "table_id": 7}
    g.op("CALL_ONCE", [], [], init_subgraph_index=init.index)
    x = g.input((3,), "string", name="x")
    table = g.op("HASHTABLE", [], [g.tensor((1,), "resource")], **kinds)
    size = g.op("HASHTABLE_SIZE", [table], [g.tensor((1,), "int64")])
    y = g.op("HASHTABLE_FIND", [table, x, g.constant(np.int64([-1]))], [g.tensor((3,), "int64")])
    t = init.op("HASHTABLE", [], [init.tensor((1,), "resource")], **kinds)
    for keys, values in ((["a", "b", "a"], [1, 2, 3]), (["b"], [99])):
        init.op("HASHTABLE_IMPORT", [t, init.constant(keys), init.constant(np.int64(values))], [])
    init.returns()
    return write_model(g.model(outputs=[y, size]))


def played(model: bytes, rounds: list[list[Any]], resolver: str = "BUILTIN_REF") -> list[Step]:
    """Return the steps that run a model on rounds of input values, and read its outputs."""
    from delegraph.file import read_model

    graph = read_model(model).subgraphs[0]
    steps: list[Step] = [
        ("make", {"model_content": model, "resolver": resolver}),
        ("call", "allocate_tensors"),
    ]
    for values in rounds:
        pairs = zip(graph.inputs, values, strict=True)
        steps += [
            ("call", "set_tensor", t.index, np.array(v, t.dtype if t.dtype != "string" else None))
            for t, v in pairs
        ]
        steps += [("call", "invoke"), *[("call", "get_tensor", t.index) for t in graph.outputs]]
    return steps


def test_control_flow(compare: Compare) -> None:
    compare(played(branching(), [[True, [1, 2]], [False, [1, 2]]]))
    compare(played(looping(), [[0, [1]], [7, [3]]]))


def test_resource_variables(compare: Compare) -> None:
    steps = played(remembering(), [[[1]], [[1]]])
    after = [("call", "set_tensor", 0, np.float32([1])), ("call", "invoke"), ("call", "get_tensor", 2)]
    compare([*steps, ("call", "reset_all_variables"), *after, ("call", "allocate_tensors"), *after])


def test_hash_tables(compare: Compare) -> None:
    compare(played(looking_up(), [[["b", "a", "z"]], [["z", "", "b"]]], "BUILTIN"))


@pytest.mark.parametrize("dtype", ["float32", "int8", "uint8"])
def test_variable_tensors(compare: Compare, dtype: str) -> None:
    model = write_model(with_variable(dtype))
    read = ("call", "get_tensor", 1)
    set_it = ("call", "set_tensor", 1, np.array([5, 6], dtype))
    compare(
        [
            *[("make", {"model_content": model}), ("call", "allocate_tensors"), read],
            *[set_it, read, ("call", "invoke"), read],
            *[("call", "allocate_tensors"), read],  # nothing has changed, nothing is reset
            *[("call", "resize_tensor_input", 0, [2]), ("call", "allocate_tensors"), read],
            *[("call", "reset_all_variables"), read, set_it],
            *[("call", "resize_tensor_input", 0, [3]), ("call", "allocate_tensors"), read],
        ]
    )


def with_variable(dtype: str) -> Model:
    """y = -x beside a variable tensor that no op uses."""
    g = Builder()
    quantization = {} if dtype == "float32" else {"scale": 0.5, "zero_point": 3}
    x = g.input((2,), dtype, name="x", **quantization)
    g.variable((2,), dtype, name="v", **quantization)
    y = g.tensor((2, 1), dtype, **quantization)
    return g.model(outputs=[g.op("EXPAND_DIMS", [x, g.constant(np.int32(1))], [y])])


def test_the_comparison_notices_a_difference() -> None:
    for expected, found in (
        (("value", np.int32([1])), ("value", np.int64([1]))),
        (("value", {"a": 1}), ("value", {"a": 2})),
        (("value", 1), ("error", ["ValueError"])),
        (("error", ["ValueError"]), ("value", None)),
        (("error", ["ValueError"]), ("error", ["StateError", "RuntimeError"])),
    ):
        with pytest.raises(AssertionError):
            check("it", expected, found)
