"""The suite run on a delegate of this repository, as its users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest


def check_passes(
    name: str, options: Sequence[str], modules: Sequence[str], *arguments: str, folder: Path
) -> None:
    """Run modules of the suite on a delegate; fail with what pytest said.

    :param arguments: of pytest, besides the delegate and its options.
    :param folder: an empty one, where it runs.
    """
    if find_spec(f"delegraph_{name}") is None:
        pytest.skip(f"delegraph-{name} is not installed")
    suite = [f"delegraph_conformance.{module}" for module in modules]
    given = [text for option in options for text in ("--delegate-option", option)]
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "--tb=short", "--pyargs", *suite]
    found = subprocess.run(
        [*command, f"--delegate={name}", *given, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        # PoCL compiles three times as fast, and computes the same but for fused multiply-adds.
        env={**os.environ, "POCL_EXTRA_BUILD_FLAGS": "-cl-opt-disable"},
    )
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr
    assert " 0 failed" in found.stdout
