"""Ctrl-C while a model is pruned or clustered: one line, exit code 130, and files are as they were.

``DELEGRAPH_INTERRUPTS=20`` asks for so many moments of each command.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from delegraph import write_file, write_model
from small import dense_net, floats

MOMENTS = int(os.environ.get("DELEGRAPH_INTERRUPTS", "1"))
CODE = "from delegraph_command import main; print('ready', flush=True); main()"
COMMANDS = {
    "prune": ["--sparsity", "0.5"],
    "prune, channels": ["--sparsity", "0.5", "--structured"],
    "cluster": ["--clusters", "16"],
}


def _obeying() -> None:
    """Take Ctrl-C, which what a shell runs in the background ignores."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_interrupted_command_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    write_file(tmp_path / "m.tflite", write_model(dense_net(1536, 1536)))
    np.save(tmp_path / "x.npy", floats(512, 1, 1536))
    written = ["-o", "out.tflite", "--html", "page.html"]
    for path in written[1::2]:
        (tmp_path / path).write_text("as it was")
    before = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    asked = [*name.split(",")[0].split(), "m.tflite", "--data", "x.npy", *COMMANDS[name], *written]
    for moment in range(MOMENTS):
        wait = 1.2 if MOMENTS == 1 else 0.2 * moment
        with subprocess.Popen(
            [sys.executable, "-c", CODE, *asked], cwd=tmp_path, text=True, preexec_fn=_obeying,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as running:  # fmt: skip
            assert running.stdout is not None
            running.stdout.readline()
            time.sleep(wait)
            running.send_signal(signal.SIGINT)
            printed, said = running.communicate(timeout=60)
        assert (running.returncode, said.splitlines()[-1:], printed) == (130, ["interrupted"], ""), wait
        assert {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == before
