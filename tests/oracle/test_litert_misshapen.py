"""Models of one op changed in one place: LiteRT survives all that the rows of delegraph-litert take.

Some changes of some ops are tried; ``LITERT_MISSHAPEN=25`` tries so many of every op (4,000, five minutes).
"""

from __future__ import annotations

import logging
import os
from zlib import crc32

import litert
import pytest
from delegraph import DelegraphError, load_delegate, read_model
from delegraph.contract import has_unknown_shape
from delegraph.partition import specialize
from misshapen_cases import Case, cases, drawn, ops_of

COUNT = int(os.environ.get("LITERT_MISSHAPEN", "0"))
TABLE = load_delegate("litert").table
DIED = ("BATCH_MATMUL", "UNIDIRECTIONAL_SEQUENCE_LSTM")  # some of the models of these did once
OPS = [
    op for op in ops_of(TABLE) if COUNT or op in DIED or (crc32(op.encode()) % 16 == 0 and "LSTM" not in op)
]

pytestmark = pytest.mark.skipif(litert.version() is None, reason="ai-edge-litert is not installed")


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Refusals are warnings of delegraph's log."""
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("op", OPS)
def test_litert_survives_what_the_rows_take(op: str) -> None:
    died = [
        f"{case}: {why}" for case in drawn(cases(op, TABLE), f"0 {op}", COUNT or 12) if (why := death(case))
    ]
    assert not died, "\n".join(died)


def death(case: Case) -> str | None:
    """Return what LiteRT died of, or None: where it lives, and where no row takes the case."""
    try:
        graph = specialize(read_model(case.file)).subgraphs[0]
    except DelegraphError:
        return None
    ops = [op for op in graph.ops if op.name == case.op]
    if not ops or any(has_unknown_shape(op) or TABLE.row_for(op, graph) is None for op in ops):
        return None
    try:
        litert.run(case.file, case.arrays, "BUILTIN", timeout=20)
    except litert.LiteRTCrashed as e:
        return e.signal
    except litert.LiteRTError:
        return None
    return None
