"""The OpenCL delegate: GPUs, and CPUs through PoCL.

What is exported here is also what a package needs that adds kernels to this delegate through the hook
``delegraph_op_support``; see the page "Kernels for the OpenCL delegate".
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from delegraph import Delegate, OpSupport, hookimpl

from .delegate import OpenCL

if TYPE_CHECKING:
    import click
    from delegraph import Op

    from .cpu.depthwise import depthwise_convolution
    from .cpu.integers import Integers, SumEpilogue, integer_convolution
    from .families.elementwise import counted, elementwise
    from .options import Options
    from .program.epilogue import Epilogue, epilogue_of
    from .program.geometry import Geometry, geometry, product
    from .program.launch import Arg, Launch, Packed, blocks, int32s, rounded_up
    from .program.node import Kernel, Node, PostOp, Scratch, Value, centered, dequantized
    from .program.target import Target
    from .run.device_value import DeviceValue

DELEGRAPH_API = 1
__version__ = "0.1.0"
__all__ = [
    "Arg",
    "DeviceValue",
    "Epilogue",
    "Geometry",
    "Integers",
    "Kernel",
    "Launch",
    "Node",
    "OpenCL",
    "Options",
    "Packed",
    "PostOp",
    "Scratch",
    "SumEpilogue",
    "Target",
    "Value",
    "blocks",
    "centered",
    "counted",
    "depthwise_convolution",
    "dequantized",
    "elementwise",
    "epilogue_of",
    "geometry",
    "int32s",
    "integer_convolution",
    "product",
    "rounded_up",
]


# Imported when first asked for: what only lists plugins does without.
_MODULES = {
    "cpu.depthwise": "depthwise_convolution",
    "cpu.integers": "Integers SumEpilogue integer_convolution",
    "families.elementwise": "counted elementwise",
    "options": "Options",
    "program.epilogue": "Epilogue epilogue_of",
    "program.geometry": "Geometry geometry product",
    "program.launch": "Arg Launch Packed blocks int32s rounded_up",
    "program.node": "Kernel Node PostOp Scratch Value centered dequantized",
    "program.target": "Target",
    "run.device_value": "DeviceValue",
}
_LATER = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LATER[name]}", __name__), name)


@hookimpl
def delegraph_delegates() -> Iterable[type[Delegate]]:
    return [OpenCL]


@hookimpl
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:
    if delegate.name != OpenCL.name:
        return []
    from .kernels import support_rows

    return support_rows(delegate.options)


@hookimpl
def delegraph_veto(op: Op, delegate: Delegate) -> str | None:
    """Leave to the host what folding has left of ops of constants: those that write variables."""
    if delegate.name != OpenCL.name or not op.inputs:
        return None
    is_constant = all(t is None or (t.is_constant and not t.is_variable) for t in op.inputs)
    return "all its operands are constants, which the host computes" if is_constant else None


@hookimpl
def delegraph_commands(cli: click.Group) -> None:
    from .commands import devices

    cli.add_command(devices)
