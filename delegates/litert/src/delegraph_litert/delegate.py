"""The delegate: each partition is a model of its own, in an interpreter of LiteRT's."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from delegraph import Delegate, DelegateFailed, Op, Partition, Run, write_model

from .options import EDGETPU, Options

if TYPE_CHECKING:
    from collections.abc import Mapping

ENTRY = "tflite_plugin_create_delegate"  # what a library has that is a delegate of LiteRT


class LiteRT(Delegate):
    """Runs partitions in LiteRT: XNNPACK and LiteRT's own kernels on the CPU, or a native delegate."""

    name = "litert"
    Options = Options

    def __init__(self, options: Mapping[str, Any] | None = None, label: str | None = None) -> None:
        super().__init__(options, label)
        self._prepared: list[ref[PreparedPart]] = []

    def unavailable(self) -> str | None:
        if find_spec("ai_edge_litert") is None:
            return "the wheel of LiteRT is not installed; pip install ai-edge-litert"
        if find_spec("delegraph_reference") is None:
            return "its rows are made from the reference delegate's; pip install delegraph-reference"
        try:
            self._native()
        except DelegateFailed as e:
            return str(e)
        return None

    def hint(self, op: Op) -> str:
        return "with option library=libedgetpu.so.1 an Edge TPU runs it" if op.name == EDGETPU else ""

    def prepare(self, partition: Partition) -> Run:
        model = partition.as_model()
        content = write_model(model)
        for tensor in model.subgraphs[0].tensors:
            tensor.release()  # LiteRT has the weights in the bytes
        lite = _litert()
        interpreter = lite.Interpreter(
            model_content=content,
            num_threads=self.options.num_threads,
            experimental_op_resolver_type=lite.OpResolverType[self.options.resolver.upper()],
            experimental_delegates=self._native(),
        )
        interpreter.allocate_tensors()
        entries = range(len(partition.inputs))  # as_model numbers what it reads from 0 on
        prepared = PreparedPart(interpreter, entries, [t.index for t in model.subgraphs[0].outputs])
        self._prepared = [*(p for p in self._prepared if p() is not None), ref(prepared)]
        return prepared.run

    def close(self) -> None:
        for prepared in [p() for p in self._prepared]:
            if prepared is not None:
                prepared.free()

    def _native(self) -> list[Any] | None:
        """Return the native delegate that the options name, made anew, as LiteRT takes it.

        :raises DelegateFailed: there is no such library, it is no delegate, or it does not work here.
        """
        library = self.options.library
        if library is None:
            return None
        try:
            found = ctypes.CDLL(library)
        except OSError as e:
            raise DelegateFailed(f"the library {library!r} cannot be loaded: {e}") from e
        if not hasattr(found, ENTRY):
            raise DelegateFailed(f"the library {library!r} is no delegate of LiteRT: it has no {ENTRY}")
        options = dict(pair.split("=", 1) for pair in self.options.library_options)
        try:
            return [_litert().load_delegate(library, options)]
        except ValueError as e:
            raise DelegateFailed(f"the native delegate {library!r} does not work here: {e}") from e


class PreparedPart:
    """A partition in an interpreter of its own.

    :param entries: the tensors that a run is given, variables among them.
    :param exits: the tensors that it returns.
    """

    def __init__(self, interpreter: Any, entries: Sequence[int], exits: Sequence[int]) -> None:
        self._interpreter = interpreter
        self._entries = entries
        self._exits = exits

    def run(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return copies: LiteRT computes into the same memory again and again."""
        interpreter = self._interpreter
        if interpreter is None:
            raise DelegateFailed("the delegate is closed")
        for i, value in zip(self._entries, inputs, strict=True):
            interpreter.set_tensor(i, value)
        interpreter.invoke()
        return tuple([np.asarray(interpreter.get_tensor(i)) for i in self._exits])  # of scalars, no arrays

    def free(self) -> None:
        self._interpreter = None


def _litert() -> Any:
    return import_module("ai_edge_litert.interpreter")
