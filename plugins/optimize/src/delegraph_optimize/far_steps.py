"""Which ops stride or dilate further than LiteRT's own kernels go: only XNNPACK, which has not every type,
runs those.

Source: tflite/kernels/conv.cc and depthwise_conv.cc (Prepare): strides and dilations up to INT16_MAX.
"""

from __future__ import annotations

from collections.abc import Mapping

from delegraph import DTYPES, Model, Op

Place = tuple[int, int]
_OPS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_STEPS = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")
_MOST = DTYPES["int16"].limits[1]


def gone_too_far(model: Model, wanted: Mapping[Place, tuple[str, str]]) -> dict[Place, str]:
    """Return the ops that keep their floats for how far they step, with the reason."""
    places = [place for place, (scheme, _) in wanted.items() if scheme not in ("float32", "float16")]
    found = {place: _why(model.subgraphs[place[0]].ops[place[1]]) for place in places}
    return {place: why for place, why in found.items() if why}


def _why(op: Op) -> str:
    steps = {name: op.options.get(name, 1) for name in _STEPS if op.name in _OPS}
    far = [f"{name} {step}" for name, step in steps.items() if step > _MOST]
    return f"LiteRT's own kernel needs strides and dilations up to {_MOST:,}, found {far[0]}" if far else ""
