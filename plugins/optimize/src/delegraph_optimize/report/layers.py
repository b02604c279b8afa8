"""How far each layer of a model is from the same layer of the model of floats: activations and weights.

Layers are matched by the name of what they write. Of activations sums are kept and histograms, and those of
one sample at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
from attrs import define, field, frozen
from delegraph import DTYPES, Delegate, Graph, Interpreter, Model, Op, Tensor, load_delegate

from ..bounds import limits
from ..calibrate.saved import tensor_keys
from ..calibrate.statistics import TensorStatistics
from ..calibrate.watch import Watched
from ..real import is_quantized, real_array, real_values
from .accuracy import decibels
from .spilled_samples import Running, SpilledSamples

BINS = 48  # of a histogram that is shown
BROKEN = 10.0  # decibels: less, and the noise is more than a tenth of the signal

Values = dict[str, np.ndarray]  # of the tensors of one sample, by key


@frozen(eq=False)
class Spread:
    """How values lie, and what the type that stores them reaches."""

    low: float
    high: float
    counts: tuple[int, ...]  # from low to high
    reach: tuple[float, float] | None = None  # the least and the largest real number that can be stored
    beyond: float = 0.0  # the share of values past that


@frozen(eq=False)
class Layer:
    """One op of a model, against the op of the model of floats that writes the same."""

    subgraph: int
    index: int
    op: str
    name: str  # of its first output
    dtype: str  # of the same
    decibels: float | None = None  # of its output: signal above noise; None where it was not compared
    cosine: float | None = None
    values: Spread | None = None  # what the model of floats writes, against what this one can store
    weights_dtype: str = ""
    weights_decibels: float | None = None
    weights: Spread | None = None  # of the model of floats, against what this one stores

    @property
    def is_broken(self) -> bool:
        return self.decibels is not None and self.decibels < BROKEN


def layers(
    model: Model,
    first: Model,
    samples: SpilledSamples | None,
    *,
    most: int = 16,
    engine: str | Delegate = "reference",
) -> tuple[Layer, ...]:
    """Compare the layers of a model with those of the model of floats.

    :param samples: None: only weights are compared.
    :param most: run so many samples.
    """
    seen = {} if samples is None else _seen(model, first, samples, most, engine)
    weights = {key: w for key, _, w in _weights(first)}
    keys = tensor_keys(model)
    return tuple(
        _layer(graph, op, seen.get(keys[graph.index, op.outputs[0].index]), weights, keys)
        for graph in model.subgraphs
        for op in graph.ops
        if op.outputs
    )


def first_broken(found: Iterable[Layer]) -> Layer | None:
    """Return the first layer whose noise is more than a tenth of its signal."""
    return next((layer for layer in found if layer.is_broken), None)


@define(eq=False)
class _Sums:
    """What is kept of one tensor's values in both models."""

    tensor: Tensor  # of the model that is judged
    signal: float = 0.0
    noise: float = 0.0
    product: float = 0.0
    energy: float = 0.0  # of the values found
    beyond: int = 0
    count: int = 0
    values: TensorStatistics = field(factory=TensorStatistics)

    def see(self, found: np.ndarray, wanted: np.ndarray) -> None:
        a, b = (np.asarray(v, np.float64).reshape(-1) for v in (found, wanted))
        self.signal += float(b @ b)
        self.energy += float(a @ a)
        self.product += float(a @ b)
        self.noise += float((a - b) @ (a - b))
        self.values.see(np.asarray(wanted, np.float32))
        self.count += b.size
        if (reach := reach_of(self.tensor)) is not None:
            step = (reach[1] - reach[0]) * 1e-6
            self.beyond += int(((b < reach[0] - step) | (b > reach[1] + step)).sum())

    @property
    def cosine(self) -> float | None:
        size = np.sqrt(self.signal * self.energy)
        return float(self.product / size) if size > 0 and np.isfinite(size) else None


def _seen(
    model: Model, first: Model, samples: SpilledSamples, most: int, engine: str | Delegate
) -> dict[str, _Sums]:
    tensors = {key: model.subgraphs[g].tensors[i] for (g, i), key in tensor_keys(model).items()}
    found: dict[str, _Sums] = {}
    pairs = zip(
        _activations(first, samples, most, engine), _activations(model, samples, most, engine), strict=True
    )
    for wanted, values in pairs:
        for key in values.keys() & wanted.keys():
            if values[key].shape == wanted[key].shape:
                found.setdefault(key, _Sums(tensors[key])).see(values[key], wanted[key])
    return found


