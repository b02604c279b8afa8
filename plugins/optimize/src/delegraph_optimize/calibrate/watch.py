"""Run a model on samples and watch what its tensors hold: op by op, so that none is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

import attrs
import numpy as np
from delegraph import (
    Delegate,
    InputError,
    Interpreter,
    Model,
    Op,
    Partition,
    Run,
    load_delegate,
    run_op_by_op,
)

from ..bounds import limits
from .inside import seen_inside
from .samples import Samples
from .saved import Calibration, inside_key, tensor_keys
from .statistics import TensorStatistics

Tell = Callable[[int, int, np.ndarray], None]  # gets subgraph, tensor and values
# Gets subgraph, the tensor that an op writes, the name of what it holds inside, and its values.
TellInside = Callable[[int, int, str, np.ndarray], None]


class Watched(Delegate):
    """A delegate whose ops are run one by one, and what they read and write is shown to somebody."""

    name = "watched"
    dynamic = True

    def __init__(self, engine: Delegate, tell: Tell, tell_inside: TellInside | None = None) -> None:
        super().__init__(label=engine.label)
        self.name = engine.name  # type: ignore[misc]
        self.engine = engine
        self.tell = tell
        self.tell_inside = tell_inside
        self.written: set[tuple[int, int]] = set()  # subgraphs and tensors
        self.table = engine.table

    @classmethod
    def all_of(
        cls, engines: Sequence[Delegate], tell: Tell, tell_inside: TellInside | None = None
    ) -> list[Watched]:
        """Return delegates that show each value as it is written, or as it is read if core gives it."""
        found = [cls(engine, tell, tell_inside) for engine in engines]
        for one in found:
            one.written = found[0].written
        return found

    def running(self) -> AbstractContextManager[object]:
        return self.engine.running()

    def unavailable(self) -> str | None:
        return self.engine.unavailable()

    def prepare(self, partition: Partition) -> Run:
        subgraph = partition.subgraph
        met: set[int] = set()  # what an op before this one reads

        def one_watched(op: Op) -> Callable[..., Sequence[Any]]:
            one = attrs.evolve(partition.of_op(op), delegate=self.engine)
            run = self.engine.prepare(one)
            indices = [-1 if t is None else t.index for t in op.inputs]
            places = [indices.index(t.index) for t in one.inputs]
            read = zip(places, (t.index for t in one.inputs), strict=True)
            first = [(p, i) for p, i in read if i not in met]
            met.update(i for _, i in first)
            written = [t.index for t in (*op.outputs, *op.variables)]
            self.written.update((subgraph, index) for index in written)

            def carry_out(*arrays: Any) -> Sequence[Any]:
                for place, index in first:
                    if (
                        subgraph,
                        index,
                    ) not in self.written:  # an input, or of control flow
                        self._show(subgraph, index, arrays[place])
                if self.tell_inside is not None:
                    for what, values in seen_inside(op, arrays).items():
                        self.tell_inside(subgraph, op.outputs[0].index, what, values)
                results = run(*[arrays[p] for p in places])
                for index, value in zip(written, results, strict=True):
                    self._show(subgraph, index, value)
                return results

            return carry_out

        return run_op_by_op(partition, one_watched)

    def _show(self, subgraph: int, index: int, value: Any) -> None:
        array = np.asarray(value)
        if array.dtype == np.float32:
            self.tell(subgraph, index, array)


def calibrate(
    model: Model,
    samples: Samples,
    *,
    engine: str | Delegate = "reference",
    histograms: bool = True,
    progress: Callable[[int], None] = lambda done: None,
) -> Calibration:
    """Run a model of floats on samples; return what its tensors held.

    :param engine: the delegate that runs it; what it does not take, the reference delegate does.
    :param histograms: count how often which values come, for the methods that need it.
    :param progress: called with the number of samples that are done.
    :raises InputError: there are no samples, or one does not fit.
    """
    keys = tensor_keys(model)
    seen: dict[str, TensorStatistics] = {}

    def tell(subgraph: int, index: int, values: np.ndarray) -> None:
        tell_inside(subgraph, index, "", values)

    def tell_inside(subgraph: int, index: int, what: str, values: np.ndarray) -> None:
        key = keys.get((subgraph, index))
        if key is not None:
            seen.setdefault(inside_key(key, what), TensorStatistics()).see(values, histograms)

    loaded = [load_delegate(engine) if isinstance(engine, str) else engine]
    if loaded[0].name != "reference":
        loaded.append(load_delegate("reference"))
    done = 0
    with Interpreter(
        model=model, delegates=Watched.all_of(loaded, tell, tell_inside), **limits()
    ) as interpreter:
        for signature, inputs in samples:
            run_sample(interpreter, signature, inputs)
            done += 1
            progress(done)
    if not done:
        raise InputError("calibration needs at least one sample, found none")
    return Calibration(seen)


def run_sample(
    interpreter: Interpreter, signature: str | None, inputs: dict[str, np.ndarray]
) -> list[np.ndarray]:
    """Run a sample from the state in which a model begins; return its outputs."""
    interpreter.reset_all_variables()
    if signature is None:
        return list(interpreter.run(cast("dict[str | int, Any]", inputs)).values())
    return list(interpreter.get_signature_runner(signature)(**inputs).values())
