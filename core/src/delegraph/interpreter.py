"""The address of LiteRT's interpreter: ``from delegraph.interpreter import Interpreter, load_delegate``.

The interpreter itself is in :mod:`delegraph.run.interpreter`.
"""

from __future__ import annotations

import numpy  # noqa: F401  # where few calls are under way: see ``later.names``

from .plugins import load_delegate
from .run.interpreter import Interpreter, InterpreterWithCustomOps, OpResolverType
from .run.signature import SignatureRunner

__all__ = ["Interpreter", "InterpreterWithCustomOps", "OpResolverType", "SignatureRunner", "load_delegate"]
