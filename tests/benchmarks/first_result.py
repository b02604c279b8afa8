"""A process from its start to the first result of a model: ``python first_result.py WHO MODEL CACHE``.

WHO is ``litert``, a delegate, or a module that is only imported.
"""

from __future__ import annotations

import sys


def main(who: str, model: str, cache: str) -> None:
    if who == "litert":
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model)
    elif who == "reference":
        from delegraph import Interpreter

        interpreter = Interpreter(model)
    elif who == "opencl":
        from delegraph import Interpreter, load_delegate

        interpreter = Interpreter(
            model, experimental_delegates=[load_delegate("opencl", {"serialization_dir": cache})]
        )
    else:
        __import__(who)
        return
    interpreter.allocate_tensors()
    import numpy as np

    for details in interpreter.get_input_details():
        interpreter.set_tensor(details["index"], np.zeros(details["shape"], details["dtype"]))
    interpreter.invoke()
    interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


if __name__ == "__main__":
    main(*sys.argv[1:])
