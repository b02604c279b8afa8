"""Models of one LSTM, RNN or SVDF op, and a check of several runs with state carried on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import litert
import numpy as np
from attrs import field, frozen
from delegraph.file import write_model
from delegraph.model import Builder, Model, Tensor
from one_op import FLOAT_RTOL, check, difference, initial_value, random_array, run_op


def check_runs(
    model: Model, runs: Sequence[Sequence[np.ndarray]], *, rtol: float = FLOAT_RTOL, steps: int = 0
) -> None:
    """Fail unless delegraph's reference kernel computes what LiteRT does, in one run and in several.

    What the op keeps is compared, too.

    :param runs: the inputs of each run, in the order of the model's inputs
    :param rtol: for floats, relative to the output's largest value
    :param steps: how far integers may be off
    """
    if check(model, runs[0], rtol=rtol, steps=steps) is None:
        return
    graph = model.subgraphs[0]
    op = graph.ops[0]
    written = (*op.outputs, *op.variables)
    with litert.loaded(write_model(model)) as loaded:
        theirs = [loaded.run(inputs, [t.index for t in written]) for inputs in runs]
    values = {t.index: t.data for t in op.inputs if t is not None and t.is_constant}
    values |= {t.index: initial_value(t) for t in op.variables}
    for number, (given, expected) in enumerate(zip(runs, theirs, strict=True)):
        values |= {t.index: a for t, a in zip(graph.inputs, given, strict=True)}
        results = run_op(op, graph, [None if t is None else values[t.index] for t in op.inputs])
        for t, ours, answer in zip(written, results, expected, strict=True):
            problem = difference(ours, answer, rtol=rtol, steps=steps)
            assert problem is None, f"{op}, {t.name!r} of run {number + 1}: {problem}"
        after = zip(op.variables, results[len(op.outputs) :], strict=True)
        values |= {t.index: array for t, array in after}


@frozen
class Cell:
    """What an LSTM model has beyond the least, and its sizes."""

    depth: int = 3
    cells: int = 4
    outputs: int | None = None  # with a projection; None without one
    batch: int = 2
    steps: int = 3
    coupled: bool = False  # no input gate
    peepholes: bool = False
    norms: bool = False
    projection_bias: bool = False
    diagonal: tuple[bool, ...] = (False,) * 4  # recurrent weights, by gate
    time_major: bool = False
    activation: str = "TANH"
    cell_clip: float = 0.0
    proj_clip: float = 0.0
    asymmetric: bool = False
    weights: str = "float32"
    computed: bool = False  # the weights are inputs of the model
    seed: int = 1
    scales: dict[str, float] = field(factory=dict)  # of an integer model, where other than usual

    @property
    def width(self) -> int:
        """The number of outputs, with or without a projection."""
        return self.cells if self.outputs is None else self.outputs

    @property
    def gates(self) -> list[int]:
        return [1, 2, 3] if self.coupled else [0, 1, 2, 3]

    @property
    def sequence(self) -> tuple[int, int]:
        return (self.steps, self.batch) if self.time_major else (self.batch, self.steps)

    @property
    def options(self) -> dict[str, Any]:
        return {
            "fused_activation_function": self.activation,
            "cell_clip": self.cell_clip,
            "proj_clip": self.proj_clip,
            "asymmetric_quantize_inputs": self.asymmetric,
        }


class Maker:
    """Makes weights of a kind, each from its own seed; as inputs of the model if they shall be computed."""

    def __init__(self, g: Builder, seed: int, weights: str = "float32", computed: bool = False) -> None:
        self.g, self.weights, self.computed = g, weights, computed
        self.given: list[np.ndarray] = []  # values of weights that are inputs of the model
        self._seed = seed * 1000

    def matrix(self, shape: tuple[int, ...], size: float = 1.0) -> Tensor:
        """Return weights of the model's kind with real values up to ``size``."""
        if self.weights == "float32":
            return self.floats(shape, size)
        stored = self._random("int8", shape, -127, 127)
        return self._tensor(stored.astype(np.int8).view(self.weights), scale=size / 127, zero_point=0)

    def floats(self, shape: tuple[int, ...], size: float = 1.0) -> Tensor:
        return self._tensor(self._random("float32", shape, -size, size))

    def integers(self, dtype: str, shape: tuple[int, ...], limit: int, scale: float) -> Tensor:
        return self._tensor(self._random(dtype, shape, -limit, limit), scale=scale, zero_point=0)

    def _random(self, dtype: str, shape: tuple[int, ...], low: float, high: float) -> np.ndarray:
        self._seed += 1
        return random_array(dtype, shape, self._seed, low, high)

    def _tensor(self, values: np.ndarray, **quantization: Any) -> Tensor:
        if not self.computed:
            return self.g.constant(values, **quantization)
        self.given.append(values)
        return self.g.input(values.shape, values.dtype.name, **quantization)


