"""What this package puts into an edgetpu-custom-op: a model of the mapped ops, and what was estimated.

====== ===== ==================================================================================
offset bytes
====== ===== ==================================================================================
0      8     ``DGEDGTPU``
8      4     version of this format, little endian: 1
12     4     bytes of the header
16           the header: JSON in UTF-8, keys as in :class:`Header`
             zeros up to a multiple of 16
             the model: a .tflite file of ``model_bytes`` bytes; nothing follows it
====== ===== ==================================================================================

Readers take versions up to their own, and leave header keys alone that they do not know.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import asdict, field, fields_dict, frozen
from delegraph import ModelError, Op, Shape, needs

from .custom_op import CUSTOM_OP
from .darwinn import is_package, read_package

MAGIC, VERSION = b"DGEDGTPU", 1
_START = struct.Struct("<8sII")
_ALIGNMENT = 16


def _integers(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(values)


@frozen
class Header:
    """What is said of the model in a payload."""

    runtime_version: int  # the oldest that has all of its ops
    ops: int
    inputs: tuple[int, ...] = field(converter=_integers)  # of the op: tensors of the model, variables too
    outputs: tuple[int, ...] = field(converter=_integers)
    estimate: dict[str, int] = field(factory=dict)  # totals; see docs/edgetpu-estimates.md
    made_by: str = ""  # package and version
    model_bytes: int = 0
    model_crc32: int = 0


@frozen
class Payload:
    """A header, and the bytes of the model."""

    header: Header
    model: bytes = field(repr=False)


def encoded(header: Header, model: bytes) -> bytes:
    """Return the bytes of a payload. The header gets the model's size and checksum here."""
    values = asdict(header) | {"model_bytes": len(model), "model_crc32": zlib.crc32(model)}
    text = json.dumps(values, separators=(",", ":"), sort_keys=True).encode()
    start = _START.pack(MAGIC, VERSION, len(text)) + text
    return start + bytes(-len(start) % _ALIGNMENT) + model


def decoded(options: bytes) -> Payload:
    """Return the payload in a custom op's options.

    :raises ModelError: it is another's, of a later version, or broken; the message says which.
    """
    header, at = _header(options)
    model = options[at:]
    if len(model) != header.model_bytes or zlib.crc32(model) != header.model_crc32:
        raise ModelError(
            f"the payload of {CUSTOM_OP} needs a model of {header.model_bytes} bytes and checksum "
            f"{header.model_crc32:08x}, found {len(model)} bytes and {zlib.crc32(model):08x}: it is damaged"
        )
    return Payload(header, model)


def described(options: bytes) -> str:
    """Say what a custom op's options hold, in a line."""
    try:
        return str(read_package(options)) if is_package(options) else _described(_header(options)[0])
    except ModelError as e:
        return f"a payload that cannot be read: {e}"


@needs(
    "a payload that delegraph wrote",
    hint="compile the source model with: delegraph edgetpu compile MODEL.tflite",
)
def own_payload(op: Op) -> str | None:
    options = op.custom_options
    if is_package(options):
        return f"{described(options)}: machine code that only the device runs"
    try:
        _header(options)
    except ModelError as e:
        return str(e)
    return None


def shapes_of_custom_op(op: Op, given: Sequence[Shape]) -> Sequence[Shape]:
    """Return what the file says: the shapes of a compiled op are fixed."""
    return [t.shape for t in op.outputs]


def _described(header: Header) -> str:
    maker = f", written by {header.made_by}" if header.made_by else ""
    return (
        f"a model of {header.ops} ops ({header.model_bytes:,} bytes, runtime {header.runtime_version} "
        f"or later{maker})"
    )


def _header(options: bytes) -> tuple[Header, int]:
    """Return the header, and where the model begins."""
    if len(options) < _START.size or options[:8] != MAGIC:
        raise _unfit("a payload that begins with DGEDGTPU", f"{bytes(options[:8])!r}")
    _, version, size = _START.unpack_from(options)
    if not 1 <= version <= VERSION:
        raise _unfit(
            f"a payload of version 1 to {VERSION}", f"version {version}, of a later delegraph-edgetpu"
        )
    end = _START.size + size
    if end > len(options):
        raise _unfit(f"a header of {size} bytes", f"{len(options) - _START.size}")
    return _parsed(bytes(options[_START.size : end])), end + -end % _ALIGNMENT


def _parsed(text: bytes) -> Header:
    try:
        values: dict[str, Any] = json.loads(text)
        header = Header(**{k: v for k, v in values.items() if k in fields_dict(Header)})
    except (ValueError, TypeError, AttributeError, RecursionError) as e:
        raise _unfit("a header in JSON with its keys", f"{type(e).__name__}: {e}") from e
    numbers = (header.model_bytes, header.model_crc32, header.runtime_version, header.ops)
    if not all(isinstance(n, int) for n in (*numbers, *header.inputs, *header.outputs)):
        raise _unfit("integers in its header", f"{values}")
    return header


def _unfit(needs: str, found: str) -> ModelError:
    return ModelError(f"{CUSTOM_OP} needs {needs}, found {found}")
