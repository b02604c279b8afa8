"""A graph as the builder code that makes it."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Model, Quantization, Tensor

_SHOWN = 12  # numbers of a constant; of larger ones the numbers are in the file only


def builder_code(model: Model) -> str:
    """Return Python that builds a model like this one; large constants get other numbers of their range."""
    graph = model.subgraphs[0]
    lines = ["g = Builder()", "rng = np.random.default_rng(0)"]
    lines += [
        f"{_name(t)} = g.input({t.shape}, {t.dtype!r}{_stored(t.quantization)})" for t in graph.inputs
    ]
    known = {t.index for t in graph.inputs}
    for op in graph.ops:
        for t in (t for t in op.inputs if t is not None and t.index not in known):
            known.add(t.index)
            lines.append(f"{_name(t)} = {_constant(t)}")
        known |= {t.index for t in op.outputs}
        reads = ", ".join("None" if t is None else _name(t) for t in op.inputs)
        made = ", ".join(f"g.tensor({t.shape}, {t.dtype!r}{_stored(t.quantization)})" for t in op.outputs)
        options = "".join(f", {name}={_value(v)}" for name, v in op.options if v is not None)
        names = ", ".join(map(_name, op.outputs))
        lines.append(f"{names} = g.op({op.name!r}, [{reads}], [{made}]{options})")
    lines.append(f"model = g.model([{', '.join(map(_name, graph.outputs))}])")
    return "\n".join(lines)


def _name(tensor: Tensor) -> str:
    return f"t{tensor.index}"


def _constant(tensor: Tensor) -> str:
    data = tensor.data
    assert data is not None
    stored = _stored(tensor.quantization)
    if data.size <= _SHOWN:
        return f"g.constant(np.array({data.tolist()}, {str(data.dtype)!r}){stored})"
    low, high = data.min(), data.max()
    if data.dtype.kind == "f":
        numbers = f"rng.uniform({low:.3g}, {high:.3g}, {data.shape})"
    else:
        numbers = f"rng.integers({low}, {high} + 1, {data.shape})"
    return f"g.constant({numbers}.astype({str(data.dtype)!r}){stored})"


def _stored(quantization: Quantization | None) -> str:
    if quantization is None or not len(quantization.scale):
        return ""
    q = quantization
    if len(q.scale) == 1:
        return f", scale={q.scale[0]:.9g}, zero_point={q.zero_point[0]}"
    scales = ", ".join(f"{s:.9g}" for s in q.scale)
    return f", scale=[{scales}], zero_point={q.zero_point.tolist()}, axis={q.axis}"


def _value(value: Any) -> str:
    return repr(value.tolist() if isinstance(value, np.ndarray) else value)
