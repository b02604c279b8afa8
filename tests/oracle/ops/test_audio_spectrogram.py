"""AudioSpectrogram against LiteRT."""

from __future__ import annotations

from typing import Any

from delegraph.model import Builder, Model
from delegraph_reference.kernels import audio_spectrogram
from flatbuffers import flexbuffers
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS


@settings(max_examples=60, deadline=None)
@given(
    samples=st.integers(1, 90),
    channels=st.integers(1, 3),
    size=st.integers(2, 40),
    stride=st.integers(1, 50),
    squared=st.booleans(),
    seed=SEEDS,
)
def test_windows_of_any_size_and_stride_agree(
    samples: int, channels: int, size: int, stride: int, squared: bool, seed: int
) -> None:
    model = spectrogram(samples, channels, size, stride, squared)
    check(model, [random_array("float32", (samples, channels), seed, -1, 1)], kernels=rows)


def test_a_window_of_one_sample_is_refused() -> None:
    model = spectrogram(10, 1, 1, 1, True)
    check(model, [], kernels=rows, expect_refusal="needs a window_size of at least 2")


def spectrogram(samples: int, channels: int, size: int, stride: int, squared: bool) -> Model:
    g = Builder()
    options = {"window_size": size, "stride": stride, "magnitude_squared": squared}
    x, y = g.input((samples, channels), "float32"), g.tensor((), "float32")
    g.op("AudioSpectrogram", [x], [y], custom_options=bytes(flexbuffers.Dumps(options)))
    return g.model([y])


def rows(op: str) -> Any:
    return audio_spectrogram.SUPPORT
