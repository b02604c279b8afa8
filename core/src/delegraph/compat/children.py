"""Processes that a program starts: a Python among them has delegraph in LiteRT's place, too.

What ``install`` was given goes into the environment, and a ``sitecustomize`` in front of PYTHONPATH, which
waits for the first import of a package that delegraph stands in for. A Python that is started with -E, -I
or -S does not look there, nor does one whose environment the program makes anew.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .modules import install, is_installed
from .record import ran

SETTINGS = "DELEGRAPH_EXEC"  # what install() is given, as JSON
STARTUP = Path(__file__).with_name("startup")


@contextmanager
def passed_on(
    delegates: Sequence[str] | None,
    options: Mapping[str, Mapping[str, Any]],
    keep_tensors: bool,
    leave_out: Sequence[str],
    policy: str = "greedy",
) -> Iterator[None]:
    """Let processes that are started in the meantime do as this one, where ``install`` was given these."""
    before = {name: os.environ.get(name) for name in (SETTINGS, "PYTHONPATH")}
    others = [p for p in (before["PYTHONPATH"] or "").split(os.pathsep) if p and p != str(STARTUP)]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(STARTUP), *others])
    os.environ[SETTINGS] = json.dumps(
        (delegates and list(delegates), options, keep_tensors, list(leave_out), policy)
    )
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def install_here() -> None:
    """Do in a process what the one that started it did; a line at its end says what ran."""
    if is_installed():  # by the program itself
        return
    install(*json.loads(os.environ[SETTINGS]))
    atexit.register(_say_what_ran)


def _say_what_ran() -> None:
    for entry in ran():
        sys.stderr.write(f"delegraph: process {os.getpid()}: {entry}\n")
