"""``python -m delegraph`` is the command line."""

from .cli import main

main()
