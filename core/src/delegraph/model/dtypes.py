"""The element types of a tensor: TFLite's name, code and width, and how numpy stores one.

Source: schema.fbs, ``TensorType``. numpy has no type for the entries marked "bits": their arrays
hold the stored bits (bfloat16 as uint16), sub-byte types hold one value per int8 or uint8 element once
unpacked.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen


@frozen
class DType:
    name: str  # as in schema.fbs, lower case: what support rows and details say
    code: int  # value of the TensorType enum
    bits: int  # per element in the file; 0 where an element has no fixed width
    numpy: np.dtype  # of the array that holds values while a model runs


def dtype_of(array: np.ndarray) -> str:
    """Return the tensor type whose values an array of this numpy dtype holds."""
    name = array.dtype.name
    return "string" if array.dtype.kind in "OSU" else name


_ROWS = (
    ("float32", 0, 32, "float32"),
    ("float16", 1, 16, "float16"),
    ("int32", 2, 32, "int32"),
    ("uint8", 3, 8, "uint8"),
    ("int64", 4, 64, "int64"),
    ("string", 5, 0, "object"),  # elements are bytes
    ("bool", 6, 8, "bool"),
    ("int16", 7, 16, "int16"),
    ("complex64", 8, 64, "complex64"),
    ("int8", 9, 8, "int8"),
    ("float64", 10, 64, "float64"),
    ("complex128", 11, 128, "complex128"),
    ("uint64", 12, 64, "uint64"),
    ("resource", 13, 0, "int32"),  # an identifier of a resource, of no use outside
    ("variant", 14, 0, "object"),
    ("uint32", 15, 32, "uint32"),
    ("uint16", 16, 16, "uint16"),
    ("int4", 17, 4, "int8"),
    ("bfloat16", 18, 16, "uint16"),  # bits
    ("int2", 19, 2, "int8"),
    ("uint4", 20, 4, "uint8"),
    ("float8_e4m3fn", 21, 8, "uint8"),  # bits
    ("float8_e5m2", 22, 8, "uint8"),  # bits
)

DTYPES: dict[str, DType] = {n: DType(n, c, b, np.dtype(s)) for n, c, b, s in _ROWS}
BY_CODE: dict[int, DType] = {d.code: d for d in DTYPES.values()}
