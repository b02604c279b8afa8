"""What an OpenCL error says: its status by name, what was being done, and the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from delegraph import DelegateFailed

_WAYS_OUT = {
    "MEM_OBJECT_ALLOCATION_FAILURE": "the device is out of memory: close other models, or lower the batch",
    "OUT_OF_RESOURCES": "the device is out of resources: close other models, or lower the batch",
    "OUT_OF_HOST_MEMORY": "the host is out of memory",
    "INVALID_BUFFER_SIZE": "a tensor is larger than the device allows for one buffer",
}
_LOG_LINES = 5  # of a compiler's output that a message takes


def name_of(code: int) -> str:
    """Return an OpenCL status by name: ``"CL_OUT_OF_RESOURCES"``."""
    import pyopencl as cl

    to_string: Callable[[int, str], str] = cl.status_code.to_string  # type: ignore[assignment]
    return f"CL_{to_string(code, 'status %d')}"


def failure(doing: str, error: Exception) -> DelegateFailed:
    """Return the error to raise where OpenCL failed.

    :param doing: what was being done: ``"op #3 CONV_2D v1: kernel conv_1x1"``.
    """
    code = getattr(error, "code", None)
    if code is None:
        return DelegateFailed(f"{doing}: {type(error).__name__}: {error}")
    status = name_of(code)
    text = f"{doing}: {status} in {getattr(error, 'routine', 'OpenCL')}"
    if way_out := _WAYS_OUT.get(status.removeprefix("CL_"), ""):
        text += f" ({way_out})"
    if status == "CL_BUILD_PROGRAM_FAILURE":
        text += _compiler_said(str(error))
    return DelegateFailed(text)


def failed_command(commands: Iterable[tuple[str, Any]]) -> str | None:
    """Return the first of some commands that ended with an error; None if none did.

    :param commands: what each does, and its event, in the order of the queue.
    """
    return next((doing for doing, event in commands if event.command_execution_status < 0), None)


def _compiler_said(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if "error" in line.lower()]
    told = [line for line in lines if "clBuildProgram failed" not in line][:_LOG_LINES]
    return "".join(f"\n  {line}" for line in told)
