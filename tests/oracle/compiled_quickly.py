"""For OpenCL on PoCL: compile without LLVM's optimizations, in half the time.

The values are the same but for multiply-adds that are not fused. For what moves values, for generated
graphs and changes of an op, and for further precisions of a model; what else the tests of an op and of
whole models compute is compiled as users have it.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from unittest.mock import patch

FLAGS = "POCL_EXTRA_BUILD_FLAGS"


def compiled_quickly() -> AbstractContextManager[object]:
    """Return what holds while programs are compiled so; a setting of the user's stays."""
    return patch.dict(os.environ, {FLAGS: os.environ.get(FLAGS, "-cl-opt-disable")})
