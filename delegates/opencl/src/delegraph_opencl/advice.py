"""What makes a model slow on a GPU: hand-overs, ops that only move values, odd widths, a model too small.

Source of the list: the documentation of TensorFlow Lite's GPU delegate. What hand-overs cost is measured on
the device.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from time import perf_counter

import numpy as np
from delegraph import Delegate, Op, Partition, Plan, Tensor, bytes_text

from .device.device import Device
from .program.rgba import image_inputs
from .program.target import Target

MOVES = ("BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "TRANSPOSE")
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
# Channels that kernels compute at once, by variant: with 4 of them, 5 channels take as long as 8.
BLOCKS = {"cpu": 16, "gpu": 4}
_NARROWER = (8, 4, 1)  # of depthwise convolutions on CPUs that have fewer channels
_NOTABLE = 0.02  # of the model's multiplications: less is not worth a word
_CPU_FLOPS = 10e9  # per second: what one core does without any care
_LISTED = 5  # ops named in a line


def advise(plan: Plan, delegate: Delegate, target: Target) -> list[str]:
    """Return what slows ``plan`` down on ``delegate``, and what would help: a line each."""
    parts = [p for p in plan.partitions if p.delegate is delegate]
    if not parts:
        return ["no op runs here: `delegraph why MODEL OP` says what each would need"]
    cost = HandOver(target.device)
    ops = [op for p in parts for op in p.ops]
    return [
        *_hand_overs(plan, parts, delegate, cost),
        *_small(parts, ops, cost),
        *_moving(ops),
        *_odd_widths(ops, target.variant),
        *_rgb(plan, delegate),
        *([] if target.stores_bytes else _integers(plan)),
    ]


class HandOver:
    """What it takes to bring values to the device and back, measured when first asked for."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._points: tuple[float, float] | None = None

    def seconds(self, nbytes: int) -> float:
        """Return the time to bring so many bytes to the device, or back from it."""
        if self._points is None:
            self._points = self._measured(1 << 10), self._measured(4 << 20)
        few, many = self._points
        return few + max(many - few, 0.0) * nbytes / (4 << 20)

    def _measured(self, nbytes: int) -> float:
        import pyopencl as cl

        queue, array = self.device.queue(), np.zeros(nbytes, np.uint8)
        buffer = cl.Buffer(self.device.context, cl.mem_flags.READ_WRITE, nbytes)
        times = []
        for _ in range(7):
            start = perf_counter()
            cl.enqueue_copy(queue, buffer, array, is_blocking=True)
            times.append(perf_counter() - start)
        return median(times)


def _hand_overs(
    plan: Plan, parts: Sequence[Partition], delegate: Delegate, cost: HandOver
) -> Iterator[str]:
    """Say what crosses the edges of partitions besides the model's own inputs and outputs."""
    graph = plan.subgraphs[0].graph
    whole = {t.index for t in (*graph.inputs, *graph.outputs)}
    own = {t.index for p in parts for t in p.outputs}
    crossing = [t for p in parts for t in p.inputs if t.index not in whole | own]
    read = {t.index for p in plan.partitions if p.delegate is not delegate for t in p.inputs}
    crossing += [t for p in parts for t in p.outputs if t.index in read and t.index not in whole]
    if crossing:
        nbytes = sum(t.nbytes or 0 for t in crossing)
        seconds = sum(cost.seconds(t.nbytes or 0) for t in crossing)
        others = sorted({op.name for p in plan.partitions if p.delegate is not delegate for op in p.ops})
        what, verb = ("a tensor", "is") if len(crossing) == 1 else (f"{len(crossing)} tensors", "are")
        yield (
            f"{what} of {bytes_text(nbytes)} {verb} handed over inside the model, about "
            f"{seconds * 1e3:.2g} ms per inference (measured on {cost.device.name}): replace or move "
            f"{', '.join(others[:_LISTED])}, or keep the smaller partitions off the device with min_ops"
        )


