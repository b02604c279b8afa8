"""A model, ready to run on buffers, by signature."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..contract import CORE, Delegate, Plan
from ..errors import DelegraphError, InputError
from ..kinds import check_kind, whole
from ..model import Signature
from ..plugins import Wanted
from ..run.interpreter import Interpreter
from ..text import did_you_mean, shape_text
from . import choice
from .environment import Environment
from .hardware import HardwareAccelerator
from .options import CpuOptions, Options
from .tensor_buffer import Memory, TensorBuffer, as_array, new_memory

UNNAMED = "<placeholder signature>"  # LiteRT's name for the main subgraph of a model without signatures
HOST_MEMORY = 1  # LiteRT's number for this type of buffer


class CompiledModelError(InputError, RuntimeError):
    """A model that cannot be compiled as asked, or a call that names something that it does not have."""


class CompiledModel:
    """LiteRT 2's compiled model; ``from_file`` and ``from_buffer`` make one."""

    def __init__(
        self, interpreter: Interpreter, environment: Environment, hardware: HardwareAccelerator
    ) -> None:
        self._interpreter = interpreter
        self._loaded: list[Delegate] = []  # by itself: to be closed with it
        self._accelerators: list[Delegate] = []
        self._environment = environment
        self._hardware = hardware
        model = interpreter.model
        main = model.subgraphs[0]
        inputs, outputs = ({t.name: t.index for t in ends} for ends in (main.inputs, main.outputs))
        self._signatures = model.signatures or (Signature(UNNAMED, inputs, outputs),)

    def __enter__(self) -> CompiledModel:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back what its delegates hold."""
        self._interpreter.close()
        while self._loaded:
            self._loaded.pop().close()

    @classmethod
    def from_file(
        cls,
        model_path: str | os.PathLike[str],
        hardware_accel: HardwareAccelerator | None = None,
        environment: Environment | None = None,
        options: Options | None = None,
        *,
        delegates: Sequence[Wanted] | None = None,
    ) -> CompiledModel:
        """Compile a file for hardware; for the CPU with one thread where nothing is said.

        The CPU is the delegate ``litert`` where that is installed, else ``reference``; the GPU is
        ``opencl``; an NPU is a delegate of another name, ``edgetpu`` at last. Without ``CPU`` among the
        hardware, every op has to run on what is asked for; with it, an accelerator that is not here is a
        warning.

        :param environment: kept, and not used.
        :param delegates: who runs the model, in place of those that stand for the hardware.
        :raises CompiledModelError: a delegate is not installed, cannot work here, or leaves ops over.
        :raises ModelError: the file is broken.
        """
        return cls._made({"model_path": model_path}, hardware_accel, environment, options, delegates)

    @classmethod
    def from_buffer(
        cls,
        model_data: bytes,
        hardware_accel: HardwareAccelerator | None = None,
        environment: Environment | None = None,
        options: Options | None = None,
        *,
        delegates: Sequence[Wanted] | None = None,
    ) -> CompiledModel:
        """Compile a file's content; see :meth:`from_file`."""
        return cls._made({"model_content": model_data}, hardware_accel, environment, options, delegates)

    @classmethod
    def _made(
        cls,
        source: dict[str, Any],
        hardware: HardwareAccelerator | None,
        environment: Environment | None,
        options: Options | None,
        delegates: Sequence[Wanted] | None,
    ) -> CompiledModel:
        if options is not None and hardware is not None:
            raise InputError("a CompiledModel needs options or hardware_accel, found both")
        if options is None:
            wanted = HardwareAccelerator.CPU if hardware is None else HardwareAccelerator(hardware)
            options = Options(wanted, CpuOptions(num_threads=1))
        check_kind("options", options, Options, "Options")
        environment = environment or Environment.create()
        _ = environment.capsule  # of one that is open
        wanted = HardwareAccelerator(options.hardware_accelerators)
        on_cpu = HardwareAccelerator.CPU in wanted
        try:
            accelerators = [] if delegates is not None else choice.accelerators(options)
            chosen = [] if delegates is not None else [*accelerators, *choice.of_cpu(options)]
            interpreter = Interpreter(
                **source,
                delegates=chosen or delegates,
                require_full_delegation=delegates is None and not on_cpu,
                num_threads=options.cpu_options.num_threads or None,
            )
            interpreter.allocate_tensors()
        except RuntimeError:
            raise
        except DelegraphError as e:
            raise CompiledModelError(str(e)) from e
        made = cls(interpreter, environment, wanted)
        made._loaded, made._accelerators = chosen, accelerators
        return made

    @property
    def environment(self) -> Environment:
        return self._environment

    @property
    def plan(self) -> Plan:
        """Which delegate runs which ops, and every refusal with its reasons."""
        return self._interpreter.plan

    def is_fully_accelerated(self) -> bool:
        """Say whether no op fell back: all run on the accelerators, or on the one delegate of the CPU.

        What core runs (control flow, variables) is on the CPU. Of named delegates, the first counts.
        """
        labels = {label for sub in self.plan.subgraphs for label in sub.labels.values()}
        first = self._interpreter.delegates[0].label
        if not self._loaded or self._hardware == HardwareAccelerator.CPU:
            return labels <= {first, CORE}
        return labels <= {d.label for d in self._accelerators}

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """Return the names of inputs and outputs of each signature, by key."""
        return {s.key: {"inputs": list(s.inputs), "outputs": list(s.outputs)} for s in self._signatures}

    def get_signature_by_index(self, index: int) -> dict[str, Any]:
        """Return key and names of one signature."""
        found = self._signature(index)
        return {"key": found.key, "inputs": list(found.inputs), "outputs": list(found.outputs)}

    def get_num_signatures(self) -> int:
        return len(self._signatures)

    def get_signature_index(self, key: str) -> int:
        """Return the index of a signature; -1 if there is none."""
        return next((i for i, s in enumerate(self._signatures) if s.key == key), -1)

    def get_input_tensor_details(self, signature_key: str) -> dict[str, Any]:
        """Return name, index, dtype and shape (as it is now) of each input, by the signature's names."""
        found = self._named(signature_key)
        return {name: self._details(found, index) for name, index in found.inputs.items()}

    def get_output_tensor_details(self, signature_key: str) -> dict[str, Any]:
        """Return the same of each output."""
        found = self._named(signature_key)
        return {name: self._details(found, index) for name, index in found.outputs.items()}

    def get_input_buffer_requirements(self, input_index: int, signature_index: int = 0) -> dict[str, Any]:
        """Return how many bytes a buffer for an input has, and which types of buffers do."""
        found = self._signature(signature_index)
        return self._requirements(found, _item("input", found.inputs, input_index)[1])

    def get_output_buffer_requirements(self, output_index: int, signature_index: int = 0) -> dict[str, Any]:
        """Return the same for an output."""
        found = self._signature(signature_index)
        return self._requirements(found, _item("output", found.outputs, output_index)[1])

    def create_input_buffer_by_name(self, signature_key: str, input_name: str) -> TensorBuffer:
        """Return a buffer for an input, zeros at first."""
        found = self._named(signature_key)
        return self._buffer(found, _by_name("input", found.inputs, input_name))

    def create_output_buffer_by_name(self, signature_key: str, output_name: str) -> TensorBuffer:
        """Return a buffer for an output."""
        found = self._named(signature_key)
        return self._buffer(found, _by_name("output", found.outputs, output_name))

    def create_input_buffers(self, signature_index: int) -> list[TensorBuffer]:
        """Return a buffer for each input."""
        found = self._signature(signature_index)
        return [self._buffer(found, index) for index in found.inputs.values()]

    def create_output_buffers(self, signature_index: int) -> list[TensorBuffer]:
        """Return a buffer for each output."""
        found = self._signature(signature_index)
        return [self._buffer(found, index) for index in found.outputs.values()]

    def resize_input_tensor(
        self, input_index: int, dims: Sequence[int], signature_index: int = 0, strict: bool = True
    ) -> None:
        """Ask for another shape of an input; buffers made before it stay as they are.

        :param strict: refuse to change sizes that the model does not leave open.
        """
        found = self._signature(signature_index)
        _, index = _item("input", found.inputs, input_index)
        self._interpreter._resize_input_of(found.subgraph, index, list(dims), bool(strict))

    def resize_input_tensor_by_name(
        self, signature_key: str, input_name: str, dims: Sequence[int], strict: bool = True
    ) -> None:
        """Do as :meth:`resize_input_tensor`."""
        found = self._named(signature_key)
        _by_name("input", found.inputs, input_name)
        place = list(found.inputs).index(input_name)
        self.resize_input_tensor(place, dims, self._signatures.index(found), strict)

    def run_by_name(
        self,
        signature_key: str,
        input_map: Mapping[str, TensorBuffer],
        output_map: Mapping[str, TensorBuffer],
    ) -> None:
        """Run a signature on buffers by name; an input without one has the values that it had."""
        found = self._named(signature_key)
        if missing := [name for name in found.outputs if name not in output_map]:
            raise CompiledModelError(f"run_by_name() needs a buffer for the output {missing[0]!r}")
        inputs = {i: input_map[name].capsule for name, i in found.inputs.items() if name in input_map}
        self._run(found, inputs, [output_map[name].capsule for name in found.outputs])

    def run_by_index(
        self, signature_index: int, input_buffers: list[TensorBuffer], output_buffers: list[TensorBuffer]
    ) -> None:
        """Run a signature on buffers in the order of its inputs and outputs."""
        given = [buffer.capsule for buffer in input_buffers]
        results = [buffer.capsule for buffer in output_buffers]
        found = self._signature(signature_index)
        for what, needed, buffers in (("input", found.inputs, given), ("output", found.outputs, results)):
            if len(needed) != len(buffers):
                raise CompiledModelError(
                    f"run_by_index() needs {len(needed)} {what} buffers, found {len(buffers)}"
                )
        self._run(found, dict(zip(found.inputs.values(), given, strict=True)), results)

    def _run(self, signature: Signature, given: Mapping[int, Memory], results: Sequence[Memory]) -> None:
        inputs = {index: self._value(signature, index, memory) for index, memory in given.items()}
        outputs = self._interpreter._run_signature(signature.subgraph, inputs, signature.outputs.values())
        for memory, (name, index), value in zip(results, signature.outputs.items(), outputs, strict=True):
            values = np.ascontiguousarray(value).reshape(-1).view(np.uint8)
            if values.size != memory.values.size and memory.is_given:
                raise CompiledModelError(
                    f"output {name!r} needs a buffer of {values.size} bytes, found {memory.values.size}"
                )
            if values.size != memory.values.size:  # its size follows from the values of inputs
                memory.values = np.empty(values.size, np.uint8)
            memory.values[:] = values
            memory.dtype = self._details(signature, index)["dtype"] if not memory.is_given else memory.dtype
            memory.shape = memory.shape if memory.is_given else np.shape(value)

    def _value(self, signature: Signature, index: int, memory: Memory) -> np.ndarray:
        details = self._details(signature, index)
        try:
            return as_array(memory, details["dtype"], details["shape"])
        except ValueError as e:
            needs = f"a buffer of {shape_text(details['shape'])} {details['dtype']}"
            found = f"one of {memory.values.size} bytes"
            raise CompiledModelError(f"input {details['name']!r} needs {needs}, found {found}") from e

    def _signature(self, index: int) -> Signature:
        if not 0 <= whole("signature_index", index) < len(self._signatures):
            last = len(self._signatures) - 1
            raise CompiledModelError(f"signature_index needs to be from 0 to {last}, found {index}")
        return self._signatures[index]

    def _named(self, key: str) -> Signature:
        found = {s.key: s for s in self._signatures}
        if key not in found:
            close = did_you_mean(key, found)
            raise CompiledModelError(f"no signature {key!r}{close}; the model has: {', '.join(found)}")
        return found[key]

    def _details(self, signature: Signature, index: int) -> dict[str, Any]:
        interpreter, subgraph = self._interpreter, signature.subgraph
        if index not in signature.inputs.values():
            _ = interpreter.plan  # for the shapes asked for, which decide this one
        tensor = interpreter._tensor_as_planned(index, subgraph)
        shape = interpreter._get_tensor_details(index, subgraph)["shape"]
        return {"name": tensor.name, "index": index, "dtype": tensor.dtype, "shape": shape.tolist()}

    def _buffer(self, signature: Signature, index: int) -> TensorBuffer:
        details = self._details(signature, index)
        return TensorBuffer(new_memory(details["dtype"], details["shape"]), self._environment)

    def _requirements(self, signature: Signature, index: int) -> dict[str, Any]:
        details = self._details(signature, index)
        nbytes = new_memory(details["dtype"], details["shape"]).values.size
        return {"buffer_size": nbytes, "supported_types": [HOST_MEMORY]}


def _item(what: str, names: Mapping[str, int], place: int) -> tuple[str, int]:
    if not 0 <= whole(f"{what}_index", place) < len(names):
        raise CompiledModelError(f"{what}_index needs to be from 0 to {len(names) - 1}, found {place}")
    return list(names.items())[place]


def _by_name(what: str, names: Mapping[str, int], name: str) -> int:
    if name not in names:
        raise CompiledModelError(f"no {what} {name!r}; the signature has: {', '.join(names) or 'none'}")
    return names[name]
