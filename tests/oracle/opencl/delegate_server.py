"""The child process that runs delegraph: what a kernel does to the memory ends with it."""

from __future__ import annotations

import logging
import sys
import warnings
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from child import serve
from delegraph import Delegate, DelegateFailed, DelegraphError, Interpreter, load_delegate


def answer(request: tuple[str, tuple[tuple[str, Any], ...], Any, Any]) -> tuple[str, Any]:
    """Return ("values", outputs), or ("refused" or "failed", why), of a model on one delegate."""
    name, options, model, arrays = request
    try:
        delegates = [loaded(name, options)]
        interpreter = Interpreter(model=model, delegates=delegates, require_full_delegation=True)
        inputs = {t.index: a for t, a in zip(model.subgraphs[0].inputs, arrays, strict=True)}
        return "values", list(interpreter.run(inputs).values())
    except DelegateFailed as e:
        return "failed", str(e)
    except DelegraphError as e:
        return "refused", str(e)
    except Exception as e:
        return "failed", f"{type(e).__name__}: {e}"


@cache
def loaded(name: str, options: tuple[tuple[str, Any], ...]) -> Delegate:
    return load_delegate(name, dict(options))


if __name__ == "__main__":
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)  # refusals are what this is about
    warnings.simplefilter("ignore")
    serve(answer)
