"""The process in which a delegate is tested: when it dies, the test that ran is named and the others go on.

The process's side is :func:`main`: it runs pickled functions ``f(subject, *arguments)``.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

import pytest
from _pytest.outcomes import Failed

from .subject import Subject

SECONDS = 120.0  # that one call may take
_SAID = 1000  # characters of what the process printed that a message quotes, from its beginning and its end


class Died(Failed):
    """The process ended, or was killed because it took too long; it fails the test that asked."""


class Child:
    """A process that runs functions; another one is started when it has died."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._end()
        self._said.close()

    def call(self, function: Callable[..., Any], *arguments: Any, seconds: float = SECONDS) -> Any:
        """Return ``function(subject, *arguments)``, run in the process.

        :param function: of a module, by its name
        :param seconds: after which the process is killed
        """
        kind, value = self._ask((function, arguments), seconds)
        if kind == "skipped":
            pytest.skip(value)
        if kind == "died":
            raise Died(value, pytrace=False)
        if kind != "returned":
            pytest.fail(value, pytrace=False)
        return value

    def _ask(self, request: Any, seconds: float) -> tuple[str, Any]:
        """Return what came of a request: ("returned", value), or how it failed and the text of it."""
        process = self._started()
        start, expired = self._said.seek(0, 2), threading.Event()

        def kill() -> None:
            expired.set()
            process.kill()

        timer = threading.Timer(seconds, kill)
        timer.start()
        try:
            return _exchanged(process, request)
        except (EOFError, OSError, pickle.UnpicklingError):
            how = f"was killed after {seconds:g} s" if expired.is_set() else _how_it_ended(process.wait())
            self._end()
            return "died", f"the delegate's process {how}; it said: {self._text_since(start)}"
        except BaseException:  # an interrupt between question and answer leaves the pipe out of step
            process.kill()
            self._end()
            raise
        finally:
            timer.cancel()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-c", f"from {__name__} import main; main()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )
            _send(self._process.stdin, self._subject)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                pipe and pipe.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _text_since(self, start: int) -> str:
        self._said.seek(start)
        said = self._said.read().decode(errors="replace").strip() or "nothing"
        return said if len(said) <= 2 * _SAID else f"{said[:_SAID]}\n…\n{said[-_SAID:]}"


def main() -> None:
    """Run functions until stdin ends. What they print goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    questions = sys.stdin.buffer
    subject = pickle.load(questions)
    with suppress(EOFError):
        while True:
            _send(answers, _result(subject, questions))


def _result(subject: Subject, questions: IO[bytes]) -> tuple[str, Any]:
    request = questions.read(int.from_bytes(_whole(questions), "little"))
    try:
        function, arguments = pickle.loads(request)
        return "returned", function(subject, *arguments)
    except KeyboardInterrupt:
        raise
    except pytest.skip.Exception as e:
        return "skipped", str(e)
    except (AssertionError, pytest.fail.Exception) as e:
        return "failed", str(e) or traceback.format_exc()
    except BaseException:
        return "raised", traceback.format_exc()


def _whole(questions: IO[bytes]) -> bytes:
    """Return the eight bytes that say how long a question is."""
    size = questions.read(8)
    if len(size) < 8:
        raise EOFError
    return size


def _exchanged(process: subprocess.Popen[bytes], request: Any) -> tuple[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    question = pickle.dumps(request)
    process.stdin.write(len(question).to_bytes(8, "little") + question)
    process.stdin.flush()
    kind, value = pickle.load(process.stdout)
    return kind, value


def _send(pipe: IO[bytes] | None, value: Any) -> None:
    assert pipe is not None
    pipe.write(pickle.dumps(value))
    pipe.flush()


def _how_it_ended(code: int) -> str:
    with suppress(ValueError):
        return f"died of {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
