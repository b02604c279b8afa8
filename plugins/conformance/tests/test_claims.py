"""What of a row no case tries is named: versions, types, and operands both there and left out."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from delegraph import Builder, Delegate, Op, OpSupport, Partition, Refusal, Run, SupportTable
from delegraph_conformance import OpCase, Subject, collected
from delegraph_conformance.claims import ClaimsOfRow


def op(*types: str | None, version: int = 1) -> Op:
    g = Builder()
    given = [None if t is None else g.input((2,), t) for t in types]
    y = g.op("Op", given, [g.tensor((2,), "int8")], version=version)
    return g.model([y]).subgraphs[0].ops[0]


def left(row: OpSupport, *ops: Op) -> list[str]:
    claims = ClaimsOfRow(row)
    for each in ops:
        claims.add(each)
    return [text.partition(": ")[2] for text in claims.untried_text()]


OPTIONAL = OpSupport("Op", (1, 1), "int8 int8|int16? -> int8")


def test_an_operand_that_may_be_left_out_is_asked_for_both_ways() -> None:
    assert left(OPTIONAL, op("int8", "int8"), op("int8", "int16")) == ["no case without input 1"]
    assert left(OPTIONAL, op("int8", None)) == ["no case with int8, int16 as input 1"]
    assert left(OPTIONAL, op("int8"), op("int8", "int8"), op("int8", "int16")) == []


def test_of_any_type_that_nobody_reads_one_is_enough() -> None:
    row = OpSupport("Op", (1, 1), "int8 any? -> int8")
    assert left(row, op("int8", "float64"), op("int8")) == []
    assert left(row, op("int8")) == ["no case with any as input 1"]


def test_what_is_never_there_is_not_asked_for() -> None:
    assert left(OpSupport("Op", (1, 1), "int8 none none? -> int8"), op("int8", None)) == []


def test_versions_are_asked_for() -> None:
    row = OpSupport("Op", (1, 3), "int8 -> int8")
    assert left(row, op("int8", version=2)) == ["no case of version 1, 3"]


class Idle(Delegate):
    """Claims NEG by its row, and takes none in the end."""

    name = "idle"

    def check(self, partition: Partition) -> Mapping[int, list[Refusal]]:
        return {op.index: [Refusal("fewer ops", "1")] for op in partition.ops}

    def prepare(self, partition: Partition) -> Run:
        raise AssertionError


class Idling(Subject):
    def load(self) -> Delegate:
        idle = Idle()
        idle.table = SupportTable("idle", [OpSupport("NEG", (1, 1), "float32 -> float32")])
        return idle


def test_a_case_that_the_delegate_does_not_run_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    g = Builder()
    y = g.op("NEG", [g.input((2,), "float32")], [g.tensor((2,), "float32")])
    case = OpCase("NEG", "idle", g.model([y]), [], [])
    monkeypatch.setattr(collected, "_authors_cases", lambda: {case.id: case})

    (said,) = collected.claims_without_case(Idling("idle", {}), "NEG")

    assert said.startswith("NEG v1 float32 -> float32: no case; add one through the hook")
