"""Where a trained model is quantized: the ops that get integers, and which of their tensors share a scale.

All of it is what ``quantize`` decides for the same model, samples and rules.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from attrs import frozen
from delegraph import Graph, InputError, Model, Quantization

from ..apply import Wanted
from ..asked import Asked
from ..calibrate import Calibration
from ..chosen_ranges import ChosenRanges
from ..prepared import FloatModel, Place
from ..schemes import ACTIVATIONS, Groups, Verdict
from ..spec import SPECS
from ..writer import ModelEdit

Key = tuple[int, str]  # of tensors that share a scale


@frozen
class Bits:
    """How many bits weights and activations have."""

    weights: int = 8
    activations: int = 8

    @classmethod
    def of(cls, given: tuple[int, int] | Bits | None) -> Bits | None:
        """:raises InputError: there are too few or too many"""
        if given is None or isinstance(given, Bits):
            return given
        weights, activations = given
        for name, found, most in (("weights", weights, 8), ("activations", activations, 16)):
            if not 2 <= found <= most:
                raise InputError(f"bits of {name} need 2 to {most}, found {found}")
        return cls(weights, activations)

    @property
    def scheme(self) -> str:
        """The scheme whose integers hold them."""
        return "int8" if self.activations <= 8 else "int16x8"

    @property
    def stored(self) -> str:
        """The type whose integers hold weights."""
        return "int4" if self.weights <= 4 else "int8"

    def of_weights(self, stored: str) -> int:
        """Return the bits of weights that are stored in a type: those of the type, where it is another."""
        if stored == self.stored:
            return self.weights
        return 4 if stored == "int4" else 8

    def of_activations(self, dtype: str) -> int:
        if dtype == ACTIVATIONS[self.scheme]:
            return self.activations
        return 16 if dtype == "int16" else 8


@frozen
class SharedScale:
    """What is known of tensors that share a scale when training begins."""

    quantization: Quantization
    dtype: str
    is_fixed: bool


@frozen
class QuantizedEdges:
    """The quantization edges of one subgraph of a prepared model."""

    ready: FloatModel
    place: int  # of the subgraph
    bits: Bits | None  # None: all stays in floats
    types: Mapping[int, str]  # of activations: by the index of the op
    weights: Mapping[int, str]  # the type in which an op's weights are stored
    keys: Mapping[Key, Key]  # of tensors, by number and type
    scales: Mapping[Key, SharedScale]
    verdicts: Mapping[Place, Verdict] = attrs.field(factory=dict)
    stored: Model | None = None  # the same with integers: what control flow calls is of it

    @property
    def graph(self) -> Graph:
        return self.ready.model.subgraphs[self.place]

    @classmethod
    def of(
        cls,
        ready: FloatModel,
        place: int,
        bits: Bits,
        settings: Asked,
        wanted: Wanted,
        calibration: Calibration,
        verdicts: Mapping[Place, Verdict],
    ) -> QuantizedEdges:
        """Return the edges that ``quantize`` gives the same model.

        :param verdicts: what became of the ops there
        """
        graph = ModelEdit(ready.model).graphs[place]
        chosen = {
            i: ACTIVATIONS[wanted[place, i][0]]
            for i in range(len(graph.nodes))
            if wanted[place, i][0] in ACTIVATIONS and verdicts[place, i].done
        }
        by_id = {id(graph.nodes[i]): dtype for i, dtype in chosen.items()}
        groups = Groups(graph, by_id, ChosenRanges(ready.model, place, calibration, wanted))
        weights, keys, scales = {}, {}, {}
        for i, dtype in chosen.items():
            op = ready.model.subgraphs[place].ops[i]
            asked = settings.weights_of(op, ready.origins[place, i], place)
            weights[i] = asked if SPECS[op.name].int4 else "int8"
            for tensor in (*(t for t in op.inputs if t is not None), *op.outputs):
                if tensor.is_constant or tensor.dtype != "float32":
                    continue
                at = tensor.index, dtype
                keys[at] = groups.key(*at)
                q = groups.quantization(*at)
                scales[keys[at]] = SharedScale(q, dtype, groups.is_fixed(*at))
        return cls(ready, place, bits, chosen, weights, keys, scales, verdicts)

    @classmethod
    def none_of(cls, ready: FloatModel, place: int) -> QuantizedEdges:
        """Return no edges: a model that stays in floats."""
        return cls(ready, place, None, {}, {}, {}, {})
