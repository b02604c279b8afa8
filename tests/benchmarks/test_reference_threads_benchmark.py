"""What a second thread can bring the reference delegate, and what it brings.

Times are of the processors, which are about the same where other programs are at work; "found" alone is a
ratio of times by the clock. "serial" is outside of what threads share, "parallel" inside, of both together;
"at most" is the ratio if neither thread ever waited.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, process_time
from typing import Any

import delegraph_reference.convolution
import delegraph_reference.depthwise
import models
import numpy as np
import pytest
import tables
from delegraph import Interpreter
from delegraph_reference import each

MODELS = (
    "float32/mobilenet_v1_1.0_224_random_fp32.tflite",
    "float32/mobilenet_v2_1.0_224_float_from_ptq.tflite",
    "int8/tf2_mobilenet_v2_1.0_224_ptq.tflite",
)
RUNS = 40

pytestmark = pytest.mark.slow
Times = tuple[float, float, float]  # of a run: by the clock, of the processors, of these in ``each``


@pytest.mark.parametrize("model", MODELS)
def test_two_threads(
    model: str, record_property: Callable[[str, Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    if models.folder() is None:
        pytest.skip(models.NO_MODELS)
    shared: list[float] = []

    def timed(work: Callable[[Any], None], items: Sequence[Any]) -> None:
        begin = process_time()
        each(work, items)
        shared.append(process_time() - begin)

    for module in (delegraph_reference.convolution, delegraph_reference.depthwise):
        monkeypatch.setattr(module, "each", timed)
    with _opened(model, 1) as one, _opened(model, 2) as two:
        pairs = [(_times(one, shared), _times(two, shared)) for _ in range(RUNS)]
    (clock, used, inside), (clock2, used2, inside2) = (
        tuple(median(values) for values in zip(*runs, strict=True)) for runs in zip(*pairs, strict=True)
    )
    best = used2 - inside2 + inside2 / 2
    record_property(
        "reference threads",
        {
            "model": model.rpartition("/")[2].removesuffix(".tflite"),
            "one thread": tables.milliseconds(used),
            "serial": tables.milliseconds(used - inside),
            "parallel": tables.milliseconds(inside2),
            "at most": tables.ratio(used, best),
            "found": tables.ratio(clock, clock2),
        },
    )


def _opened(model: str, threads: int) -> Interpreter:
    interpreter = Interpreter(str(models.path(model)), num_threads=threads)
    interpreter.allocate_tensors()
    rng = np.random.Generator(np.random.PCG64(1))
    for detail in interpreter.get_input_details():
        values = rng.integers(0, 128, detail["shape"])
        interpreter.set_tensor(detail["index"], (values / detail["shape"][-2]).astype(detail["dtype"]))
    interpreter.invoke()
    return interpreter


def _times(interpreter: Interpreter, shared: list[float]) -> Times:
    shared.clear()
    clock, used = perf_counter(), process_time()
    interpreter.invoke()
    return perf_counter() - clock, process_time() - used, sum(shared)
