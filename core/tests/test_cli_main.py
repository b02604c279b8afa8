"""The command line as a whole: commands found, options everywhere, errors and exit codes."""

from __future__ import annotations

import inspect
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner
from delegraph import hookimpl
from delegraph.cli import COMMANDS, main
from delegraph.errors import InputError
from delegraph.log import logger
from delegraph.plugins import Plugins

# Before click 8.2 the two streams were mixed unless one said otherwise.
SEPARATE = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}


@pytest.fixture
def plugins(monkeypatch):
    """Nothing is installed but what a test registers here."""
    found = Plugins()
    monkeypatch.setattr(Plugins, "installed", staticmethod(lambda: found))
    monkeypatch.setattr(main, "commands", {})
    monkeypatch.setattr(main, "_asked_plugins", False)
    return found


def adding(command, name=None):
    """Return a plugin that adds a command."""

    class Adding:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_commands(self, cli):
            cli.add_command(click.command(name or command.__name__)(command))

    return Adding()


def run(*arguments):
    return CliRunner(**SEPARATE).invoke(main, arguments)


def test_the_list_of_commands_has_those_of_core_and_of_plugins(plugins):
    def shrink():
        """Make a model smaller."""

    plugins.register(adding(shrink), "optimize")

    text = run("--help").stdout

    for name in ("inspect", "plugins", "support", "partition", "why", "run", "benchmark", "compare"):
        assert f"  {name} " in text
    assert "shrink" in text
    assert "Make a model smaller." in text


def test_a_plugins_command_runs(plugins):
    plugins.register(adding(lambda: click.echo("smaller"), "shrink"), "optimize")

    assert run("shrink").stdout == "smaller\n"


def test_a_plugin_cannot_take_the_place_of_a_command_of_core(plugins):
    plugins.register(adding(lambda: click.echo("mine"), "plugins"), "p")

    assert "Delegates" in run("plugins").stdout
    assert run("--help").stdout.count("  plugins ") == 1


def test_a_plugin_whose_commands_fail_does_not_stop_the_others(plugins):
    class Broken:
        DELEGRAPH_API = 1

        @hookimpl
        def delegraph_commands(self, cli):
            raise ImportError("no module named torch")

    plugins.register(Broken(), "a")
    plugins.register(adding(lambda: click.echo("smaller"), "shrink"), "b")

    result = run("shrink")

    assert result.stdout == "smaller\n"
    assert "warning: delegraph_commands of plugin 'a' failed: ImportError" in result.stderr


def failing(error):
    def fail():
        raise error

    return adding(fail)


def test_an_error_of_ours_is_a_message_and_exit_code_1(plugins):
    plugins.register(failing(InputError("needs a cat, found a dog")), "p")

    result = run("fail")

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "error: needs a cat, found a dog\n")


def test_a_file_that_cannot_be_read_is_a_message_and_exit_code_1(plugins):
    plugins.register(failing(PermissionError(13, "Permission denied", "cat.npy")), "p")

    result = run("fail")

    assert (result.exit_code, result.stderr) == (1, "error: [Errno 13] Permission denied: 'cat.npy'\n")


@pytest.mark.parametrize("arguments", [("--debug", "fail"), ("fail", "--debug")])
def test_debug_shows_the_traceback(plugins, arguments):
    plugins.register(failing(InputError("x")), "p")

    result = run(*arguments)

    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback")
    assert "InputError: x" in result.stderr


def test_an_environment_variable_shows_the_traceback(plugins, monkeypatch):
    monkeypatch.setenv("DELEGRAPH_DEBUG", "1")
    plugins.register(failing(InputError("x")), "p")

    assert run("fail").stderr.startswith("Traceback")


def test_a_wrong_call_is_exit_code_2(plugins):
    assert run("no-such-command").exit_code == 2
    assert run("plugins", "--no-such-option").exit_code == 2


def test_ctrl_c_is_exit_code_130(plugins):
    plugins.register(failing(KeyboardInterrupt()), "p")

    assert run("fail").exit_code == 130


def test_a_reader_that_goes_away_ends_a_command_without_a_word(plugins):
    plugins.register(failing(BrokenPipeError(32, "Broken pipe")), "p")

    result = run("fail")

    assert (result.exit_code, result.stderr) == (1, "")


def warning():
    logger.warning("op #1 falls back")
    logger.info("reading")


@pytest.mark.parametrize(
    ("arguments", "stderr"),
    [
        (["warn"], "warning: op #1 falls back\n"),
        (["-q", "warn"], ""),
        (["warn", "-q"], ""),
        (["warn", "--quiet"], ""),
        (["-v", "warn"], "warning: op #1 falls back\ninfo: reading\n"),
        (["warn", "-v"], "warning: op #1 falls back\ninfo: reading\n"),
    ],
)
def test_warnings_go_to_stderr_unless_q_turns_them_off(plugins, arguments, stderr):
    plugins.register(adding(warning, "warn"), "p")

    assert run(*arguments).stderr == stderr


def test_a_command_leaves_the_logger_as_it_found_it(plugins):
    plugins.register(adding(warning, "warn"), "p")
    before = logger.level, list(logger.handlers)

    run("-q", "warn")

    assert (logger.level, list(logger.handlers)) == before


def test_every_command_takes_the_common_options_once():
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        names = [n for p in command.params for n in p.opts]
        assert {"-q", "-v", "--debug"} <= set(names), name
        assert len(names) == len(set(names)), name


def test_the_version_is_that_of_the_package():
    from delegraph import __version__

    assert __version__ in run("--version").stdout


def test_python_m_delegraph_is_the_command_line():
    result = subprocess.run(
        [sys.executable, "-m", "delegraph", "--version"], capture_output=True, text=True, check=True
    )

    assert "version" in result.stdout


def test_a_command_does_not_import_the_others():
    code = "import sys, delegraph.cli; print([m for m in sys.modules if m.startswith('delegraph.cli.')])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "['delegraph.cli.echo']"


@pytest.mark.parametrize(("command", "package"), [("devices", "opencl"), ("edgetpu", "edgetpu")])
def test_a_command_of_a_package_that_is_not_installed_names_it(plugins, monkeypatch, command, package):
    monkeypatch.setattr("delegraph.contract.packages.find_spec", lambda name: None)
    result = run(command)
    assert result.exit_code == 2
    assert f"No such command {command!r}. It is in the package delegraph-{package}." in result.stderr


def test_a_command_of_a_package_that_cannot_be_loaded_says_where_to_look(plugins, monkeypatch):
    monkeypatch.setattr("delegraph.contract.packages.find_spec", lambda name: object())
    assert "could not be loaded: see `delegraph plugins`" in run("devices").stderr


def test_a_command_that_nobody_has_is_no_command(plugins):
    assert "No such command 'nonsense'" in run("nonsense").stderr
