"""The range of each tensor of a subgraph, by the method that its ops ask for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from delegraph import Model

from .calibrate import Calibration, range_of
from .calibrate.saved import inside_key, tensor_keys
from .calibrate.statistics import TensorStatistics

_BITS = {"int8": 8, "uint8": 8, "int16": 16}


class ChosenRanges:
    """``ranges(tensor, type)``: lowest and highest value, or in words why there is none."""

    def __init__(
        self,
        model: Model,
        subgraph: int,
        calibration: Calibration | None,
        wanted: Mapping[tuple[int, int], tuple[str, str]],
    ) -> None:
        graph = model.subgraphs[subgraph]
        keys = tensor_keys(model)
        self._keys = {t.index: keys[subgraph, t.index] for t in graph.tensors}
        self._seen = {} if calibration is None else calibration.tensors
        self._methods: dict[int, str] = {}
        for op in graph.ops:  # of a tensor that several ops name, the op that writes it decides
            method = wanted.get((subgraph, op.index), ("", "minmax"))[1]
            for t in op.inputs:
                if t is not None:
                    self._methods.setdefault(t.index, method)
            self._methods.update({t.index: method for t in op.outputs})
        self._known: dict[tuple[int, str], tuple[float, float] | str] = {}

    def __call__(self, index: int, dtype: str) -> tuple[float, float] | str:
        if (index, dtype) not in self._known:
            self._known[index, dtype] = self._found(index, dtype)
        return self._known[index, dtype]

    def inside(self, index: int, what: str) -> tuple[float, float] | str:
        """Return the range of what the op that writes a tensor holds inside, or why there is none."""
        key = self._keys.get(index, "")
        return _range(self._seen.get(inside_key(key, what)), "minmax", "int16")

    def _found(self, index: int, dtype: str) -> tuple[float, float] | str:
        seen = self._seen.get(self._keys.get(index, ""))
        return _range(seen, self._methods.get(index, "minmax"), dtype)


def _range(seen: TensorStatistics | None, method: str, dtype: str) -> tuple[float, float] | str:
    if seen is None or not (seen.samples or seen.odd):
        return "no sample reached it"
    if seen.odd:
        return "its values were not all finite"
    low, high = range_of(seen, method, _BITS[dtype])
    if max(-low, high) > np.finfo(np.float32).max / 4:
        return "its values are too large"
    return low, high
