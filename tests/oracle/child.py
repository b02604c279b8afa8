"""A program that answers pickled requests on its stdin, and may die or hang without harm to the tests.

The program's side is :func:`serve`.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any


class ChildDied(Exception):
    """The process ended instead of answering. ``how``: "SIGABRT", "SIGSEGV", "timeout", "exit code 1"."""

    def __init__(self, how: str, said: str) -> None:
        super().__init__(f"{how}: {said.strip()[-2000:] or 'it said nothing'}")
        self.how = how
        self.said = said


class Child:
    """The process, the pipes to it, and the file with what it prints."""

    def __init__(self, program: Path) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )

    def ask(self, request: Any, timeout: float) -> Any:
        """Return the answer to a request.

        :param timeout: seconds after which the process is killed
        :raises ChildDied: there is no answer; the child is closed then
        """
        start = self._said.seek(0, 2)
        expired = threading.Event()
        timer = threading.Timer(timeout, lambda: (expired.set(), self._process.kill()))
        timer.start()
        try:
            return self._exchange(request)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            how = "timeout" if expired.is_set() else _how_it_ended(self._process.wait())
            said = self._text_since(start)
            self.close()
            raise ChildDied(how, said) from None
        except BaseException:  # an interrupt between question and answer leaves the pipe out of step
            self._process.kill()
            self.close()
            raise
        finally:
            timer.cancel()

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()

    def _exchange(self, request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(request, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
        self._process.stdin.flush()
        return pickle.load(self._process.stdout)

    def _text_since(self, start: int) -> str:
        self._said.seek(start)
        return self._said.read().decode(errors="replace")


def serve(answer: Callable[[Any], Any]) -> None:
    """Answer requests until stdin ends. What is printed goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            request = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(answer(request), answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()


def _how_it_ended(code: int) -> str:
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit code {code}"
