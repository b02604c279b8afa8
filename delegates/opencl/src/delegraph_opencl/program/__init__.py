"""A partition as nodes and launches: its lowering, what is rewritten in it, and what it takes of memory."""
