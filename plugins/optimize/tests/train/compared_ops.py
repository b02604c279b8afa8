"""Each integer op of a file beside what the trained module computes of the same inputs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from delegraph import Interpreter, Model, Op
from delegraph_optimize.real import real_array
from delegraph_optimize.spec import SPECS
from delegraph_optimize.train import TrainableModel
from delegraph_optimize.train.edges import Bits

BORDERS = ("QUANTIZE", "DEQUANTIZE")
# Whose integer kernels approximate: their own tables and fixed point may be off by more than rounding.
MORE_STEPS = {"HARD_SWISH": 2, "LOG_SOFTMAX": 2, "SOFTMAX": 2, "L2_NORMALIZATION": 2}
# Which int16 kernels look up in a table of 513 entries, and mix two of them.
MORE_STEPS_OF_16 = dict.fromkeys("EXP GELU LOG LOGISTIC RSQRT SOFTMAX SQRT TANH".split(), 64)
INSIDE = ("UNIDIRECTIONAL_SEQUENCE_LSTM", "SVDF")  # integers within, which training does not round to


def off(
    module: TrainableModel, model: Model, inputs: list[np.ndarray]
) -> Iterator[tuple[str, float, float]]:
    """Yield each integer op of a file, by how many steps it is off, and by how many it may be."""
    graph, bits = model.subgraphs[module.edges.place], module.edges.bits
    with Interpreter(
        model=model, delegates=["reference"], experimental_preserve_all_tensors=True
    ) as interpreter:
        interpreter.allocate_tensors()
        for tensor, values in zip(graph.inputs, inputs, strict=True):
            interpreter.set_tensor(tensor.index, values)
        interpreter.invoke()
        held = {t.index: interpreter.get_tensor(t.index) for op in graph.ops for t in op.outputs}
        held |= {t.index: interpreter.get_tensor(t.index) for t in graph.inputs}
    stored = [op for op in graph.ops if op.name not in BORDERS]
    steps = list(module.steps)
    assert [op.name for op in stored] == [step.op.name for step in steps]
    for op, step in zip(stored, steps, strict=True):
        if step.dtype is None or op.name in INSIDE:
            continue
        with torch.no_grad():
            found = outputs_of(module, step, op, held)
        for ours, tensor, y in zip(step.op.outputs, op.outputs, found, strict=True):
            if tensor.quantization is not None and len(tensor.quantization.scale):
                wanted = real_array(held[tensor.index], tensor)
                trained = float(module.scale_of(module.edges.keys[ours.index, step.dtype]).step.detach())
                step_size = max(trained, float(tensor.scale))
                yield op.name, float(np.abs(y.numpy() - wanted).max(initial=0) / step_size), most(op, bits)


def outputs_of(module: TrainableModel, step, op: Op, held: dict[int, np.ndarray]) -> list:  # type: ignore[no-untyped-def]
    """Return what the module makes of what the op of the file reads."""
    found, homes = {}, {}
    for place, (ours, theirs) in enumerate(zip(step.op.inputs, op.inputs, strict=False)):
        if ours is None or theirs is None or ours.is_constant or ours.is_variable:
            continue
        found[ours.index] = torch.from_numpy(np.array(real_array(held[theirs.index], theirs)))
        if SPECS[op.name].input(place).is_activation:
            moves = SPECS[op.name].input(place).role == "="
            own = module.edges.keys[ours.index, step.dtype]
            homes[ours.index] = step.shared if moves and step.shared else own
    module.carry_out(step, found, homes)
    return [found[t.index] for t in step.op.outputs]


def most(op: Op, bits: Bits) -> float:
    """Return by how many steps an op's outputs may be off."""
    more = MORE_STEPS_OF_16 if bits.activations > 8 else MORE_STEPS
    slack = 0.02 if bits.activations > 8 else 1e-3  # float32 holds 24 bits
    return more.get(op.name, 1) + slack
