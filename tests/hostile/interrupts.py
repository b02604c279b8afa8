"""The child process of ``test_interrupts``: Ctrl-C in the middle of a call, again and again.

``line``: at a line of delegraph's code, drawn from all that the call runs, in callbacks, too.
``timer``: by a signal, as the keyboard does, also in compiled code and in libraries.
"""

from __future__ import annotations

import gc
import json
import logging
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from linecache import getline
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))

import numpy as np
from delegraph import Builder, Delegate, Interpreter, Model, load_delegate, read_model
from delegraph.run.turns import Turn
from matrix.recipe import recipes

DIGITS = Path(__file__).parents[2] / "docs" / "models"
OURS = ("delegraph", "delegraph_reference", "delegraph_opencl", "delegraph_int16")


class Lines:
    """Interrupts a call at a line of delegraph's code."""

    def __init__(self, draw: random.Random) -> None:
        self._draw, self._at, self._seen = draw, 0, 0
        self.total = 0

    def measure(self, call: Callable[[], Any]) -> None:
        """Find out how many lines the call runs."""
        self._at, self._seen = -1, 0
        self._traced(call)
        self.total = self._seen

    def __call__(self, call: Callable[[], Any]) -> Any:
        self._at, self._seen = self._draw.randrange(1, self.total + 1), 0
        return self._traced(call)

    def _traced(self, call: Callable[[], Any]) -> Any:
        sys.settrace(self._frame)
        try:
            return call()
        finally:
            sys.settrace(None)

    def _frame(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self._line if frame.f_globals.get("__name__", "").split(".")[0] in OURS else None

    def _line(self, frame: FrameType, event: str, arg: Any) -> Any:
        # On leaving a ``with``, its line comes again: the interpreter looks for no signal there.
        if event == "line" and not getline(frame.f_code.co_filename, frame.f_lineno).strip().startswith(
            "with "
        ):
            self._seen += 1
            if self._seen == self._at:
                raise KeyboardInterrupt
        return self._line


class Timer:
    """Interrupts a call at a moment, by a signal."""

    def __init__(self, draw: random.Random) -> None:
        self._draw, self._inside = draw, False
        self.seconds = 0.0
        signal.signal(signal.SIGALRM, self._ring)

    def measure(self, call: Callable[[], Any]) -> None:
        start = perf_counter()
        call()
        self.seconds = perf_counter() - start

    def __call__(self, call: Callable[[], Any]) -> Any:
        signal.setitimer(signal.ITIMER_REAL, max(self._draw.random() * self.seconds * 1.1, 1e-6))
        try:
            self._inside = True
            found = call()
            self._inside = False
            return found
        finally:
            self._inside = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _ring(self, number: int, frame: Any) -> None:
        if self._inside:
            self._inside = False
            raise KeyboardInterrupt


def counting() -> Model:
    """A model with a state, in several partitions: it adds up what it gets, and a loop doubles it twice."""
    g = Builder()
    x = g.input((1, 64), "float32", name="x")
    first = g.subgraph("first")
    zeros = first.constant(np.zeros((1, 64), np.float32))
    own = first.op("VAR_HANDLE", [], [first.tensor((), "resource")], shared_name="sum")
    first.op("ASSIGN_VARIABLE", [own, zeros], [])
    g.op("CALL_ONCE", [], [], init_subgraph_index=1)
    handle = g.op("VAR_HANDLE", [], [g.tensor((), "resource")], shared_name="sum")
    sums = g.op("READ_VARIABLE", [handle], [g.tensor((1, 64), "float32")])
    added = g.op("ADD", [sums, x], [g.tensor((1, 64), "float32")])
    g.op("ASSIGN_VARIABLE", [handle, added], [])
    condition, body = g.subgraph("condition"), g.subgraph("body")
    for loop in (condition, body):
        i, y = loop.input((), "int32"), loop.input((1, 64), "float32")
        if loop is condition:
            loop.op("LESS", [i, loop.constant(np.int32(2))], [loop.tensor((), "bool")])
        else:
            more = loop.op("ADD", [i, loop.constant(np.int32(1))], [loop.tensor((), "int32")])
            loop.returns(more, loop.op("ADD", [y, y], [loop.tensor((1, 64), "float32")]))
    outs = [g.tensor((), "int32"), g.tensor((1, 64), "float32")]
    start = g.constant(np.int32(0))
    g.op("WHILE", [start, added], outs, cond_subgraph_index=2, body_subgraph_index=3)
    return g.model(outputs=[outs[1]])


def recurrent() -> Model:
    """A layer that remembers: its variables are its state."""
    return recipes()["UNIDIRECTIONAL_SEQUENCE_LSTM"].draft(1, ":".join(["float32"] * 5)).model()


MODELS: dict[str, Callable[[], Model]] = {
    "counting": counting,
    "recurrent": recurrent,
    "int8": lambda: read_model(DIGITS / "digits_int8.tflite"),
    "float32": lambda: read_model(DIGITS / "digits_float32.tflite"),
}


INPUTS = 4  # different ones
REMEMBERED = 16  # runs, after which variables are reset


def values(number: int, shape: Sequence[int]) -> np.ndarray:
    return np.random.default_rng(number % INPUTS).integers(-100, 100, shape)


def fed(i: Interpreter, number: int) -> Interpreter:
    for d in i.get_input_details():
        i.set_tensor(d["index"], values(number, d["shape"]).astype(d["dtype"]))
    return i


def result(i: Interpreter) -> np.ndarray:
    return i.get_tensor(i.get_output_details()[0]["index"])


class Trial:
    """Calls of one kind, interrupted; and what of it was wrong."""

    def __init__(self, name: str, delegates: Sequence[Delegate], interrupted: Any) -> None:
        self.name, self.model = name, MODELS[name]()
        self.delegates, self.interrupted = delegates, interrupted
        self.wrong: list[str] = []
        self.counts: Counter[str] = Counter()
        i = self.undisturbed = self.ready()
        self.right: list[np.ndarray] = []
        for number in range(INPUTS):
            fed(i, number).invoke()
            self.right.append(result(i))

    def ready(self) -> Interpreter:
        i = Interpreter(model=self.model, delegates=list(self.delegates))
        i.allocate_tensors()
        return i

    def expected(self, numbers: Sequence[int]) -> np.ndarray:
        """Return what the last of some runs gives, of inputs by their numbers."""
        if self.name == "recurrent":
            return self.replayed(numbers)
        if self.name != "counting":
            return self.right[numbers[-1] % INPUTS]
        return 4 * sum(values(n, (1, 64)) for n in numbers)

    def replayed(self, numbers: Sequence[int]) -> np.ndarray:
        self.undisturbed.reset_all_variables()
        for n in numbers:
            fed(self.undisturbed, n).invoke()
        return result(self.undisturbed)

    def call(self, what: str, function: Callable[[], Any]) -> bool:
        """Interrupt a call; say whether it came to its end. Nothing but Ctrl-C may come out of it."""
        try:
            self.interrupted(function)
        except KeyboardInterrupt:
            self.counts["interrupted"] += 1
            return False
        except BaseException as e:
            self.wrong.append(f"{what}: {type(e).__name__}: {e}")
            return False
        self.counts["completed"] += 1
        return True

    def check(self, what: str, i: Interpreter, *runs: list[int]) -> list[int]:
        """Return which of several pasts the result is of; a complaint if of none."""
        found = result(i)
        for past in runs:
            if np.array_equal(found, self.expected(past)):
                return past
        self.wrong.append(f"{what}: the result is wrong")
        return runs[0]

    def allocate(self, count: int) -> None:
        self.interrupted.measure(self.ready)
        for n in range(count):
            i = Interpreter(model=self.model, delegates=list(self.delegates))
            self.call(f"allocate {n}", i.allocate_tensors if n % 2 else self.ready)
            i.allocate_tensors()
            fed(i, n).invoke()
            self.check(f"allocate {n}", i, [n])
            i.close()

    def invoke(self, count: int) -> None:
        self.interrupted.measure(fed(self.ready(), 0).invoke)
        i, past = self.ready(), list[int]()
        held = 0
        for n in range(count):
            if self.name == "recurrent" and len(past) > REMEMBERED:
                i.reset_all_variables()
                past = []
            fed(i, n)
            if self.call(f"invoke {n}", i.invoke):
                past = self.check(f"invoke {n}", i, [*past, n])
            fed(i, n + 1).invoke()
            # The state is as before; or as after the run, if all was done but to return.
            past = self.check(f"after invoke {n}", i, [*past, n + 1], [*past, n, n + 1])
            if n <= count // 2:  # pools grow for a while
                held = self.held()
        if self.held() > 1.5 * held:
            self.wrong.append(f"{self.held()} bytes are held on the device, {held} half-way")

    def held(self) -> int:
        return sum(sum(d.device_bytes().values()) for d in self.delegates)

    def close(self, count: int) -> None:
        self.interrupted.measure(self.ready().close)
        for n in range(count):
            i = self.ready()
            self.call(f"close {n}", i.close)
            i.close()
            del i
            if n % 10 == 0:
                i = self.ready()
                fed(i, n).invoke()
                self.check(f"close {n}", i, [n])


_FAULTY = """
def __del__(self):
    for _ in range(5000):
        pass

Turn.__del__ = __del__
"""


def main(asked: dict[str, Any]) -> dict[str, Any]:
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    draw = random.Random(asked["seed"])
    delegates: list[Delegate] = [load_delegate(*one) for one in asked["delegates"]]
    unraisable: list[str] = []
    sys.unraisablehook = lambda found: unraisable.append(
        f"ignored in {found.object!r}: {found.exc_value!r}"
    )
    if asked.get("faulty"):
        exec(_FAULTY, {"__name__": "delegraph.faulty", "Turn": Turn})
    how = {"line": Lines, "timer": Timer}[asked["how"]](draw)
    trial = Trial(asked["model"], delegates, how)
    for phase in asked["phases"]:
        getattr(trial, phase)(asked["count"])
    del trial.interrupted, trial.undisturbed
    gc.collect()
    held = {d.label: dict(d.device_bytes()) for d in delegates if any(d.device_bytes().values())}
    return {"wrong": trial.wrong[:5], "counts": trial.counts, "unraisable": unraisable[:5], "held": held}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
