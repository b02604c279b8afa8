"""Entries of the cache that somebody forged, with the right checksum, are made anew or harmless."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

COUNT = int(os.environ.get("DELEGRAPH_FORGED", "20"))  # entries, for each kind of kernels


@pytest.mark.parametrize("kernels", ["cpu", "gpu"])
def test_nothing_is_read_or_written_beside_a_buffer_whatever_an_entry_says(kernels: str) -> None:
    program = Path(__file__).with_name("forged_cache.py")
    command = [sys.executable, str(program), "--kernels", kernels, "--count", str(COUNT)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr[-3000:]
    said = re.search(r"(\d+) made anew, (\d+) used", found.stdout)
    assert said is not None
    assert min(int(said[1]), int(said[2])) > COUNT // 10
