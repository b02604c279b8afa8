"""From launches to values: compiled, started one by one or in one, run, and handed on."""
