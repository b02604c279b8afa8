"""Lets a Python that a program under ``delegraph exec`` starts have delegraph in LiteRT's place, too.

Its folder is on PYTHONPATH, so Python imports it when it begins. It waits for the first import of a package
that delegraph stands in for, and imports nothing before; then comes the sitecustomize that is in its way.
"""

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_PACKAGES = ("tflite_runtime", "ai_edge_litert", "tensorflow")


class _FirstImport:
    """Finds nothing: puts delegraph's modules in place when one of the packages is asked for."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name not in _PACKAGES:
            return None
        sys.meta_path.remove(cls)
        try:
            from delegraph.compat.children import install_here
        except ImportError:
            text = f"delegraph: {sys.executable} has no delegraph: its {name} is not replaced\n"
            sys.stderr.write(text)
            return None
        install_here()
        return find_spec(name)


def _next() -> None:
    """Run the sitecustomize that Python would have found without this one."""
    others = [p for p in sys.path if Path(p or ".").resolve() != _HERE]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


sys.meta_path.insert(0, _FirstImport)
_next()
