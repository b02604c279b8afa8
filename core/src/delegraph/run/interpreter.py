"""Run a .tflite model: a drop-in for ``ai_edge_litert.interpreter`` whose delegates are plugins.

::

    from delegraph.interpreter import Interpreter

    interpreter = Interpreter("model.tflite", delegates=["opencl", "reference"])
    print(interpreter.plan)  # which op runs where, and why not elsewhere
    scores = interpreter(image)

Programs written for LiteRT run unchanged: ``allocate_tensors``, ``set_tensor``, ``invoke``, ``get_tensor``,
signature runners, the same dictionaries of details. Errors are also what LiteRT raises in the same place.

Source: tflite/python/interpreter.py, tflite/python/interpreter_wrapper/interpreter_wrapper.cc.
"""

from __future__ import annotations

import enum
import os
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import numpy as np

from ..contract import Delegate, Plan
from ..contract.asking import ask_or
from ..contract.guard import anything
from ..errors import InputError, ShapeError, StateError
from ..kinds import check_flags, several, sizes, whole
from ..model import HANDLES, Model, Shape, Tensor
from ..partition import (
    DEFAULT_MAX_TENSOR_BYTES,
    DEFAULT_MAX_TOTAL_BYTES,
    Budget,
    MemoryEstimate,
    adapted,
    partition,
)
from ..plugins import (
    REFERENCE,
    Plugins,
    Wanted,
    check_one_works,
    load_delegate,
    resolve_delegates,
    wanted_name,
)
from ..text import escaped, shortened
from .arguments import check_settings, check_strict, matched, scalar_or_array
from .device_values import OwnedValue
from .input_values import converted, on_device, stored
from .litert_details import Details, op_details, tensor_details
from .model_source import the_model
from .named_arguments import Argument, Interface, interface_of
from .session import Session
from .signature import SignatureRunner
from .slow_runs import SlowRuns
from .turns import Turn, Turns
from .views import Views
from .wrapper_calls import WrapperCalls

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Interpreter", "InterpreterWithCustomOps", "OpResolverType", "SignatureRunner", "load_delegate"]

F = TypeVar("F", bound=Callable[..., Any])


@enum.unique
class OpResolverType(enum.Enum):
    """Which of its kernels LiteRT would use; taken and ignored, since delegates decide here."""

    AUTO = 0
    BUILTIN = 1
    BUILTIN_REF = 2
    BUILTIN_WITHOUT_DEFAULT_DELEGATES = 3


def _alone(method: F) -> F:
    """Let a method run only while no other of the same interpreter does."""

    @wraps(method)
    def wrapper(self: Interpreter, *args: Any, **kwargs: Any) -> Any:
        turn = Turn()
        taken, mine = self._turns.taken, weakref.ref(turn)
        try:
            if taken.setdefault(0, mine) is not mine and not self._turns.take_over(mine):
                raise StateError(
                    f"{method.__name__}() needs the interpreter for itself, found another call under way; "
                    "give each thread an interpreter of its own: they may share one model=..."
                )
            if self._closed:
                raise StateError(f"{method.__name__}() needs an open interpreter, found it closed")
            return method(self, *args, **kwargs)
        finally:
            try:
                if taken[0] is mine:
                    del taken[0]
            except KeyError:
                pass

    return cast(F, wrapper)


