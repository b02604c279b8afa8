"""What was measured of a delegate on this machine: seconds of classes of ops, of launches, of hand-overs.

``delegraph calibrate-costs`` measures it; a file in the user's cache directory keeps it, named for all that
it depends on: delegate, options, versions, device, threads.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ..contract import Delegate
from ..contract.asking import ask_or
from ..contract.guard import text
from ..errors import DelegraphError
from ..file import write_file
from ..log import logger
from ..model import Op, Tensor
from ..model.macs import macs_of
from ..values import frozen
from .memory_estimate import nbytes

T = TypeVar("T")
FORMAT = 2  # of a file; raised when what it says changes
_MOST_BYTES = 1 << 20  # of a file


@frozen
class ClassCost:
    """Seconds of an op of a class: ``per_op * repeats + per_mac * MACs + per_byte * bytes``."""

    per_op: float
    per_mac: float
    per_byte: float

    def seconds(self, op: Op) -> float:
        return sum(a * b for a, b in zip(self, work(op), strict=True))

    def __iter__(self) -> Iterator[float]:
        return iter((self.per_op, self.per_mac, self.per_byte))


@frozen
class CostTable:
    """What was measured of a delegate."""

    launch: float  # seconds, of each run of a partition
    per_byte: float  # seconds, handed in or out
    classes: Mapping[str, ClassCost]  # by what :func:`op_class` returns

    def seconds(self, op: Op) -> float:
        """Return what an op takes: as one of its class, else as what is most like it."""
        kind, types = op_class(op)
        names = [f"{kind}, {t}" for t in (types, *_LIKE[types])]
        names += [f"elementwise, {t}" for t in (types, *_LIKE[types])]
        return next((self.classes[n].seconds(op) for n in names if n in self.classes), 0.0)


def op_class(op: Op) -> tuple[str, str]:
    """Return the class of an op: what it does, and the values that it computes with."""
    return _kind(op), _types(op)


def work(op: Op) -> tuple[int, int, int]:
    """Return what seconds are a sum of: repeats, multiply-accumulates, bytes.

    A recurrent op repeats its sums for each time; the others do theirs at once.
    """
    first = next((t.shape for t in op.inputs if t is not None), None) or (1,)
    times = first[0 if op.options.get("time_major") else -2] if len(first) > 2 else 1
    return times if _kind(op) == "recurrent" else 1, macs_of(op) or 0, op_bytes(op)


def op_bytes(op: Op) -> int:
    """Return the bytes that an op reads and writes, weights among them; sizes not known count as 0."""
    given = [t for t in (*op.inputs, *op.outputs) if t is not None and t.shape is not None]
    return sum(map(nbytes, given))


def table_of(delegate: Delegate) -> CostTable | None:
    """Return what was measured of a delegate; None if nothing was, or the file is not as it was written."""
    key = describe(delegate)
    return cached(table_path(delegate), lambda answer: _read(answer, key))


def store(delegate: Delegate, table: CostTable) -> Path:
    """Write what was measured of a delegate to the cache, and return where."""
    from attrs import asdict

    keep(table_path(delegate), {"format": FORMAT, "key": describe(delegate), **asdict(table)})
    return table_path(delegate)


def table_path(delegate: Delegate) -> Path:
    """Return the file for what is measured of a delegate."""
    digest = hashlib.sha256(json.dumps(describe(delegate)).encode()).hexdigest()
    return kept_at("costs", f"{delegate.name}-{digest[:24]}")


def cached(path: Path, read: Callable[[Any], T]) -> T | None:
    """Return what a file of measurements says; None if it is not there, or not as it was written.

    :param read: raises :class:`ValueError` for what it cannot use.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"it needs at most {_MOST_BYTES:,} bytes")
        return read(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as e:
        logger.warning("the measured costs in %s are left out: %s", path, e)
        return None


def keep(path: Path, written: Mapping[str, Any]) -> None:
    """Write a file of measurements; what goes wrong is a warning."""
    try:
        write_file(path, json.dumps(written, indent=1).encode(), keep=True)
    except (OSError, DelegraphError) as e:
        logger.warning("the measured costs cannot be kept in %s: %s", path, e)


def kept_at(what: str, name: str) -> Path:
    """Return the file of a measurement in the user's cache directory."""
    import platformdirs

    return Path(platformdirs.user_cache_path("delegraph")) / what / f"{name}.json"


def describe(delegate: Delegate) -> list[str]:
    """Return what a measurement of a delegate depends on."""
    package = type(delegate).__module__.partition(".")[0]
    version = str(getattr(sys.modules.get(package), "__version__", ""))
    device = ask_or(delegate, "device_name", text, "")
    return [delegate.name, repr(delegate.options), package, version, device, _cpu(), str(cores())]


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            named = (line for line in file if line.startswith("model name"))
            found = next(named, "").partition(":")[2].strip()
    except (OSError, ValueError):
        found = ""
    return found or platform.processor() or platform.machine()


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read(found: Any, key: list[str]) -> CostTable:
    """Read what :func:`store` wrote.

    :raises ValueError: it is something else.
    """
    match found:
        case {
            "format": 2,
            "key": list(written),
            "launch": launch,
            "per_byte": per_byte,
            "classes": dict(classes),
        }:
            if written != key:
                raise ValueError("it was measured of something else")
            costs = {str(name): ClassCost(*_numbers(cost)) for name, cost in classes.items()}
            return CostTable(_number(launch), _number(per_byte), costs)
    raise ValueError("it is no table of costs")


def _numbers(cost: Any) -> list[float]:
    if not isinstance(cost, dict):
        raise ValueError("it needs numbers for each class")
    return [_number(cost.get(name)) for name in ("per_op", "per_mac", "per_byte")]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ValueError(f"it needs numbers of 0 or more, found {value!r:.40}")
    return float(value)


def _kind(op: Op) -> str:
    if op.name == "CONV_2D" and op.inputs[1] is not None and (op.inputs[1].shape or ())[1:3] == (1, 1):
        return "pointwise"
    if op.name == "CONV_2D" and 0 < _channels(op.inputs[0]) <= _SHALLOW:
        return "shallow"
    if op.name == "DEPTHWISE_CONV_2D" and _channels(op.outputs[0]) != _channels(op.inputs[0]):
        return "widening"
    return _KINDS.get(op.name, "elementwise")


def _channels(t: Tensor | None) -> int:
    return t.shape[-1] if t is not None and t.shape else -1


def _types(op: Op) -> str:
    given = [t for t in op.inputs if t is not None]
    types = [t.dtype for t in given if not t.is_constant] or [t.dtype for t in (*given, *op.outputs)]
    computed = _TYPES.get(types[0], "float") if types else "float"
    weighted = _kind(op) in WEIGHTED
    is_hybrid = computed == "float" and weighted and any(_TYPES.get(t.dtype) == "int8" for t in given)
    return "hybrid" if is_hybrid else computed


# Kinds of ops that may have weights of integers where they compute with floats.
WEIGHTED = ("convolution", "shallow", "pointwise", "depthwise", "widening", "matrix", "recurrent")
_SHALLOW = 4  # channels at most that a convolution reads of an image; kernels take more at once
_TYPES = {"int8": "int8", "uint8": "uint8", "int4": "int8", "int2": "int8", "int16": "int16"}
# What an op is taken for where nothing of its types was measured.
_LIKE: dict[str, tuple[str, ...]] = {
    "float": (),
    "int8": ("float",),
    "uint8": ("int8", "float"),
    "int16": ("int8", "float"),
    "hybrid": ("float", "int8"),
}
_KINDS_OF = {
    "convolution": "CONV_2D CONV_3D TRANSPOSE_CONV CONV_3D_TRANSPOSE",
    "depthwise": "DEPTHWISE_CONV_2D",
    "matrix": "FULLY_CONNECTED",
    "product": "BATCH_MATMUL",
    "recurrent": """
        LSTM RNN SVDF UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN BIDIRECTIONAL_SEQUENCE_LSTM
        BIDIRECTIONAL_SEQUENCE_RNN
    """,
    "difference": "SQUARED_DIFFERENCE",
    "function": "LOGISTIC TANH EXP LOG GELU ELU HARD_SWISH SIN COS POW",
    "softmax": "SOFTMAX LOG_SOFTMAX",
    "mean": "MEAN SUM REDUCE_MAX REDUCE_MIN REDUCE_PROD",
    "reduction": "AVERAGE_POOL_2D MAX_POOL_2D L2_POOL_2D ARG_MAX ARG_MIN L2_NORMALIZATION",
    "mirroring": "MIRROR_PAD",
    "view": "RESHAPE SQUEEZE EXPAND_DIMS BITCAST",
    "movement": """
        TRANSPOSE CONCATENATION PAD PADV2 SLICE STRIDED_SLICE SPLIT SPLIT_V GATHER GATHER_ND
        PACK UNPACK TILE BROADCAST_TO REVERSE_V2 SPACE_TO_DEPTH DEPTH_TO_SPACE SPACE_TO_BATCH_ND
        BATCH_TO_SPACE_ND
    """,
    "resizing": "RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR",
}
_KINDS = {name: kind for kind, names in _KINDS_OF.items() for name in names.split()}
