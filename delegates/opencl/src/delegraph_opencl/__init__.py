"""The OpenCL delegate: GPUs, and CPUs through PoCL.

What is exported here is also what a package needs that adds kernels to this delegate through the hook
``delegraph_op_support``; see the page "Kernels for the OpenCL delegate".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from delegraph import Delegate, OpSupport, hookimpl

from .convolution import Geometry, geometry, product
from .delegate import OpenCL
from .device_value import DeviceValue
from .elementwise import counted, elementwise
from .epilogue import Epilogue, finish
from .launch import Arg, Launch, Packed, Scratch, blocks, int32s, rounded_up
from .node import Kernel, Node, Step, Value, centered, dequantized
from .options import Options
from .target import Target

if TYPE_CHECKING:
    import click

DELEGRAPH_API = 1
__version__ = "0.1.0"
__all__ = [
    "Arg",
    "DeviceValue",
    "Epilogue",
    "Geometry",
    "Kernel",
    "Launch",
    "Node",
    "OpenCL",
    "Options",
    "Packed",
    "Scratch",
    "Step",
    "Target",
    "Value",
    "blocks",
    "centered",
    "counted",
    "dequantized",
    "elementwise",
    "finish",
    "geometry",
    "int32s",
    "product",
    "rounded_up",
]


@hookimpl
def delegraph_delegates() -> Iterable[type[Delegate]]:
    return [OpenCL]


@hookimpl
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:
    if delegate.name != OpenCL.name:
        return []
    from .kernels import rows

    return rows(delegate.options)


@hookimpl
def delegraph_commands(cli: click.Group) -> None:
    from .commands import devices

    cli.add_command(devices)
