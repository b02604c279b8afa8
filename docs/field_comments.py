"""A Sphinx extension: the comment of a field stands on the page, and nothing exported is missing there.

A field's comment is at the end of its line, or above it.
"""

from __future__ import annotations

import ast
import inspect
import re
from itertools import takewhile
from textwrap import dedent

import delegraph
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import logging

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", add_comments)
    app.connect("env-check-consistency", check_complete)
    return {"parallel_read_safe": True}


def add_comments(app: Sphinx) -> None:
    """Let autodoc find the comments of fields where it looks for those that begin with ``#:``."""
    for cls in (v for name in delegraph.__all__ if inspect.isclass(v := getattr(delegraph, name))):
        found = ModuleAnalyzer.for_module(cls.__module__)
        found.analyze()
        for field, comment in comments(cls).items():
            found.attr_docs.setdefault((cls.__qualname__, field), [comment, ""])


def comments(cls: type) -> dict[str, str]:
    """Return what the comments say of a class's fields, those of the classes that it extends included."""
    found: dict[str, str] = {}
    for base in reversed([c for c in cls.__mro__ if c.__module__.split(".")[0] == "delegraph"]):
        source = dedent(inspect.getsource(base))
        (node,) = (n for n in ast.parse(source).body if isinstance(n, ast.ClassDef))
        found |= comments_of(node, source.splitlines())
    return found


def comments_of(cls: ast.ClassDef, source: list[str]) -> dict[str, str]:
    fields = (n for n in cls.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name))
    return {ast.unparse(node.target): comment_of(node, source) for node in fields}


def comment_of(node: ast.AnnAssign, source: list[str]) -> str:
    """Return the comment at the end of a field's line, or what stands above it."""
    after = source[(node.end_lineno or node.lineno) - 1].encode()[node.end_col_offset :].decode()
    above = takewhile(lambda line: line.lstrip().startswith("#"), source[node.lineno - 2 :: -1])
    said = [after] if after.strip() else reversed(list(above))
    text = " ".join(line.strip(" #") for line in said)
    return text if "``" in text else re.sub(r"([*_`|\\])", r"\\\1", text)


def check_complete(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of what is exported and has no place on any page, fields included."""
    there = {name.removeprefix("delegraph.") for name in env.domaindata["py"]["objects"]}
    for name in delegraph.__all__:
        value = getattr(delegraph, name)
        wanted = [name, *(f"{name}.{f.name}" for f in getattr(value, "__attrs_attrs__", ()))]
        for missing in (w for w in wanted if w not in there and "._" not in w):
            logger.warning("the page of the Python interface lacks %s", missing)
