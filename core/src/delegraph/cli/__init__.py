"""The command line: ``delegraph COMMAND``.

A module of this package defines one command, a function of the module's name (``new-delegate`` is in
``new_delegate``), and is imported when that command runs: the others cost nothing. Plugins add commands
through the hook ``delegraph_commands``.

Exit codes: 0 all is well; 1 an error, or a verdict that is not good; 2 the command was called wrongly, or
names a file to read that is not there; 130 Ctrl-C. docs/command-line.md has the table.
"""

from __future__ import annotations

import errno
import faulthandler
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

import click

from ..errors import DelegraphError
from ..log import logger
from ..text import did_you_mean, escaped_lines
from .echo import echo, print_in_any_encoding

# Commands of core and what the list of commands says of them: listing imports none of their modules.
COMMANDS = {
    "inspect": "Show what is in a model: ops, tensors, signatures, metadata.",
    "plugins": "List the installed plugins and the delegates they offer.",
    "support": "Print what a delegate claims it can run.",
    "partition": "Show which delegate would run which ops of a model, and why not another.",
    "why": "Say why an op of a model runs where it runs.",
    "extract": "Write a partition of a model as a model of its own.",
    "run": "Run a model on a file.",
    "exec": "Run a program written for LiteRT as it is, on delegates.",
    "predict": "Run a model on many files, and write what it says to one.",
    "evaluate": "Say how good a model's answers on a data set are.",
    "benchmark": "Measure the time and the memory that a model takes.",
    "calibrate-costs": "Measure what ops take on delegates here, for plans by cost.",
    "compare": "Compare the results of two delegates, tensor by tensor.",
    "new-delegate": "Write a package with a delegate that works: to put your hardware into.",
}


