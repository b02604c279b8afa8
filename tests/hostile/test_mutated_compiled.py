"""Broken models that the Edge TPU command compiles: the file is read back and gives what the source gives.

DELEGRAPH_EXAMPLES=5000 makes more of them.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest
from delegraph import DelegraphError, Interpreter, Model, read_model, write_model
from delegraph_edgetpu.compiler import compiled_together
from delegraph_edgetpu.cut import Settings
from fuzz.remake import remade
from fuzz.sources import source
from mutate import mutated

COUNT = int(os.environ.get("DELEGRAPH_EXAMPLES") or 250)
LARGEST = 60_000  # bytes: weights are not what is tried here
RUNS = 2  # with the state of the first carried on


def sources() -> dict[str, bytes]:
    """Return small quantized models by name: made ones, and those of DELEGRAPH_MODELS where it is set."""
    names = ["made:blocks_of_bytes", "made:state_of_bytes", *(f"graph:int8:{i}" for i in range(12))]
    found = {name: source(name) for name in names}
    folder = Path(os.environ.get("DELEGRAPH_MODELS") or "none")
    kinds = ("converted/*_int8", "converted/*_a8w8", "int8/*", "lstm/*", "edgetpu/split_concat")
    files = [f for kind in kinds for f in sorted(folder.glob(f"{kind}.tflite"))]
    return found | {f.name: f.read_bytes() for f in files if f.stat().st_size <= LARGEST}


def broken(file: bytes, seed: int) -> tuple[bytes, str]:
    """Return a file with other numbers, or one of a model with another operand, shape or constant."""
    if seed % 3:
        return mutated(file, seed)
    model, how = remade(read_model(file), seed)
    return write_model(model), how


def outcome(model: Model, delegates: list[str]) -> list[bytes] | None:
    """Return what a model gives in some runs, or None where it cannot be run."""
    bits, found = np.random.PCG64(1), []
    try:
        with Interpreter(model=model, delegates=delegates) as i:
            i.allocate_tensors()
            for _ in range(RUNS):
                for d in i.get_input_details():
                    raw = bits.random_raw(int(np.prod(d["shape"]))).astype(np.uint8)
                    i.set_tensor(d["index"], raw.reshape(d["shape"]).astype(d["dtype"]))
                i.invoke()
                found += [i.get_tensor(d["index"]).tobytes() for d in i.get_output_details()]
    except DelegraphError:
        return None
    return found


def test_what_is_compiled_is_read_back_and_gives_what_the_source_gives(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="delegraph")
    path, intact, compared = tmp_path / "model.tflite", sorted(sources().items()), 0
    for seed in range(COUNT):
        name, file = intact[seed % len(intact)]
        data, how = broken(file, seed)
        path.write_bytes(data)
        try:
            model = read_model(path, mmap=False)
            (compiled,) = compiled_together([path], Settings(multiple_subgraphs=bool(seed % 2)), print)
        except DelegraphError:
            continue
        wanted = outcome(model, ["reference"])
        found = outcome(read_model(compiled.data), ["edgetpu", "reference"])
        assert found == wanted, (name, seed, how)
        compared += wanted is not None

    assert compared > COUNT / 20
