"""One start of a model on OpenCL, measured in a process of its own: prints seconds as JSON.

``python opencl_start.py MODEL DEVICE CACHE_DIRECTORY``: ``prepare``; ``start``, from the constructor to the
first result; ``imports``, all before it but the start of Python itself.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

BEGIN = perf_counter()


def main(model: str, device: str, directory: str) -> None:
    import numpy as np
    from delegraph import Interpreter, load_delegate

    delegate = load_delegate("opencl", {"device": device, "serialization_dir": directory})
    seconds = {}
    prepare = delegate.prepare

    def timed(partition):  # type: ignore[no-untyped-def]
        start = perf_counter()
        run = prepare(partition)
        seconds["prepare"] = seconds.get("prepare", 0.0) + perf_counter() - start
        return run

    delegate.prepare = timed
    start = perf_counter()
    seconds["imports"] = start - BEGIN
    interpreter = Interpreter(model, delegates=[delegate])
    interpreter.allocate_tensors()
    for details in interpreter.get_input_details():
        interpreter.set_tensor(details["index"], np.zeros(details["shape"], details["dtype"]))
    interpreter.invoke()
    interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    seconds["start"] = perf_counter() - start
    print(json.dumps(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
