"""``delegraph plugins --check``: every hook is called, and what of a delegate opens no device.

A plugin may end the process, or never return: so all of it happens in a child process first, which writes
down each call before it is made. Who ended the child is left out, and another child tries the others.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

import click

from ..contract import Delegate
from ..contract.asking import ask_or, tell
from ..contract.guard import anything, byte_counts, told
from ..errors import DelegraphError
from ..model import Builder, Model
from ..partition import adapted, partition, specialize
from ..plugins import Plugins, imports
from .plugins_look import looked_at

PATIENCE = 60.0  # seconds that a call may take
_DONE = "all was called"
_PLACE = re.compile(r"(.*?)(?: of)? plugin ('.*'|\".*\")")


def ends() -> dict[str, str]:
    """Return which plugins end a process that calls their hooks, or never return, and how, by name."""
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        while (one := _end(Path(folder) / "calls", found)) is not None:
            name, how = one
            found[name] = how
    return found


def _end(calls: Path, known: Collection[str]) -> tuple[str, str] | None:
    """Return a plugin that ends a process, and how; None where none does.

    :param calls: the file in which the process writes down what it calls.
    :param known: the plugins that are known to.
    """
    calls.write_text("")
    program = f"from {__name__} import try_all; try_all({str(calls)!r})"
    with imports.turning_off(known):
        child = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    how = _waited_for(child, calls)
    last = calls.read_text(encoding="utf-8").rpartition("\n")[0].rpartition("\n")[2]
    place = _PLACE.fullmatch(last)
    if last == _DONE or place is None:
        return None
    name = ast.literal_eval(place[2])
    return None if name in known else (name, f"its {place[1]} {how}")


def _waited_for(child: subprocess.Popen[bytes], calls: Path) -> str:
    """Return how a process ended; one that makes no call for a while is ended."""
    size = -1
    while True:
        try:
            code = child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            if calls.stat().st_size == size:
                child.kill()
                child.wait()
                return f"takes more than {PATIENCE:.0f} s"
            size = calls.stat().st_size
        else:
            return f"ends the process ({f'signal {-code}' if code < 0 else f'exit code {code}'})"


def try_all(calls: str) -> None:
    """Look at all plugins and call their hooks, writing down each call before it is made."""
    with open(calls, "a", encoding="utf-8") as file:

        def listen(place: str) -> None:
            file.write(f"{place}\n")
            file.flush()

        with told(listen), suppress(BaseException):  # the process that goes on says what is raised
            installed, delegates = looked_at()
            call_hooks(installed, [d.delegate for d in delegates if d.delegate is not None])
        listen(_DONE)
    os._exit(0)


def call_hooks(installed: Plugins, delegates: Iterable[Delegate]) -> None:
    """Call what listing the plugins does not; what goes wrong is remembered where the problems are."""
    installed.add_commands(click.Group())
    installed.conformance_cases()
    model, veto = _small_model(), installed.veto()
    for delegate in delegates:
        if veto is not None:
            veto(model.subgraphs[0].ops[0], delegate)
        try:
            ready = specialize(adapted(model, [delegate]), delegates=[delegate])
            partition(ready, [delegate], plugins=installed)
        except DelegraphError as e:
            tell(delegate, f"delegate {delegate.label!r} cannot plan a small model: {e}")
        nothing: dict[str, int] = {}
        ask_or(delegate, "device_bytes", byte_counts, nothing)
        ask_or(delegate, "close", anything, None)


def _small_model() -> Model:
    """Return a model of an op that many tables have, and of one that none has."""
    g = Builder()
    x = g.input((2,), "float32")
    y = g.op("ADD", [x, x], [g.tensor((2,), "float32")])
    return g.model(outputs=[g.op("an op of nobody", [y], [g.tensor((2,), "float32")])])
