"""Every message writes a shape in one way, by ``shape_text``: 1×4, not (1, 4)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHAPE = re.compile(r"([\w.()\[\]]+\.)?shape|(shape_of|operand_shape)\(.*\)|tuple\(\w*shape\)")
KEYS = ["delegates/opencl/src/delegraph_opencl/cache/digest.py"]  # nobody reads what it makes


def bare_shapes(source: str) -> Iterator[str]:
    """Yield the shapes that f-strings write as Python does, but for keys of a cache and assertions."""
    tree = ast.parse(source)
    unread = [n for n in ast.walk(tree) if isinstance(n, ast.Assert) or _is_key(n)]
    hidden = {part for n in unread for part in ast.walk(n)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and node not in hidden:
            written = ast.unparse(node.value)
            if SHAPE.fullmatch(written):
                yield f"{node.lineno}: {{{written}}}"


def _is_key(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "key"


def test_every_message_writes_shapes_in_one_way() -> None:
    sources = [
        p for folder in ("core", "delegates", "plugins") for p in (ROOT / folder).glob("**/src/**/*.py")
    ]
    assert len(sources) > 400
    places = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sources}
    found = {place: list(bare_shapes(text)) for place, text in places.items() if place not in KEYS}
    assert {place: shapes for place, shapes in found.items() if shapes} == {}


def test_a_shape_as_python_writes_it_is_seen() -> None:
    bare = 'raise InputError(f"needs rank 2, found {x.shape}, {tuple(shape)}, {shape_text(y.shape)}, {n}")'
    assert list(bare_shapes(bare)) == ["1: {x.shape}", "1: {tuple(shape)}"]
    assert list(bare_shapes('key = f"{x.shape}"\nassert fits, f"{x.shape}"')) == []