def cell_weights(make: Maker, cell: Cell) -> list[Tensor | None]:
    """Return a float cell's inputs 1 to 17 and its layer norm's: weights, peepholes, biases, projection."""
    depth, cells, width = cell.depth, cell.cells, cell.width

    def gates(of: Any, present: Sequence[int]) -> list[Tensor | None]:
        return [of(k) if k in present else None for k in range(4)]

    def recurrent(gate: int) -> Tensor:
        return make.floats((cells,)) if cell.diagonal[gate] else make.matrix((cells, width))

    found = gates(lambda _: make.matrix((cells, depth)), cell.gates)
    found += gates(recurrent, cell.gates)
    peepholes = [k for k in cell.gates if k != 2] if cell.peepholes else []
    found += [t for k, t in enumerate(gates(lambda _: make.matrix((cells,)), peepholes)) if k != 2]
    found += gates(lambda _: make.floats((cells,)), cell.gates)
    found.append(None if cell.outputs is None else make.matrix((width, cells)))
    found.append(make.floats((width,)) if cell.projection_bias else None)
    return found + gates(lambda _: make.floats((cells,), 2.0), cell.gates if cell.norms else [])


def lstm_model(op: str, cell: Cell, count: int = 24) -> tuple[Model, list[np.ndarray]]:
    """Return a model of LSTM or UNIDIRECTIONAL_SEQUENCE_LSTM, and the values of weights that are inputs."""
    g = Builder()
    lead = (cell.batch,) if op == "LSTM" else cell.sequence
    x = g.input((*lead, cell.depth), "float32")
    make = Maker(g, cell.seed, cell.weights, cell.computed)
    weights = cell_weights(make, cell)
    states = [g.variable((cell.batch, n), "float32") for n in (cell.width, cell.cells)]
    options = cell.options | ({} if op == "LSTM" else {"time_major": cell.time_major})
    inputs = [x, *weights[:17], *states, *weights[17:]][:count]
    g.op(op, inputs, [g.tensor((*lead, cell.width), "float32")], **options)
    return g.model(), make.given


