"""Models with state, run several times by LiteRT and by the OpenCL delegate in each of its variants."""

from __future__ import annotations

from collections.abc import Sequence

import litert
import numpy as np
from delegraph import Interpreter, Model, write_model
from one_op import difference
from one_op_opencl import CHOSEN, HALF_RTOL, loaded, note


def check_runs(
    model: Model,
    runs: Sequence[Sequence[np.ndarray]],
    *,
    rtol: float = 1e-5,
    steps: int = 1,
    half_rtol: float | None = HALF_RTOL,
    outputs: Sequence[int] | None = None,
) -> None:
    """Fail unless the OpenCL delegate runs all of a model as LiteRT does, its state carried on.

    :param runs: the inputs of each run, in the order of the model's inputs.
    :param half_rtol: with real numbers stored as float16; None leaves that variant out.
    :param outputs: which of the model's outputs are compared; by default all.
    """
    graph = model.subgraphs[0]
    chosen = range(len(graph.outputs)) if outputs is None else outputs
    with litert.loaded(write_model(model)) as theirs:
        expected = [theirs.run(inputs, [t.index for t in graph.outputs]) for inputs in runs]
    ops = " ".join(dict.fromkeys(op.name for op in graph.ops))
    for name, options in CHOSEN.items():
        is_half = "float16" in name
        if is_half and half_rtol is None:
            continue
        allowed = max(rtol, half_rtol or 0) if is_half else rtol
        interpreter = Interpreter(
            model=model, delegates=[loaded(tuple(options.items()))], require_full_delegation=True
        )
        for number, (inputs, answers) in enumerate(zip(runs, expected, strict=True)):
            given = {t.index: a for t, a in zip(graph.inputs, inputs, strict=True)}
            found = list(interpreter.run(given).values())
            for i in chosen:
                note(f"{ops} {graph.outputs[i].dtype} {name}", np.asarray(found[i]), answers[i])
                problem = difference(np.asarray(found[i]), answers[i], rtol=allowed, steps=steps)
                assert problem is None, f"{name}, output {i} of run {number + 1}: {problem}"
