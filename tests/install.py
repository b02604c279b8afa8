"""pip, for tox: the packages of this workspace are built with one hatchling, not each with one of its own.

That takes pip 2 s more for each of eight packages. Whether each asks for what builds it, "wheels" finds.
"""

from __future__ import annotations

import subprocess
import sys

PIP = [sys.executable, "-I", "-m", "pip", "install"]
BACKENDS = ["hatchling>=1.24", "editables", "setuptools"]  # setuptools: of dash-cytoscape


def main(arguments: list[str]) -> int:
    """Install what tox asks for; return pip's exit code."""
    if "-e" in arguments:
        ready = subprocess.call([*PIP, "-q", *BACKENDS])
        if not (ready or subprocess.call([*PIP, "--no-build-isolation", *arguments])):
            return 0
    return subprocess.call([*PIP, *arguments])  # also where something else is built with another backend


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
