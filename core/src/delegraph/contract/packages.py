"""Which package brings what: the way out when an op, a type or a delegate is not installed.

The one table in core that knows other packages, and it knows them by name only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from importlib.util import find_spec
from typing import Any

from ..kinds import check_path
from ..model import schema
from ..values import frozen


@frozen
class Package:
    """A distribution and what it adds."""

    name: str  # as pip spells it
    module: str
    delegates: tuple[str, ...] = ()  # delegates it offers
    adds_types_to: tuple[str, ...] = ()  # delegates that get rows from it ...
    types: tuple[str, ...] = ()  # ... for ops with an operand of one of these types
    ops: tuple[str, ...] = ()  # custom ops it knows
    commands: tuple[str, ...] = ()  # of the command line

    @property
    def is_installed(self) -> bool:
        return find_spec(self.module) is not None


PACKAGES = (
    Package("delegraph-reference", "delegraph_reference", delegates=("reference",)),
    Package("delegraph-opencl", "delegraph_opencl", delegates=("opencl",), commands=("devices",)),
    Package("delegraph-litert", "delegraph_litert", delegates=("litert",)),
    Package(
        "delegraph-edgetpu",
        "delegraph_edgetpu",
        delegates=("edgetpu",),
        ops=("edgetpu-custom-op",),
        commands=("edgetpu",),
    ),
    Package(
        "delegraph-int16",
        "delegraph_int16",
        adds_types_to=("reference", "opencl", "litert"),
        types=("int16",),
    ),
)

# Library names that programs written for LiteRT pass to load_delegate, and the delegate meant.
LIBRARIES = {
    "libedgetpu.so.1": "edgetpu",
    "libedgetpu.so.1.0": "edgetpu",
    "libedgetpu.so": "edgetpu",
    "libedgetpu.1.dylib": "edgetpu",
    "libedgetpu.1.0.dylib": "edgetpu",
    "edgetpu.dll": "edgetpu",
    "libtensorflowlite_gpu_delegate.so": "opencl",
    "libtensorflowlite_gpu_delegate.dylib": "opencl",
    "libtensorflowlite_gpu_gl.so": "opencl",
    "libLiteRtGpuAccelerator.so": "opencl",
    "libLiteRtOpenClAccelerator.so": "opencl",
}
HANDS_ON = "litert"  # the delegate that lets LiteRT load a native library

# By delegate: what an option of such a library is called here, and its values where they differ.
_PRECISION: tuple[str, Mapping[str, Any]] = ("precision", {"0": "float32", "1": "auto"})
LIBRARY_OPTIONS: Mapping[str, Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "opencl": {
        "is_precision_loss_allowed": _PRECISION,
        "precision_loss_allowed": _PRECISION,
        "gpu_precision_loss_allowed": _PRECISION,
        "enable_quantized_inference": ("quantized", {}),
        "gpu_experimental_enable_quant": ("quantized", {}),
        "max_delegated_partitions": ("max_partitions", {}),
    },
}


def package_of(delegate: str) -> Package | None:
    """Return the known package that offers a delegate of this name, installed or not."""
    return next((p for p in PACKAGES if delegate in p.delegates), None)


def hint_for_command(name: str) -> str:
    """Say which package brings a command that is not there; "" if none is known to."""
    p = next((p for p in PACKAGES if name in p.commands), None)
    if p is None:
        return ""
    if p.is_installed:
        return f"The package {p.name} has it, but could not be loaded: see `delegraph plugins`."
    return f"It is in the package {p.name}."


def delegate_name(library: str | os.PathLike[str]) -> str:
    """Return the delegate meant by a name or by the path of a library that LiteRT would load."""
    check_path("library", library)
    name = os.fspath(library)
    return LIBRARIES.get(re.split(r"[\\/]", name)[-1], name)


def is_library(name: str) -> bool:
    """Say whether a name is that of a shared library."""
    return bool(re.search(r"\.(so(\.[\d.]+)?|dll|dylib)$", name))


def options_here(
    delegate: str, known: Collection[str], given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return the options of a native library as the delegate that stands for it calls them.

    :param known: the delegate's own options.
    :return: its options, and the names of those that have no meaning for it.
    """
    found: dict[str, Any] = {}
    rows, rest = LIBRARY_OPTIONS.get(delegate, {}), []
    for name, value in given.items():
        here, values = rows.get(name, (name, {}))
        if here in known:
            found[here] = values.get(str(int(value) if isinstance(value, bool) else value), value)
        else:
            rest.append(name)
    return found, rest


def hint_for(delegate: str, op: str, types: str) -> str:
    """Say which package, not installed, would take an op of these operand types; "" if none is known."""
    for p in PACKAGES:
        missing = [op] if op in p.ops else []
        if delegate in p.adds_types_to:
            missing += [t for t in p.types if t in types.split()]
        if missing and not p.is_installed:
            return f"{missing[0]} is in the package {p.name}"
    return ""


def hook_for(op: str) -> str:
    """Say how somebody can provide an op that is no builtin; "" for a builtin."""
    known = op.partition(":")[0] in schema.OPERATORS
    return "" if known else "a plugin can add a row for it through the hook delegraph_op_support"
