"""Breaks models and tries them on every delegate and command: ``python tests/hostile/fuzz --minutes 5``.

``sources`` are intact, ``mutants`` broken; ``targets`` says what is done with one, in ``process``;
``trials`` asks that process and says what is wrong with its answer; ``shrink`` makes what fails small;
``kept`` are files that failed once, tried again by ``tests/hostile/test_fuzz.py``.
"""