class Interpreter:
    """A model, ready to run.

    :param model_path: a .tflite file; or
    :param model_content: its bytes; or
    :param model: a :class:`delegraph.Model`, which interpreters in several threads may share.
    :param delegates: names or loaded delegates in order of preference: ``["opencl", "reference"]``. What
        they leave over goes to the reference delegate where that is installed. None: that alone, with a
        line in the log where a run takes over 50 ms and a faster one is installed. ``"auto"``: those that
        are installed and can work here, the fastest first.
    :param experimental_delegates: LiteRT's name for loaded delegates; they come before ``delegates``.
    :param num_threads: for delegates loaded by name that have such an option.
    :param experimental_preserve_all_tensors: keep every tensor, so that ``get_tensor`` can read it.
    :param experimental_disable_delegate_clustering: run each op alone, in the file's order; so does
        ``experimental_disable_delegate_node_fusion``.
    :param on_failure: what happens when a delegate fails while it prepares or runs: ``"raise"``
        :class:`DelegateFailed`, or ``"fallback"``: its ops go to the next delegate, with a warning and an
        entry in the plan.
    :param min_ops: a smaller partition goes to the next delegate; see :func:`delegraph.partition.partition`
        for this and for ``max_partitions``, ``policy`` and ``require_full_delegation``.
    :param max_tensor_bytes: the largest tensor that the model's shapes may ask for.
    :param max_total_bytes: what computed constants, state and the values that a run holds at one time may
        take together; the file's own constants, and what delegates use inside, are no part of it.
    :param max_while_iterations: rounds that the loops of one run may make in all; None: any number.
    :param keep_read_tensors: a tensor that was freed and that ``get_tensor`` asks for is kept from then on:
        the model is planned again, a warning says so, and the run is repeated on the same inputs.
        :class:`StateError` where they or the state have changed since: then the next run has it.
    :param device_outputs: leave outputs on the device that computed them: ``device_value`` gives them, and
        ``get_tensor`` reads them back when it is called, not ``invoke``.
    :param mmap: map the file, or read it (a mapped file must not be truncated while it is in use).
    :param allow_external_buffers: let the model name other files that hold its weights.
    :param plugins: for tests: other plugins than those installed.
    :raises ModelError: the file is broken.
    :raises UnsupportedOps: a builtin op that no delegate has a row for.

    The other parameters are taken for the sake of LiteRT programs and have no effect.
    """

    def __init__(
        self,
        model_path: str | os.PathLike[str] | None = None,
        model_content: bytes | bytearray | memoryview | None = None,
        experimental_delegates: Sequence[Delegate] | None = None,
        num_threads: int | None = None,
        experimental_op_resolver_type: OpResolverType = OpResolverType.AUTO,
        experimental_preserve_all_tensors: bool = False,
        experimental_disable_delegate_clustering: bool = False,
        experimental_default_delegate_latest_features: bool = False,
        experimental_compress_quantization_zero_points: bool = False,
        experimental_disable_delegate_node_fusion: bool = False,
        experimental_force_delegate_node_profiling: bool = False,
        *,
        model: Model | None = None,
        delegates: Wanted | Sequence[Wanted] | None = None,
        on_failure: Literal["raise", "fallback"] = "raise",
        min_ops: int | None = None,
        max_partitions: int | None = None,
        policy: str = "greedy",
        require_full_delegation: bool = False,
        max_tensor_bytes: int = DEFAULT_MAX_TENSOR_BYTES,
        max_total_bytes: int = DEFAULT_MAX_TOTAL_BYTES,
        max_while_iterations: int | None = None,
        mmap: bool = True,
        allow_external_buffers: bool = False,
        device_outputs: bool = False,
        keep_read_tensors: bool = False,
        plugins: Plugins | None = None,
    ) -> None:
        _check_resolver(experimental_op_resolver_type)
        check_settings(num_threads, on_failure, plugins)
        check_flags(
            experimental_preserve_all_tensors=experimental_preserve_all_tensors,
            experimental_disable_delegate_clustering=experimental_disable_delegate_clustering,
            experimental_disable_delegate_node_fusion=experimental_disable_delegate_node_fusion,
            require_full_delegation=require_full_delegation,
            mmap=mmap,
            allow_external_buffers=allow_external_buffers,
            device_outputs=device_outputs,
            keep_read_tensors=keep_read_tensors,
        )
        budget = Budget(max_tensor_bytes, max_total_bytes, max_while_iterations)
        self._turns = Turns()
        self._closed = False
        self._views = Views()
        self._compress = experimental_compress_quantization_zero_points
        self._num_threads = num_threads
        self._keep_read = bool(keep_read_tensors)
        self._plugins = Plugins.installed() if plugins is None else plugins
        self._model = the_model(
            model_path, model_content, model, mmap=mmap, max_tensor_bytes=max_tensor_bytes,
            allow_external_buffers=allow_external_buffers,
        )  # fmt: skip
        wanted = [
            *_wanted("experimental_delegates", experimental_delegates),
            *_wanted("delegates", delegates),
        ]
        loaded = resolve_delegates(wanted, plugins=self._plugins, must_run=True, num_threads=num_threads)
        self._model = adapted(self._model, loaded)
        given = {id(d) for d in wanted}
        closed = [d for d in loaded if id(d) not in given and type(d).close is not Delegate.close]
        self._to_close = closed
        if closed:  # none of this project: what runs when something goes may swallow a Ctrl-C
            weakref.finalize(self, _close, closed)
        self._reference_is_spare = loaded[-1].name == REFERENCE and REFERENCE not in map(
            wanted_name, wanted
        )
        self._session = Session(
            self._model,
            loaded,
            partial(
                partition,
                min_ops=min_ops,
                max_partitions=max_partitions,
                policy=policy,
                require_full_delegation=require_full_delegation,
                plugins=self._plugins,
            ),
            keep_all=experimental_preserve_all_tensors,
            one_by_one=experimental_disable_delegate_clustering
            or experimental_disable_delegate_node_fusion,
            go_on=on_failure == "fallback",
            budget=budget,
            device_outputs=device_outputs,
        )
        if not wanted and plugins is None:
            self.tell_of_slow_runs()

    def tell_of_slow_runs(self) -> None:
        """Log a line if a run takes over 50 ms and a faster delegate is installed, once for a model."""
        self._session.slow_runs = SlowRuns(self._model)

    @property
    def model(self) -> Model:
        """The model, as the file has it, or as an option of a delegate changes it."""
        return self._model

    @property
    def delegates(self) -> tuple[Delegate, ...]:
        """The delegates in order of preference."""
        return tuple(self._session.delegates)

    @cached_property
    def _interface(self) -> Interface:
        return interface_of(self._model)

    @property
    def plan(self) -> Plan:
        """Which delegate runs which ops, and every refusal with its reasons; for the shapes asked for."""
        return self._plan()

    @property
    def experimental_compress_quantization_zero_points(self) -> bool:
        return self._compress

    def __repr__(self) -> str:
        labels = ", ".join(d.label for d in self._session.delegates)
        return f"<Interpreter of {shortened(escaped(self._model.source), 80)!r} on {labels or 'core'}>"

    def __call__(self, *args: ArrayLike, **kwargs: ArrayLike) -> np.ndarray | tuple[np.ndarray, ...]:
        """Run the model on arrays.

        :param args: one value per input, in the model's order; or by name as keywords.
        :return: the output's array; a tuple of arrays if there are several. :meth:`run` has them by name.
        """
        interface = self._interface
        names = [argument.name for argument in interface.inputs]
        if len(args) > len(names):
            raise InputError(f"the model needs {len(names)} inputs ({', '.join(names)}), found {len(args)}")
        given: dict[Any, Any] = dict(zip(names, args, strict=False))
        if twice := [name for name in kwargs if name in given]:
            raise InputError(f"input {twice[0]!r} is given twice")
        results = tuple(self.run(given | dict(kwargs)).values())
        return results[0] if len(results) == 1 else results

    @_alone
    def run(self, inputs: Mapping[str | int, Any]) -> dict[str, np.ndarray]:
        """Run the model: arrays in, arrays out.

        Inputs may be as large as their shape signatures allow; tensors are allocated as needed.

        :param inputs: values by name (the signature's, else the tensor's) or by tensor index; arrays of the
            tensor's dtype, or plain numbers and lists.
        :return: arrays by name, in the order of the model's outputs.
        """
        interface = self._interface
        if not self._are_set_again(interface, inputs):
            given = [(a, _taken(v, a.tensor, f"input {a.name!r}")) for a, v in matched(interface, inputs)]
            self._views.ensure_none()
            for argument, array in given:
                self._fit(interface.subgraph, argument, array)
            self._session.allocate(interface.subgraph)
            for argument, array in given:
                self._session.set_value(interface.subgraph, argument.tensor.index, array)
        self._session.run(interface.subgraph)
        return {a.name: self._copy(a.tensor.index, interface.subgraph) for a in interface.outputs}

    def _are_set_again(self, interface: Interface, inputs: Any) -> bool:
        """Set all inputs if each is given by name, an array like the one before; say whether it was so."""
        if type(inputs) is not dict or len(inputs) != len(interface.inputs):
            return False
        values = [(a.tensor.index, inputs.get(a.name)) for a in interface.inputs]
        self._views.ensure_none()
        return self._session.all_copied_in(interface.subgraph, values)

    @_alone
    def allocate_tensors(self) -> None:
        """Plan and prepare the model for its shapes, and reset variable tensors.

        Needed before the first ``invoke`` and after a resize; without a change it does nothing.

        :raises ShapeError: the shapes do not fit some op.
        :raises UnsupportedOps: some ops go to no delegate; all are listed with the reasons.
        :raises DelegateFailed: a delegate could not prepare its part.
        """
        self._views.ensure_none()
        self._session.allocate(0)

    @_alone
    def invoke(self) -> None:
        """Run the main subgraph on the values that its inputs have.

        :raises DelegateFailed: a delegate raised while it ran.
        :raises StateError: before ``allocate_tensors``, or while an array from ``tensor()`` is in use.
        """
        self._views.ensure_none()
        self._invoke(0)

    @_alone
    def set_tensor(self, tensor_index: int, value: Any) -> None:
        """Copy an array into an input, or into a variable tensor.

        A device value of a delegate is not copied: it must not change until the next ``invoke`` ends.

        :raises InputError: dtype or shape are not the tensor's, or it is no input.
        """
        if type(tensor_index) is not int or not self._session.copied_in((0, tensor_index), value):
            self._set(tensor_index, value, 0)

    @_alone
    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> Any:
        """Return a copy of a tensor's values: of an input, output, constant or variable.

        Other tensors are freed after their last reader unless the interpreter preserves all tensors, or
        those that are read (``keep_read_tensors``). A tensor of rank 0 comes as a numpy scalar.
        """
        if self._keep_read:
            subgraph = self._subgraph(subgraph_index)
            self._session.keep(subgraph, self._tensor(tensor_index, subgraph).index)
        return scalar_or_array(self._copy(tensor_index, subgraph_index))

    @_alone
    def device_value(self, tensor_index: int, subgraph_index: int = 0) -> Any:
        """Return an output, a variable or an input where it is: as the device value of its delegate.

        It stays as it is, whatever is run after this. What it can do its delegate documents;
        ``numpy.asarray`` reads it back.

        :raises InputError: the values are on the host; ``get_tensor`` returns them.
        """
        tensor = self._tensor(tensor_index, self._subgraph(subgraph_index))
        found = self._session.device_value(subgraph_index, tensor.index)
        if found is None:
            raise InputError(
                f"tensor {tensor.index} {tensor.name!r} is on no device: get_tensor() returns it"
            )
        return found

    @_alone
    def tensor(self, tensor_index: int) -> Callable[[], np.ndarray]:
        """Return a function that gives a view of a tensor's values, to read and write without a copy.

        Hold the function, not the array: while an array lives, ``invoke`` and ``allocate_tensors`` raise.
        Strings are given as a copy.
        """
        return partial(self._view, tensor_index)

    @_alone
    def resize_tensor_input(
        self, input_index: int, tensor_size: Sequence[int], strict: bool = False
    ) -> None:
        """Ask for another shape of an input; ``allocate_tensors`` makes it so.

        :param strict: refuse to change sizes that the model does not leave open (-1 in its
            ``shape_signature``).
        :raises ShapeError: there is no such input, or the shape does not fit.
        """
        check_flags(strict=strict)
        self._views.ensure_none()
        self._resize(input_index, tensor_size, 0, bool(strict))

    @_alone
    def reset_all_variables(self) -> None:
        """Set variable tensors to 0, int8 ones to their zero point. Resource variables stay as they are."""
        self._session.state.reset_variables()

    @_alone
    def get_input_details(self) -> list[Details]:
        """Return a dictionary for each input of the main subgraph.

        Its keys: name, index, shape, shape_signature (-1 where callers may choose the size), dtype,
        quantization (scale and zero point, deprecated), quantization_parameters, sparsity_parameters.
        """
        return [self._details(t.index, 0) for t in self._model.subgraphs[0].inputs]

    @_alone
    def get_output_details(self) -> list[Details]:
        """Return a dictionary for each output of the main subgraph, as ``get_input_details`` does."""
        return [self._details(t.index, 0) for t in self._model.subgraphs[0].outputs]

    @_alone
    def get_tensor_details(self, subgraph_index: int = 0) -> list[Details]:
        """Return a dictionary for each tensor of a subgraph, as ``get_input_details`` does."""
        graph = self._model.subgraphs[self._subgraph(subgraph_index)]
        return [self._details(t.index, graph.index) for t in graph.tensors]

    def num_subgraphs(self) -> int:
        return len(self._model.subgraphs)

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """Return the names of inputs and outputs of each signature, sorted, by key."""
        return {
            s.key: {"inputs": sorted(s.inputs), "outputs": sorted(s.outputs)}
            for s in self._model.signatures
        }

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """Return a callable that takes the signature's inputs by name and returns its outputs by name.

        :param signature_key: may be left out if the model has exactly one signature.
        """
        if signature_key is None:
            if len(self._model.signatures) != 1:
                found = ", ".join(s.key for s in self._model.signatures) or "none"
                raise InputError(f"get_signature_runner() needs a signature_key; the model has: {found}")
            signature_key = self._model.signatures[0].key
        return SignatureRunner(self, signature_key)

    @_alone
    def modify_graph_with_delegate(self, delegate: Wanted) -> None:
        """Take in another delegate: it gets what those given before leave over.

        :param delegate: a loaded delegate or a name. The reference delegate stays the last where it was not
            asked for.
        """
        if isinstance(delegate, Delegate):
            loaded = self._plugins.with_table(delegate)
        else:
            loaded = self._plugins.load(wanted_name(delegate), num_threads=self._num_threads)
        self._plugins.look_for([loaded])
        check_one_works([loaded])
        self._views.ensure_none()
        last = len(self._session.delegates) - self._reference_is_spare
        self._session.add_delegate(loaded, last)

    @_alone
    def memory(self, subgraph_index: int = 0) -> MemoryEstimate:
        """Return how many bytes the tensors of a run take, estimated from the plan."""
        return self._session.memory(self._subgraph(subgraph_index))

    def close(self) -> None:
        """Give back what the delegates loaded by this interpreter hold. Nothing can be called after it."""
        turn = Turn()
        taken, mine = self._turns.taken, weakref.ref(turn)
        try:
            if taken.setdefault(0, mine) is not mine and not self._turns.take_over(mine):
                raise StateError("close() needs the interpreter for itself, found another call under way")
            self._closed = True
        finally:
            try:
                if taken[0] is mine:
                    del taken[0]
            except KeyError:
                pass
        try:
            self._session.release()
        finally:
            _close(self._to_close)

    def __enter__(self) -> Interpreter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _get_op_details(self, op_index: int) -> Details:
        ops = self._model.subgraphs[0].ops
        if not 0 <= whole("op_index", op_index) < len(ops):
            raise InputError(f"op index needs to be from 0 to {len(ops) - 1}, found {op_index}")
        return op_details(ops[op_index], self._session.graph(0).tensors)

    def _get_ops_details(self) -> list[Details]:
        tensors = self._session.graph(0).tensors
        return [op_details(op, tensors) for op in self._model.subgraphs[0].ops]

    @_alone
    def _get_tensor_details(self, tensor_index: int, subgraph_index: int = 0) -> Details:
        return self._details(tensor_index, subgraph_index)

    def _get_full_signature_list(self) -> dict[str, dict[str, dict[str, int]]]:
        return {
            s.key: {"inputs": dict(sorted(s.inputs.items())), "outputs": dict(sorted(s.outputs.items()))}
            for s in self._model.signatures
        }

    def _ensure_safe(self) -> None:
        self._views.ensure_none()

    def _native_handle(self) -> int:
        raise InputError(
            "_native_handle() needs an interpreter in native code, and there is none: what takes it "
            "(pycoral's run_inference) cannot be used; set_tensor(), invoke() and get_tensor() do the same"
        )

    @property
    def _interpreter(self) -> WrapperCalls:
        return WrapperCalls(self)

    # What follows runs inside a call that has the interpreter for itself.

    @_alone
    def _plan(self) -> Plan:
        return self._session.plan

    @_alone
    def _view(self, tensor_index: int) -> np.ndarray:
        tensor = self._tensor(tensor_index, 0)
        return self._views.of(self._session.value(0, tensor.index, own=True))

    @_alone
    def _run_signature(self, subgraph: int, inputs: Mapping[int, Any], outputs: Iterable[int]) -> list[Any]:
        """Run a subgraph on values by tensor index, resizing its inputs to fit."""
        self._views.ensure_none()
        if not self._session.all_copied_in(subgraph, inputs.items()):
            graph = self._model.subgraphs[subgraph]
            given = {i: _stored(v, graph.tensors[i], None) for i, v in inputs.items()}
            for index, array in given.items():
                self._resize(index, array.shape, subgraph)
            self._session.allocate(subgraph)
            for index, array in given.items():
                self._session.set_value(subgraph, index, array)
        self._invoke(subgraph)
        return [scalar_or_array(self._copy(index, subgraph)) for index in outputs]

    @_alone
    def _tensor_as_planned(self, tensor_index: int, subgraph_index: int) -> Tensor:
        return self._tensor(tensor_index, self._subgraph(subgraph_index))

    @_alone
    def _resize_input_of(self, subgraph: int, index: int, size: Sequence[int], strict: bool) -> None:
        self._views.ensure_none()
        self._resize(index, size, subgraph, strict)

    def _invoke(self, subgraph: int) -> None:
        if not self._session.is_ready(subgraph):
            raise StateError("invoke() needs allocate_tensors() first, also after resize_tensor_input()")
        self._session.run(subgraph)

    def _set(self, tensor_index: int, value: Any, subgraph: int) -> None:
        tensor = self._tensor(tensor_index, subgraph)
        name = f"tensor {tensor.index} {tensor.name!r}"
        if not (tensor.is_variable or self._session.is_input(subgraph, tensor)):
            raise InputError(f"{name} is neither an input nor a variable; its values cannot be set")
        shape = self._session.shape(subgraph, tensor) if tensor.shape is not None else None
        array = _stored(value, tensor, shape)
        if not self._session.is_ready(subgraph):
            raise StateError(f"{name} has no memory yet: call allocate_tensors() first")
        self._session.set_value(subgraph, tensor.index, array)

    def _copy(self, tensor_index: int, subgraph: int) -> np.ndarray:
        if type(tensor_index) is int and type(subgraph) is int:
            copied = self._session.copied_out(subgraph, tensor_index)
            if copied is not None:
                return copied
        tensor = self._tensor(tensor_index, self._subgraph(subgraph))
        if tensor.dtype in HANDLES:
            return np.array(None, object)  # as LiteRT: a handle means nothing outside
        return np.array(self._session.value(subgraph, tensor.index), order="C")

    def _resize(self, index: int, size: Any, subgraph: int, strict: bool = False) -> None:
        shape = sizes("a shape", size)
        inputs = {t.index: t for t in self._session.graph(subgraph).inputs}
        if whole("input_index", index) not in inputs:
            known = ", ".join(f"{t.index} {t.name!r}" for t in inputs.values())
            raise ShapeError(f"tensor {index} is no input of the model; its inputs: {known}")
        tensor = inputs[index]
        name = f"input {tensor.index} {tensor.name!r}"
        if any(n < 0 for n in shape):
            raise ShapeError(f"{name} needs sizes of 0 or more, found {list(shape)}")
        now = self._session.shape(subgraph, tensor)
        if strict and shape != now:
            check_strict(name, tensor.shape_signature or now or (), shape)
        self._session.resize(subgraph, tensor.index, shape)

    def _fit(self, subgraph: int, argument: Argument, array: np.ndarray | OwnedValue) -> None:
        """Resize an input to what is given, where the model leaves the size open."""
        tensor = self._session.graph(subgraph).tensors[argument.tensor.index]
        now = self._session.shape(subgraph, tensor)
        if now is not None and array.shape not in (now, argument.tensor.shape):
            check_strict(f"input {argument.name!r}", tensor.shape_signature or now, array.shape)
        self._session.resize(subgraph, tensor.index, array.shape)

    def _details(self, tensor_index: int, subgraph: int) -> Details:
        tensor = self._tensor(tensor_index, self._subgraph(subgraph))
        return tensor_details(tensor, self._session.shape(subgraph, tensor), self._compress)

    def _tensor(self, index: int, subgraph: int) -> Tensor:
        """Return a tensor as it is planned now."""
        graph = self._session.graph(subgraph)
        if not 0 <= whole("an index", index) < len(graph.tensors):
            raise InputError(f"tensor index needs to be from 0 to {len(graph.tensors) - 1}, found {index}")
        return graph.tensors[index]

    def _subgraph(self, index: int) -> int:
        last = len(self._model.subgraphs) - 1
        if not 0 <= whole("an index", index) <= last:
            raise InputError(f"subgraph_index needs to be from 0 to {last}, found {index}")
        return index


