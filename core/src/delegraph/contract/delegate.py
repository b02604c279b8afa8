"""What a delegate is: something that takes partitions of a graph and runs them.

The whole of a delegate that computes ADD in half precision::

    class HalfNPU(Delegate):
        name = "halfnpu"

        def prepare(self, partition):
            ...  # everything that can be done once
            def run(*inputs):
                ...  # per inference
                return outputs
            return run
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ..values import frozen
from .options import read_options
from .support_row import CutHere, OpSupport, Refusal
from .support_table import SupportTable

if TYPE_CHECKING:
    from ..model import Graph, Model, Op
    from .plan import Partition, Plan

# run(*inputs) -> outputs: arrays or device values in the order of the partition's inputs; outputs in
# the order of its outputs, then the next values of its variables. A device value has shape, dtype and
# __array__. It may also have
# - host_view(): the values where they are, in a read-only array that keeps them as they are while it lives;
#   None where the host does not share the memory;
# - wait(): returns when the values are there, if run did not wait for them. While they are computed, inputs
#   stay as they are: core waits before it ends a run of the model.
# run itself may have release(): core calls it once, when it will not run the partition again: after a
# resize, when a variant of an op whose shapes only runs show makes room, when the interpreter is closed.
# What run returned stays readable. An interpreter that goes without being closed calls nothing.
# And memory: an array for each input, or None, that run reads: the interpreter keeps inputs of the model
# there, and what it hands over is a view whose base is that array. Nothing else may write there.
# And on_host(*inputs): what core calls in run's place where it reads all results on the host next. It may
# return arrays where run would make device values of them.
Run = Callable[..., "tuple[Any, ...]"]


@frozen
class NoOptions:
    """The options of a delegate that has none."""


class Delegate(ABC):
    """Takes partitions of a graph and runs them.

    A delegate and a kernel have one shape: ``prepare(partition)`` or ``prepare(op)`` does all that can
    be done once and returns ``run(*arrays)``, which is called per inference. Making an instance opens no
    device: instances are made to print tables and plans, too.
    """

    name: ClassVar[str]  # what users type after --delegates
    Options: ClassVar[type] = NoOptions  # an attrs class: one field per option, typed, with a default
    dynamic: ClassVar[bool] = False  # takes ops whose shapes only a run's values decide
    contiguous: ClassVar[bool] = True  # ``run`` needs its inputs in C order, aligned, without gaps
    min_ops: int = 1  # a smaller partition goes to the next delegate
    max_partitions: int | None = None  # keep this many partitions of a subgraph; None: all
    keep: ClassVar[str] = "largest"  # which ones: "largest" or "first"

    label: str  # names this instance in reports: "opencl", "opencl:2"
    out_of_use: str | None = None  # why it cannot work on this machine, once core has asked: it takes no op
    plugin: str = ""  # who offers it, by entry-point name; "" where a program made it
    problems: tuple[str, ...] = ()  # what core found wrong with it so far
    find_rows: Callable[[Delegate], SupportTable] | None = None  # what ``table`` asks, once

    def __init__(self, options: Mapping[str, Any] | None = None, label: str | None = None) -> None:
        self.options: Any = read_options(self.Options, options or {}, owner=f"delegate {self.name!r}")
        self.label = label or self.name

    @cached_property
    def table(self) -> SupportTable:
        """This delegate's rows and those others added; set, or to be found, when it is loaded."""
        if self.find_rows is None:
            raise AttributeError(f"delegate {self.name!r} has no table: it was not loaded by name")
        return self.find_rows(self)

    @property
    def has_table(self) -> bool:
        return "table" in vars(self) or self.find_rows is not None

    def unavailable(self) -> str | None:
        """Return why this delegate cannot work on this machine now, with the way out, or None."""
        return None

    def decide(self, op: Op, graph: Graph | None = None) -> tuple[OpSupport | None, list[Refusal]]:
        """Return the row by which this delegate takes an op; or None, and the reasons why it does not."""
        if self.out_of_use is not None:
            needed = f"a machine on which {self.label} can work"
            return None, [Refusal(needed, self.out_of_use, kind="unavailable")]
        return self.table.decide(op, graph)

    def hint(self, op: Op) -> str:
        """Say what would make an op pass that no row has in its version and types; "" if nothing would.

        One answer serves all ops of a name, version and types. A constraint brings its own hint.
        """
        return ""

    def partition_limit(self, graph: Graph) -> int | None:
        """Return how many partitions of this graph to keep: ``max_partitions``, unless it depends."""
        return self.max_partitions

    def check(self, partition: Partition) -> Mapping[int, list[Refusal] | CutHere]:
        """Look at a whole group of supported ops; return by op index what is wrong, {} if all is well.

        Called while partitioning, for limits that no single op shows (memory, patterns). Refusals send an
        op to the next delegate. ``CutHere()`` keeps it: a new partition begins with it, of the ops from
        there on, in the order of ``partition.ops``; one at the first op changes nothing. Core groups again
        and asks again until nothing is wrong. Name all cuts at once: each answer costs a round.
        """
        return {}

    def cost(self, op: Op) -> float | None:
        """Return the seconds that an op of a partition takes here, or None: then core estimates it.

        Called while a model is planned with ``policy="cost"``, of ops that the delegate takes; no device is
        open. What a launch takes, and handing tensors over, comes on top.
        """
        return None

    def device_name(self) -> str:
        """Return what names the device, where that is not the CPU: what is measured here holds for it."""
        return ""

    def priority(self) -> int | None:
        """Return where ``delegates="auto"`` puts this delegate, the highest first; None: it leaves it out.

        A GPU or another device that is fast says 30, an engine for the CPU 20, kernels for it 10. Called
        before a model is planned; opens no device for longer than the call.
        """
        return None

    def adapted(self, model: Model) -> Model:
        """Return ``model`` in the form that an option of this delegate asks for: with another input, say.

        Called once, before anything is planned, in the order of preference.
        """
        return model

    def advise(self, plan: Plan) -> Sequence[str]:
        """Say what makes a planned model slow on this delegate, and what would help: a line each.

        Called for ``delegraph partition --advise``. A device may be opened, to measure it.
        """
        return ()

    @abstractmethod
    def prepare(self, partition: Partition) -> Run:
        """Compile, upload constants, allocate; return the function that runs the partition.

        ``partition.rows[op.index]`` is the row that accepted an op; :func:`run_op_by_op` may be all of it.
        """

    def running(self) -> AbstractContextManager[object]:
        """Return what holds during a run of a model: settings that are dear to make for each partition.

        Core enters it around every run of a plan that has this delegate; the body of a loop may run its
        partitions a thousand times inside. A run function that is called outside of it must work, too.
        A Ctrl-C at its edges may have its end called twice, or after a beginning that it cut short.
        """
        return nullcontext()

    def device_bytes(self) -> Mapping[str, int]:
        """Return the bytes held on a device of its own, by what for: ``{"weights": 5_000_000}``."""
        return {}

    def close(self) -> None:
        """Give back what the delegate holds. Called by ``with`` and by the interpreter that loaded it."""

    def __enter__(self) -> Delegate:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<delegate {self.label}>"
