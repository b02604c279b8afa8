"""Programs written for LiteRT run unchanged: modules of delegraph stand at the addresses they import.

::

    import delegraph.compat

    delegraph.compat.install(["opencl", "litert"])
    import tflite_runtime.interpreter as tflite  # delegraph's, whether the package is installed or not

``delegraph exec`` does this for a script. After :func:`install`, ``tflite_runtime.interpreter``,
``ai_edge_litert.interpreter``, ``ai_edge_litert.compiled_model`` and its neighbours, and
``tensorflow.lite.python.interpreter`` are delegraph's. What else an installed package has stays its own; of
packages that are not installed there is what is named here, and nothing else.
"""

from __future__ import annotations

from .modules import install, installed, is_installed, uninstall
from .record import Ran, ran

__all__ = ["Ran", "install", "installed", "is_installed", "ran", "uninstall"]
