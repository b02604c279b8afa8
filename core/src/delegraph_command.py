"""The program ``delegraph``: Ctrl-C ends it with a word, also while Python imports the command line."""

from __future__ import annotations

import sys


def main() -> None:
    try:
        from delegraph.cli import main as command
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    command()
