"""Ctrl-C at any moment of allocate, invoke and close: nothing is ignored, and all is right after it.

``DELEGRAPH_INTERRUPTS=200`` asks for so many in each call of each model, by lines and by a timer.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

COUNT = int(os.environ.get("DELEGRAPH_INTERRUPTS", "0"))
CHILD = Path(__file__).with_name("interrupts.py")
DIGITS = Path(__file__).parents[2] / "docs" / "models" / "digits_int8.tflite"
PIPES: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
PHASES = ("allocate", "invoke", "close")
MODELS = ("counting", "recurrent", "int8", "float32")
DELEGATES = {
    "reference": [["reference", {"num_threads": 2}]],
    "opencl": [["opencl", {}], ["reference", {}]],
}


def interrupted(delegates: str, how: str, count: int, **asked: Any) -> dict[str, Any]:
    asked |= {"delegates": DELEGATES[delegates], "how": how, "count": count, "seed": 1}
    command = [sys.executable, str(CHILD), json.dumps(asked)]
    quick = os.environ | {"POCL_EXTRA_BUILD_FLAGS": "-cl-opt-disable"}
    done = subprocess.run(command, env=quick, capture_output=True, text=True, timeout=60 + 5 * count)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("delegates", DELEGATES)
def test_after_ctrl_c_at_any_line_all_is_as_it_was(delegates: str) -> None:
    if find_spec(f"delegraph_{delegates}") is None:
        pytest.skip(f"delegraph-{delegates} is not installed")
    found = interrupted(delegates, "line", COUNT or 12, model="counting", phases=PHASES)
    assert (found["wrong"], found["unraisable"], found["held"]) == ([], [], {})
    assert found["counts"]["interrupted"] > 20


def test_what_swallows_ctrl_c_is_found() -> None:
    found = interrupted("reference", "line", 10, model="counting", phases=["invoke"], faulty=True)
    assert "KeyboardInterrupt" in found["unraisable"][0]


@pytest.mark.skipif(not COUNT, reason="takes minutes: DELEGRAPH_INTERRUPTS=200 says how many")
@pytest.mark.parametrize("how", ["line", "timer"])
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("delegates", DELEGATES)
def test_after_ctrl_c_at_any_moment_all_is_as_it_was(
    delegates: str, model: str, phase: str, how: str
) -> None:
    found = interrupted(delegates, how, COUNT, model=model, phases=[phase])
    assert (found["wrong"], found["unraisable"], found["held"]) == ([], [], {})


def _obeying() -> None:
    """Take Ctrl-C, which what a shell runs in the background ignores."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_command_ends_with_130_and_one_line() -> None:
    """Ctrl-C while it is imported or works; a command that was done before it is none of this."""
    code = "from delegraph_command import main; print('ready', flush=True); main()"
    command = [sys.executable, "-c", code, "benchmark", str(DIGITS), "--runs", "1000000"]
    for wait in [0.01 + 0.05 * n for n in range(COUNT // 10 or 5)]:
        with subprocess.Popen(command, text=True, preexec_fn=_obeying, **PIPES) as running:
            assert running.stdout is not None
            running.stdout.readline()
            time.sleep(wait)
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=60)
        assert (running.returncode, said) == (130, "interrupted\n"), wait


def test_nothing_written_in_python_runs_when_something_goes() -> None:
    """It would swallow a Ctrl-C; a reference asked whether it is alive does without.

    The interpreter's one is for plugins whose delegates must be closed; the conformance suite is no user's.
    """
    root = Path(__file__).parents[2]
    sources = [p for part in ("core", "delegates", "plugins") for p in (root / part).rglob("src/**/*.py")]
    runs = re.compile(r"def __del__|weakref\.finalize|Weak(?:Set|KeyDictionary|ValueDictionary)\(")
    found = {
        p.name for p in sources if "delegraph_conformance" not in p.parts and runs.search(p.read_text())
    }
    assert len(sources) > 500
    assert found == {"interpreter.py"}
