"""A graph as a torch module: its constants are parameters, and it computes what the graph computes.

``trainable(model)`` makes one; its parameters have the names of the model's tensors, and people may
train it in a loop of their own; ``export(module)`` gives the model that came of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import define, frozen
from delegraph import DTYPES, InputError, Op, Tensor, shape_text

from ..spec import SPECS, Operand
from .constraints import WeightConstraint
from .edges import Key, QuantizedEdges
from .fake import ActivationScale, WeightScale, rounded
from .fixed_op import FixedOp, counts, why_fixed
from .live_norm import LiveNorm
from .ops import ROWS, Forward
from .ops.common import activated
from .torch_extra import Module, torch

_MOST_BIAS = 2.0**30  # of a stored bias, as where weights are quantized


@frozen
class KeptOp:
    """An op that is not trained: what is behind it learns nothing through it."""

    op: Op
    why: str

    def __str__(self) -> str:
        return f"{self.op}: {self.why}"


@define(eq=False)
class _Step:
    """An op, and how it is computed."""

    op: Op
    row: Forward
    dtype: str | None  # of its activations, where they are integers
    shared: Key | None = None  # the scale of what it moves
    last: tuple[int, ...] = ()  # tensors that nobody reads behind it

    def role(self, place: int) -> Operand:
        return SPECS[self.op.name].input(place)


class TrainableModel(Module):
    """One subgraph of a model, as :func:`trainable` gives it.

    ``names`` has the tensor of each parameter by its name; ``kept`` the ops that are not trained, and why.
    """

    def __init__(
        self,
        edges: QuantizedEdges,
        ranges: str = "learned",
        constraints: Mapping[int, WeightConstraint] | None = None,
        normalized: Collection[int] = (),
        steps: Mapping[int, np.ndarray] | None = None,
    ) -> None:
        super().__init__()
        self.edges = edges
        self.is_quantized = edges.bits is not None
        self.constraints = dict(constraints or {})
        self.kept: list[KeptOp] = []
        self._steps = [self._step(op) for op in edges.graph.ops]
        self._forget()
        self.names: dict[str, int] = {}
        self._parameter_of: dict[int, str] = {}
        self._constants: dict[int, Any] = {}
        for step in self._steps:
            self._hold_constants(step)
        self._norms: dict[int, str] = {}  # by the index of the op
        for step in self._steps:
            if step.op.index in normalized:
                self._hold_norm(step)
        self._scales: dict[Key, str] = {}
        for key, shared in edges.scales.items():
            assert edges.bits is not None
            name = f"range_of_{len(self._scales)}"
            self.add_module(name, ActivationScale(shared, edges.bits.of_activations(shared.dtype), ranges))
            self._scales[key] = name
        self._weight_scales: dict[tuple[int, int | None, int], str] = {}
        for step in self._steps:
            self._hold_steps(step, ranges == "learned", (steps or {}).get(step.op.index))

    # What it computes

    def forward(self, *inputs: Any) -> tuple[Any, ...]:
        """Return the outputs for a batch of inputs, both in the graph's order.

        :param inputs: tensors of the shapes that the model's inputs have, but for the batch
        :raises InputError: there are more or fewer, or one has another shape
        """
        _check(self.edges.graph.inputs, inputs)
        return tuple(self.values(inputs, [t.index for t in self.edges.graph.outputs]))

    def values(self, inputs: Sequence[Any], wanted: Sequence[int]) -> list[Any]:
        """Return the values of some tensors, by number."""
        found = {t.index: x for t, x in zip(self.edges.graph.inputs, inputs, strict=True)}
        homes: dict[int, Key] = {}  # the scale that a tensor's values have
        kept = set(wanted)
        for step in self._steps:
            self.carry_out(step, found, homes)
            for index in step.last:
                if index not in kept:
                    found.pop(index, None)
        return [found[i] if i in found else self._constant(i) for i in wanted]

    def carry_out(self, step: _Step, found: dict[int, Any], homes: dict[int, Key]) -> None:
        """Compute one op from the values of what it reads."""
        given = [
            None if t is None else self._read(step, place, t, found, homes)
            for place, t in enumerate(step.op.inputs)
        ]
        norm = self._norms.get(step.op.index)
        if norm is not None:
            made = self._normalized(step, given, getattr(self, norm))
        else:
            if step.dtype is not None and self.is_quantized:
                self._quantize_weights(step, given)
            made = step.row(step.op, *given)
        outputs = made if isinstance(made, (tuple, list)) else (made,)
        for place, (tensor, value) in enumerate(zip(step.op.outputs, outputs, strict=False)):
            found[tensor.index] = self._written(step, place, tensor.index, value, homes)

    def _normalized(self, step: _Step, given: list[Any], norm: LiveNorm) -> Any:
        """Compute a convolution with the normalization behind it."""
        if norm.seen is not None:
            norm.see(step.row(norm.plain, *given[:2]))
            return step.row(step.op, *given)
        is_live = norm.is_live and self.training
        factor, shift = norm.of_batch(step.row(norm.plain, *given[:2])) if is_live else (None, None)
        given[1], given[2] = norm.weights(given[1]), norm.bias()
        if step.dtype is not None and self.is_quantized:
            self._quantize_weights(step, given)
        if factor is None:
            return step.row(step.op, *given)
        return activated(step.op, step.row(norm.plain, *given[:2]) * factor + shift)

    def _read(
        self, step: _Step, place: int, tensor: Tensor, found: dict[int, Any], homes: dict[int, Key]
    ) -> Any:
        constant = tensor.is_constant
        if tensor.is_variable and tensor.index not in found:
            return torch.zeros(tensor.shape or ())  # state, as a run begins
        value = self._constant(tensor.index) if constant else found[tensor.index]
        if step.dtype is None or not self.is_quantized or not step.role(place).is_activation:
            return value
        moves = step.role(place).role == "="
        if constant:
            return self._scale(step.shared)(value) if moves else self._own_scale(value, step.dtype)
        key = step.shared if moves and step.shared else self.edges.keys[tensor.index, step.dtype]
        return value if homes.get(tensor.index) == key else self._scale(key)(value)

    def _written(self, step: _Step, place: int, index: int, value: Any, homes: dict[int, Key]) -> Any:
        if step.dtype is None or not SPECS[step.op.name].output(place).is_activation:
            return value
        key = self.edges.keys[index, step.dtype]
        homes[index] = key
        return self._scale(key)(value) if self.is_quantized else value

    def _own_scale(self, value: Any, dtype: str) -> Any:
        """Return a constant in integers of its own range: in those that the file has, however few bits
        activations have.
        """
        bits = DTYPES[dtype].bits
        least, most = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        low, high = value.min().item(), value.max().item()
        low, high = min(low, 0.0), max(high, 0.0)
        if low == high:
            high = 1.0
        if dtype == "int16":
            scale, point = max(-low, high) / most, 0
        else:
            scale = (high - low) / (most - least)
            point = int(np.clip(np.rint(least - low / scale), least, most))
        return torch.fake_quantize_per_tensor_affine(value, scale, point, least, most)

    def _quantize_weights(self, step: _Step, given: list[Any]) -> None:
        spec = SPECS[step.op.name]
        for place, operand in enumerate(spec.inputs[: len(given)]):
            if operand.role == "r" and given[place] is not None and given[place].dim() > 1:
                scale = self._weight_scale(step, place)
                given[place] = scale(given[place], scale.steps(given[place]))
            if operand.role != "w":
                continue
            at = next((p for p, o in enumerate(spec.inputs) if o.role == "b"), len(given))
            bias = given[at] if at < len(given) else None
            x = self._step_of_input(step)
            least = None if bias is None else bias.detach().abs().reshape(-1) / (_MOST_BIAS * x)
            scale = self._weight_scale(step, place)
            steps = scale.steps(given[place], least)
            given[place] = scale(given[place], steps)
            if bias is not None:
                given[at] = rounded(bias, steps.detach() * x)

    def _step_of_input(self, step: _Step) -> float:
        """Return the scale in the file of the activation that an op multiplies its weights with."""
        place = next(p for p, o in enumerate(SPECS[step.op.name].inputs) if o.role == "x")
        tensor = step.op.inputs[place]
        assert tensor is not None
        assert step.dtype is not None
        return float(self._scale(self.edges.keys[tensor.index, step.dtype]).stored_step)

    def _scale(self, key: Key | None) -> Any:
        assert key is not None
        return getattr(self, self._scales[key])

    def _weight_scale(self, step: _Step, place: int) -> Any:
        return getattr(self, self._weight_scales[self._weight_key(step, place)])

    # What it holds

    @property
    def steps(self) -> Sequence[_Step]:
        return self._steps

    def scale_of(self, key: Key) -> Any:
        """Return the :class:`ActivationScale` of tensors that share one."""
        return self._scale(key)

    def steps_of_weights(self, op: int, place: int) -> Any | None:
        """Return the :class:`WeightScale` of an op's weights; None where they have none."""
        step = self._steps[op]
        name = None if step.dtype is None else self._weight_scales.get(self._weight_key(step, place))
        return None if name is None else getattr(self, name)

    def trained(self) -> dict[int, np.ndarray]:
        """Return the constants as they are now, by the number of the tensor; constraints are kept."""
        found = {}
        folded = self._folded()
        for name, index in self.names.items():
            values = folded.get(index, getattr(self, name).detach().numpy())
            constraint = self.constraints.get(index)
            found[index] = np.array(values if constraint is None else constraint.final(values), np.float32)
        return found

    def _folded(self) -> dict[int, np.ndarray]:
        """Return the weights and biases that have normalization in them, by the number of the tensor."""
        found = {}
        for index, name in self._norms.items():
            norm, op = getattr(self, name), self._steps[index].op
            weights, bias = op.inputs[1], op.inputs[2]
            assert weights is not None
            assert bias is not None
            with torch.no_grad():
                found[weights.index] = norm.weights(self._parameter(weights)).numpy()
                found[bias.index] = norm.bias().numpy()
        return found

    def _parameter(self, tensor: Tensor) -> Any:
        return getattr(self, self._parameter_of[tensor.index])

    @property
    def norms(self) -> list[LiveNorm]:
        """The batch normalization that lives."""
        return [getattr(self, name) for name in self._norms.values()]

    def begin_norms(self, run: Callable[[], None]) -> None:
        """Let normalization begin with the statistics of what ``run`` computes with this module."""
        for norm in self.norms:
            norm.seen = []
        with torch.no_grad():
            run()
        for index, name in self._norms.items():
            bias = self._steps[index].op.inputs[2]
            assert bias is not None
            getattr(self, name).begin(self._parameter(bias).detach())

    def constrained_state(self) -> dict[str, Any]:
        """Return the parameters under a constraint as it has them now, by name."""
        return {
            name: torch.from_numpy(np.array(self.constraints[index].final(values), np.float32))
            for name, index in self.names.items()
            if index in self.constraints
            for values in [getattr(self, name).detach().numpy()]
        }

    def trained_values(self) -> dict[int, np.ndarray]:
        """Return the constants as training moves them, whatever constraints make of them."""
        return {i: getattr(self, name).detach().numpy().copy() for name, i in self.names.items()}

    def observe(self, enabled: bool = True) -> None:
        """Let observed ranges and the statistics of normalization follow what comes, or stay."""
        for name in self._scales.values():
            scale = getattr(self, name)
            scale.observes = enabled and scale.how == "observed"
        for norm in self.norms:
            norm.is_live = enabled

    def quantize(self, enabled: bool = True) -> None:
        """Compute with integers' rounding, or in floats."""
        self.is_quantized = enabled and self.edges.bits is not None
        for step in self._steps:
            if isinstance(step.row, FixedOp):
                step.row.is_quantized = self.is_quantized

    def _constant(self, index: int) -> Any:
        name = self._parameter_of.get(index)
        if name is None:
            if index not in self._constants:  # which callers get as it is
                self._constants[index] = torch.from_numpy(np.array(self.edges.graph.tensors[index].data))
            return self._constants[index]
        weight = getattr(self, name)
        constraint = self.constraints.get(index)
        return weight if constraint is None else constraint.apply(weight)

    def _step(self, op: Op) -> _Step:
        dtype, why = self.edges.types.get(op.index), why_fixed(op, self.edges.ready.model)
        is_fixed = bool(why) or counts(op)
        row: Forward = self._fixed(op) if is_fixed else ROWS[op.name]
        if why:
            self.kept.append(KeptOp(op, why))
        shared = None
        if dtype is not None:
            spec = SPECS[op.name]
            moved = [t for p, t in enumerate(op.outputs) if spec.output(p).role == "="]
            shared = self.edges.keys[moved[0].index, dtype] if moved else None
        return _Step(op, row, dtype, shared)

    def _fixed(self, op: Op) -> FixedOp:
        found = FixedOp(op, self.edges.ready.model, self.edges.place, self.edges.stored)
        found.is_quantized = self.is_quantized
        return found

    def _forget(self) -> None:
        """Say for each op which tensors nobody reads behind it."""
        seen: set[int] = {t.index for t in self.edges.graph.outputs}
        for step in reversed(self._steps):
            named = [t.index for t in (*step.op.inputs, *step.op.outputs) if t and not t.is_constant]
            step.last = tuple(dict.fromkeys(i for i in named if i not in seen))
            seen.update(named)

    def _hold_constants(self, step: _Step) -> None:
        for place, tensor in enumerate(step.op.inputs):
            if tensor is None or tensor.data is None or tensor.index in self._constants:
                continue
            if tensor.index in self._parameter_of:
                continue
            if _is_trained(step, place, tensor) or tensor.index in self.constraints:
                self._hold(tensor)
            elif tensor.data.dtype != object:
                self._constants[tensor.index] = torch.from_numpy(np.array(tensor.data))

    def _hold(self, tensor: Tensor) -> None:
        name = free_name(tensor.name or f"tensor_{tensor.index}", (*self.names, *dir(self)))
        self.register_parameter(name, torch.nn.Parameter(torch.from_numpy(np.array(tensor.data))))
        self.names[name] = tensor.index
        self._parameter_of[tensor.index] = name

    def _hold_norm(self, step: _Step) -> None:
        weights, bias = step.op.inputs[1:3]
        if any(t is None or t.index not in self._parameter_of for t in (weights, bias)):
            return
        assert bias is not None
        name = f"norm_{len(self._norms)}"
        self.add_module(name, LiveNorm(step.op, bias.size, step.role(1).axis))
        self._norms[step.op.index] = name

    def _hold_steps(self, step: _Step, is_learned: bool, begun: np.ndarray | None) -> None:
        if step.dtype is None:
            return
        for place, (operand, tensor) in enumerate(
            zip(SPECS[step.op.name].inputs, step.op.inputs, strict=False)
        ):
            if operand.role not in "wr" or tensor is None or len(tensor.shape or ()) < 2:
                continue
            key = self._weight_key(step, place)
            if key not in self._weight_scales:
                name = f"steps_of_{len(self._weight_scales)}"
                weights = torch.from_numpy(np.array(tensor.data))
                scale = WeightScale(weights, *key[1:], is_learned and key[2] < 8)
                if begun is not None and scale.is_learned and operand.role == "w":
                    scale.begin(torch.from_numpy(begun))
                self.add_module(name, scale)
                self._weight_scales[key] = name

    def _weight_key(self, step: _Step, place: int) -> tuple[int, int | None, int]:
        tensor, operand = step.op.inputs[place], step.role(place)
        assert tensor is not None
        assert self.edges.bits is not None
        if operand.role == "r" or step.op.name == "TRANSPOSE_CONV":
            return tensor.index, None if operand.role == "r" else operand.axis, 8
        bits = self.edges.bits.of_weights(self.edges.weights[step.op.index])
        return tensor.index, operand.axis, bits


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return a name that torch takes for a parameter, and that nobody has."""
    cleaned = re.sub(r"\W", "_", name, flags=re.ASCII) or "tensor"
    others = set(taken)
    found, number = cleaned, 1
    while found in others:
        found, number = f"{cleaned}_{number}", number + 1
    return found


def _check(wanted: Sequence[Tensor], given: Sequence[Any]) -> None:
    """:raises InputError: inputs are not those of a batch"""
    if len(wanted) != len(given):
        raise InputError(f"the model has {len(wanted)} inputs, found {len(given)}")
    for place, (tensor, x) in enumerate(zip(wanted, given, strict=True)):
        known = tensor.shape_signature or tensor.shape
        if known is None:
            continue
        needed, found = known and (-1, *known[1:]), tuple(x.shape)  # any number of samples
        if len(needed) != x.dim() or any(a not in (-1, b) for a, b in zip(needed, found, strict=True)):
            raise InputError(
                f"input {place}, {tensor.name!r}, needs {shape_text(needed)}, found {shape_text(found)}"
            )


def _is_trained(step: _Step, place: int, tensor: Tensor) -> bool:
    """Say whether a constant is one that training moves: an op with gradients computes with it."""
    if tensor.dtype != "float32" or tensor.size < 2 or isinstance(step.row, FixedOp):
        return False
    if tensor.sparsity is not None:
        return False
    if step.op.name in SPECS:
        return step.role(place).role in "xwbr" and step.op.name not in _COMPARISONS
    return step.op.name in ("DIV", "POW")


_COMPARISONS = (
    "EQUAL",
    "NOT_EQUAL",
    "GREATER",
    "GREATER_EQUAL",
    "LESS",
    "LESS_EQUAL",
    "ARG_MAX",
    "ARG_MIN",
)
