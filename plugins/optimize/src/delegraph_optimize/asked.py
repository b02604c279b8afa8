"""What ``quantize`` is asked for, checked."""

from __future__ import annotations

import os
from collections.abc import Iterable

from attrs import frozen
from delegraph import InputError, Op

from .calibrate import METHODS
from .improve import BEST
from .rules import WEIGHTS, Rule, read_rules
from .schemes import ACTIVATIONS, INTEGERS

SCHEMES = ("float16", "dynamic", "weights", *ACTIVATIONS)
BLOCKS = (32, 64, 128, 256)


@frozen
class Asked:
    """What ``quantize`` is asked for."""

    scheme: str
    inputs: str = "float"
    outputs: str = "float"
    weights: str = "int8"
    block: int = 0
    least: int | None = None
    method: str | None = None  # None: as the scheme has it
    rules: tuple[Rule, ...] = ()

    def check(self) -> None:
        io = ("float", *INTEGERS)
        for name, found, known in (
            ("scheme", self.scheme, SCHEMES),
            ("weights", self.weights, WEIGHTS),
            ("block", self.block, (0, *BLOCKS)),
            ("inputs", self.inputs, io),
            ("outputs", self.outputs, io),
            ("method", self.method, (None, *METHODS, BEST)),
        ):
            if found not in known:
                told = ", ".join(str(k) for k in known if k is not None)
                raise InputError(f"{name} needs one of {told}, found {found!r}")
        schemes = {self.scheme, *(rule.scheme for rule in self.rules)}
        for name, found in (("inputs", self.inputs), ("outputs", self.outputs)):
            if found != "float" and schemes.isdisjoint(ACTIVATIONS):
                told = " or ".join(ACTIVATIONS)
                raise InputError(f"{name} as {found} need a scheme with integers between ops ({told})")

    def of(self, op: Op, index: int, subgraph: int = 0) -> tuple[str, str]:
        """Return the scheme of an op and the method of its ranges; ``index`` is its place in the given
        model.
        """
        scheme, method = self.scheme, self.method
        for rule in self.rules:
            if rule.fits(op, index, subgraph):
                scheme, method = rule.scheme or scheme, rule.calibration or method
        return scheme, method or (BEST if scheme == "int8" else "minmax")

    def weights_of(self, op: Op, index: int, subgraph: int = 0) -> str:
        """Return the type of an op's weights; ``index`` is its place in the given model."""
        fitting = [rule.weights for rule in self.rules if rule.fits(op, index, subgraph)]
        return next((w for w in reversed(fitting) if w is not None), self.weights)


def rules_of(given: str | os.PathLike[str] | Iterable[Rule] | None) -> tuple[Rule, ...]:
    if isinstance(given, (str, os.PathLike)):
        return tuple(read_rules(given, SCHEMES, tuple(METHODS)))
    return tuple(given or ())
