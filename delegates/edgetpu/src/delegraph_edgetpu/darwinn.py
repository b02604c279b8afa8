"""What the Edge TPU compiler itself put into a model: its package, described and never run.

Every offset is checked before it is followed: a broken package raises ModelError.

Source: libedgetpu, executable/executable.fbs (file identifier "DWN1").
"""

from __future__ import annotations

import struct

from attrs import frozen
from delegraph import ModelError

IDENTIFIER = b"DWN1"
TYPES = ("STAND_ALONE", "PARAMETER_CACHING", "EXECUTION_ONLY")

# Fields of the schema's tables, by slot.
_MIN_RUNTIME, _EXECUTABLES, _COMPILER = 0, 1, 4  # of Package; 0 is MultiExecutable's only one
_INSTRUCTIONS, _PARAMETERS, _INPUTS, _OUTPUTS = 5, 6, 8, 9  # of Executable
_CYCLES, _NARROW_MEMORY, _TYPE, _TOKEN, _CYCLES_64 = 11, 12, 13, 14, 16
_BITSTREAM = 0  # of InstructionBitstream
_NAME = 0  # of Layer


@frozen
class ChipExecutable:
    """Machine code of the chip, or parameters that it keeps, or both."""

    type: str  # one of TYPES
    parameter_bytes: int
    instruction_bytes: int
    narrow_memory_per_tile: int  # bytes
    cycles: int  # as the compiler estimated them; 0 where it left them out
    token: int  # executables of one token keep their parameters on the chip together
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@frozen
class ChipPackage:
    """What one edgetpu-custom-op of the compiler holds."""

    nbytes: int
    min_runtime_version: int
    compiler: str  # version and more, as the compiler wrote it; "" if absent
    executables: tuple[ChipExecutable, ...]

    def __str__(self) -> str:
        parameters = sum(e.parameter_bytes for e in self.executables)
        kinds = ", ".join(e.type for e in self.executables)
        return (
            f"a package of the Edge TPU compiler ({self.nbytes:,} bytes, "
            f"runtime {self.min_runtime_version} or later, executables {kinds}, "
            f"{parameters:,} bytes of parameters)"
        )


def is_package(options: bytes) -> bool:
    """Say whether a custom op's options hold a package of the Edge TPU compiler."""
    return _start(options) >= 0


def read_package(options: bytes) -> ChipPackage:
    """Return the package that a custom op's options hold.

    :raises ModelError: they hold none, or a broken one.
    """
    start = _start(options)
    if start < 0:
        raise ModelError("custom options need a package of the Edge TPU compiler, found no 'DWN1' in them")
    root = _Table.root(options[start:])
    several = _Table.root(root.data_at(_EXECUTABLES))
    executables = tuple(_executable(_Table.root(part)) for part in several.parts(0))
    return ChipPackage(
        len(options),
        root.number(_MIN_RUNTIME),
        root.bytes_at(_COMPILER).decode(errors="replace"),
        executables,
    )


def _start(options: bytes) -> int:
    """Return where the package begins, behind the name of its entry; -1 if there is none."""
    return options.find(IDENTIFIER, 4, 64) - 4 if options.find(IDENTIFIER, 4, 64) > 0 else -1


def _executable(table: _Table) -> ChipExecutable:
    kind = table.number(_TYPE, "h")
    return ChipExecutable(
        TYPES[kind] if 0 <= kind < len(TYPES) else f"type {kind}",
        len(table.bytes_at(_PARAMETERS)),
        sum(len(stream.bytes_at(_BITSTREAM)) for stream in table.tables(_INSTRUCTIONS)),
        table.number(_NARROW_MEMORY),
        table.number(_CYCLES_64, "q") or table.number(_CYCLES),
        table.number(_TOKEN, "Q"),
        tuple(_name(layer) for layer in table.tables(_INPUTS)),
        tuple(_name(layer) for layer in table.tables(_OUTPUTS)),
    )


def _name(layer: _Table) -> str:
    return layer.bytes_at(_NAME).decode(errors="replace")


class _Table:
    """A FlatBuffer table at a place of its data."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at
        self._vtable = at - _unpacked(data, "i", at)
        self._slots = (_unpacked(data, "H", self._vtable) - 4) // 2

    @classmethod
    def root(cls, data: bytes) -> _Table:
        return cls(data, _unpacked(data, "I", 0))

    def number(self, slot: int, kind: str = "i") -> int:
        at = self._field(slot)
        return _unpacked(self._data, kind, at) if at else 0

    def bytes_at(self, slot: int) -> bytes:
        """Return a vector of bytes or a text; b"" if it is absent."""
        at = self._field(slot)
        return _vector(self._data, at + _unpacked(self._data, "I", at)) if at else b""

    def data_at(self, slot: int) -> bytes:
        found = self.bytes_at(slot)
        if not found:
            raise ModelError("a package of the Edge TPU compiler needs executables, found none")
        return found

    def parts(self, slot: int) -> list[bytes]:
        """Return the texts of a vector of texts: here they are FlatBuffers of their own."""
        return [_vector(self._data, place) for place in self._places(slot)]

    def tables(self, slot: int) -> list[_Table]:
        return [_Table(self._data, place) for place in self._places(slot)]

    def _places(self, slot: int) -> list[int]:
        """Return where the elements of a vector of offsets lie."""
        at = self._field(slot)
        if not at:
            return []
        start = at + _unpacked(self._data, "I", at)
        count = _unpacked(self._data, "I", start)
        if count > len(self._data) // 4:
            raise _broken(f"a vector of {count}")
        offsets = range(start + 4, start + 4 + 4 * count, 4)
        return [place + _unpacked(self._data, "I", place) for place in offsets]

    def _field(self, slot: int) -> int:
        """Return where a field lies, 0 if it is absent."""
        if slot >= self._slots:
            return 0
        offset = _unpacked(self._data, "H", self._vtable + 4 + 2 * slot)
        return self._at + offset if offset else 0


def _vector(data: bytes, at: int) -> bytes:
    count = _unpacked(data, "I", at)
    if at + 4 + count > len(data):
        raise _broken(f"{count} bytes at {at} of {len(data)}")
    return data[at + 4 : at + 4 + count]


def _unpacked(data: bytes, kind: str, at: int) -> int:
    size = struct.calcsize("<" + kind)
    if at < 0 or at + size > len(data):
        raise _broken(f"{size} bytes at {at} of {len(data)}")
    return int(struct.unpack_from("<" + kind, data, at)[0])


def _broken(found: str) -> ModelError:
    return ModelError(f"a package of the Edge TPU compiler needs offsets inside of it, found {found}")
