"""int8 and int16x8: integers throughout, with float islands where an op has no integer kernel.

Each tensor has a home: the type in which the op that writes it leaves it. Who reads it in another type
gets it through a QUANTIZE or a DEQUANTIZE. Tensors that an op only moves share one scale (a group).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Protocol

import numpy as np
from attrs import define
from delegraph import Quantization, Record

from ..spec import SPECS, Operand, OpSpec
from ..versioned import settled_version
from ..writer import LEFT_OUT, EditedOp, GraphEdit
from .lstm import why_not_lstm, with_integer_lstm
from .numbers import activation_quantization, fixed_quantization, quantized_weights, stored_numbers
from .stored import Verdict
from .svdf import STATE, why_not_svdf, with_integer_svdf

Range = tuple[float, float]


class Ranges(Protocol):
    """The range of a tensor's values in a type, or why there is none."""

    def __call__(self, index: int, dtype: str, /) -> Range | str: ...

    def inside(self, index: int, what: str, /) -> Range | str:
        """Return the range of what the op that writes a tensor holds inside."""
        ...


ACTIVATIONS = {"int8": "int8", "int16x8": "int16"}
_CLAMPS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6")
_BIAS_TYPE = {"int8": "int32", "int16": "int64"}
_MORE = 1.001  # so that rounding of scales to float32 keeps an order
_MOST_BIAS = 2.0**30  # of a stored bias: half of what int32 holds, as LiteRT's converter allows


def make_integer(
    graph: GraphEdit,
    wanted: Mapping[int, str],
    ranges: Ranges,
    weights: Mapping[int, str],
    joined: Mapping[Place, Place] | None = None,
) -> dict[int, Verdict]:
    """Quantize ops of a graph; return what became of each, by its ``id``.

    :param wanted: "int8" or "int16" by the ``id`` of the op.
    :param ranges: of a tensor's values.
    :param weights: "int8" or "int4" by the ``id`` of the op.
    :param joined: which tensors share a scale, by the :meth:`Groups.key` of each; None: as ranges allow.
    """
    verdicts = {
        id(node): _verdict(graph, node, wanted[id(node)], ranges, weights[id(node)])
        for node in _of(graph, wanted)
    }
    chosen = {key: wanted[key] for key, verdict in verdicts.items() if verdict.done}
    for node in _pointless(graph, chosen):
        verdicts[id(node)] = Verdict(False, "it only moves floats: the ops around it have no integers")
        del chosen[id(node)]
    groups = Groups(graph, chosen, ranges, joined)
    emitted = _Emission(graph, chosen, groups, weights)
    emitted.run()
    return verdicts


def _of(graph: GraphEdit, wanted: Mapping[int, str]) -> list[EditedOp]:
    return [node for node in graph.nodes if id(node) in wanted]


def _verdict(graph: GraphEdit, node: EditedOp, dtype: str, ranges: Ranges, weights: str) -> Verdict:
    why = _why_not(graph, node, dtype, ranges)
    return Verdict(not why, why, "" if why else _stored_weights(SPECS[node.name], weights))


def _stored_weights(spec: OpSpec, wanted: str) -> str:
    """Return the type of an op's weights; "" if it has none."""
    return ("int8" if not spec.int4 else wanted) if spec.weights() else ""


def _why_not(graph: GraphEdit, node: EditedOp, dtype: str, ranges: Ranges) -> str:
    """Return why an op cannot have integers of this type; "" if it can."""
    spec = SPECS.get(node.name)
    if spec is None or not spec.takes(dtype):
        return f"LiteRT has no {node.name} on {dtype}"
    if spec.recurrent and (why := _why_not_recurrent(graph, node, ranges)):
        return why
    if not spec.recurrent and node.options.get("fused_activation_function", "NONE") not in _CLAMPS:
        return f"its fused activation {node.options.fused_activation_function} has no integers"
    for operand, index in operands(spec, node):
        why = _why_not_operand(graph, operand, index, dtype, ranges)
        if why:
            return why
    return ""


def _why_not_recurrent(graph: GraphEdit, node: EditedOp, ranges: Ranges) -> str:
    if node.name == "SVDF":
        found = ranges(node.inputs[STATE], "int16")
        return why_not_svdf(graph, node) or (found if isinstance(found, str) else "")
    return why_not_lstm(graph, node, partial(ranges.inside, node.outputs[0]))


def operands(spec: OpSpec, node: EditedOp) -> list[tuple[Operand, int]]:
    """Return an op's operands that are there, each with what the row says of it; inputs first."""
    inputs = [(spec.input(p), i) for p, i in enumerate(node.inputs) if i != LEFT_OUT]
    return inputs + [(spec.output(p), i) for p, i in enumerate(node.outputs)]


