"""Models of a few kB that ask for gigabytes, or for ever: the options of the budget end them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import SECONDS, Commands
from delegraph import InputError, Interpreter, ModelError
from delegraph.cli.run import save
from delegraph.file import write_model
from delegraph.model import Builder, Model
from specimens import DIGITS

MIB = 1 << 20
TOTAL = 64 * MIB
EACH = 8 * MIB  # bytes of a tensor
N = EACH // 4  # floats in it
COUNT = 60  # of them: eight times the budget
SPARE = 48 * MIB  # what a command may take beside it: one op's results, the interpreter


def tiled_constants() -> Model:
    """Constants that grow when they are folded."""
    g = Builder()
    t = g.input((1,), "float32")
    for i in range(COUNT):
        big = g.op("TILE", [constant(g, [float(i)]), constant(g, [N])], [g.tensor((N,), "float32")])
        t = add(g, t, big, (N,))
    return g.model(outputs=[t])


def filled_constants() -> Model:
    g = Builder()
    t = g.input((1,), "float32")
    for i in range(COUNT):
        big = g.op("FILL", [constant(g, [N]), g.constant(np.float32(i))], [g.tensor((N,), "float32")])
        t = add(g, t, big, (N,))
    return g.model(outputs=[t])


def constants_of_constants() -> Model:
    """A chain whose last value alone is read."""
    g = Builder()
    t = g.op("TILE", [constant(g, [1.0]), constant(g, [N])], [g.tensor((N,), "float32")])
    for _ in range(COUNT):
        t = g.op("NEG", [t], [g.tensor((N,), "float32")])
    return g.model(outputs=[add(g, g.input((1,), "float32"), t, (N,))])


def strings_of_constants() -> Model:
    g = Builder()
    x = g.input((1,), "int32")
    found = []
    for i in range(COUNT):
        word, n = g.constant([f"word{i}"]), EACH // 8
        big = g.op("TILE", [word, constant(g, [n])], [g.tensor((n,), "string")])
        found.append(g.op("GATHER", [big, x], [g.tensor((1,), "string")]))
    return g.model(outputs=found)


def values_of_a_run() -> Model:
    """Large results that all live to the end."""
    g = Builder()
    x = g.input((1,), "float32")
    large = [
        g.op("TILE", [add(g, x, x, (1,)), constant(g, [N])], [g.tensor((N,), "float32")])
        for _ in range(COUNT)
    ]
    return g.model(outputs=large)


def values_of_sizes_unknown() -> Model:
    """The same where only a run shows the sizes."""
    g = Builder()
    n = g.input((), "int32", name="n")
    ends = [
        g.op(
            "RANGE",
            [g.constant(np.int32(0)), some(g, n), g.constant(np.int32(1))],
            [g.tensor((1,), "int32")],
        )
        for _ in range(COUNT)
    ]
    return g.model(outputs=ends)


def a_loop_that_grows() -> Model:
    """WHILE true: x = concat(x, x)."""
    g = Builder()
    x = g.input((1,), "float32")
    cond, body = g.subgraph("cond"), g.subgraph("body")
    cond.input((1,), "float32")
    cond.returns(cond.constant(np.array(True)))
    y = body.input((1,), "float32")
    body.returns(body.op("CONCATENATION", [y, y], [body.tensor((2,), "float32")], axis=0))
    out = g.op("WHILE", [x], [g.tensor((1,), "float32")], cond_subgraph_index=1, body_subgraph_index=2)
    return g.model(outputs=[out])


def a_loop_that_stores() -> Model:
    """WHILE true: variable number i holds a new array."""
    g = Builder()
    i, x = g.input((), "int32"), g.input((1,), "float32")
    cond, body = g.subgraph("cond"), g.subgraph("body")
    cond.input((), "int32")
    cond.input((1,), "float32")
    cond.returns(cond.constant(np.array(True)))
    j, y = body.input((), "int32"), body.input((1,), "float32")
    big = body.op(
        "TILE",
        [body.op("NEG", [y], [body.tensor((1,), "float32")]), constant(body, [N])],
        [body.tensor((N,), "float32")],
    )
    body.op("ASSIGN_VARIABLE", [j, big], [])
    body.returns(body.op("ADD", [j, body.constant(np.int32(1))], [body.tensor((), "int32")]), y)
    outs = [g.tensor((), "int32"), g.tensor((1,), "float32")]
    outs = g.op("WHILE", [i, x], outs, cond_subgraph_index=1, body_subgraph_index=2)
    return g.model(outputs=list(outs))


def inputs_without_values() -> Model:
    g = Builder()
    inputs = [g.input((N,), "float32") for _ in range(COUNT)]
    small = [g.op("SUM", [x, constant(g, [0])], [g.tensor((), "float32")]) for x in inputs]
    return g.model(outputs=small)


def state() -> Model:
    """Variables, of which each has a state of its own."""
    g = Builder()
    x = g.input((1, 1), "float32")
    for _ in range(COUNT):
        held, time = g.variable((1, N), "float32"), constant(g, [[1.0]])
        w, b = g.constant(np.ones((1, 1), np.float32)), g.constant(np.zeros(1, np.float32))
        g.op("NEG", [held], [g.tensor((1, N), "float32")])
        del time, w, b
    return g.model(outputs=[g.op("NEG", [x], [g.tensor((1, 1), "float32")])])


def calls() -> Model:
    """A result in every caller on the way down."""
    g = Builder()
    x = g.input((1,), "float32")
    bodies = [g.subgraph(f"b{i}") for i in range(COUNT)]
    level(g, x, 1)
    for i, body in enumerate(bodies, 2):
        level(body, body.input((1,), "float32"), i if i <= COUNT else None)
    return g.model()


def level(g: Builder, x: Any, callee: int | None) -> None:
    big = g.op("TILE", [x, constant(g, [N])], [g.tensor((N,), "float32")])
    if callee is not None:
        x = g.op("CALL", [x], [g.tensor((1,), "float32")], subgraph=callee)
    big = add(g, big, x, (N,))
    total = g.op("SUM", [big, constant(g, [0])], [g.tensor((1,), "float32")], keep_dims=True)
    g.returns(add(g, total, x, (1,)))


MODELS: tuple[Callable[[], Model], ...] = (
    tiled_constants,
    filled_constants,
    constants_of_constants,
    strings_of_constants,
    values_of_a_run,
    values_of_sizes_unknown,
    a_loop_that_grows,
    a_loop_that_stores,
    inputs_without_values,
    state,
    calls,
)


def constant(g: Builder, values: Any) -> Any:
    array = np.asarray(values)
    return g.constant(array.astype(np.float32 if array.dtype.kind == "f" else np.int32))


def add(g: Builder, a: Any, b: Any, shape: tuple[int, ...]) -> Any:
    return g.op("ADD", [a, b], [g.tensor(shape, "float32")])


def some(g: Builder, n: Any) -> Any:
    """Return an integer that is no input, so that nothing is known of it."""
    return g.op("ADD", [n, g.constant(np.int32(N))], [g.tensor((), "int32")])


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_a_total_bounds_what_a_model_takes(
    tmp_path: Path, command: Commands, make: Callable[[], Model]
) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(write_model(make()))

    found = command("run", file, "--input", "random", "--max-total-bytes", TOTAL)

    print(len(file.read_bytes()), found)
    assert found.code == 1
    assert f"more than max_total_bytes={TOTAL}" in found.text
    assert found.peak < TOTAL + SPARE


def endless(rounds: int | None, depth: int = 1) -> Model:
    """WHILE i < rounds, or for ever; inside each round another such loop, and so on."""
    g = Builder()
    graphs = [(g.subgraph(f"cond{d}"), g.subgraph(f"body{d}")) for d in range(depth)]
    outer = g
    i = later = g.input((), "int32")
    for d, (cond, body) in enumerate(graphs):
        out = outer.op(
            "WHILE",
            [outer.constant(np.int32(0)) if d else i],
            [outer.tensor((), "int32")],
            cond_subgraph_index=2 * d + 1,
            body_subgraph_index=2 * d + 2,
        )
        if d:
            zero = outer.op("MUL", [out, outer.constant(np.int32(0))], [outer.tensor((), "int32")])
            outer.returns(outer.op("ADD", [later, zero], [outer.tensor((), "int32")]))
        else:
            outer.returns(out)
        j = cond.input((), "int32")
        cond.returns(
            cond.constant(np.array(True))
            if rounds is None
            else cond.op("LESS", [j, cond.constant(np.int32(rounds))], [cond.tensor((), "bool")])
        )
        outer, i = body, body.input((), "int32")
        later = body.op("ADD", [i, body.constant(np.int32(1))], [body.tensor((), "int32")])
    outer.returns(later)
    return g.model()


@pytest.mark.parametrize(
    "model",
    [endless(None), endless(1 << 30), endless(100, depth=3), endless(None, depth=2)],
    ids=["for ever", "counted", "nested", "nested for ever"],
)
def test_a_loop_ends_after_so_many_rounds(tmp_path: Path, command: Commands, model: Model) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(write_model(model))

    found = command("run", file, "--input", "random", "--max-while-iterations", 2000)

    assert found.code == 1
    assert "the loops of a run make more rounds than max_while_iterations=2000" in found.text
    assert found.seconds < SECONDS / 4


def test_loops_within_the_limit_run(tmp_path: Path, command: Commands) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(write_model(endless(10, depth=2)))

    assert command("run", file, "--input", "random", "--max-while-iterations", 111).code == 0


def test_the_command_that_is_advised_for_models_of_strangers_runs() -> None:
    text = (DIGITS.parents[1] / "SECURITY.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"```sh\n(.*?)\n```", text)
    command = command.replace("model.tflite", str(DIGITS / "digits_int8.tflite"))
    command = command.replace("delegraph", f"{sys.executable} -m delegraph", 1)

    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=SECONDS)

    assert found.returncode == 0, found.stderr
    assert "reference" in found.stdout


def tiled_strings(g: Builder, word: Any, n: int) -> Any:
    return g.op("TILE", [word, constant(g, [n])], [g.tensor((1,), "string")])


def broadcast_strings(g: Builder, word: Any, n: int) -> Any:
    return g.op("BROADCAST_TO", [word, constant(g, [n])], [g.tensor((1,), "string")], version=3)


def filled_strings(g: Builder, word: Any, n: int) -> Any:
    word = g.op("RESHAPE", [word, g.constant(np.zeros(0, np.int32))], [g.tensor((), "string")])
    return g.op("FILL", [constant(g, [n]), word], [g.tensor((1,), "string")])


def gathered_strings(g: Builder, word: Any, n: int) -> Any:
    places = g.op("TILE", [constant(g, [0]), constant(g, [n])], [g.tensor((1,), "int32")])
    return g.op("GATHER", [word, places], [g.tensor((1,), "string")])


@pytest.mark.parametrize("known", [True, False], ids=["constant", "computed"])
@pytest.mark.parametrize("make", [tiled_strings, broadcast_strings, filled_strings, gathered_strings])
def test_strings_count_as_pointers_views_that_are_broadcast_too(
    make: Callable[..., Any], known: bool
) -> None:
    n = EACH // 8
    g = Builder()
    word = g.constant(["word"]) if known else g.input((1,), "string")
    file = write_model(g.model(outputs=[make(g, word, n + 1)]))
    with pytest.raises(ModelError, match=f"max_tensor_bytes={EACH}"):
        Interpreter(model_content=file, max_tensor_bytes=EACH).allocate_tensors()


def test_a_model_that_was_read_with_another_limit_is_held_to_the_interpreters() -> None:
    g = Builder()
    model = g.model(outputs=[g.op("NEG", [g.input((100,), "float32")], [g.tensor((100,), "float32")])])
    with pytest.raises(ModelError, match="max_tensor_bytes=399"):
        Interpreter(model=model, max_tensor_bytes=399).allocate_tensors()


def test_strings_of_which_one_is_long_are_not_blown_up_to_be_saved(tmp_path: Path) -> None:
    words = np.array([b"x" * MIB, *[b""] * 10_000], object)

    with pytest.raises(InputError, match="10001 strings of up to 1048576 bytes are too large"):
        save({"words": words}, str(tmp_path / "words.npz"))

    assert list(tmp_path.iterdir()) == []
