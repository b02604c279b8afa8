"""Written-out arithmetic of ops that LiteRT lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from delegraph_conformance.draft import Draft

Written = Callable[[Draft], "list[np.ndarray] | None"]
RATIONAL: Mapping[str, Written] = {}
