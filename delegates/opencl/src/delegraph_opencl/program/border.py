"""What crosses the edge of a partition: the tensor's own type outside, real numbers or bytes inside."""

from __future__ import annotations

from .launch import Arg, Launch, blocks, int32s
from .node import Value
from .target import Target

_WORK = 4096  # elements of a work-item on a CPU

_ENTER = """
__kernel void enter(__global const STORED* x, __global REAL* y, int zero_point, int n) {
  int first = get_global_id(0) * PER_ITEM, last = min(first + PER_ITEM, n);
  for (int i = first; i < last; i++) STORE(y, i, (F)(GET(x, i) - zero_point));
}
"""
_LEAVE = """
__kernel void leave(__global const REAL* x, __global STORED* y, int zero_point, int n) {
  int first = get_global_id(0) * PER_ITEM, last = min(first + PER_ITEM, n);
  for (int i = first; i < last; i++) PUT(y, i, SHIFTED(LOAD(x, i)));
}
"""
# From and to the bytes of a narrow value, counted from the lowest number of int8.
_SHIFT = """
__kernel void shift(__global const uchar* restrict x, __global uchar* restrict y, int n) {
  int first = get_global_id(0) * PER_ITEM, last = min(first + PER_ITEM, n);
  for (int i = first; i < last; i++) y[i] = x[i] ^ 0x80;
}
"""
# How a tensor of each type is read and written outside.
_GET = {"float32": "(x)[i]", "float16": "vload_half(i, x)", "int8": "(int)(x)[i]", "uint8": "(int)(x)[i]"}
_PUT = {
    "float32": "(y)[i] = (float)(v)",
    "float16": "vstore_half((float)(v), i, y)",
    "int8": "(y)[i] = convert_char_sat_rte(v)",
    "uint8": "(y)[i] = convert_uchar_sat_rte(v)",
}
_STORED = {"float32": "float", "float16": "half", "int8": "char", "uint8": "uchar"}


def is_same(value: Value, target: Target) -> bool:
    """Say whether a value is stored on the device just as its tensor is outside."""
    if value.dtype != "real":
        return True
    if value.narrow:
        return value.tensor.dtype == "uint8"
    return value.tensor.dtype == ("float16" if target.half else "float32")


def outside(value: Value) -> Value:
    """Return the value that stands for the tensor as it is outside."""
    return Value(value.tensor, value.shape, f"outside {value.tensor.dtype}")


def enter(raw: Value, value: Value, target: Target) -> Launch:
    """Return the launch that brings a tensor in: ``value`` from ``raw``."""
    if value.narrow:
        return _shifted(raw, value, target)
    return _launch(_ENTER, "enter", raw, value, value.tensor.dtype, value, target)


def leave(value: Value, raw: Value, target: Target) -> Launch:
    """Return the launch that brings a tensor out: ``raw`` from ``value``."""
    if value.narrow:
        return _shifted(value, raw, target)
    return _launch(_LEAVE, "leave", value, raw, raw.tensor.dtype, value, target)


def _launch(source: str, name: str, x: Value, y: Value, dtype: str, value: Value, target: Target) -> Launch:
    zero_point = value.tensor.zero_point if value.levels is not None else 0
    items, per_item = _shared_out(value, target)
    defines = (
        ("STORED", _STORED[dtype]),
        ("GET(x, i)", _GET[dtype]),
        ("PUT(y, i, v)", _PUT[dtype]),
        ("SHIFTED(v)", "(v) + zero_point" if zero_point else "(v)"),  # -0 + 0 would be 0
        per_item,
    )
    args: tuple[Arg, ...] = (x, y, *int32s(zero_point, value.size))
    return Launch(source, name, args, items, None, defines, (y,))


def _shifted(x: Value, y: Value, target: Target) -> Launch:
    items, per_item = _shared_out(x, target)
    return Launch(_SHIFT, "shift", (x, y, *int32s(x.size)), items, None, (per_item,), (y,))


def _shared_out(value: Value, target: Target) -> tuple[tuple[int], tuple[str, int]]:
    """Return the work-items for a value, and the macro of how many elements each takes."""
    per_item = _WORK if target.variant == "cpu" else 1
    return (max(blocks(value.size, per_item), 1),), ("PER_ITEM", per_item)
