"""Ways to run a graph: kernels, precision, launches and cache of the OpenCL delegate; the reference."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import cache
from typing import Any

import numpy as np
from attrs import field, frozen
from delegraph import Delegate, Interpreter, load_delegate, profile
from delegraph.model import Model

from .invariant import checked_rewrites
from .one_program import one_program


@frozen
class Variant:
    """One way."""

    options: Mapping[str, Any] = field(factory=dict)
    delegate: str = "opencl"
    apart: bool = False  # a launch for each kernel, where many would be one
    cached: bool = False  # a second interpreter takes what the first one stored

    @property
    def rounding(self) -> float:
        """Of float inputs, relative to each number."""
        return 2.0**-11 if self.options.get("precision") == "float16" else 0.0


VARIANTS = {
    "cpu": Variant({"kernels": "cpu"}),
    "gpu": Variant({"kernels": "gpu"}),
    "cpu apart": Variant({"kernels": "cpu"}, apart=True),
    "cpu cached": Variant({"kernels": "cpu"}, cached=True),
    "gpu cached": Variant({"kernels": "gpu"}, cached=True),
    "cpu half": Variant({"kernels": "cpu", "precision": "float16"}),
    "gpu half": Variant({"kernels": "gpu", "precision": "float16"}),
    "reference": Variant(delegate="reference"),
    "litert": Variant(delegate="litert"),
}


def runs(model: Model, batches: Sequence[Sequence[np.ndarray]], variant: Variant) -> list[list[np.ndarray]]:
    """Return the outputs for each of the batches, and once more for the first."""
    quick = nullcontext() if variant.cached else one_program()
    with _delegate(variant) as delegate, quick, checked_rewrites():
        return [out for _ in range(1 + variant.cached) for out in _runs(model, batches, delegate, variant)]


def _runs(
    model: Model, batches: Sequence[Sequence[np.ndarray]], delegate: Delegate, variant: Variant
) -> list[list[np.ndarray]]:
    graph = model.subgraphs[0]
    found = []
    with ExitStack() as stack:
        it = stack.enter_context(Interpreter(model=model, delegates=[delegate, "reference"], num_threads=1))
        if variant.apart:
            stack.enter_context(profile.listen())
        for batch in batches:
            outputs = it.run({t.index: a for t, a in zip(graph.inputs, batch, strict=True)})
            found.append([np.array(a) for a in outputs.values()])
    return found


@contextmanager
def _delegate(variant: Variant) -> Iterator[Delegate]:
    if not variant.cached:
        yield loaded(variant.delegate, tuple(variant.options.items()))
        return
    with tempfile.TemporaryDirectory() as folder:
        yield load_delegate(variant.delegate, {**variant.options, "serialization_dir": folder})


@cache
def loaded(name: str, options: tuple[tuple[str, Any], ...] = ()) -> Delegate:
    """Return the delegate with these options, one for all graphs."""
    return load_delegate(name, dict(options))
