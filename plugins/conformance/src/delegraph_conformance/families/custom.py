"""The custom ops that LiteRT registers, and DENSIFY."""

from __future__ import annotations

from typing import Any

from delegraph import Record
from flatbuffers import flexbuffers

from ..draft import Draft

DETECTIONS = [
    f"{x}:{s}:{x}" for x in ("float32", "uint8", "int8", "int16") for s in ("float32", "uint8", "int8")
]


def numeric_verify(d: Draft, t: str) -> None:
    x, reference = d.input((2, 3), t, **d.stored(t)), d.input((2, 3), "float32")
    stored = _options(tolerance=5.0, log_if_failed=False)
    d.op([x, reference], [d.output((2, 3), "float32")], custom_options=stored)


def audio_spectrogram(d: Draft, t: str) -> None:
    stored = _options(window_size=8, stride=4, magnitude_squared=True)
    d.op([d.input((20, 2), t, low=-1, high=1)], [d.output((2, 4, 5), "float32")], custom_options=stored)


def mfcc(d: Draft, t: str, rate: str) -> None:
    x, rates = d.input((1, 3, 33), t, low=0, high=9), d.index([16000], rate)
    limits = {"upper_frequency_limit": 4000.0, "lower_frequency_limit": 20.0}
    counts = {"filterbank_channel_count": 10, "dct_coefficient_count": 6}
    d.op([x, rates], [d.output((1, 3, 6), "float32")], custom_options=_options(**limits, **counts))


def hadamard_rotation(d: Draft, t: str) -> None:
    stored = _options(hadamard_size=4, random_binary_vector=[1, 1, 1, 1])
    d.op([d.input((3, 8), t)], [d.output((3, 8), t)], custom_options=stored)


def detection_post_process(d: Draft, t: str, s: str, a: str) -> None:
    point = {"uint8": 128}.get(t, 0)
    stored = {} if t == "float32" else {"scale": 0.5, "zero_point": point}
    unit = {} if s == "float32" else {"scale": 1 / 256, "zero_point": 0 if s == "uint8" else -128}
    small = {} if a == "float32" else {"scale": 1 / 256, "zero_point": 0}
    limits = (-5, 5) if t == "float32" else (point - 20, point + 20)
    x = d.input((1, 6, 4), t, low=limits[0], high=limits[1], **stored)
    scores = d.input((1, 6, 3), s, **({"low": 0, "high": 1} if s == "float32" else {}), **unit)
    anchors = d.input((6, 4), a, low=0, high=1 if a == "float32" else 127, **small)
    outputs = [d.output(shape, "float32") for shape in ((1, 3, 4), (1, 3), (1, 3), (1,))]
    settings = {
        "max_detections": 3,
        "max_classes_per_detection": 1,
        "num_classes": 3,
        "detections_per_class": 3,
    }
    box = {"y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0}
    chosen = {"nms_score_threshold": 0.01, "nms_iou_threshold": 0.5, "use_regular_nms": True}
    d.op([x, scores, anchors], outputs, custom_options=_options(**settings, **box, **chosen))


def densify(d: Draft, t: str) -> None:
    """A matrix (2, 4) of which three values are stored."""
    axis = {"dense_size": 2, "array_segments": None, "array_indices": None}
    rows = Record("DimensionMetadata", {"format": "DENSE", **axis})
    vectors = [Record("Int32Vector", {"values": v}) for v in ((0, 2, 3), (0, 3, 1))]
    names = dict(zip(("array_segments", "array_indices"), vectors, strict=True))
    columns = Record("DimensionMetadata", {"format": "SPARSE_CSR", "dense_size": 0, **names})
    levels = {"traversal_order": (0, 1), "block_map": None, "dim_metadata": (rows, columns)}
    x = d.sparse_constant(d.random(t, (3,)), t, (2, 4), Record("SparsityParameters", levels))
    d.op([x], [d.output((2, 4), t)])


def _options(**values: Any) -> bytes:
    return bytes(flexbuffers.Dumps(values))
