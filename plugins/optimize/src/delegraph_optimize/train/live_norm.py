"""Batch normalization that lives: MUL and ADD behind a convolution, which ``prepare`` folds into weights,
are normalization by the statistics of each batch again while training.

z = W x;   y = γ (z - μ) / σ + β.   Weights are rounded as they are in the file, folded with the statistics
of all batches: W γ/σ. Behind the product, those of the batch take their place. Late in training statistics
stay as they are: then weights are W γ/σ, and the bias is β - μ γ/σ.

Source: Jacob et al., "Quantization and training of neural networks for efficient integer-arithmetic-only
inference", 2018, section 3.2; Krishnamoorthi, "Quantizing deep convolutional networks for efficient
inference", 2018.
"""

from __future__ import annotations

from typing import Any

import attrs
from delegraph import Model, Op

from ..prepared import FloatModel
from .torch_extra import Module, torch

OPS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_SCALES = ("MUL", "DIV")
_PAST = 0.9  # of the moving averages: what batches before weigh
_TINY = 1e-6  # added to a variance


class LiveNorm(Module):
    """The normalization behind one convolution."""

    def __init__(self, op: Op, channels: int, axis: int) -> None:
        super().__init__()
        self.axis = axis  # of the channels of the weights
        self.plain = attrs.evolve(op, options=op.options.replace(fused_activation_function="NONE"))
        self.gamma = torch.nn.Parameter(torch.ones(channels))
        self.beta = torch.nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.is_live = False  # whether statistics are those of the batch
        self.seen: list[tuple[Any, Any, int]] | None = None  # sums of z and of its squares, and of how many

    def begin(self, bias: Any) -> None:
        """Take the statistics that were seen: what the convolution gives stays as it is."""
        assert self.seen
        count = sum(n for _, _, n in self.seen)
        mean = sum(s for s, _, _ in self.seen) / count
        variance = (sum(q for _, q, _ in self.seen) / count - mean * mean).clamp(min=0)
        with torch.no_grad():
            self.mean.copy_(mean)
            self.variance.copy_(variance)
            self.gamma.copy_(self.deviation)
            self.beta.copy_(mean + bias)
        self.seen = None

    @property
    def deviation(self) -> Any:
        return (self.variance + _TINY).sqrt()

    def weights(self, weights: Any) -> Any:
        """Return weights with the normalization in them."""
        shape = [-1 if i == self.axis else 1 for i in range(weights.dim())]
        return weights * (self.gamma / self.deviation).reshape(shape)

    def bias(self) -> Any:
        return self.beta - self.mean * self.gamma / self.deviation

    def see(self, z: Any) -> None:
        """Take in what the convolution gives without its bias, before training."""
        assert self.seen is not None
        rows = z.reshape(-1, z.shape[-1]).double()
        self.seen.append((rows.sum(0).float(), rows.square().sum(0).float(), len(rows)))

    def of_batch(self, z: Any) -> tuple[Any, Any]:
        """Return what the product of folded weights is multiplied by, and what is added."""
        rows = z.reshape(-1, z.shape[-1])
        mean, variance = rows.mean(0), rows.var(0, unbiased=False)
        with torch.no_grad():
            self.mean.mul_(_PAST).add_((1 - _PAST) * mean)
            self.variance.mul_(_PAST).add_((1 - _PAST) * variance)
        deviation = (variance + _TINY).sqrt()
        return self.deviation / deviation, self.beta - mean * self.gamma / deviation


def normalized_ops(given: Model, ready: FloatModel, place: int) -> set[int]:
    """Return the convolutions of a prepared graph behind which a MUL or DIV was folded into the weights."""
    there = {origin for (p, _), origin in ready.origins.items() if p == place}
    ops = given.subgraphs[place].ops
    found = set()
    for op in ready.model.subgraphs[place].ops:
        origin = ready.origins[place, op.index]
        if op.name not in OPS or origin < 0 or len(op.inputs) < 3 or op.inputs[2] is None:
            continue
        written = ops[origin].outputs[0].index
        readers = [o for o in ops if any(t is not None and t.index == written for t in o.inputs)]
        if len(readers) == 1 and readers[0].name in _SCALES and readers[0].index not in there:
            found.add(op.index)
    return found
