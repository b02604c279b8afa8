"""int16 activations with int8 weights: rows and kernels for the reference and the OpenCL delegate."""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import Delegate, OpSupport, hookimpl

DELEGRAPH_API = 1
__version__ = "0.1.0"


@hookimpl
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:
    if delegate.name == "reference":
        from . import reference

        return reference.rows()
    if delegate.name == "opencl" and delegate.options.quantized:
        from . import opencl

        return opencl.rows(delegate.options)
    return []
