"""``python -m delegraph`` is the command line."""

from delegraph_command import main

main()
