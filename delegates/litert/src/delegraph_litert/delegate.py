"""The delegate: each partition is a model of its own, in an interpreter of LiteRT's."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from weakref import ref

import numpy as np
from delegraph import Delegate, DelegateFailed, Op, Partition, Run

from . import wheel
from .options import EDGETPU, Options

DECIDES_SHAPES = ("int32", "int64", "uint32", "bool")  # types of operands that may do so
ENTRY = "tflite_plugin_create_delegate"  # what a library has that is a delegate of LiteRT


class LiteRT(Delegate):
    """Runs partitions in LiteRT: XNNPACK and LiteRT's own kernels on the CPU, or a native delegate."""

    name = "litert"
    Options = Options

    def __init__(self, options: Mapping[str, Any] | None = None, label: str | None = None) -> None:
        super().__init__(options, label)
        self._prepared: list[ref[PreparedPart]] = []

    def unavailable(self) -> str | None:
        if not wheel.is_installed():
            return "the wheel of LiteRT is not installed; pip install ai-edge-litert"
        if find_spec("delegraph_reference") is None:
            return "its rows are made from the reference delegate's; pip install delegraph-reference"
        try:
            self._native()
        except DelegateFailed as e:
            return str(e)
        return None

    def priority(self) -> int:
        return 20

    def hint(self, op: Op) -> str:
        return "with option library=libedgetpu.so.1 an Edge TPU runs it" if op.name == EDGETPU else ""

    def prepare(self, partition: Partition) -> Run:
        from delegraph import write_model

        lite = wheel.interpreter_module()
        model = partition.as_model()
        content = write_model(model)
        for tensor in model.subgraphs[0].tensors:
            tensor.release()  # LiteRT has the weights in the bytes
        interpreter = lite.Interpreter(
            model_content=content,
            num_threads=self.options.num_threads,
            experimental_op_resolver_type=lite.OpResolverType[self.options.resolver.upper()],
            experimental_delegates=self._native(),
        )
        interpreter.allocate_tensors()
        # Shapes that values decide are made in the middle of a run, which may move all memory.
        stays = self.options.library is None and not any(
            t.dtype in DECIDES_SHAPES for op in partition.ops for t in op.inputs if t and not t.is_constant
        )
        memory = [  # as_model numbers what it reads from 0 on
            np.asarray(_Memory(interpreter, i)) if stays and t.shape and not t.is_variable else None
            for i, t in enumerate(partition.inputs)
        ]
        prepared = PreparedPart(interpreter, memory, [t.index for t in model.subgraphs[0].outputs])
        self._prepared = [*(p for p in self._prepared if p() is not None), ref(prepared)]
        return prepared

    def close(self) -> None:
        for prepared in filter(None, [p() for p in self._prepared]):
            prepared.free()

    def _native(self) -> list[Any] | None:
        """Return the native delegate that the options name, made anew, or raise DelegateFailed."""
        if (library := self.options.library) is None:
            return None
        try:
            found = ctypes.CDLL(library)
        except OSError as e:
            raise DelegateFailed(f"the library {library!r} cannot be loaded: {e}") from e
        if not hasattr(found, ENTRY):
            raise DelegateFailed(f"the library {library!r} is no delegate of LiteRT: it has no {ENTRY}")
        options = dict(pair.split("=", 1) for pair in self.options.library_options)
        try:
            return [wheel.interpreter_module().load_delegate(library, options)]
        except ValueError as e:
            raise DelegateFailed(f"the native delegate {library!r} does not work here: {e}") from e


class PreparedPart:
    """A partition in an interpreter of its own."""

    def __init__(self, interpreter: Any, memory: list[np.ndarray | None], exits: list[int]) -> None:
        self._interpreter = interpreter
        self.memory = memory  # where LiteRT has what a run is given; None: a run copies it in
        self._exits = exits

    def __call__(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return copies: LiteRT computes into the same memory again and again."""
        interpreter = self._interpreter
        if interpreter is None:
            raise DelegateFailed("the delegate is closed")
        for i, (memory, value) in enumerate(zip(self.memory, inputs, strict=True)):
            if memory is None or value.base is not memory:
                interpreter.set_tensor(i, value)
        interpreter.invoke()
        return tuple([np.asarray(interpreter.get_tensor(i)) for i in self._exits])  # of scalars, no arrays

    def free(self) -> None:
        self._interpreter, self.memory = None, []


class _Memory:
    """A tensor's memory: arrays of it hold the interpreter, but do not keep LiteRT from running."""

    def __init__(self, interpreter: Any, tensor: int) -> None:
        self.__array_interface__ = interpreter.tensor(tensor)().__array_interface__
        self._interpreter = interpreter