class Main(click.Group):
    """Finds commands when they are asked for, and turns errors into messages and exit codes."""

    _asked_plugins = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._ask_plugins()
        return [*COMMANDS, *sorted(self.commands.keys() - COMMANDS.keys())]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in COMMANDS:
            module = name.replace("-", "_")
            return _with_common_options(getattr(import_module(f"{__name__}.{module}"), module))
        self._ask_plugins()
        command = self.commands.get(name)
        return None if command is None else _with_common_options(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from ..contract import hint_for_command

        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            hint, close = hint_for_command(args[0]), did_you_mean(args[0], self.list_commands(ctx))
            if hint or close:
                ctx.fail(f"No such command {args[0]!r}{f'. {hint}' if hint else close}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        names = self.list_commands(ctx)
        about = [COMMANDS.get(n) or self.commands[n].get_short_help_str(limit=90) for n in names]
        with formatter.section("Commands"):
            formatter.write_dl(list(zip(names, about, strict=True)))

    def invoke(self, ctx: click.Context) -> Any:
        settings = ctx.ensure_object(CommonSettings)
        with settings.warnings_on_stderr():
            try:
                with _calls_answered(), _nothing_left_behind():
                    return super().invoke(ctx)
            except (DelegraphError, OSError) as e:
                if getattr(e, "errno", None) == errno.EPIPE:
                    raise  # of a pipe whose reader has gone: click ends without a word
                echo(traceback.format_exc() if settings.debug else f"error: {e}", err=True)
                ctx.exit(2 if isinstance(e, FileNotFoundError) else 1)

    def make_context(self, *args: Any, **settings: Any) -> click.Context:
        _trace_crashes()
        print_in_any_encoding()
        with _calls_answered():
            return super().make_context(*args, **settings)

    def _ask_plugins(self) -> None:
        if not self._asked_plugins:
            from ..plugins import Plugins

            self._asked_plugins = True
            Plugins.installed().add_commands(self)


class CommonSettings:
    """What the options say that every command takes."""

    def __init__(self) -> None:
        self.debug = bool(os.environ.get("DELEGRAPH_DEBUG"))
        self._level = logging.WARNING
        self._listening = False

    def set_level(self, level: int) -> None:
        self._level = level
        if self._listening:
            logger.setLevel(level)

    @contextmanager
    def warnings_on_stderr(self) -> Iterator[None]:
        handler, before = _ToStderr(), logger.level
        logger.addHandler(handler)
        logger.setLevel(self._level)
        self._listening = True
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(before)


def _trace_crashes() -> None:
    """Let a crash of native code print who was running: the plugin, where it is imported."""
    if sys.__stderr__ is not None and not faulthandler.is_enabled():
        with suppress(OSError, ValueError):  # stderr is closed
            faulthandler.enable(sys.__stderr__)


class _ToStderr(logging.Handler):
    """Prints each message once, though a command reads a model several times."""

    def __init__(self) -> None:
        super().__init__()
        self._printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        said = f"{record.levelname.lower()}: {record.getMessage()}"
        if said not in self._printed:
            self._printed.add(said)
            details = getattr(record, "details", "") if logger.level > logging.INFO else ""
            echo(f"{said} ({details})" if details else said, err=True)


class _Interrupted(click.ClickException):
    """Ctrl-C: one line and exit code 130."""

    exit_code = 130

    def show(self, file: Any = None) -> None:
        echo("\ninterrupted" if sys.stderr.isatty() else "interrupted", err=True)  # a terminal shows ^C


@contextmanager
def _calls_answered() -> Iterator[None]:
    """Let click end the command after Ctrl-C, and with names escaped in what it says of arguments.

    A shell's ``*`` may stand for any file's name.
    """
    try:
        yield
    except KeyboardInterrupt as e:
        raise _Interrupted("") from e
    except click.ClickException as e:
        e.message = escaped_lines(e.message)  # type: ignore[misc]
        raise


@contextmanager
def _nothing_left_behind() -> Iterator[None]:
    """Take away the files of a command that fails.

    One that ends with a verdict keeps them, and one whose reader has seen enough: ``| head``.
    """
    from ..file import all_or_nothing

    verdict: Exception | None = None
    with all_or_nothing():
        try:
            yield
        except (click.exceptions.Exit, BrokenPipeError) as e:
            verdict = e
    if verdict is not None:
        raise verdict


def _set_level(ctx: click.Context, parameter: click.Parameter, given: bool) -> None:
    if given:
        level = logging.ERROR if parameter.name == "quiet" else logging.DEBUG
        ctx.find_root().ensure_object(CommonSettings).set_level(level)


def _set_debug(ctx: click.Context, parameter: click.Parameter, given: bool) -> None:
    ctx.find_root().ensure_object(CommonSettings).debug |= given


def _with_common_options(command: click.Command) -> click.Command:
    """Let the options that every command takes stand before or after the command's name."""
    taken = {name for p in command.params for name in p.opts}
    command.params += [option for option in _common_options() if not taken & set(option.opts)]
    if isinstance(command, click.Group):  # of a plugin
        for subcommand in command.commands.values():
            _with_common_options(subcommand)
    return command


def _common_options() -> list[click.Option]:
    return [
        _flag("-q", "--quiet", callback=_set_level, help="Print no warnings."),
        _flag("-v", "--verbose", callback=_set_level, help="Print what is going on."),
        _flag("--debug", callback=_set_debug, help="Show an error's traceback (also: DELEGRAPH_DEBUG=1)."),
    ]


def _flag(*names: str, **settings: Any) -> click.Option:
    return click.Option(names, is_flag=True, expose_value=False, **settings)


def _turn_off(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> None:
    """Leave the plugins out of ``-p no:NAME`` while the command runs."""
    if not given:
        return
    from ..plugins import Plugins, imports

    known = [ep.name for ep in imports.published()]
    names = [text.removeprefix("no:") for text in given]
    for text, name in zip(given, names, strict=True):
        if not text.startswith("no:"):
            raise click.BadParameter(f"it needs no:NAME, found {text!r}")
        if name not in known:
            installed = ", ".join(known) or "none"
            raise click.BadParameter(
                f"no plugin {name!r}{did_you_mean(name, known)}; installed: {installed}"
            )
    ctx.call_on_close(Plugins.forget)
    ctx.with_resource(imports.turning_off(names))
    Plugins.forget()


@click.group(cls=Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-p",
    "no_plugins",
    metavar="no:NAME",
    multiple=True,
    is_eager=True,
    expose_value=False,
    callback=_turn_off,
    help="Leave a plugin out (also: DELEGRAPH_PLUGINS_OFF=NAME,NAME).",
)
@click.version_option(package_name="delegraph")
def main() -> None:
    """Run .tflite models through pluggable delegates, and see which op runs where and why."""


_with_common_options(main)