def _why_not_operand(graph: GraphEdit, operand: Operand, index: int, dtype: str, ranges: Ranges) -> str:
    if operand.role == "-":
        return ""
    tensor = graph.tensors[index]
    if tensor.dtype != "float32":
        return f"its values are {tensor.dtype}"
    if tensor.is_variable:
        return "it has state"
    if tensor.sparsity is not None:
        return "its constants are sparse"
    if tensor.is_constant:
        data = tensor.data
        assert data is not None
        return "" if np.isfinite(data).all() else "its constants are not all finite"
    if not operand.is_activation:
        return "its weights are computed"
    found = ranges(index, dtype)
    return found if isinstance(found, str) else ""


def _pointless(graph: GraphEdit, chosen: Mapping[int, str]) -> list[EditedOp]:
    """Return the ops that move values only between floats: integers would cost two conversions and win
    nothing.
    """
    left = chosen
    movers = [node for node in graph.nodes if id(node) in left and SPECS[node.name].moves]
    producers, readers = graph.producers(), graph.readers()
    changed = True
    computing = {id(n) for n in graph.nodes if id(n) in left and not SPECS[n.name].moves}
    reached: set[int] = set(computing)
    while changed:
        changed = False
        for node in movers:
            if id(node) in reached:
                continue
            near = [producers.get(i) for i in node.reads]
            near += [reader for i in node.outputs for reader in readers.get(i, ())]
            if any(n is not None and id(n) in reached and left[id(n)] == left[id(node)] for n in near):
                reached.add(id(node))
                changed = True
    return [node for node in movers if id(node) not in reached]


@define(eq=False)
class _Group:
    """Tensors of one scale."""

    low: float = np.inf
    high: float = -np.inf
    fixed: tuple[float, int] | None = None
    zero_is_0: bool = False  # the zero point has to be 0
    least_is_0: bool = False  # the lowest integer has to be 0

    def holds(self, other: _Group, dtype: str) -> bool:
        """Say whether a fixed scale covers what another group needs."""
        if self.least_is_0 and other.low < 0:
            return False
        if self.fixed is None:
            return True
        if other.zero_is_0 and self.fixed[1]:
            return False
        if other.fixed is not None:
            return self.fixed == other.fixed
        scale, point = self.fixed
        least, most = (-32768, 32767) if dtype == "int16" else (-128, 127)
        low, high = (least - point) * scale, (most - point) * scale
        return low - scale <= other.low and other.high <= high + scale


Place = tuple[int, str]  # a tensor, and the type in which it is meant


class Groups:
    """Which tensors share a scale, and what it is."""

    def __init__(
        self,
        graph: GraphEdit,
        chosen: Mapping[int, str],
        ranges: Ranges,
        joined: Mapping[Place, Place] | None = None,
    ) -> None:
        self._graph = graph
        self.ranges = ranges
        self._joined = joined
        self._above: dict[Place, Place] = {}
        self._groups: dict[Place, _Group] = {}
        for node in graph.nodes:
            if id(node) in chosen:
                self._fix(node, chosen[id(node)])
        for node in graph.nodes:
            if id(node) in chosen:
                self._join(node, chosen[id(node)])
        for node in graph.nodes:
            if node.name == "MUL" and chosen.get(id(node)) == "int16":
                self._keep_products(node)

    def quantization(self, index: int, dtype: str) -> Quantization:
        group = self._group((index, dtype))
        if group.fixed is not None:
            return fixed_quantization(*group.fixed)
        if group.zero_is_0 and dtype == "int8":
            return fixed_quantization(max(-group.low, group.high, 0.0) / 127 or 1 / 127, 0)
        return activation_quantization(group.low, group.high, dtype)

    def key(self, index: int, dtype: str) -> Place:
        """Return what tensors of one scale have in common: the place of one of them."""
        return self._root((index, dtype))

    def is_fixed(self, index: int, dtype: str) -> bool:
        """Say whether an op's kernel, not the values, decides the scale."""
        return self._group((index, dtype)).fixed is not None

    def reach(self, index: int) -> float:
        """Return how far a tensor's values go; 0 where none was seen."""
        found = self.ranges(index, "int16")
        return 0.0 if isinstance(found, str) else max(-found[0], found[1])

    def _fix(self, node: EditedOp, dtype: str) -> None:
        spec = SPECS[node.name]
        if (fixed := spec.fixed(dtype)) is not None:
            self._group((node.outputs[0], dtype)).fixed = fixed
        if spec.zero_is_0:
            self._group((node.outputs[0], dtype)).zero_is_0 = True
        if node.name == "SVDF":  # its RELU is the end of the range
            self._group((node.outputs[0], dtype)).least_is_0 = True

    def _join(self, node: EditedOp, dtype: str) -> None:
        """Let the operands of an op that moves values share a scale, where the scale of each allows it.

        Constants do not widen it: what they give the output was seen there, and a bound that nothing
        reaches (1e12 of a MINIMUM) may as well be the end of the range.
        """
        shared = [i for operand, i in operands(SPECS[node.name], node) if operand.role == "="]
        if not shared:
            return
        first = (shared[-1], dtype)
        for index in shared[::-1]:
            if not self._graph.is_constant(index):
                self._unite(first, (index, dtype))

    def _keep_products(self, node: EditedOp) -> None:
        """Let the scale of an int16 product be larger than that of its factors: else LiteRT leaves int32.

        It shifts the product of two integers left where scale · scale / scale of the output is 1 or more.
        """
        steps = [self._step(i) for i in node.inputs]
        group = self._group((node.outputs[0], "int16"))
        group.high = max(group.high, _MORE * steps[0] * steps[1] * 32767)

    def _step(self, index: int) -> float:
        data = self._graph.data(index)
        if data is None:
            return float(self.quantization(index, "int16").scale[0])
        return float(np.abs(data).max(initial=0.0)) / 32767 or 1 / 32767

    def _unite(self, one: Place, other: Place) -> None:
        a, b = self._root(one), self._root(other)
        if a == b:
            return
        group, more = self._group(a), self._group(b)
        if self._joined is not None:
            if self._joined.get(one) != self._joined.get(other):
                return
        elif not (group.holds(more, one[1]) and more.holds(group, one[1])):
            return
        self._above[b] = a
        group.low, group.high = min(group.low, more.low), max(group.high, more.high)
        group.fixed = group.fixed or more.fixed
        group.zero_is_0 = group.zero_is_0 or more.zero_is_0
        group.least_is_0 = group.least_is_0 or more.least_is_0
        del self._groups[b]

    def _group(self, place: Place) -> _Group:
        root = self._root(place)
        if root not in self._groups:
            found = self.ranges(*place)
            self._groups[root] = _Group() if isinstance(found, str) else _Group(*found)
        return self._groups[root]

    def _root(self, place: Place) -> Place:
        while place in self._above:
            place = self._above[place]
        return place


