"""What a row of the quantization table says of an op and of its operands."""

from __future__ import annotations

from functools import cached_property

from attrs import frozen


@frozen
class Operand:
    """One input or output of an op, as the op's integer kernel takes it."""

    # "x": an activation with a scale of its own; "=": one that shares the scale of the others marked so;
    # "w": constant weights, symmetric, per channel; "r": those of a recurrent op, with one scale;
    # "b": a bias of the products' scale;
    # "-": left as it is (shapes, axes, indices, conditions).
    role: str
    axis: int = 0  # of the channels of weights
    optional: bool = False
    repeats: bool = False

    @property
    def is_activation(self) -> bool:
        return self.role in ("x", "=")


@frozen(slots=False)
class OpSpec:
    """How one op is quantized to integers.

    ``operands`` has an entry for each operand in schema order, inputs left of ``->``: ``x w0 b? -> x``.
    The number after ``w`` is the axis of its channels, ``?`` says optional, ``*`` repeats.
    """

    op: str
    operands: str
    int16: bool = True  # whether LiteRT has the op on int16 activations
    int8: bool = True
    # (scale, zero point) of the output where the kernel fixes it, on int8 and on int16
    fixed8: tuple[float, int] | None = None
    fixed16: tuple[float, int] | None = None
    recurrent: bool = False  # whether it has state and intermediates of integers (see schemes/lstm.py)
    zero_is_0: bool = False  # whether the kernel writes 0 for zero, whatever the zero point says
    hybrid: bool = False  # whether LiteRT multiplies float activations with int8 weights
    int4: bool = False  # whether it also does so with int4 weights

    @cached_property
    def inputs(self) -> tuple[Operand, ...]:
        return tuple(map(_operand, self.operands.partition("->")[0].split()))

    @cached_property
    def outputs(self) -> tuple[Operand, ...]:
        return tuple(map(_operand, self.operands.partition("->")[2].split()))

    def input(self, place: int) -> Operand:
        """Return what the row says of an input; of one that it does not name: it is left as it is."""
        return _at(self.inputs, place)

    def output(self, place: int) -> Operand:
        return _at(self.outputs, place)

    @cached_property
    def moves(self) -> bool:
        """Whether the op computes nothing: it only moves or chooses values."""
        return self.outputs[:1] != () and self.outputs[0].role == "=" and "w" not in self.operands

    def weights(self) -> tuple[int, ...]:
        """Return the places of the weights among the inputs."""
        return tuple(i for i, operand in enumerate(self.inputs) if operand.role == "w")

    def takes(self, dtype: str) -> bool:
        """Say whether LiteRT has the op on activations of this type."""
        return self.int16 if dtype == "int16" else self.int8

    def fixed(self, dtype: str) -> tuple[float, int] | None:
        return self.fixed16 if dtype == "int16" else self.fixed8


_LEFT = Operand("-")


def _at(operands: tuple[Operand, ...], place: int) -> Operand:
    if place < len(operands):
        return operands[place]
    return operands[-1] if operands and operands[-1].repeats else _LEFT


def _operand(text: str) -> Operand:
    core = text.rstrip("?*")
    axis = int(core[1:]) if core[0] == "w" else 0
    return Operand(core[0], axis, text.endswith("?"), text.endswith("*"))
