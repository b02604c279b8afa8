"""What a cache entry depends on, as one digest: device, package, options, ops, shapes and weights."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from delegraph import Op, Partition, Plugins, Record, Tensor
from delegraph import __version__ as core_version

from ..program.target import Target

LARGE = 1 << 16  # bytes of a tensor whose pages in a mapped file are worth giving back
_PLAIN = {bool, int, float, str, bytes, type(None)}  # what repr tells in full


def partition_digest(partition: Partition, target: Target, token: str | None, file_format: int) -> str:
    """Return the name of a partition's entry: what is stored under it fits nothing else.

    :param token: the option ``model_token``.
    :param file_format: the number of the format that the entry's file has.
    """
    found = hashlib.sha256()
    kinds = target.half, target.bfloat16, target.variant
    for part in (file_format, core_version, target.device.identity, *kinds, token):
        _feed(found, part)
    for package in sorted(_packages(partition)):
        _feed(found, (package, _code(package)))
    seen: set[int] = set()
    for op in partition.ops:
        _feed(found, (op.name, op.version, op.options, op.custom_options))
        for t in _tensors(op):
            _feed_tensor(found, t, seen)
        _feed(found, [(o.name, o.options) for body in op.bodies for o in body.ops])
    for ends in (partition.inputs, partition.outputs, partition.variables):
        _feed(found, [t.index for t in ends])
    return found.hexdigest()


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _packages(partition: Partition) -> set[str]:
    """Return the packages whose code computes the partition: this one, and those that add rows."""
    own = partition.delegate.name if partition.delegate else ""
    rows = {id(row): row for row in partition.rows.values()}.values()
    prepares = [row.kernel.prepare for row in rows if row.kernel is not None]
    modules = [__name__, *(p.__module__ for p in prepares if p is not None)]
    modules += [_modules_of_plugins().get(row.origin, "") for row in rows if row.origin != own]
    return {module.partition(".")[0] for module in modules if module}


@cache
def _modules_of_plugins() -> dict[str, str]:
    return {p.name: p.value.partition(":")[0] for p in Plugins.installed().registered.values()}


@cache
def _code(package: str) -> str:
    """Return a digest of a package's version and of the names, sizes and times of its files."""
    module = sys.modules[package]
    found = hashlib.sha256(str(getattr(module, "__version__", "")).encode())
    root = os.path.dirname(getattr(module, "__file__", None) or "")
    for path in sorted(_sources(root)) if root else ():
        stat = os.stat(path)
        found.update(f"{path[len(root) :]}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    return found.hexdigest()


def _sources(root: str) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        yield from (os.path.join(folder, name) for name in names if name.endswith((".py", ".cl")))


def _tensors(op: Op) -> list[Tensor | None]:
    return [*op.inputs, *op.outputs, *op.intermediates]


def _feed_tensor(found: Any, tensor: Tensor | None, seen: set[int]) -> None:
    if tensor is None or tensor.index in seen:
        _feed(found, None if tensor is None else tensor.index)
        return
    seen.add(tensor.index)
    _feed(found, (tensor.index, tensor.dtype, tensor.shape, tensor.is_variable))
    if (q := tensor.quantization) is not None:
        _feed(found, (q.scale, q.zero_point, q.axis, q.custom))
        if q.blocks is not None:
            _feed(found, (q.blocks.size, q.blocks.shape, q.blocks.axes))
            _feed(found, [None if t is None else t.data for t in (q.blocks.scales, q.blocks.zero_points)])
    _feed(found, tensor.data)
    if (tensor.nbytes or 0) >= LARGE:
        tensor.release()


def _feed(found: Any, value: Any) -> None:
    """Add a value to a digest, with its type and its length, so that no two values look alike."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        found.update(f"array {value.dtype.str} {value.shape}:".encode())
        found.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8))
    elif isinstance(value, np.ndarray):
        _feed(found, [value.shape, value.tolist()])
    elif isinstance(value, (list, tuple)) and not all(map(_is_plain, value)):
        found.update(f"list {len(value)}:".encode())
        for item in value:
            _feed(found, item)
    elif isinstance(value, Record):
        _feed(found, [value.table, *((name, item) for name, item in value)])
    else:
        text = repr(value).encode()
        found.update(f"{type(value).__name__} {len(text)}:".encode() + text)


def _is_plain(value: object) -> bool:
    """Say whether ``repr`` tells a value in full: one number or text, or a tuple of such."""
    return type(value) in _PLAIN or (type(value) is tuple and all(map(_is_plain, value)))
