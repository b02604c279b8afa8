"""UNIDIRECTIONAL_SEQUENCE_LSTM, unrolled over time; its state is 0 at first.

    i, f, u, o = gates of W x + R h + p c         c = f c + i u        hidden = o activation(c)

Source: tflite/kernels/lstm_eval.cc (LstmStepFloat).
"""

from __future__ import annotations

from typing import Any

from delegraph import Op

from ..torch_extra import F, torch

_TINY = 1e-8  # added to the variance, as the kernel does
_WEIGHTS, _RECURRENT, _PEEPHOLES, _BIASES, _NORMS = 1, 5, 9, 12, 20
_PROJECTION, _PROJECTION_BIAS = 16, 17
_INPUT, _FORGET, _UPDATE, _OUTPUT = range(4)
_PEEPHOLE_OF = {_INPUT: _PEEPHOLES, _FORGET: _PEEPHOLES + 1, _OUTPUT: _PEEPHOLES + 2}


def lstm(op: Op, *values: Any) -> Any:
    """x: (batch, time, depth), or (time, batch, depth) if time_major."""
    given = dict(enumerate(values))
    x = values[0] if op.options.time_major else values[0].transpose(0, 1)
    outputs = (values[_PROJECTION] if given.get(_PROJECTION) is not None else values[6]).shape[
        0 if given.get(_PROJECTION) is not None else 1
    ]
    h = x.new_zeros(x.shape[1], outputs)
    c = x.new_zeros(x.shape[1], values[2].shape[0])
    steps = []
    for at in x:
        h, c = _step(op.options, given, at, h, c)
        steps.append(h)
    y = torch.stack(steps)
    return y if op.options.time_major else y.transpose(0, 1)


def _step(options: Any, v: dict[int, Any], x: Any, h: Any, c: Any) -> tuple[Any, Any]:
    f = torch.sigmoid(_gate(v, _FORGET, x, h, c))
    u = _activation(options, _gate(v, _UPDATE, x, h, c))
    has_input = v.get(_WEIGHTS + _INPUT) is not None
    i = torch.sigmoid(_gate(v, _INPUT, x, h, c)) if has_input else 1 - f
    c = _clipped(f * c + i * u, options.cell_clip)
    hidden = torch.sigmoid(_gate(v, _OUTPUT, x, h, c)) * _activation(options, c)
    if v.get(_PROJECTION) is None:
        return hidden, c
    return _clipped(F.linear(hidden, v[_PROJECTION], v.get(_PROJECTION_BIAS)), options.proj_clip), c


def _gate(v: dict[int, Any], gate: int, x: Any, h: Any, c: Any) -> Any:
    z = F.linear(x, v[_WEIGHTS + gate]) + F.linear(h, v[_RECURRENT + gate])
    peephole = v.get(_PEEPHOLE_OF.get(gate, -1))
    z = z if peephole is None else z + peephole * c
    norm, bias = v.get(_NORMS + gate), v.get(_BIASES + gate)
    if norm is not None:
        centered = z - z.mean(-1, keepdim=True)
        z = centered / torch.sqrt(centered.square().mean(-1, keepdim=True) + _TINY) * norm
    return z if bias is None else z + bias


def _activation(options: Any, x: Any) -> Any:
    return _CURVES[options.fused_activation_function](x)


_CURVES = {
    "NONE": lambda x: x,
    "RELU": lambda x: F.relu(x),
    "RELU6": lambda x: F.relu6(x),
    "TANH": lambda x: torch.tanh(x),
}


def _clipped(x: Any, limit: float) -> Any:
    return x.clamp(-limit, limit) if limit > 0 else x


ROWS = {"UNIDIRECTIONAL_SEQUENCE_LSTM": lstm}
