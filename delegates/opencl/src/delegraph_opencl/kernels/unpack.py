"""UNPACK: the slices of a tensor along an axis, each a tensor without it.

Source: tflite/delegates/gpu/common/model_builder.cc (UnpackOperationParser); tflite/kernels/unpack.cc.
"""

from __future__ import annotations

from collections.abc import Iterable

from delegraph import OpSupport

from ..families.move_ops import move_support, parting
from ..options import Options


def support(options: Options) -> Iterable[OpSupport]:
    return move_support("UNPACK", parting(0, lambda op: int(op.options.axis)), options, "T -> T*", last=6)
