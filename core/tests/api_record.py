"""What delegraph exports, as stubs from the source: every name with its signature, fields and methods.

``python core/tests/api_record.py --write`` writes ``api.txt`` beside this file, which a test compares: a
change of what authors rely on is a decision, and whoever reviews it sees it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec, resolve_name
from pathlib import Path
from types import ModuleType

import delegraph
from delegraph.model import schema

RECORD = Path(__file__).with_name("api.txt")
MODULES = (
    "delegraph",
    "delegraph.interpreter",
    "delegraph.batch",
    "delegraph.compat",
    "delegraph.compiled_model",
    "delegraph.profile",
    "delegraph.rules",
)
SPECIAL = ("__call__", "__contains__", "__enter__", "__exit__", "__init__", "__iter__", "__len__")
Definition = ast.ClassDef | ast.FunctionDef | ast.Assign | ast.AnnAssign


def record() -> str:
    """Return the stubs of every public module, and the options of every op."""
    return "\n\n".join([*map(module_record, MODULES), options_record()]) + "\n"


def module_record(module: str) -> str:
    own = sorted(import_module(module).__all__)
    shared = [] if module == "delegraph" else [name for name in own if name in delegraph.__all__]
    stubs = (line for name in own if name not in shared for line in stub(name, module))
    return "\n".join([f"# {module}\n", *(f"from delegraph import {name}" for name in shared), *stubs])


def options_record() -> str:
    """Return the fields of each op's options in the words of the schema: names, types and defaults."""
    return "\n".join(["# op.options\n", *(f"# {op}({_options(op)})" for op in schema.OPERATORS)])


def stub(name: str, module: str) -> Iterator[str]:
    """Yield what is recorded of one exported name."""
    if isinstance(getattr(import_module(module), name), ModuleType):
        yield f"import {module}.{name}"
    else:
        yield from _lines(definition(name, module))


def definition(name: str, module: str) -> Definition:
    """Return the statement that defines a name, wherever its module has it from."""
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.ImportFrom) and name in [alias.name for alias in node.names]:
            return definition(name, _imported(node, module))
        if isinstance(node, Definition) and name in _names(node):
            return node
    raise LookupError(f"{module} defines no {name}")


def members(cls: ast.ClassDef) -> Iterator[Definition]:
    """Yield the fields, attributes and methods of a class that are not private."""
    for node in cls.body:
        if isinstance(node, Definition):
            (name,) = _names(node)
            if not name.startswith("_") or name in SPECIAL or _is_given(node):
                yield node


def _is_given(node: Definition) -> bool:
    """Say whether a private name is a field that callers give a value, by its name without underscore."""
    return isinstance(node, ast.AnnAssign) and "init=False" not in ast.unparse(node)


@cache
def parsed(module: str) -> ast.Module:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))


def _imported(node: ast.ImportFrom, module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    package = module if spec.submodule_search_locations else module.rpartition(".")[0]
    return resolve_name("." * node.level + (node.module or ""), package)


def _names(node: Definition) -> list[str]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _lines(node: Definition) -> Iterator[str]:
    if isinstance(node, ast.ClassDef):
        yield from (f"@{ast.unparse(d)}" for d in node.decorator_list)
        bases = f"({', '.join(map(ast.unparse, node.bases))})" if node.bases else ""
        yield f"class {node.name}{bases}:"
        yield from (f"    {line}" for member in members(node) for line in _lines(member))
    elif isinstance(node, ast.FunctionDef):
        yield from (f"@{ast.unparse(d)}" for d in node.decorator_list)
        result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        yield f"def {node.name}({ast.unparse(node.args)}){result}: ..."
    elif isinstance(node, ast.AnnAssign):
        yield f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}{_default(node.value)}"
    else:
        yield ast.unparse(node)


def _default(value: ast.expr | None) -> str:
    """Say what a field has by default, not how it is compared or printed; a table is not written out."""
    if value is None:
        return ""
    if not isinstance(value, ast.Call):
        return " = ..." if isinstance(value, (ast.Dict, ast.DictComp)) else f" = {ast.unparse(value)}"
    said = {k.arg: ast.unparse(k.value) for k in value.keywords}
    return f" = {said['default']}" if "default" in said else " = ..." if "factory" in said else ""


def _options(op: str) -> str:
    fields = schema.TABLES.get(schema.options_of(op), ())
    return ", ".join(f"{f.name}: {_type(f)} = {f.default!r}" for f in fields)


def _type(field: schema.Field) -> str:
    return f"[{field.type}]" if field.kind == "vector" else field.type


if __name__ == "__main__":
    if "--write" in sys.argv:
        RECORD.write_text(record(), encoding="utf-8")
    else:
        print(record(), end="")
