"""The process in which greedy files are tried: runs a command line in limited memory, says what it took."""

from __future__ import annotations

import io
import resource
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))
sys.path.insert(0, str(Path(__file__).parent))

import click
from child import serve
from delegraph.cli import main
from specimens import DIGITS
from worker import reset_peak, status

ADDRESS_SPACE = (
    3 << 30
)  # bytes more than after the imports: what goes wrong ends here, not in the machine's


def outcome(arguments: list[str]) -> tuple[int, str, float, int]:
    """Run a command; return its exit status, what it printed, seconds, and bytes that it took."""
    start, before = perf_counter(), reset_peak()
    printed = io.StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        code = _code(arguments)
    return code, printed.getvalue(), perf_counter() - start, status("VmHWM") - before


def _code(arguments: list[str]) -> int:
    try:
        return int(main.main(arguments, standalone_mode=False) or 0)
    except click.ClickException as e:
        e.show()
        return e.exit_code
    except Exception as e:
        print(f"bare {type(e).__name__}: {e}")
        return -1


if __name__ == "__main__":
    outcome(["run", str(DIGITS / "digits_int8.tflite"), "--input", str(DIGITS / "digits" / "7.png")])
    limit = status("VmSize") + ADDRESS_SPACE  # what was imported is nobody's memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    serve(outcome)
