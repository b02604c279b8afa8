"""Every command, called on some models: what is printed on a terminal of some width, or into a pipe."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from attrs import frozen
from delegraph import Builder, Model, read_model, write_model
from delegraph.cli import main

ROOT = Path(__file__).parents[2]
# M is the model, OUT a file in a new folder, DIR that folder, PHOTOS what the model runs on, X its inputs.
CALLS = {
    "advise": "advise M --hardware cpu",
    "benchmark": "benchmark M -d opencl,reference --runs 2 --warmup 0 --profile",
    "calibrate-costs": "calibrate-costs -d reference --seconds 0 --no-keep",
    "cluster": "cluster M -o OUT",
    "compare": "compare M -d edgetpu",
    "dequantize": "dequantize M -o OUT",
    "devices": "devices",
    "edgetpu": "edgetpu compile M -o DIR",
    "extract": "extract M -d edgetpu",
    "inspect": "inspect M --ops --tensors",
    "new-delegate": "new-delegate my-npu --output OUT",
    "partition": "partition M -d edgetpu,opencl --advise",
    "plugins": "plugins",
    "evaluate": "evaluate M PHOTOS --metric agreement --against M -d edgetpu",
    "prune": "prune M -o OUT",
    "predict": "predict M PHOTOS -o DIR/out.csv -d edgetpu",
    "quantize": "quantize M --scheme float16 -o OUT",
    "report": "report M M --runs 1",
    "run": "run M --input random -d edgetpu",
    "support": "support opencl",
    "train": "train M --data PHOTOS --epochs 1 -o OUT",
    "why": "why M 0 -d edgetpu",
}
ON_NO_MODEL = {name for name, call in CALLS.items() if " M" not in call}


@frozen
class Printed:
    """What a command printed, without the codes of colors."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return (self.out + "\n" + self.err).splitlines()


class Screen(io.TextIOWrapper):
    """A stream that says that it is a terminal, or that it is none."""

    def __init__(self, is_terminal: bool, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors="strict", write_through=True)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def text(self) -> str:
        self.flush()
        held = self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]
        lines = re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", held).replace("\r", "\n").split("\n")
        return "\n".join(line for line in lines if not set(line) & set("━╸╺"))  # no bars of progress


def called(arguments: list[str], is_terminal: bool = True, encoding: str = "utf-8") -> Printed:
    """Run a command in this process, on streams of its own."""
    out, err = Screen(is_terminal, encoding), Screen(is_terminal, encoding)
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, err
    try:
        main(arguments, prog_name="delegraph")
        code = 0
    except SystemExit as e:
        code = int(e.code or 0)
    finally:
        sys.stdout, sys.stderr = before
    return Printed(code, out.text(), err.text())


def arguments(name: str, model: Path, folder: Path) -> list[str]:
    """Return the words of a call."""
    photos = ROOT / "docs" / "models" / "digits"
    names = {"M": model, "OUT": folder / "out", "DIR": folder, "DIR/out.csv": folder / "out.csv"}
    names |= {"PHOTOS": photos}
    return [str(names.get(word, word)) for word in CALLS[name].split()]


def models() -> Mapping[str, Model]:
    """Return models by name: of the documentation, and some that are hard to show."""
    digits = {n: read_model(ROOT / f"docs/models/digits_{n}.tflite") for n in ("float32", "int8")}
    return {**digits, "names": _long_names(), "inputs": _many_inputs(), "custom": _custom()}


@contextmanager
def written(folder: Path, model: Model) -> Iterator[Path]:
    path = folder / "m.tflite"
    path.write_bytes(write_model(model))
    yield path


def _long_names() -> Model:
    g = Builder()
    x = g.input((1, 224, 224, 3), "float32", name="serving_default_" + "input_" * 30)
    w = g.constant(np.ones((8, 3, 3, 3), np.float32), name="model/block/" * 12)
    b = g.constant(np.zeros(8, np.float32), name="b")
    size = (1, 224, 224, 8)
    x = g.op("CONV_2D", [x, w, b], [g.tensor(size, "float32", name="model/activation/Relu;" * 9)])
    for i in range(12):
        x = g.op("LOGISTIC", [x], [g.tensor(size, "float32", name=f"sigmoid {i}")])
    return g.model(outputs=[x], signature="a_signature_of_many_letters", description="words " * 40)


def _many_inputs() -> Model:
    g = Builder()
    inputs = [g.input((2, 3), "int8", name=f"input number {i}", scale=0.5) for i in range(30)]
    y = g.op("CONCATENATION", inputs, [g.tensor((2, 90), "int8", scale=0.5)], axis=1, version=2)
    return g.model(outputs=[y])


def _custom() -> Model:
    g = Builder()
    x = g.input((2, 3), "float32", name="x")
    y = g.op("MyOwnOpOfAVeryLongName", [x], [g.tensor((2, 3), "float32")], custom_options=b"12345")
    return g.model(outputs=[g.op("ADD", [y, y], [g.tensor((2, 3), "float32")])])
