"""NON_MAX_SUPPRESSION_V4 and V5 against LiteRT."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 30), most=st.integers(0, 12), data=st.data(), seed=SEEDS)
def test_boxes_that_overlap_better_ones_go(count: int, most: int, data: Any, seed: int) -> None:
    iou, least = data.draw(st.sampled_from([0.1, 0.5, 0.9])), data.draw(st.sampled_from([-1.0, 0.2, 0.7]))
    boxes, scores = random_boxes(count, seed, data.draw(st.booleans()))
    check(suppression(count, most, iou, least), [boxes, scores])


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 30), most=st.integers(1, 12), data=st.data(), seed=SEEDS)
def test_with_a_sigma_overlaps_lower_scores(count: int, most: int, data: Any, seed: int) -> None:
    iou, sigma = data.draw(st.sampled_from([0.5, 1.0])), data.draw(st.sampled_from([0.0, 0.3, 1.0]))
    boxes, scores = random_boxes(count, seed, data.draw(st.booleans()))
    check(suppression(count, most, iou, 0.1, sigma), [boxes, scores])


def test_a_computed_number_of_boxes_is_refused() -> None:
    g = Builder()
    boxes, scores, most = g.input((3, 4), "float32"), g.input((3,), "float32"), g.input((), "int32")
    limits = [g.constant(np.float32(v)) for v in (0.5, 0)]
    outputs = [g.tensor((3,), "int32"), g.tensor((), "int32")]
    g.op("NON_MAX_SUPPRESSION_V4", [boxes, scores, most, *limits], outputs)
    arrays = [np.zeros((3, 4), np.float32), np.zeros(3, np.float32), np.array(2, np.int32)]
    check(
        g.model(outputs), arrays, expect_refusal="needs a constant number of boxes to select, found a comp"
    )


def suppression(count: int, most: int, iou: float, least: float, sigma: float | None = None) -> Model:
    g = Builder()
    boxes, scores = g.input((count, 4), "float32"), g.input((count,), "float32")
    limits = [g.constant(np.float32(v)) for v in (iou, least, *([] if sigma is None else [sigma]))]
    outputs = [g.tensor((most,), "int32"), g.tensor((), "int32")]
    if sigma is not None:
        outputs.insert(1, g.tensor((most,), "float32"))
    version = "V4" if sigma is None else "V5"
    g.op(f"NON_MAX_SUPPRESSION_{version}", [boxes, scores, g.constant(np.int32(most)), *limits], outputs)
    return g.model(outputs)


def random_boxes(count: int, seed: int, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    """Boxes with corners in any order, some without area, and scores, many of them equal if ``ties``."""
    boxes = random_array("float32", (count, 4), seed, 0, 1)
    scores = random_array("float32", (count,), seed + 1, 0, 1)
    return boxes, np.round(scores * 3) / np.float32(3) if ties else scores
