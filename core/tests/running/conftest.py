"""Two small delegates as an installed plugin: ``exact``, and ``off``, whose MUL is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from attrs import frozen
from click.testing import CliRunner
from delegraph import Delegate, Op, OpSupport, Partition, Run, hookimpl
from delegraph.cli import main
from delegraph.file import write_model
from delegraph.model import Builder, Model
from delegraph.plugins import Plugins
from delegraph.profile import Event, listener

KERNELS: dict[str, Callable[..., np.ndarray]] = {
    "ADD": lambda x, y: x + y,
    "MUL": lambda x, y: x * y,
    "NEG": lambda x: -x,
    "Sum": lambda x, before: x + before,  # has state: what it gave before
}


@frozen
class Options:
    num_threads: int | None = None


class Exact(Delegate):
    """Computes a few ops as numpy does."""

    name = "exact"
    Options = Options

    def prepare(self, partition: Partition) -> Run:
        def run(*inputs: Any) -> tuple[Any, ...]:
            values = dict(zip((t.index for t in partition.inputs), inputs, strict=True))
            for op in partition.ops:
                given = [t.data if t.is_constant else values[t.index] for t in op.inputs]
                result = self.result(partition, op, *given)
                values |= dict.fromkeys((t.index for t in (*op.outputs, *op.variables)), result)
                if (events := listener()) is not None:
                    events.append(Event(op.name, 0.001, op=op.index))
            return tuple(values[t.index] for t in (*partition.outputs, *partition.variables))

        return run

    def result(self, partition: Partition, op: Op, *given: np.ndarray) -> np.ndarray:
        return self.compute(op.name, *given)

    def compute(self, op: str, *given: np.ndarray) -> np.ndarray:
        return KERNELS[op](*given)


class Off(Exact):
    """Adds 1 to every element of a product; claims to be no further off than 1e-5 or 0 steps."""

    name = "off"

    def compute(self, op: str, *given: np.ndarray) -> np.ndarray:
        right = super().compute(op, *given)
        return right + right.dtype.type(1) if op == "MUL" else right


class Fuser(Exact):
    """Makes a mistake in one op where the partition leaves out what is computed on the way."""

    name = "fuser"
    mistake: ClassVar[Callable[[np.ndarray], np.ndarray]] = staticmethod(lambda right: right)
    at: ClassVar[int] = 0  # the op that is wrong
    when: ClassVar[str] = (
        "fused"  # or "always", or "fed": by an op of the same partition that it is fused with
    )

    def result(self, partition: Partition, op: Op, *given: np.ndarray) -> np.ndarray:
        right = super().result(partition, op, *given)
        made = {t.index for o in partition.ops for t in o.outputs}
        inside = made - {t.index for t in partition.outputs}
        is_wrong = {"always": True, "fused": bool(inside), "fed": any(t.index in inside for t in op.inputs)}
        return type(self).mistake(right) if op.index == self.at and is_wrong[self.when] else right


class Plugin:
    DELEGRAPH_API = 1

    @hookimpl
    def delegraph_delegates(self) -> list[type[Delegate]]:
        return [Exact, Off, Fuser]

    @hookimpl
    def delegraph_op_support(self, delegate: Delegate) -> list[OpSupport]:
        ops = ("ADD", "MUL") if delegate.name == "off" else KERNELS
        return [OpSupport(op, (1, 9), "T* -> T", T="float32 int8 string") for op in ops]


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Plugins:
    """Let this one plugin be all that is installed."""
    found = Plugins()
    found.register(Plugin(), "toys")
    monkeypatch.setattr(Plugins, "installed", staticmethod(lambda: found))
    return found


@pytest.fixture
def fuser(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that says what mistake ``fuser`` makes; it makes none at first."""

    def sets(mistake: Callable[[np.ndarray], np.ndarray], at: int = 0, when: str = "fused") -> None:
        monkeypatch.setattr(Fuser, "mistake", staticmethod(mistake))
        monkeypatch.setattr(Fuser, "at", at)
        monkeypatch.setattr(Fuser, "when", when)

    return sets


@pytest.fixture
def products() -> Callable[..., Model]:
    """Return a function that makes the model y = (x + 1) * 2, then z = y + y, with outputs y and z."""

    def make(shape: tuple[int, ...] = (1, 4), dtype: str = "float32", **quantization: Any) -> Model:
        g = Builder()
        x = g.input(shape, dtype, name="x", **quantization)
        one, two = (g.constant(np.array([v], dtype), **quantization) for v in (1, 2))
        known = tuple(max(n, 1) for n in shape)
        a, y, z = (g.tensor(known, dtype, name=name, **quantization) for name in "ayz")
        g.op("ADD", [x, one], [a])
        g.op("MUL", [a, two], [y])
        g.op("ADD", [y, y], [z])
        return g.model(outputs=[y, z])

    return make


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[Model], str]:
    """Return a function that writes a model to a file."""

    def save(model: Model) -> str:
        path = tmp_path / "model.tflite"
        path.write_bytes(write_model(model))
        return str(path)

    return save


@pytest.fixture
def delegraph(plugins: Plugins) -> Callable[..., Any]:
    """Return a function that runs the command line and gives its result."""

    def call(*words: object) -> Any:
        return CliRunner().invoke(main, [str(word) for word in words])

    return call
