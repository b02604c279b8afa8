"""LiteRT in a child process: runs a model and returns its outputs, even where the model would kill it.

``run(model, inputs)`` for one run; ``with loaded(model) as it`` to run or time one model many times.
"""

from __future__ import annotations

import atexit
import importlib.metadata
import importlib.util
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from child import Child, ChildDied

TIMEOUT = 120.0  # seconds that one request may take before its process is killed
Inputs = Mapping[int, np.ndarray] | Sequence[np.ndarray]
Resize = Mapping[int, Sequence[int]]


class LiteRTError(Exception):
    """LiteRT refused the model or the inputs; the message is its own."""


class LiteRTCrashed(LiteRTError):
    """LiteRT's process died or hung. ``signal`` names how: "SIGABRT", "SIGSEGV", "timeout"."""

    def __init__(self, signal_name: str, said: str) -> None:
        super().__init__(f"LiteRT died of {signal_name}: {said.strip()[-2000:] or 'it said nothing'}")
        self.signal = signal_name


def version() -> str | None:
    """Return LiteRT's version, or None where it is not installed."""
    try:
        return importlib.metadata.version("ai-edge-litert")
    except importlib.metadata.PackageNotFoundError:
        return None


def run(
    model: bytes | str | Path,
    inputs: Inputs,
    resolver: str = "BUILTIN_REF",
    outputs: Sequence[int] | None = None,
    *,
    preserve: bool = False,
    num_threads: int = 1,
    invokes: int = 1,
    resize: Resize | None = None,
    timeout: float = TIMEOUT,
) -> list[np.ndarray]:
    """Run a model once (or ``invokes`` times) and return its outputs, or the tensors ``outputs``.

    :param inputs: arrays in the order of the model's inputs, or by tensor index
    :param resolver: "BUILTIN_REF", "BUILTIN" (with XNNPACK) or "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
    :param preserve: keep every tensor's value, so that ``outputs`` may name any of them
    :param resize: new shapes of inputs by tensor index
    :raises LiteRTError: LiteRT's refusal; :class:`LiteRTCrashed` if its process died
    """
    with loaded(
        model, resolver, num_threads=num_threads, preserve=preserve, resize=resize, timeout=timeout
    ) as it:
        return it.run(inputs, outputs, invokes=invokes)


def time(
    model: bytes | str | Path,
    inputs: Inputs,
    resolver: str = "BUILTIN_REF",
    *,
    num_threads: int = 1,
    runs: int = 10,
    warmup: int = 2,
) -> list[float]:
    """Return the seconds of ``runs`` invokes after ``warmup`` others, measured inside the child."""
    with loaded(model, resolver, num_threads=num_threads) as it:
        it.times(warmup, inputs)
        return it.times(runs)


def details(model: bytes | str | Path, resolver: str = "BUILTIN_REF") -> dict[str, Any]:
    """Return LiteRT's detail dicts: "inputs", "outputs", "tensors", "ops", "signatures"."""
    with loaded(model, resolver) as it:
        return it.details()


class Loaded:
    """A model that stays loaded in the child between requests."""

    def __init__(self, key: int, timeout: float) -> None:
        self._key = key
        self._timeout = timeout

    def run(
        self, inputs: Inputs, outputs: Sequence[int] | None = None, *, invokes: int = 1
    ) -> list[np.ndarray]:
        """Return the outputs, or the tensors ``outputs``, of a run."""
        return self._ask("invoke", inputs=_plain(inputs), outputs=outputs, invokes=invokes)

    def sample(
        self, batches: Sequence[Inputs], outputs: Sequence[int] | None = None
    ) -> list[list[np.ndarray]]:
        """Return the outputs of one run per entry of ``batches``; variables are reset before each."""
        return self._ask("sample", outputs=outputs, repeats=[_plain(b) for b in batches])

    def times(self, runs: int, inputs: Inputs | None = None) -> list[float]:
        """Return the seconds of each of ``runs`` invokes."""
        return self._ask("times", inputs=None if inputs is None else _plain(inputs), runs=runs)

    def details(self) -> dict[str, Any]:
        """Return LiteRT's detail dicts, shapes as the last run left them."""
        return self._ask("details")

    def tensors(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        """Return the values of those tensors that hold any; load with ``preserve`` to have them all."""
        return self._ask("tensors", indices=list(indices))

    def _ask(self, command: str, **arguments: Any) -> Any:
        try:
            fine, answer = _child().ask((command, arguments | {"key": self._key}), self._timeout)
        except ChildDied as e:
            close()
            raise LiteRTCrashed(e.how, e.said) from None
        if not fine:
            raise LiteRTError(answer)
        return answer


@contextmanager
def loaded(
    model: bytes | str | Path,
    resolver: str = "BUILTIN_REF",
    *,
    num_threads: int = 1,
    preserve: bool = False,
    resize: Resize | None = None,
    timeout: float = TIMEOUT,
) -> Iterator[Loaded]:
    """Load a model, allocate its tensors, and keep it until the block ends."""
    it = Loaded(next(_keys), timeout)
    it._ask(
        "load",
        model=str(model) if isinstance(model, Path) else model,
        resolver=resolver,
        num_threads=num_threads,
        preserve=preserve,
        resize=None if resize is None else {int(k): tuple(map(int, v)) for k, v in resize.items()},
    )
    try:
        yield it
    finally:
        with suppress(LiteRTError):
            it._ask("unload")


def close() -> None:
    """End the child process; the next request starts another."""
    global _the_child
    if _the_child is not None:
        _the_child.close()
        _the_child = None


_the_child: Child | None = None
_keys = itertools.count()
atexit.register(close)


def _child() -> Child:
    global _the_child
    if _the_child is None:
        if importlib.util.find_spec("ai_edge_litert") is None:
            pytest.skip("ai-edge-litert is not installed: pip install ai-edge-litert")
        _the_child = Child(Path(__file__).with_name("litert_server.py"))
    return _the_child


def _plain(inputs: Inputs) -> dict[int, np.ndarray] | list[np.ndarray]:
    return dict(inputs) if isinstance(inputs, Mapping) else list(inputs)
