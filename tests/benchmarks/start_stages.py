"""Where a process's first result goes: ``python start_stages.py WHO MODEL CACHE`` prints seconds as JSON.

Processor time of all threads, stage by stage. WHO is ``litert``, ``reference``, ``opencl``, or
``pyopencl``: a program of pyopencl alone that runs a kernel it has compiled before, which is what any
delegate on top of it takes at least.
"""

from __future__ import annotations

import json
import os
import sys
from time import process_time
from typing import Any

SECONDS = {"Python": process_time()}
_SOURCE = "kernel void one(global float *x) { x[get_global_id(0)] = 1; }"


def main(who: str, model: str, cache: str) -> None:
    import numpy as np

    lap("numpy")
    if who == "pyopencl":
        alone(os.path.join(cache, "one.bin"), np)
    else:
        interpreter = constructed(who, model, cache)
        interpreter.allocate_tensors()
        lap("planned, prepared")
        for details in interpreter.get_input_details():
            interpreter.set_tensor(details["index"], np.zeros(details["shape"], details["dtype"]))
        interpreter.invoke()
        interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
        lap("first run")
    print(json.dumps(SECONDS))


def constructed(who: str, model: str, cache: str) -> Any:
    if who == "litert":
        from ai_edge_litert.interpreter import Interpreter

        lap("imports")
        interpreter = Interpreter(model)
    else:
        from delegraph import Interpreter, load_delegate

        lap("imports")
        options = {"serialization_dir": cache} if who == "opencl" else {}
        delegate = load_delegate(who, options)
        lap("plugins, rows")
        if who == "opencl":
            from delegraph_opencl.device.pyopencl_parts import import_pyopencl

            import_pyopencl()
            lap("pyopencl")
        interpreter = Interpreter(model, delegates=[delegate])
    lap("model read")
    return interpreter


def alone(path: str, np: Any) -> None:
    import pyopencl as cl

    lap("pyopencl")
    platforms = cl.get_platforms()
    device = next(d for p in platforms for d in p.get_devices())
    context = cl.Context([device])
    queue = cl.CommandQueue(context)
    buffer = cl.Buffer(context, cl.mem_flags.READ_WRITE, 1 << 16)
    lap("model read")
    is_kept = os.path.exists(path)
    if is_kept:
        with open(path, "rb") as file:
            program = cl.Program(context, [device], [file.read()]).build()
    else:
        program = cl.Program(context, _SOURCE).build(cache_dir=False)
    kernel = cl.Kernel(program, "one")
    lap("planned, prepared")
    kernel.set_arg(0, buffer)
    cl.enqueue_nd_range_kernel(queue, kernel, (1 << 14,), (64,)).wait()
    cl.enqueue_copy(queue, np.empty(1 << 14, np.float32), buffer)
    if not is_kept:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(program.get_info(cl.program_info.BINARIES)[0])
    lap("first run")


def lap(stage: str) -> None:
    """Count the time since the last stage for this one."""
    SECONDS[stage] = process_time() - sum(SECONDS.values())


if __name__ == "__main__":
    main(*sys.argv[1:])
