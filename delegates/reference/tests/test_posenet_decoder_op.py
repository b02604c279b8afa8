"""PosenetDecoderOp on heatmaps whose poses are known."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph import Builder, Op
from delegraph.contract import SupportTable
from delegraph_reference.kernels.posenet_decoder_op import SUPPORT
from flatbuffers import flexbuffers

OPTIONS = {"max_detections": 3, "score_threshold": 0.5, "stride": 16, "nms_radius": 20.0}
NOSE = (3, 4)  # cell (y, x)


def maps() -> list[np.ndarray]:
    """Return maps of 9 x 9 cells in which all keypoints of one pose lie at one place, their nose sure."""
    heat = np.full((1, 9, 9, 17), -4, np.float32)
    heat[0, 3, 4] = 2
    heat[0, 3, 4, 0] = 4
    return [heat, np.zeros((1, 9, 9, 34), np.float32), np.zeros((1, 9, 9, 64), np.float32)]


def an_op(arrays: list[np.ndarray], **options: Any) -> Op:
    g = Builder()
    inputs = [g.input(a.shape, "float32") for a in arrays]
    stored = bytes(flexbuffers.Dumps(OPTIONS | options))
    g.op("PosenetDecoderOp", inputs, [g.tensor((), "float32") for _ in range(4)], custom_options=stored)
    return g.model().subgraphs[0].ops[0]


def decoded(arrays: list[np.ndarray], **options: Any) -> tuple[np.ndarray, ...]:
    op = an_op(arrays, **options)
    row = SupportTable("reference", SUPPORT).row_for(op)
    assert row is not None
    assert row.shapes is not None
    results = row.kernel(op)(*arrays)
    assert [r.shape for r in results] == list(row.shapes(op, [a.shape for a in arrays]))
    return results  # type: ignore[no-any-return]


def sigmoid(x: float) -> float:
    return 1 / (1 + np.exp(-x))


def test_one_pose_at_one_place() -> None:
    points, scores, totals, count = decoded(maps())
    assert count.tolist() == [1]
    assert (points[0, 0] == [3 * 16, 4 * 16]).all()
    np.testing.assert_allclose(scores[0, 0], [sigmoid(4)] + [sigmoid(2)] * 16, rtol=1e-6)
    np.testing.assert_allclose(totals[0, 0], (sigmoid(4) + 16 * sigmoid(2)) / 17, rtol=1e-6)
    assert not points[0, 1:].any()
    assert not totals[0, 1:].any()


def test_short_offsets_move_the_root_by_parts_of_a_cell() -> None:
    arrays = maps()
    arrays[0][0, 3:5, 3:5, 1:] = 2
    arrays[1][0, 3, 4, [0, 17]] = 4, -8  # pixels: the nose lies a quarter of a cell down, half a cell left
    points, *_ = decoded(arrays)
    assert points[0, 0, 0].tolist() == [3.25 * 16, 3.5 * 16]


def test_middle_offsets_lead_along_an_edge() -> None:
    """Edge 0 goes from the nose to the left eye, 2 cells down and 1 to the right."""
    arrays = maps()
    arrays[2][0, 3, 4, [0, 16]] = 32, 16
    arrays[0][0, 5, 5, 1] = 3
    points, scores, *_ = decoded(arrays)
    assert points[0, 0, 1].tolist() == [5 * 16, 5 * 16]
    np.testing.assert_allclose(scores[0, 0, 1], sigmoid(3), rtol=1e-6)


def test_two_poses_apart_are_given_best_first() -> None:
    arrays = maps()
    arrays[0][0, 7, 7] = 3
    points, _, totals, count = decoded(arrays)
    assert count.tolist() == [2]
    assert points[0, :2, 0].tolist() == [[7 * 16, 7 * 16], [3 * 16, 4 * 16]]
    np.testing.assert_allclose(totals[0, 0], sigmoid(3), rtol=1e-6)


def test_below_the_threshold_there_is_no_pose() -> None:
    *_, totals, count = decoded(maps(), score_threshold=0.95)
    assert count.tolist() == [0]
    assert not totals.any()


def test_maps_of_different_sizes_are_refused() -> None:
    arrays = maps()
    arrays[1] = arrays[1][:, :8]
    (why,) = SupportTable("reference", SUPPORT).refusals(an_op(arrays))
    assert str(why).startswith("needs heatmaps (1, h, w, 17), short offsets (1, h, w, 34) and middle")
