"""Every message writes a shape in one way, by ``shape_text``: 1×4, not (1, 4)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHAPE = re.compile(r"([\w.()\[\]]+\.)?shape|(shape_of|operand_shape)\(.*\)|tuple\(\w*shape\)")
# What these write is for programs: keys of caches, code in Python.
CODES = [
    "core/src/delegraph/model/fingerprint.py",
    "delegates/opencl/src/delegraph_opencl/cache/digest.py",
    "plugins/conformance/src/delegraph_conformance/graphs/code.py",
]


def bare_shapes(source: str) -> Iterator[str]:
    """Yield the shapes that f-strings write as Python does, but for keys of a cache and assertions."""
    tree = ast.parse(source)
    hidden = {
        part for n in ast.walk(tree) if isinstance(n, ast.Assert) or _is_key(n) for part in ast.walk(n)
    }
    found = {}
    for scope in (n for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.FunctionDef))):
        named = set(_names_of_shapes(scope))
        for node in ast.walk(scope):
            if isinstance(node, ast.FormattedValue) and node not in hidden:
                written = ast.unparse(node.value)
                if SHAPE.fullmatch(written) or written in named:
                    found[node] = f"{node.lineno}: {{{written}}}"
    yield from found.values()


def _names_of_shapes(scope: ast.Module | ast.FunctionDef) -> Iterator[str]:
    """Yield the variables of a function that hold a shape: ``x, y = x.shape, shape_of(op.inputs[1])``."""
    if isinstance(scope, ast.Module):
        return
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            yield from _shapes_in(node.targets[0], node.value)


def _shapes_in(target: ast.expr, value: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        if SHAPE.fullmatch(ast.unparse(value)):
            yield target.id
    elif isinstance(target, ast.Tuple):
        parts = value.elts if isinstance(value, ast.Tuple) else []
        if isinstance(value, ast.GeneratorExp):  # (shape_of(t) for t in op.inputs)
            parts = [value.elt] * len(target.elts)
        for one, of in zip(target.elts, parts, strict=False):
            yield from _shapes_in(one, of)


def _is_key(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "key"


def test_every_message_writes_shapes_in_one_way() -> None:
    sources = [
        p for folder in ("core", "delegates", "plugins") for p in (ROOT / folder).glob("**/src/**/*.py")
    ]
    assert len(sources) > 400
    places = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sources}
    found = {place: list(bare_shapes(text)) for place, text in places.items() if place not in CODES}
    assert {place: shapes for place, shapes in found.items() if shapes} == {}


def test_a_shape_as_python_writes_it_is_seen() -> None:
    bare = 'raise InputError(f"needs rank 2, found {x.shape}, {tuple(shape)}, {shape_text(y.shape)}, {n}")'
    assert list(bare_shapes(bare)) == ["1: {x.shape}", "1: {tuple(shape)}"]
    named = 'def f(op):\n    x, (n, _) = shape_of(op), y\n    return f"{x}, {n}"'
    assert list(bare_shapes(named)) == ["3: {x}"]
    assert list(bare_shapes('key = f"{x.shape}"\nassert fits, f"{x.shape}"')) == []
