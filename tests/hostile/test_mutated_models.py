"""No file, however broken, ends in a bare exception, a hang, a crash or a flood of memory.

Where LiteRT is installed and runs the broken file, too, the results must be the same.
DELEGRAPH_BROKEN=24000 breaks more files, test_fuzz.py others each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import attrs
import litert
import numpy as np
import pytest
from mutate import mutated, spots
from specimens import specimens
from trial import WRONG, Outcome, beside_litert, outcome_of

FILES = int(os.environ.get("DELEGRAPH_BROKEN") or 960)  # half of them with knowledge of the structure
CHUNKS = 24


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_broken_file_is_a_documented_error_or_runs(
    chunk: int, record_property: Callable[[str, Any], None]
) -> None:
    intact = sorted(specimens().items())
    outcomes, wrong = [], []
    for seed in range(chunk * FILES // CHUNKS, (chunk + 1) * FILES // CHUNKS):
        name, file = intact[seed // 2 % len(intact)]
        broken, how = mutated(file, seed)
        outcome = beside_litert(broken, outcome_of(broken))
        kind = "with structure" if seed % 2 else "blind"
        outcomes.append((kind, f"{outcome.what} ({outcome.stage})"))
        if outcome.is_wrong:
            wrong.append(
                f"{name}, seed {seed} ({how}): {outcome.what} in {outcome.stage}: {outcome.message}"
            )
    record_property("hostile", outcomes)
    assert not wrong, f"{len(wrong)} files\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(specimens()))
def test_intact_files_are_read(name: str) -> None:
    outcome = outcome_of(specimens()[name])
    assert not outcome.is_wrong, outcome.message
    assert outcome.stage != "read", outcome.message


@pytest.mark.parametrize("name", [name for name in specimens() if "/" not in name and "int16" not in name])
def test_intact_files_of_the_repository_run(name: str) -> None:
    outcome = outcome_of(specimens()[name])
    assert outcome.what == "ran", outcome.message  # else broken ones would prove little


def test_the_schema_s_places_are_found() -> None:
    places = spots(specimens()["windows"])
    wanted = {
        "Tensor.shape[]",
        "Tensor.type",
        "Tensor.buffer",
        "Operator.inputs[]",
        "Operator.opcode_index",
        "OperatorCode.version",
        "QuantizationParameters.scale[]",
        "QuantizationParameters.quantized_dimension",
        "Conv2DOptions.stride_w",
        "SubGraph.tensors length",
    }
    assert wanted - set(places) <= {"QuantizationParameters.quantized_dimension"}  # 0 is not written


def test_a_seed_always_breaks_a_file_the_same_way() -> None:
    file = specimens()["movement"]
    assert [mutated(file, seed) for seed in range(20)] == [mutated(file, seed) for seed in range(20)]
    assert len({mutated(file, seed)[0] for seed in range(100)}) > 90


def test_bare_exceptions_crashes_and_floods_count_as_wrong() -> None:
    wrong = ["bare KeyError", "DelegateFailed of a bare TypeError", *WRONG]
    assert all(Outcome(what, "run").is_wrong for what in wrong)
    assert not any(Outcome(what, "run").is_wrong for what in ("ran", "ModelError", "UnsupportedOps"))


def test_a_run_with_another_result_than_litert_s_counts_as_wrong() -> None:
    if litert.version() is None:
        pytest.skip("ai-edge-litert is not installed")
    file = specimens()["movement"]
    right = outcome_of(file)
    assert beside_litert(file, right).what == "ran as LiteRT does"
    other = attrs.evolve(right, outputs=(right.outputs[0] + np.float32(1),))
    assert beside_litert(file, other).what == "wrong answer"
