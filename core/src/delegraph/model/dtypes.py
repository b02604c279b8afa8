"""The element types of a tensor: TFLite's name, code and width, what values they have, what holds one.

Source: schema.fbs, ``TensorType``.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..errors import InputError
from ..values import frozen


@frozen(slots=False)
class DType:
    """One element type: a row of the table below."""

    name: str  # as in schema.fbs, lower case: what support rows and details say
    code: int  # value of the TensorType enum
    bits: int  # per element in the file; 0 where an element has no fixed width
    values: str  # "float", "complex", "int", "uint", "bool", "string" or "handle"
    numpy: np.dtype  # of the array that holds values while a model runs: one per element, or its bits
    c: str  # what OpenCL C holds an element in; "" where nothing does

    @cached_property
    def is_integer(self) -> bool:
        return self.values in ("int", "uint")

    @cached_property
    def limits(self) -> tuple[int, int]:
        """The lowest and the highest value of an integer type; (0, 0) for others."""
        span = 1 << self.bits if self.is_integer else 1
        return (-span // 2, span // 2 - 1) if self.values == "int" else (0, span - 1)

    @cached_property
    def is_bits(self) -> bool:
        """Whether arrays hold the bits of a value, since numpy has no such type: bfloat16 as uint16."""
        return self.values == "float" and self.numpy.kind == "u"

    @cached_property
    def is_packed(self) -> bool:
        """Whether several elements share a byte of the file; an array has an element of 8 bits for each."""
        return 0 < self.bits < 8

    @cached_property
    def numpy_class(self) -> type[np.generic]:
        """What LiteRT's details say: not object, but ``np.bytes_`` for strings."""
        return {"string": np.bytes_, "handle": np.object_}.get(self.values, self.numpy.type)


def dtype_of(array: np.ndarray) -> str:
    """Return the tensor type whose values an array of this numpy dtype holds."""
    name = "string" if array.dtype.kind in "OSU" else array.dtype.name
    if name not in DTYPES:
        raise InputError(f"values need a dtype that tensors have, found {array.dtype}")
    return name


_ROWS = (
    ("float32", 0, 32, "float", "float32", "float"),
    ("float16", 1, 16, "float", "float16", "half"),
    ("int32", 2, 32, "int", "int32", "int"),
    ("uint8", 3, 8, "uint", "uint8", "uchar"),
    ("int64", 4, 64, "int", "int64", "long"),
    ("string", 5, 0, "string", "object", ""),  # elements are bytes
    ("bool", 6, 8, "bool", "bool", "uchar"),
    ("int16", 7, 16, "int", "int16", "short"),
    ("complex64", 8, 64, "complex", "complex64", ""),
    ("int8", 9, 8, "int", "int8", "char"),
    ("float64", 10, 64, "float", "float64", "double"),
    ("complex128", 11, 128, "complex", "complex128", ""),
    ("uint64", 12, 64, "uint", "uint64", "ulong"),
    ("resource", 13, 0, "handle", "int32", ""),  # an identifier of a resource, of no use outside
    ("variant", 14, 0, "handle", "object", ""),
    ("uint32", 15, 32, "uint", "uint32", "uint"),
    ("uint16", 16, 16, "uint", "uint16", "ushort"),
    ("int4", 17, 4, "int", "int8", "char"),
    ("bfloat16", 18, 16, "float", "uint16", "ushort"),
    ("int2", 19, 2, "int", "int8", "char"),
    ("uint4", 20, 4, "uint", "uint8", "uchar"),
    ("float8_e4m3fn", 21, 8, "float", "uint8", "uchar"),
    ("float8_e5m2", 22, 8, "float", "uint8", "uchar"),
)

DTYPES: dict[str, DType] = {n: DType(n, code, bits, v, np.dtype(s), c) for n, code, bits, v, s, c in _ROWS}
HANDLES = frozenset(d.name for d in DTYPES.values() if d.values == "handle")
BY_CODE: dict[int, DType] = {d.code: d for d in DTYPES.values()}
