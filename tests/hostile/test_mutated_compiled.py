"""Broken models that the Edge TPU command compiles: the file is read back and gives what the source gives.

DELEGRAPH_EXAMPLES=5000 makes more of them.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest
from delegraph import DelegraphError, Interpreter, Model, read_model
from delegraph_edgetpu.compiler import compiled_together
from delegraph_edgetpu.cut import Settings
from mutate import mutated

COUNT = int(os.environ.get("DELEGRAPH_EXAMPLES") or 400)
LARGEST = 60_000  # bytes: weights are not what is tried here
RUNS = 2  # with the state of the first carried on


def files() -> list[Path]:
    """Return small quantized models; [] where there are none."""
    named = os.environ.get("DELEGRAPH_MODELS")
    kinds = ("converted/*_int8", "converted/*_a8w8", "int8/*", "lstm/*", "edgetpu/split_concat")
    found = [f for kind in kinds for f in sorted(Path(named or "none").glob(f"{kind}.tflite"))]
    return [f for f in found if f.stat().st_size <= LARGEST]


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


@pytest.mark.skipif(not files(), reason="set DELEGRAPH_MODELS to the folder with MANIFEST.json to run this")
def test_what_is_compiled_is_read_back_and_gives_what_the_source_gives(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger="delegraph")
    path, sources, compared = tmp_path / "model.tflite", files(), 0
    for seed in range(COUNT):
        source = sources[seed % len(sources)]
        data, how = mutated(source.read_bytes(), seed)
        path.write_bytes(data)
        try:
            model = read_model(path, mmap=False)
            (file,) = compiled_together([path], Settings(multiple_subgraphs=bool(seed % 2)), print)
        except DelegraphError:
            continue
        wanted = outcome(model, ["reference"])
        assert outcome(read_model(file.data), ["edgetpu", "reference"]) == wanted, (source.name, seed, how)
        compared += wanted is not None

    assert compared > COUNT / 20
