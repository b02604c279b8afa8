"""The child process that runs delegraph: what a kernel does to the memory ends with it."""

from __future__ import annotations

import logging
import re
import warnings
from functools import cache
from typing import Any

from child import serve
from delegraph import Delegate, DelegateFailed, DelegraphError, Interpreter, load_delegate

MAX_TENSOR_BYTES = 1 << 26
BARE = re.compile(
    r"\w+(Error|Exception) in the check itself|do not fit: \w+(Error|Exception)|check\(\) of .* failed: \w+"
)


def answer(request: tuple[str, tuple[tuple[str, Any], ...], Any, Any]) -> tuple[str, Any]:
    """Return ("values", outputs), or ("refused" or "failed", why), of a model on one delegate.

    It failed if Python's own exceptions show, and a reason of which nobody thought is not one.
    """
    name, options, file, arrays = request
    try:
        return "values", _outputs(loaded(name, options), file, arrays)
    except DelegateFailed as e:
        return "refused" if isinstance(e.__cause__, DelegraphError) else "failed", str(e)
    except DelegraphError as e:
        return "failed" if BARE.search(str(e)) else "refused", str(e)
    except Exception as e:
        return "failed", f"{type(e).__name__}: {e}"


def _outputs(delegate: Delegate, file: bytes, arrays: Any) -> list[Any]:
    interpreter = Interpreter(
        model_content=file,
        delegates=[delegate],
        require_full_delegation=True,
        max_tensor_bytes=MAX_TENSOR_BYTES,
    )
    inputs = [d["index"] for d in interpreter.get_input_details()]
    return list(interpreter.run(dict(zip(inputs, arrays, strict=True))).values())


@cache
def loaded(name: str, options: tuple[tuple[str, Any], ...]) -> Delegate:
    return load_delegate(name, dict(options))


if __name__ == "__main__":
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)  # refusals are what this is about
    warnings.simplefilter("ignore")
    serve(answer)
