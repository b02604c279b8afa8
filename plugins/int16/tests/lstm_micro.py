"""TFLite Micro's LSTM cell on int16, in Python's integers: its arithmetic, written out step by step."""

from __future__ import annotations

from functools import cache
from math import exp
from typing import Any

import numpy as np
from delegraph import Builder, Model
from rational import reduced, saturated, twice_rounded

GATES = ("input", "forget", "update", "output")


@cache
def samples() -> list[int]:
    """sigmoid_table_uint16: 1 / (1 + exp(-i / 24)) in 16 bits, less half of what lines err by."""

    def exact(i: float) -> float:
        return 65536 / (1 + exp(-i / 24))

    lines = [(exact(i) + exact(i + 1)) / 2 - exact(i + 0.5) for i in range(255)]
    return [round(exact(i) - error / 2) for i, error in enumerate(lines)] + [65535]


def logistic(stored: int) -> int:
    """Of a value in steps of 2**-12, in steps of 2**-15."""
    x = 3 * stored
    place, rest = abs(x) >> 9, abs(x) & 511
    table = samples()
    y = 0x7FFF << 10 if place >= 255 else (table[place] << 9) + rest * (table[place + 1] - table[place])
    return (y + 512 if x >= 0 else (1 << 25) - y + 511) >> 10


def tanh(stored: int, power: int) -> int:
    """Of a value in steps of 2**power, in steps of 2**-15."""
    left = power + 12
    x = 3 * stored << left if left >= 0 else (3 * stored + (1 << (-left - 1))) >> -left
    place, rest = abs(x) >> 8, abs(x) & 255
    table = samples()
    y = 0xFFFF << 8 if place >= 255 else (table[place] << 8) + rest * (table[place + 1] - table[place])
    return (y - (1 << 23) + 128 if x >= 0 else -y + (1 << 23) + 127) >> 8


class Cell:
    """Weights as {gate: (of x, of h, bias)}, and scales."""

    def __init__(self, weights: dict[str, Any], scales: dict[str, Any], clip: float = 0.0) -> None:
        self.weights, self.scales, self.clip = weights, scales, clip

    def step(self, x: Any, h: list[int], c: list[int]) -> tuple[list[int], list[int]]:
        """Return the next output and cell state of one row."""
        s, gates = self.scales, {name: self.gate(name, x, h) for name in GATES}
        new_h, new_c = [], []
        for k, old in enumerate(c):
            kept = saturated(twice_rounded(logistic(gates["forget"][k]) * old, 2.0**-15))
            product = logistic(gates["input"][k]) * tanh(gates["update"][k], -12)
            cell = saturated(kept + saturated(twice_rounded(product, 2.0**-30 / s["c"])))
            if self.clip > 0:
                most = int(min(self.clip / s["c"], 32767))
                cell = max(-most, min(most, cell))
            shown = tanh(cell, round(np.log2(s["c"]))) * logistic(gates["output"][k])
            new_c.append(cell)
            new_h.append(saturated(twice_rounded(shown, 2.0**-30 / s["h"])))
        return new_h, new_c

    def gate(self, name: str, x: Any, h: list[int]) -> list[int]:
        """Return what enters a gate, in steps of 2**-12."""
        found, s = [], self.scales
        for of_x, of_h, bias in zip(*self.weights[name], strict=True):
            from_x = self._product(x, of_x, int(bias), s["x"], s["w", name])
            from_h = self._product(h, of_h, 0, s["h"], s["r", name])
            found.append(saturated(from_x + from_h))
        return found

    @staticmethod
    def _product(x: Any, weights: Any, bias: int, x_scale: float, scale: float) -> int:
        total = sum(int(a) * int(b) for a, b in zip(x, weights, strict=True)) + bias
        return saturated(reduced(total, float(np.float32(x_scale) * np.float32(scale)) / 2.0**-12))

    def model(self, op: str, shape: tuple[int, ...], batch: int, version: int = 5, **options: Any) -> Model:
        """Return a model of this cell."""
        g = Builder()
        s = {k: {"scale": v, "zero_point": 0} for k, v in self.scales.items()}
        cells = len(self.weights["input"][2])
        x = g.input(shape, "int16", **s["x"])
        weights = [g.constant(self.weights[name][0], **s["w", name]) for name in GATES]
        weights += [g.constant(self.weights[name][1], **s["r", name]) for name in GATES]
        biases = [g.constant(self.weights[name][2], scale=1e-6, zero_point=0) for name in GATES]
        h, c = (g.variable((batch, cells), "int16", **s[k]) for k in ("h", "c"))
        y = g.tensor((*shape[:-1], cells), "int16", **s["h"])
        inputs = [x, *weights, None, None, None, *biases, None, None, h, c, None, None, None, None]
        options = {"fused_activation_function": "TANH", "cell_clip": self.clip, **options}
        g.op(op, inputs, [y], version=version, **options)
        return g.model(outputs=[y])
