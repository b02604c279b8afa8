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
from .elementwise import counted, elementwise  # now: later the name would be the module's

if TYPE_CHECKING:
    import click

    from .convolution import Geometry, geometry, product
    from .depthwise import depthwise_convolution
    from .device_value import DeviceValue
    from .epilogue import Epilogue, finish
    from .integers import Ending, Integers, integer_convolution
    from .launch import Arg, Launch, Packed, Scratch, blocks, int32s, rounded_up
    from .node import Kernel, Node, Step, Value, centered, dequantized
    from .options import Options
    from .target import Target

DELEGRAPH_API = 1
__version__ = "0.1.0"
__all__ = [
    "Arg",
    "DeviceValue",
    "Ending",
    "Epilogue",
    "Geometry",
    "Integers",
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
    "depthwise_convolution",
    "dequantized",
    "elementwise",
    "finish",
    "geometry",
    "int32s",
    "integer_convolution",
    "product",
    "rounded_up",
]


# Imported when first asked for: what only lists plugins does without.
_LATER = {
    "Arg": "launch",
    "DeviceValue": "device_value",
    "Ending": "integers",
    "Epilogue": "epilogue",
    "Geometry": "convolution",
    "Integers": "integers",
    "Kernel": "node",
    "Launch": "launch",
    "Node": "node",
    "Options": "options",
    "Packed": "launch",
    "Scratch": "launch",
    "Step": "node",
    "Target": "target",
    "Value": "node",
    "blocks": "launch",
    "centered": "node",
    "depthwise_convolution": "depthwise",
    "dequantized": "node",
    "finish": "epilogue",
    "geometry": "convolution",
    "int32s": "launch",
    "integer_convolution": "integers",
    "product": "convolution",
    "rounded_up": "launch",
}


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
    from .kernels import rows

    return rows(delegate.options)


@hookimpl
def delegraph_commands(cli: click.Group) -> None:
    from .commands import devices

    cli.add_command(devices)
