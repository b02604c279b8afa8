"""What is said of a case that the delegate refuses: the one that runs it instead answers for itself."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
import pytest
from delegraph import (
    Builder,
    Delegate,
    Model,
    OpSupport,
    Partition,
    Run,
    SupportTable,
    run_op_by_op,
)
from delegraph_conformance import OpCase, Subject, trial
from delegraph_conformance.catalogue import case_of, names
from delegraph_conformance.goldens import goldens
from delegraph_conformance.recipe import recipes


def negated(right: Sequence[float]) -> OpCase:
    g = Builder()
    y = g.op("NEG", [g.input((2,), "float32")], [g.tensor((2,), "float32")])
    return OpCase(
        "NEG", "two numbers", g.model([y]), [np.array([1, -2], np.float32)], [np.array(right, np.float32)]
    )


class Refuses(Delegate):
    """Takes nothing; a model is ``changed`` before others see it."""

    name = "refuses"
    changed: Model | None = None

    def adapted(self, model: Model) -> Model:
        return self.changed or model

    def prepare(self, partition: Partition) -> Run:
        raise AssertionError


class Next(Delegate):
    """Runs NEG, a hundredth off, which its row claims; or raises."""

    name = "next"
    raises = False

    def prepare(self, partition: Partition) -> Run:
        if self.raises:
            raise RuntimeError("no memory")
        return run_op_by_op(partition, lambda op: lambda x: (np.float32(-1.01) * x,))


@attrs.define(frozen=True, slots=False)
class Made(Subject):
    """A delegate that a test has made."""

    made: Delegate | None = None

    def load(self) -> Delegate:
        assert self.made is not None
        return self.made


@attrs.define(frozen=True, slots=False)
class Refusing(Subject):
    changed: Model | None = None

    def load(self) -> Delegate:
        delegate = Refuses()
        delegate.changed = self.changed
        return delegate


@pytest.fixture
def next_one(monkeypatch: pytest.MonkeyPatch) -> Next:
    found = Next()
    found.table = SupportTable("next", [OpSupport("NEG", (1, 1), "float32 -> float32", rtol=0.02)])
    monkeypatch.setattr(trial, "_reference", lambda: found)
    return found


def said_of(case: OpCase, changed: Model | None = None) -> str:
    found = trial.tried(Refusing("refuses", {}, changed=changed), case)
    assert found.kind == "refused"
    return found.problem


def test_what_the_next_delegate_claims_of_itself_is_allowed(next_one: Next) -> None:
    assert said_of(negated([-1, 2])) == ""


def test_a_fault_of_the_next_delegate_or_of_the_case_is_called_so(next_one: Next) -> None:
    said = said_of(negated([-1, 7]))

    assert said.startswith("next, which runs it instead: off by 0.711 of the largest value, the row claims")
    assert said.endswith("; a fault of next or of the case, not of refuses")


def test_so_is_an_error_of_the_next_delegate(next_one: Next) -> None:
    next_one.raises = True
    said = said_of(negated([-1, 2]))

    assert "no memory" in said
    assert said.endswith("; a fault of next or of the case, not of refuses")


def test_what_the_delegate_changes_for_the_next_is_its_own_fault(next_one: Next) -> None:
    g = Builder()
    x = g.input((2,), "float32")
    twice = g.op("NEG", [g.op("NEG", [x], [g.tensor((2,), "float32")])], [g.tensor((2,), "float32")])

    assert "it is right without refuses, whose adapted()" in said_of(negated([-1, 2]), g.model([twice]))


def test_whole_numbers_become_bfloat16_in_the_goldens() -> None:
    """Both lie in uint16 arrays: what was not converted would be taken for bits, 16,601 steps off for 7."""
    found = [
        g
        for g in goldens("STABLEHLO_CONVERT")
        if g.types.endswith(">bfloat16") and not g.types.startswith(("float", "bfloat", "complex"))
    ]
    assert len(found) == 8
    for golden in found:
        (x,) = recipes()["STABLEHLO_CONVERT"].draft(1, golden.types, bare=True).feeds
        stored = (golden.outputs[0].astype(np.uint32) << 16).view(np.float32)
        assert np.array_equal(stored, x.astype(np.float32)), golden.types


def ranks(wrong: int) -> Made:
    """Return a delegate whose RANK is so far off."""

    class Ranks(Delegate):
        name = "ranks"

        def prepare(self, partition: Partition) -> Run:
            return run_op_by_op(partition, lambda op: lambda x: (np.array(x.ndim + wrong, np.int32),))

    made = Ranks()
    made.table = SupportTable("ranks", [OpSupport("RANK", (1, 1), "float32 -> int32")])
    return Made("ranks", {}, made=made)


def test_what_core_folds_the_delegate_computes_too() -> None:
    """The reference delegate would compute it: one that claims the op and has it wrong would pass."""
    case = case_of(names("RANK")[0])

    assert trial.tried(ranks(wrong=0), case).kind == "delegated"
    assert trial.tried(ranks(wrong=1), case).problem == "off by 1 steps, the row claims 0"
    assert trial.tried(Made("refuses", {}, made=Refuses()), case).kind == "refused"


class Floors(Delegate):
    """Rounds down what it reads as halves, and something more."""

    name = "floors"
    more = 0.0

    def prepare(self, partition: Partition) -> Run:
        def floor(x: np.ndarray) -> tuple[np.ndarray]:
            return (np.floor(x.astype(np.float16).astype(np.float32) + np.float32(self.more)),)

        return run_op_by_op(partition, lambda op: floor)


@pytest.mark.parametrize(
    ("rtol", "more", "problem"),
    [
        (4e-3, 0, ""),
        (5e-4, 0, "off by 0.5 of the largest value, the row claims 0.0005"),
        (4e-3, 0.1, "off by 0.5 of the largest value, the row claims 0.004"),
    ],
)
def test_a_claim_of_half_precision_may_read_halves_and_no_less(
    rtol: float, more: float, problem: str
) -> None:
    g = Builder()
    y = g.op("FLOOR", [g.input((3,), "float32")], [g.tensor((3,), "float32")])
    x = np.float32([0.99999, 2.0, 1.95])
    case = OpCase("FLOOR", "beside a jump", g.model([y]), [x], [np.floor(x)])
    made = Floors()
    made.more = more
    made.table = SupportTable("floors", [OpSupport("FLOOR", (1, 1), "float32 -> float32", rtol=rtol)])
    assert trial.tried(Made("floors", {}, made=made), case).problem == problem
