"""``delegraph exec SCRIPT``: a program written for LiteRT, run on delegates as it is."""

from __future__ import annotations

import atexit
import os
import runpy
import sys
from collections.abc import Sequence
from contextvars import Context
from types import TracebackType
from typing import NoReturn

import click

from .common import delegate_options, loaded_delegates, policy_option
from .echo import echo

RAW = {"ignore_unknown_options": True, "allow_interspersed_args": False}  # what follows is the program's


@click.command(context_settings=RAW)
@click.option("-m", "is_module", is_flag=True, help="PROGRAM is a module, as for `python -m`.")
@click.option(
    "--keep-tensors", is_flag=True, help="Keep every tensor, for programs that read many in the middle."
)
@click.option(
    "--leave-out", multiple=True, metavar="PACKAGE", help="Stand in for nothing of a package: tensorflow."
)
@delegate_options
@policy_option
@click.argument("program")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def exec(
    is_module: bool,
    keep_tensors: bool,
    leave_out: tuple[str, ...],
    delegates: list[str],
    options: dict[str, dict[str, str]],
    policy: str,
    program: str,
    arguments: tuple[str, ...],
) -> None:
    """Run PROGRAM, a script or (-m) a module written for LiteRT, with delegraph in LiteRT's place.

    What it imports from tflite_runtime, ai_edge_litert or tensorflow.lite is delegraph's. At its end, a
    line on stderr for each model says what ran where. Options of exec stand before PROGRAM, its own after.
    Processes of this Python that PROGRAM starts are like it, but for those started with -E, -I or -S.
    """
    from .. import compat
    from ..compat.children import passed_on

    if not is_module and not os.path.exists(program):
        raise click.BadParameter(f"no file {program!r}; a module needs -m", param_hint="PROGRAM")
    if delegates or options:
        loaded_delegates(delegates, options)  # what is wrong with them is said before the program begins
    given = (delegates or None, options, keep_tensors, leave_out, policy)
    compat.install(*given)
    atexit.register(_say_what_ran)
    try:
        with passed_on(*given):
            Context().run(_run, program, is_module, arguments)  # what it writes is its own, however it ends
    except SystemExit:
        raise
    except BaseException as e:
        _end(e)


def _run(program: str, is_module: bool, arguments: Sequence[str]) -> None:
    """Run it as Python does: sys.argv, sys.path[0], ``__main__``."""
    sys.argv = [program, *arguments]
    if is_module:
        sys.path.insert(0, os.getcwd())
        runpy.run_module(program, run_name="__main__", alter_sys=True)
        return
    if os.path.isfile(program) and not program.endswith((".zip", ".pyz")):
        sys.path.insert(0, os.path.dirname(os.path.realpath(program)))
    runpy.run_path(program, run_name="__main__")


def _end(error: BaseException) -> NoReturn:
    """Show an exception as Python would have, without the frames that are not the program's, and exit."""
    shown = error.with_traceback(_of_program(error.__traceback__))
    sys.excepthook(type(shown), shown, shown.__traceback__)
    sys.exit(130 if isinstance(error, KeyboardInterrupt) else 1)


def _of_program(tb: TracebackType | None) -> TracebackType | None:
    frames = tb
    while frames is not None and _is_ours(frames):
        frames = frames.tb_next
    return frames


def _is_ours(tb: TracebackType) -> bool:
    name = tb.tb_frame.f_code.co_filename
    return name in (__file__, runpy.__file__) or name.startswith("<frozen runpy")


def _say_what_ran() -> None:
    from .. import compat

    if not compat.is_installed():
        return
    found = compat.ran()
    for entry in found:
        echo(f"delegraph: {entry}", err=True)
    if not found:
        echo("delegraph: the program opened no model", err=True)
