"""Sounds that are longer than a model's input: heard in parts, with what is heard from when to when."""

from __future__ import annotations

import os
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from delegraph.answers import Said
from delegraph.batch import OpenedModel
from delegraph.inputs.wav import Sound
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st

LENGTH, RATE = 20, 100  # samples of the input, Hz


def loudest_sample() -> Model:
    """Return a model whose class is the place of the loudest sample."""
    g = Builder()
    x = g.input((1, LENGTH), "float32", name="x")
    louder = g.op("MUL", [x, g.constant(np.float32(50))], [g.tensor((1, LENGTH), "float32")])
    return g.model(
        outputs=[g.op("SOFTMAX", [louder], [g.tensor((1, LENGTH), "float32", name="y")], beta=1.0)]
    )


def clicks(path: Path, places: list[int], cut: int) -> str:
    """Write a sound with a click in each part of LENGTH samples, the last part ``cut`` samples shorter."""
    samples = np.zeros((len(places), LENGTH))
    samples[np.arange(len(places)), places] = 0.9
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        stored = np.int16(samples.ravel()[: samples.size - cut] * 32767)
        file.writeframes(stored.tobytes())
    return str(path)


@pytest.fixture(scope="module")
def opened() -> Iterator[OpenedModel]:
    pytest.importorskip("delegraph_reference")
    with OpenedModel(loudest_sample()) as model:
        yield model


def heard(opened: OpenedModel, file: str, *, whole: bool = True) -> tuple[Said, list[str]]:
    told: list[str] = []
    sample = opened.sample([file], told.append, whole=whole)
    (said,) = opened.said(sample, opened.run_sample(sample))
    return said, told


@settings(max_examples=int(os.environ.get("DELEGRAPH_WINDOWS", "25")), derandomize=True, deadline=None)
@given(st.lists(st.integers(0, LENGTH - 1), min_size=2, max_size=6), st.integers(0, LENGTH - 1))
def test_a_long_sound_is_heard_part_by_part(
    opened: OpenedModel, tmp_path_factory: pytest.TempPathFactory, places: list[int], cut: int
) -> None:
    places = [*places[:-1], min(places[-1], LENGTH - 1 - cut)]  # the click is in what is left
    file = clicks(tmp_path_factory.mktemp("sound") / "x.wav", places, cut)
    said, told = heard(opened, file)
    assert said.task == "audio"
    seconds = LENGTH / RATE
    spans = [
        (line["class"], round(line["from"] / seconds), round(line["to"] / seconds)) for line in said.moments
    ]
    assert [kind for kind, start, end in spans for _ in range(end - start)] == places
    assert spans[0][1] == 0
    assert all(end == start for (_, _, end), (_, start, _) in pairwise(spans))
    assert all(a[0] != b[0] for a, b in pairwise(spans))
    assert f"{len(places)} windows of {LENGTH} samples" in told[0]
    assert (f"the last {cut} are silence" in told[0]) == (cut > 0)
    most = max(places, key=places.count)  # classes are those of all parts
    assert places.count(said.records[0]["class"]) == places.count(most)


def test_one_part_is_no_window(opened: OpenedModel, tmp_path: Path) -> None:
    said, told = heard(opened, clicks(tmp_path / "x.wav", [7], 0))
    assert said.records[0]["class"] == 7
    assert said.moments == ()
    assert "windows" not in told[0]


def test_the_beginning_alone_can_be_heard(opened: OpenedModel, tmp_path: Path) -> None:
    said, told = heard(opened, clicks(tmp_path / "x.wav", [7, 3], 0), whole=False)
    assert said.records[0]["class"] == 7
    assert f"the last {LENGTH} are left out" in told[0]


def test_what_was_not_heard_is_pale(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image")
    from delegraph.answers.draw import spectrogram

    noise = np.random.default_rng(1).uniform(-1, 1, (4000, 1))
    said = Said("audio", ({"class": 1, "score": 0.5, "label": "x"},), "y")
    whole, part = (
        np.asarray(spectrogram(Sound(noise, 1000, heard), [said]), float) for heard in (0.0, 1.0)
    )
    left, right = (slice(70, 250), slice(300, 860))  # a quarter of 800 pixels, and what follows
    assert np.array_equal(whole[20:300, left], part[20:300, left])
    assert part[20:300, right].mean() > whole[20:300, right].mean() + 40
