"""The intact models that are broken, each by a name from which it is made again.

``recipe:ADD:2:int8`` is the matrix's model of one op, ``graph:int8:17`` a random graph, ``made:custom`` one
of ``made``, ``compiled:3`` what the Edge TPU command makes of a random graph, ``file:int8/a.tflite`` one of
DELEGRAPH_MODELS.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

from delegraph import Model
from delegraph.file import read_model, write_model

SMALL = 300_000  # bytes: of larger files most are weights, and running them takes long
LARGE_SHARE = 0.1  # of the mutants of files
GRAPHS = 500  # random graphs of each kind
COMPILED = 40


def drawn(draw: random.Random) -> str:
    """Return the name of a source; each op, random graph and file has its share."""
    return draw.choice(_GROUPS)(draw)


@lru_cache(maxsize=512)
def source(name: str) -> bytes:
    """Return the intact file of this name."""
    group, _, rest = name.partition(":")
    return _MAKERS[group](rest)


@lru_cache(maxsize=8)
def intact(name: str) -> Model:
    """Return the model of this name."""
    return read_model(source(name))


def is_generated(name: str) -> bool:
    """Say whether a source is made by code: what comes of it may be kept in the repository."""
    return not name.startswith("file:")


@cache
def holds_int16(name: str) -> bool:
    """Say whether a source has int16 activations."""
    graphs = intact(name).subgraphs
    return any(t.dtype == "int16" and not t.is_constant for g in graphs for t in g.tensors)


def files() -> list[str]:
    """Return the models of DELEGRAPH_MODELS; [] where it is not set."""
    folder = os.environ.get("DELEGRAPH_MODELS")
    return [] if folder is None else list(_files(Path(folder)))


@cache
def _files(folder: Path) -> tuple[str, ...]:
    return tuple(str(f.relative_to(folder)) for f in sorted(folder.rglob("*.tflite")))


def _draw_recipe(draw: random.Random) -> str:
    from matrix.recipe import recipes
    from matrix.run import fact_of

    op, made = draw.choice(sorted(recipes().items()))
    fact = fact_of(op)
    version = draw.choice((fact.last_of_ref or fact.last, draw.randint(fact.first, fact.last)))
    usual = [t for t in made.types if set(re.split("[:> ]", t)) <= _USUAL]
    types = usual if usual and draw.random() < 0.8 else made.types
    return f"recipe:{op}:{version}:{draw.choice(types)}"


def _draw_graph(draw: random.Random) -> str:
    from delegraph_conformance.graphs.net import KINDS

    return f"graph:{draw.choice(sorted(KINDS))}:{draw.randrange(GRAPHS)}"


def _draw_made(draw: random.Random) -> str:
    from fuzz.made import MADE

    if draw.random() < 0.3:
        return f"compiled:{draw.randrange(COMPILED)}"
    return f"made:{draw.choice(sorted(MADE))}"


def _draw_file(draw: random.Random) -> str:
    wants_large = draw.random() < LARGE_SHARE
    found = [name for name in files() if _is_large(name) == wants_large] or files()
    return f"file:{draw.choice(found)}" if found else _draw_made(draw)


@cache
def _is_large(name: str) -> bool:
    return Path(os.environ["DELEGRAPH_MODELS"], name).stat().st_size > SMALL


def _recipe(rest: str) -> bytes:
    from matrix.recipe import recipes

    op, version, types = rest.split(":", 2)
    return write_model(recipes()[op].draft(int(version), types).model())


def _graph(rest: str) -> bytes:
    from delegraph_conformance.graphs.random_graph import random_graph

    kind, seed = rest.split(":")
    return write_model(random_graph(int(seed), kind))


def _made(rest: str) -> bytes:
    from fuzz.made import MADE

    return write_model(MADE[rest]())


def _compiled(rest: str) -> bytes:
    from fuzz.made import compiled

    return compiled(int(rest))


def _file(rest: str) -> bytes:
    return Path(os.environ["DELEGRAPH_MODELS"], rest).read_bytes()


_USUAL = {
    "float32",
    "int8",
    "uint8",
    "int16",
    "int32",
    "int64",
    "bool",
    "string",
}  # types that most ops take
_GROUPS: tuple[Callable[[random.Random], str], ...] = (
    *[_draw_recipe] * 5, *[_draw_graph] * 2, *[_draw_made] * 2, *[_draw_file] * 3,
)  # fmt: skip
_MAKERS: dict[str, Callable[[str], bytes]] = {
    "recipe": _recipe,
    "graph": _graph,
    "made": _made,
    "compiled": _compiled,
    "file": _file,
}