def integer_lstm_model(op: str, cell: Cell) -> Model:
    """Return a model of an integer LSTM: int8, with an int16 cell state."""
    scales = {"x": 0.03, "w": 0.008, "r": 0.009, "h": 0.008, "c": 2.0**-12, "p": 1e-4, "n": 1e-4}
    scales |= {"hidden": 0.007, "projection": 0.01, "gate": 0.003} | cell.scales
    points = {"x": 5, "h": -7, "hidden": 3} | {k: int(v) for k, v in cell.scales.items() if k.endswith("@")}
    points |= {k[:-1]: v for k, v in points.items() if k.endswith("@")}
    if cell.outputs is None:
        scales["hidden"], points["hidden"] = scales["h"], points["h"]
    g = Builder()
    lead = (cell.batch,) if op == "LSTM" else cell.sequence
    make, n = Maker(g, cell.seed), cell.cells
    x = g.input((*lead, cell.depth), "int8", scale=scales["x"], zero_point=points["x"])

    def gates(of: Any, present: Sequence[int]) -> list[Tensor | None]:
        return [of(k) if k in present else None for k in range(4)]

    def bias(gate: int) -> Tensor:
        unit = 2.0**-10 * scales["n"] if cell.norms else scales["x"] * scales["w"]
        return make.integers("int32", (n,), int(1 / unit), unit)

    weights = gates(
        lambda k: make.integers("int8", (n, cell.depth), 127, scales["w"] * (1 + k / 8)), cell.gates
    )
    weights += gates(
        lambda k: make.integers("int8", (n, cell.width), 127, scales["r"] * (1 + k / 8)), cell.gates
    )
    peepholes = [k for k in cell.gates if k != 2] if cell.peepholes else []
    found = gates(lambda _: make.integers("int16", (n,), 32767, scales["p"]), peepholes)
    weights += [found[0], found[1], found[3]]
    weights += gates(bias, cell.gates)
    projects = cell.outputs is not None
    weights.append(make.integers("int8", (cell.width, n), 127, scales["projection"]) if projects else None)
    weights.append(make.integers("int32", (cell.width,), 5000, 1e-4) if cell.projection_bias else None)
    state = g.variable((cell.batch, cell.width), "int8", scale=scales["h"], zero_point=points["h"])
    memory = g.variable((cell.batch, n), "int16", scale=scales["c"], zero_point=0)
    norms = gates(
        lambda _: make.integers("int16", (n,), 32767, scales["n"]), cell.gates if cell.norms else []
    )
    between = [g.tensor((1,), "int16", scale=scales["gate"] * (1 + k / 8), zero_point=0) for k in range(4)]
    hidden = g.tensor((1,), "int8", scale=scales["hidden"], zero_point=points["hidden"])
    y = g.tensor((*lead, cell.width), "int8", scale=scales["h"], zero_point=points["h"])
    options = cell.options | ({} if op == "LSTM" else {"time_major": cell.time_major})
    inputs = [x, *weights, state, memory, *norms]
    g.op(op, inputs, [y], intermediates=[*between, hidden], **options)
    return g.model(outputs=[y])


def several(
    model: Model, count: int, seed: int, given: Sequence[np.ndarray] = ()
) -> list[list[np.ndarray]]:
    """Return inputs of several runs; ``given`` are values of inputs after the first, the same in all."""
    graph = model.subgraphs[0]
    drawn = graph.inputs[: len(graph.inputs) - len(given)]

    def values(run: int) -> list[np.ndarray]:
        limits = {"float32": (-2.0, 2.0)}
        return [
            random_array(t.dtype, t.shape or (), seed + 17 * run + k, *limits.get(t.dtype, (None, None)))
            for k, t in enumerate(drawn)
        ]

    return [[*values(run), *given] for run in range(count)]


def bidirectional_model(
    cell: Cell, merge: bool = False, aux: str = "none"
) -> tuple[Model, list[np.ndarray]]:
    """Return a model of BIDIRECTIONAL_SEQUENCE_LSTM, and the values of weights that are inputs.

    :param aux: "weighted" for an auxiliary input with weights, "plain" for one without
    """
    g = Builder()
    x = g.input((*cell.sequence, cell.depth), "float32")
    aux_depth = cell.depth if aux == "plain" else cell.depth + 2
    other = None if aux == "none" else g.input((*cell.sequence, aux_depth), "float32")
    make = Maker(g, cell.seed, cell.weights, cell.computed)
    weights = [t for _ in range(2) for t in cell_weights(make, cell)[:17]]
    states = [g.variable((cell.batch, n), "float32") for n in (cell.width, cell.cells) * 2]
    gates = [k in cell.gates and aux == "weighted" for k in range(4)] * 2
    aux_weights = [make.matrix((cell.cells, aux_depth)) if present else None for present in gates]
    widths = [2 * cell.width] if merge else [cell.width] * 2
    outputs = [g.tensor((*cell.sequence, width), "float32") for width in widths]
    options = cell.options | {"time_major": cell.time_major, "merge_outputs": merge}
    g.op("BIDIRECTIONAL_SEQUENCE_LSTM", [x, *weights, *states, other, *aux_weights], outputs, **options)
    return g.model(outputs=outputs), make.given