def _activations(
    model: Model, samples: SpilledSamples, most: int, engine: str | Delegate
) -> Iterator[Values]:
    """Yield the real values of all that a model computes, sample after sample."""
    keys, values = tensor_keys(model), {}
    names = samples.names

    def tell(subgraph: int, index: int, array: np.ndarray) -> None:
        tensor = model.subgraphs[subgraph].tensors[index]
        if array.dtype.kind == "f" or is_quantized(tensor):
            values[keys[subgraph, index]] = np.array(real_array(array, tensor))

    loaded = [load_delegate(engine) if isinstance(engine, str) else engine]
    if loaded[0].name != "reference":
        loaded.append(load_delegate("reference"))
    with Interpreter(model=model, delegates=_WatchedWhole.all_of(loaded, tell), **limits()) as interpreter:
        running = Running(model, interpreter)
        for signature, row in islice(samples, most):
            values.clear()
            running.run(signature, running.inputs(signature, names[signature], row))
            yield values


class _WatchedWhole(Watched):
    """Shows integers, too."""

    def _show(self, subgraph: int, index: int, value: Any) -> None:
        if index >= 0:
            self.tell(subgraph, index, np.asarray(value))


def _layer(
    graph: Graph,
    op: Op,
    sums: _Sums | None,
    weights: dict[str, Tensor],
    keys: dict[tuple[int, int], str],
) -> Layer:
    output = op.outputs[0]
    made: dict[str, Any] = {}
    if sums is not None and sums.count:
        share = sums.beyond / sums.count
        made = {
            "decibels": decibels(sums.signal, sums.noise),
            "cosine": sums.cosine,
            "values": _spread(sums.values, reach_of(output), share),
        }
    for key, tensor, _ in _weights_of(graph, op, keys):
        wanted = weights.get(key)
        if wanted is not None and wanted.shape == tensor.shape:
            made |= _weights_made(tensor, real_values(wanted))
            break
    return Layer(graph.index, op.index, op.name, output.name, output.dtype, **made)


def _weights_made(tensor: Tensor, wanted: np.ndarray) -> dict[str, Any]:
    found = real_values(tensor).astype(np.float64)
    noise = float(np.square(found - wanted).sum())
    signal = float(np.square(wanted, dtype=np.float64).sum())
    low, high = float(found.min(initial=np.inf)), float(found.max(initial=-np.inf))
    seen = TensorStatistics()
    seen.see(wanted)
    beyond = float(np.mean((wanted < low) | (wanted > high))) if wanted.size else 0.0
    reach = (low, high) if tensor.dtype != "float32" and wanted.size else None
    return {
        "weights_dtype": tensor.dtype,
        "weights_decibels": decibels(signal, noise),
        "weights": _spread(seen, reach, beyond),
    }


def _weights(model: Model) -> Iterator[tuple[str, Op, Tensor]]:
    keys = tensor_keys(model)
    for graph in model.subgraphs:
        for op in graph.ops:
            for key, tensor, _ in _weights_of(graph, op, keys):
                yield key, op, tensor


def _weights_of(
    graph: Graph, op: Op, keys: dict[tuple[int, int], str]
) -> Iterator[tuple[str, Tensor, int]]:
    """Yield the constants of an op of two or more axes, by what it writes and their place."""
    if not op.outputs:
        return
    stored = _dequantized(graph)
    for place, given in enumerate(op.inputs):
        tensor = None if given is None else stored.get(given.index, given)
        if tensor is None or tensor.data is None or tensor.data.ndim < 2:
            continue
        if tensor.dtype in ("float32", "float16") or is_quantized(tensor):
            yield f"{keys[graph.index, op.outputs[0].index]}:{place}", tensor, place


def _dequantized(graph: Graph) -> dict[int, Tensor]:
    """Return the constants that a DEQUANTIZE makes floats when a model is loaded, by what it writes."""
    return {
        op.outputs[0].index: op.inputs[0]
        for op in graph.ops
        if op.name == "DEQUANTIZE" and op.inputs and op.outputs
        if op.inputs[0] is not None and op.inputs[0].is_constant
    }


def reach_of(tensor: Tensor) -> tuple[float, float] | None:
    """Return the least and the largest real number that a tensor of one scale can store."""
    q = tensor.quantization
    if not is_quantized(tensor) or q is None or len(q.scale) != 1:
        return None
    low, high = (float((n - tensor.zero_point) * tensor.scale) for n in DTYPES[tensor.dtype].limits)
    return low, high


def _spread(seen: TensorStatistics, reach: tuple[float, float] | None, beyond: float) -> Spread | None:
    if not seen.samples:
        return None
    edges = np.linspace(-seen.reach, seen.reach, len(seen.counts) + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    low, high = seen.low, max(seen.high, np.nextafter(np.float32(seen.low), np.float32(np.inf)))
    counts, _ = np.histogram(np.clip(middles, low, high), BINS, (low, float(high)), weights=seen.counts)
    return Spread(low, float(high), tuple(int(n) for n in counts), reach, beyond)
