"""The process in which broken models are tried, with limits of memory, of CPU time and of file sizes.

It works in a folder of its own. The OpenCL delegate's buffers are guarded:
``tests/oracle/opencl/guards.py``.
"""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "oracle" / "opencl"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "oracle"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import guards
from child import serve
from delegraph import DelegraphError, InputError
from delegraph.file import write_model
from worker import reset_peak, status

from fuzz import targets
from fuzz.made import MADE
from fuzz.trials import READY

COLLECTED = 32  # trials after which garbage is collected: each time would take longer than many a trial
ROOM = 2 << 30  # bytes of address space beyond what the process has when it is warm
LARGEST_FILE = 64 << 20

# what, where, message, seconds of CPU, bytes by which the process grew
Answer = tuple[str, str, str, float, int]


def answer(request: tuple[str, bytes, int]) -> Answer:
    """Try one target, and say what came of it."""
    name, file, seed = request
    if name == READY:
        return "ran", "", "", 0.0, 0
    target = targets.TARGETS[name]
    if next(_trials) % COLLECTED == 0:
        gc.collect()
    targets.clean()
    _allow_seconds(target.seconds_for(file))
    start, before = process_time(), reset_peak()
    what, where, message = _tried(partial(target.use, file, seed))
    if (found := guards.overwritten()) and not what.startswith("bare"):
        what, where, message = "overwritten", "", "; ".join(found)
    return what, where, message, process_time() - start, status("VmHWM") - before


def _tried(use: Callable[[], None]) -> tuple[str, str, str]:
    try:
        use()
    except targets.Wrong as e:
        return e.what, _where(e.__cause__ or e), str(e)
    except DelegraphError as e:
        cause = e.__cause__
        # Core's shape rules answer what does not fit with an InputError, whatever they stumbled over.
        if cause is None or isinstance(cause, (DelegraphError, OSError)) or isinstance(e, InputError):
            return type(e).__name__, "", str(e)[:300]
        return f"{type(e).__name__} of a bare {type(cause).__name__}", _where(cause), str(e)[:300]
    except Exception as e:
        return f"bare {type(e).__name__}", _where(e), str(e)[:300]
    return "ran", "", ""


def _where(e: BaseException) -> str:
    """Return the innermost place in delegraph that an exception came through."""
    place, trace = "", e.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "src/delegraph" in code.co_filename:
            place = f"{'/'.join(Path(code.co_filename).parts[-2:])}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next
    return place


def _allow_seconds(seconds: float) -> None:
    spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(spent + seconds) + 1, hard))


def _warm_up() -> None:
    """Use every target once with models that are whole: what is imported for that is nobody's memory."""
    for make in (MADE["windows"], MADE["elementwise"]):
        for target in targets.TARGETS.values():
            targets.clean()
            _tried(partial(target.use, write_model(make()), 1))


def _start() -> None:
    faulthandler.enable()
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    os.environ.setdefault("POCL_EXTRA_BUILD_FLAGS", "-cl-opt-disable")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    _warm_up()
    gc.collect()
    gc.freeze()  # what is there now stays: the collections between trials look at the rest
    room = status("VmSize") + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (room, room))


_trials = count()

if __name__ == "__main__":
    with ExitStack() as stack:
        if find_spec("delegraph_opencl"):
            stack.enter_context(guards.guarded())
        os.chdir(stack.enter_context(tempfile.TemporaryDirectory()))
        _start()
        serve(answer)