Form = tuple[int, str, float, int]  # a tensor as integers: type, scale, zero point


class _Emission:
    """Writes a graph's ops anew, with what turns floats into integers and back between them."""

    def __init__(
        self, graph: GraphEdit, chosen: Mapping[int, str], groups: Groups, weights: Mapping[int, str]
    ) -> None:
        self.graph = graph
        self.chosen = chosen
        self.groups = groups
        self.weights = weights
        self.nodes: list[EditedOp] = []
        self.home: dict[int, int] = {}  # of a float tensor: its integers, where an op writes these
        self.floats: set[int] = set()  # tensors of integers whose floats have been made
        self.forms: dict[Form, int] = {}
        self.constants: dict[tuple[object, ...], int] = {}

    def run(self) -> None:
        for node in self.graph.nodes:
            dtype = self.chosen.get(id(node))
            if dtype is None:
                for index in node.reads:
                    self._as_floats(index)
                self.nodes.append(node)
            else:
                self._emit(node, dtype)
        for index in self.graph.outputs:
            self._as_floats(index)
        self.graph.nodes = self.nodes

    def _as_floats(self, index: int) -> None:
        """Make sure that a float tensor is written."""
        if index in self.home and index not in self.floats:
            self.floats.add(index)
            self._convert("DEQUANTIZE", self.home[index], index)

    def _convert(self, name: str, source: int, target: int) -> None:
        options = Record("DequantizeOptions" if name == "DEQUANTIZE" else "QuantizeOptions", {})
        node = EditedOp(name, [source], [target], options)
        node.version = settled_version(self.graph, node)
        self.nodes.append(node)

    def _emit(self, node: EditedOp, dtype: str) -> None:
        spec = SPECS[node.name]
        given, written = list(node.inputs), node.outputs
        shared = self._shared(spec, node, dtype)
        for place, index in enumerate(given):
            operand = spec.input(place)
            if index != LEFT_OUT and operand.is_activation:
                node.inputs[place] = self._activation(index, dtype, shared if operand.role == "=" else None)
        self._emit_weights(node, spec, dtype)
        node.outputs = [
            self._written(i, dtype) if spec.output(p).is_activation else i
            for p, i in enumerate(node.outputs)
        ]
        if node.name == "SVDF":
            with_integer_svdf(self.graph, node, self.groups.reach(node.inputs[STATE]))
        elif spec.recurrent:
            with_integer_lstm(self.graph, node, partial(self.groups.ranges.inside, written[0]))
        self._settle(node, dtype)
        self.nodes.append(node)

    def _shared(self, spec: OpSpec, node: EditedOp, dtype: str) -> Quantization | None:
        """Return the scale that the operands of an op that moves values have: that of its output."""
        for place, index in enumerate(node.outputs):
            if spec.output(place).role == "=":
                return self.groups.quantization(index, dtype)
        return None

    def _activation(self, index: int, dtype: str, shared: Quantization | None) -> int:
        """Return a tensor as integers."""
        if self.graph.is_constant(index):
            return self._constant(index, dtype, shared)
        q = self.groups.quantization(index, dtype) if shared is None else shared
        form = (index, dtype, float(q.scale[0]), int(q.zero_point[0]))
        if form not in self.forms:
            name = f"{self.graph.tensors[index].name}_{dtype}"
            made = self.graph.add(name, dtype, self.graph.tensors[index], quantization=q)
            self._convert("QUANTIZE", self.home.get(index, index), made)
            self.forms[form] = made
        return self.forms[form]

    def _written(self, index: int, dtype: str) -> int:
        """Return the integers that an op writes in a float tensor's place."""
        q, tensor = self.groups.quantization(index, dtype), self.graph.tensors[index]
        if index in self.graph.outputs:  # callers know the floats by the name
            name = f"{tensor.name}_{dtype}"
        else:
            name = tensor.name
            self.graph.change(index, name=f"{name}_float32")
        made = self.graph.add(name, dtype, tensor, quantization=q)
        self.home[index] = made
        self.forms[index, dtype, float(q.scale[0]), int(q.zero_point[0])] = made
        return made

    def _constant(self, index: int, dtype: str, shared: Quantization | None) -> int:
        tensor = self.graph.tensors[index]
        data = tensor.data
        assert data is not None
        q = shared
        if q is None:
            low, high = (float(data.min()), float(data.max())) if data.size else (0.0, 0.0)
            q = activation_quantization(low, high, dtype)
        key = (index, dtype, float(q.scale[0]), int(q.zero_point[0]))
        if key not in self.constants:
            stored = stored_numbers(data, q, dtype)
            self.constants[key] = self.graph.add(
                f"{tensor.name}_{dtype}", dtype, data=stored, quantization=q
            )
        return self.constants[key]

    def _emit_weights(self, node: EditedOp, spec: OpSpec, dtype: str) -> None:
        """Give an op integer weights and a bias of the products' scale."""
        for place in spec.weights():
            bias_at = next(p for p, operand in enumerate(spec.inputs) if operand.role == "b")
            x = next(p for p, operand in enumerate(spec.inputs) if operand.role == "x")
            bias = node.inputs[bias_at] if bias_at < len(node.inputs) else LEFT_OUT
            step = self.graph.tensors[node.inputs[x]].scale
            values = self.graph.data(bias)
            least = 0.0 if values is None else np.abs(values.astype(np.float64)) / (_MOST_BIAS * step)
            stored, axis = _stored_weights(spec, self.weights[id(node)]), spec.input(place).axis
            node.inputs[place] = self._weights(node.inputs[place], axis, stored, least)
            if values is not None:
                node.inputs[bias_at] = self._bias(bias, step, node.inputs[place], dtype)

    def _weights(self, index: int, axis: int, dtype: str, least: np.ndarray | float) -> int:
        tensor = self.graph.tensors[index]
        data = tensor.data
        assert data is not None
        stored, q = quantized_weights(data, axis, dtype, least)
        key = (index, dtype, axis, q.scale.tobytes())
        if key not in self.constants:
            self.constants[key] = self.graph.add(
                f"{tensor.name}_{dtype}", dtype, data=stored, quantization=q
            )
        return self.constants[key]

    def _bias(self, index: int, scale: float, weights: int, dtype: str) -> int:
        """Return a bias as integers: its scale is that of the products, for each channel."""
        tensor, of_weights = self.graph.tensors[index], self.graph.tensors[weights].quantization
        data = tensor.data
        assert data is not None
        assert of_weights is not None
        scales = (np.float32(scale) * of_weights.scale).astype(np.float32)
        limit = 2.0**31 - 1
        stored = np.rint(data.astype(np.float64).reshape(-1) / scales.astype(np.float64))
        stored, kind = np.clip(stored, -limit, limit), _BIAS_TYPE[dtype]
        q = Quantization(scales, np.zeros(len(scales), np.int64), 0)
        return self.graph.add(f"{tensor.name}_{kind}", kind, data=stored.astype(kind), quantization=q)

    def _settle(self, node: EditedOp, dtype: str) -> None:
        """Give an op the options and the version that go with its integers."""
        changes = {
            "pot_scale_int16": False if dtype == "int16" else None,
            "quantized_bias_type": "INT64" if dtype == "int16" else None,
            "asymmetric_quantize_inputs": False,
        }
        told = {n: v for n, v in changes.items() if v is not None and n in node.options}
        if told:
            node.options = node.options.replace(**told)
        node.version = settled_version(self.graph, node)