class InterpreterWithCustomOps(Interpreter):
    """LiteRT's class for custom ops in native code; here custom ops are support rows of a plugin."""

    def __init__(self, custom_op_registerers: Sequence[Any] | None = None, **kwargs: Any) -> None:
        check_no_registerers(custom_op_registerers)
        super().__init__(**kwargs)


def check_no_registerers(found: Sequence[Any] | None) -> None:
    """Raise if native code is to register custom ops."""
    if found:
        raise InputError(
            f"custom_op_registerers needs to be empty, found {found!r}: custom ops are support rows, which "
            "a plugin brings (hook delegraph_op_support)"
        )


def _check_resolver(resolver: Any) -> None:
    """Raise unless it is an OpResolverType: ours, or LiteRT's own."""
    if getattr(resolver, "name", None) not in OpResolverType.__members__:
        raise InputError(f"experimental_op_resolver_type needs an OpResolverType, found {resolver!r}")


def _taken(value: Any, tensor: Tensor, name: str) -> np.ndarray | OwnedValue:
    return on_device(value, tensor, None, name) or converted(value, tensor, name)


def _stored(value: Any, tensor: Tensor, shape: Shape) -> np.ndarray | OwnedValue:
    name = f"tensor {tensor.index} {tensor.name!r}"
    return on_device(value, tensor, shape, name) or stored(value, tensor, shape, name)


def _wanted(name: str, delegates: Wanted | Sequence[Wanted] | None) -> list[Wanted]:
    """Return a list of delegates; a single name is taken for a list of one."""
    if isinstance(delegates, (str, os.PathLike, Delegate)):
        return [delegates]
    return [] if delegates is None else several(name, delegates, object, "names or delegates")


def _close(delegates: list[Delegate]) -> None:
    """Close delegates and forget them, whatever one raises; what a Ctrl-C leaves, another call closes."""
    while delegates:
        ask_or(delegates[0], "close", anything, None)
        del delegates[0]
