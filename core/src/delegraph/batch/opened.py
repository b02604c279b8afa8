"""A model opened once, with its delegates, to run on one sample after another and to say what it gives."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from ..answers import AnswerSettings, Said, Seen, answer
from ..contract import Plan
from ..file import read_model
from ..inputs import Normalization, Tell, input_files, is_sound_file, read_inputs
from ..inputs.looked_at import LookedAt, looked_at
from ..model import HANDLES, Model
from ..numbers import real_from_stored
from ..partition import Budget, nbytes
from ..run import Interface, described, interface_of, planned
from ..run.opened import interpreter
from ..values import evolve, field, frozen

Arrays = Mapping[str, np.ndarray]  # by name of an input or an output


@frozen(hash=False)
class Sample:
    """Values for each input, and what there is to look at of them."""

    arrays: Arrays = field(repr=False)
    looked_at: LookedAt
    more: tuple[Arrays, ...] = field(default=(), repr=False)  # of a sound that is longer than the input


@frozen(hash=False)
class Reading:
    """How files become inputs."""

    normalization: Normalization | None = None
    sample_rate: int | None = None  # Hz of sound; None: what metadata say
    fit: str | None = (
        None  # of pictures of another form: stretch, letterbox; None: as the family takes them
    )


class OpenedModel:
    """A model in an interpreter; a context manager.

    :param model: a file, or a model that was read
    :param policy: how it is cut up among delegates: see :func:`delegraph.partition.partition`
    :param settings: further parameters of :class:`~delegraph.Interpreter`: its budget
    """

    def __init__(
        self,
        model: Model | str | os.PathLike[str],
        delegates: Sequence[str] = (),
        options: Mapping[str, Mapping[str, str]] | None = None,
        *,
        signature: str | None = None,
        num_threads: int | None = None,
        asked: AnswerSettings | None = None,
        reading: Reading | None = None,
        policy: str = "greedy",
        **settings: Any,
    ) -> None:
        limit = Budget(**settings).max_tensor_bytes
        self.model = model if isinstance(model, Model) else read_model(model, max_tensor_bytes=limit)
        self.interface = described(interface_of(self.model, signature), self.model)
        self.asked, self.reading = asked or AnswerSettings(), reading or Reading()
        self._budget = Budget(**settings)
        self._stack = ExitStack()
        opened = interpreter(self.model, delegates, options or {}, num_threads, policy=policy, **settings)
        self.interpreter = self._stack.enter_context(opened)
        self._shapes: dict[str, tuple[int, ...]] | None = None  # prepared for
        self._batches: bool | None = None  # None: not tried yet

    def __enter__(self) -> OpenedModel:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the interpreter and its delegates."""
        self._stack.close()

    @property
    def plan(self) -> Plan:
        """Who runs what."""
        return self.interpreter.plan

    def sample(
        self, given: Sequence[str], tell: Tell = lambda sentence: None, *, whole: bool = True
    ) -> Sample:
        """Return a sample of files, as ``--input`` names them.

        :param whole: of a sound that is longer than the input, take what follows, too
        :raises InputError: a file does not fit
        """
        self._budget.check_total(sum(nbytes(a.tensor) for a in self.interface.inputs), "the inputs")
        reading = self.reading
        files = input_files(self.interface, given)
        file = next(iter(files.values()), "")
        if len(files) == 1 and is_sound_file(file):
            return self._heard(file, tell, whole)
        arrays = read_inputs(
            self.interface, given, reading.normalization, tell, reading.sample_rate, reading.fit
        )
        return Sample(arrays, looked_at(self.interface, files, arrays, reading.fit))

    def _heard(self, file: str, tell: Tell, whole: bool) -> Sample:
        from ..inputs.sound import windows

        (argument,) = self.interface.inputs
        found = windows(argument, file, self.reading.sample_rate, tell, None if whole else 1)
        first, *more = ({argument.name: array} for array in found.arrays)
        return Sample(first, LookedAt(file, is_sound=True, heard=found.heard), tuple(more))

    def prepare(self, arrays: Arrays) -> None:
        """Plan and prepare the model for the inputs' shapes; its variables begin anew."""
        if self.interface.subgraph:
            return  # reached by its signature alone: the first run prepares it
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes == self._shapes:
            self.interpreter.reset_all_variables()
            return
        for a in self.interface.inputs:
            self.interpreter.resize_tensor_input(a.tensor.index, arrays[a.name].shape)
        self.interpreter.allocate_tensors()
        self._shapes = shapes

    def run(self, arrays: Arrays) -> dict[str, np.ndarray]:
        """Return the outputs, as the model stores them, by name; handles of variables are none."""
        self.prepare(arrays)
        return self._run_on(arrays)

    def run_sample(self, sample: Sample) -> dict[str, np.ndarray]:
        """Return the outputs of a sample, as :meth:`run` does; of a sound's parts one after the other.

        Variables keep their values from part to part.
        """
        found = [self.run(sample.arrays), *(self._run_on(part) for part in sample.more)]
        return (
            found[0] if len(found) == 1 else {name: _joined([f[name] for f in found]) for name in found[0]}
        )

    def run_samples(self, samples: Sequence[Sample]) -> list[dict[str, np.ndarray]]:
        """Return the outputs of each sample, as :meth:`run_all` does."""
        if any(sample.more for sample in samples):
            return [self.run_sample(sample) for sample in samples]
        return self.run_all([sample.arrays for sample in samples])

    def _run_on(self, arrays: Arrays) -> dict[str, np.ndarray]:
        if self.interface.subgraph:
            found = self.interpreter.get_signature_runner(self.interface.signature)(**arrays)
        else:
            for a in self.interface.inputs:
                self.interpreter.set_tensor(a.tensor.index, arrays[a.name])
            self.interpreter.invoke()
            outputs = self.interface.outputs
            handles = {a.name for a in outputs if a.tensor.dtype in HANDLES}
            get = self.interpreter.get_tensor
            found = {a.name: get(a.tensor.index) for a in outputs if a.name not in handles}
        return {a.name: found[a.name] for a in self.outputs().outputs}

    def outputs(self) -> Interface:
        """Return the interface with its outputs as they are planned, those that have values."""
        as_planned = planned(self.interface, self.plan)
        return evolve(
            as_planned, outputs=tuple(a for a in as_planned.outputs if a.tensor.dtype not in HANDLES)
        )

    def run_all(self, samples: Sequence[Arrays]) -> list[dict[str, np.ndarray]]:
        """Return the outputs of each sample: of a model with an open batch together, else one by one.

        The first batch is compared with what its first sample gives alone: an axis whose size is open need
        not be one of samples.
        """
        if len(samples) < 2 or self._batches is False or not self._can_batch(samples):
            return [self.run(arrays) for arrays in samples]
        together = self.run({name: np.concatenate([s[name] for s in samples]) for name in samples[0]})
        if any(not v.shape or len(v) != len(samples) for v in together.values()):
            self._batches = False
            return self.run_all(samples)
        apart = [{n: v[i : i + 1] for n, v in together.items()} for i in range(len(samples))]
        if self._batches is None:
            self._batches = _about_equal(self.run(samples[0]), apart[0])
            return self.run_all(samples)
        return apart

    def _can_batch(self, samples: Sequence[Arrays]) -> bool:
        """Say whether the first axis of all inputs is open, and no other; and samples are of one shape."""
        signatures = [a.tensor.shape_signature or () for a in self.interface.inputs]
        is_open = all(len(s) > 1 and s[0] == -1 and -1 not in s[1:] for s in signatures)
        same = all(len(array) == 1 for sample in samples for array in sample.values())
        return is_open and same and not _has_state(self.model)

    def real(self, outputs: Arrays) -> dict[str, np.ndarray]:
        """Return outputs as the real values that they stand for."""
        return {a.name: real_from_stored(outputs[a.name], a.tensor) for a in self.outputs().outputs}

    def seen(self, sample: Sample, outputs: Arrays) -> Seen:
        """Return a run, to be asked what it says."""
        at = sample.looked_at
        return Seen(
            self.model,
            self.outputs(),
            self.real(outputs),
            self.asked,
            at.size,
            at.input_size,
            at.is_sound,
            at.window,
            at.heard,
        )

    def said(self, sample: Sample, outputs: Arrays) -> list[Said]:
        """Return what the model says of a sample."""
        return answer(self.seen(sample, outputs))


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return outputs of parts of a sound, joined along time."""
    first = parts[0]
    if first.ndim < 2:
        return np.stack(parts)
    return np.concatenate(parts, axis=1 if first.ndim > 2 and len(first) == 1 else 0)


def _has_state(model: Model) -> bool:
    tensors: Iterable[Any] = (t for g in model.subgraphs for t in g.tensors)
    return any(t.is_variable or t.dtype in HANDLES for t in tensors)


def _about_equal(some: Arrays, others: Arrays) -> bool:
    """Say whether outputs are of one sample: sums in another order differ in their last bits."""
    return all(
        some[name].shape == others[name].shape
        and (
            np.array_equal(some[name], others[name])
            if some[name].dtype.kind not in "f"
            else bool(np.allclose(some[name], others[name], rtol=1e-3, atol=1e-5, equal_nan=True))
        )
        for name in some
    )