def _small(parts: Sequence[Partition], ops: Sequence[Op], cost: HandOver) -> Iterator[str]:
    edges = [t for p in parts for t in (*p.inputs, *p.outputs)]
    handing = sum(cost.seconds(t.nbytes or 0) for t in edges)
    computing = 2 * sum(map(macs, ops)) / _CPU_FLOPS
    if computing < handing:
        yield (
            f"the model is so small that the CPU is likely faster: its {sum(map(macs, ops)):,} "
            f"multiplications take about {computing * 1e3:.2g} ms on one core, handing its values over "
            f"{handing * 1e3:.2g} ms (measured)"
        )


def _moving(ops: Sequence[Op]) -> Iterator[str]:
    found = [op for op in ops if op.name in MOVES]
    if found:
        yield (
            f"{_named(found)} only move values, at the price of reading and writing all of them: a dilated "
            "or strided convolution in their place needs none of that"
        )


def _odd_widths(ops: Sequence[Op], variant: str) -> Iterator[str]:
    """Name convolutions whose number of channels is just above a multiple of what is computed at once."""
    notable = _NOTABLE * sum(map(macs, ops))
    found = [op for op in ops if macs(op) > notable and waste(_channels(op), block_of(op, variant)) >= 0.25]
    if found:
        worst = max(found, key=lambda op: waste(_channels(op), block_of(op, variant)))
        n, block = _channels(worst), block_of(worst, variant)
        below = n - n % block
        yield (
            f"{_named(found)}: channels are computed {block} at a time here, so {n} cost what "
            f"{n + -n % block} cost" + (f", clearly more than {below}" if below else "")
        )


def _rgb(plan: Plan, delegate: Delegate) -> Iterator[str]:
    images = image_inputs(plan.subgraphs[0].graph)
    if images and delegate.options.input_channels is None:
        yield (
            f"input {images[0].name!r} has 3 channels: with the option input_channels=4 it takes RGBA, as "
            "cameras give it, without repacking"
        )


def _integers(plan: Plan) -> Iterator[str]:
    graph = plan.subgraphs[0].graph
    found = [t for t in (*graph.inputs, *graph.outputs) if t.dtype in ("int8", "uint8") and t.scale]
    if found:
        nbytes = sum(t.nbytes or 0 for t in found)
        names = ", ".join(f"{t.name!r} ({t.dtype})" for t in found[:_LISTED])
        yield (
            f"inputs and outputs that are integers are converted at the edge, {nbytes:,} bytes: {names}; "
            "float inputs and outputs save the conversion"
        )


def macs(op: Op) -> int:
    """Return the multiplications of an op with weights; 0 for all others."""
    if op.name not in WEIGHTED or op.inputs[1] is None:
        return 0
    filters, out = op.inputs[1], op.outputs[0]
    if op.name == "TRANSPOSE_CONV":
        source: Tensor | None = op.inputs[2]
        return 0 if source is None else source.size * filters.size // max((filters.shape or (1,))[-1], 1)
    taps = filters.size // max(_channels(op), 1)
    return out.size * taps


def _channels(op: Op) -> int:
    shape = op.outputs[0].shape
    return shape[-1] if shape else 1


def block_of(op: Op, variant: str) -> int:
    """Return how many channels the kernel of an op computes at once."""
    block = BLOCKS[variant]
    if op.name == "DEPTHWISE_CONV_2D" and variant == "cpu" and _channels(op) < block:
        return next((n for n in _NARROWER if n <= _channels(op)), 1)
    return block


def waste(channels: int, block: int) -> float:
    """Return how much of the work is for channels that are not there, relative to those that are."""
    return (-channels % block) / max(channels, 1)


def _named(ops: Sequence[Op]) -> str:
    names = [f"#{op.index} {op.name}" for op in ops[:_LISTED]]
    more = f" and {len(ops) - _LISTED} more" if len(ops) > _LISTED else ""
    return ", ".join(names) + more