@frozen
class Rnn:
    """The sizes of an RNN model and what it has beyond the least."""

    depth: int = 3
    units: int = 4
    batch: int = 2
    steps: int = 3
    time_major: bool = False
    activation: str = "TANH"
    asymmetric: bool = False
    weights: str = "float32"
    computed: bool = False  # the weights are inputs of the model
    merge: bool = False  # of two directions
    aux: str = "none"  # an auxiliary input of two directions: "weighted" has weights, "plain" has none
    seed: int = 1

    @property
    def sequence(self) -> tuple[int, int]:
        return (self.steps, self.batch) if self.time_major else (self.batch, self.steps)


def rnn_model(op: str, rnn: Rnn) -> tuple[Model, list[np.ndarray]]:
    """Return a model of an RNN op, and the values of weights that are inputs."""
    g = Builder()
    lead, units = (rnn.batch,) if op == "RNN" else rnn.sequence, rnn.units
    x = g.input((*lead, rnn.depth), "float32")
    aux = None if rnn.aux == "none" else g.input((*lead, rnn.depth), "float32")
    make = Maker(g, rnn.seed, rnn.weights, rnn.computed)

    def cell() -> list[Tensor]:
        weights = [make.matrix((units, rnn.depth)), make.matrix((units, units), 0.5), make.floats((units,))]
        return [*weights, g.variable((rnn.batch, units), "float32")]

    options: dict[str, Any] = {"fused_activation_function": rnn.activation}
    options["asymmetric_quantize_inputs"] = rnn.asymmetric
    if op != "RNN":
        options["time_major"] = rnn.time_major
    inputs: list[Tensor | None] = [x, *cell()]
    widths = [units]
    if op == "BIDIRECTIONAL_SEQUENCE_RNN":
        options["merge_outputs"] = rnn.merge
        weighted = rnn.aux == "weighted"
        inputs += [*cell(), aux, *[make.matrix((units, rnn.depth)) if weighted else None for _ in range(2)]]
        widths = [2 * units] if rnn.merge else [units] * 2
    outputs = [g.tensor((*lead, width), "float32") for width in widths]
    g.op(op, inputs, outputs, **options)
    return g.model(outputs=outputs), make.given


def integer8_lstm_model(cell: Cell, points: Sequence[int] = (0,) * 12) -> Model:
    """Return a model of an integer LSTM whose products are rounded to 8 bits.

    :param points: zero points of the 12 intermediate tensors
    """
    g, n, batch, width = Builder(), cell.cells, cell.batch, cell.width
    make = Maker(g, cell.seed)
    x = g.input((batch, cell.depth), "int8", scale=0.03, zero_point=5)

    def gates(dtype: str, shape: tuple[int, ...], limit: int, scale: float) -> list[Tensor | None]:
        of = [make.integers(dtype, shape, limit, scale * (1 + k / 8)) for k in cell.gates]
        return [None, *of] if cell.coupled else [*of]

    weights = [*gates("int8", (n, cell.depth), 127, 0.008), *gates("int8", (n, width), 127, 0.009)]
    weights += [None] * 3 + gates("int32", (n,), 10_000_000, 1e-7)
    weights += [
        make.integers("int8", (width, n), 127, 0.01),
        make.integers("int32", (width,), 50_000, 1e-6),
    ]
    state = g.variable((batch, width), "int8", scale=0.008, zero_point=-7)
    memory = g.variable((batch, n), "int16", scale=2.0**-15, zero_point=0)
    norms = gates("int16", (n,), 32767, 1e-4)
    scales = [(0.0003 if k % 3 == 0 else 0.02) * (1 + k / 16) for k in range(12)]
    between = [g.tensor((1,), "int8", scale=s, zero_point=p) for s, p in zip(scales, points, strict=True)]
    y = g.tensor((batch, width), "int8", scale=0.008, zero_point=-7)
    g.op("LSTM", [x, *weights, state, memory, *norms], [y], intermediates=between, **cell.options)
    return g.model(outputs=[y])
