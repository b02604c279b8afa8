"""Which epoch is kept, and the loss of each sample, against written-out arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from delegraph_optimize.train.judged import Judged  # noqa: E402
from delegraph_optimize.train.objective import ComparedTensor, Objective  # noqa: E402

NONE = np.empty(0)


def of_losses(*losses: float) -> Judged:
    return Judged(np.array(losses), NONE, by_class=False)


def of_classes(right: list[float], loss: float) -> Judged:
    return Judged(np.full(len(right), loss), np.array(right), by_class=True)


def test_a_smaller_mean_loss_is_better_but_not_surely() -> None:
    one, other = of_losses(1, 2, 3, 2), of_losses(2, 1, 3.2, 2.2)
    assert one.is_better_than(other)
    assert not other.is_better_than(one)
    # differences 1, -1, 0.2, 0.2: mean 0.1, standard error 0.41
    assert not one.is_surely_better_than(other)


def test_what_is_better_of_each_sample_is_surely_so() -> None:
    # differences 0.1, 0.2, 0.1, 0.2: mean 0.15, standard error 0.029
    assert of_losses(5, 1, 9, 3).is_surely_better_than(of_losses(5.1, 1.2, 9.1, 3.2))
    assert not of_losses(5, 1).is_surely_better_than(of_losses(5, 1))


def test_classes_of_labels_judge_before_the_loss() -> None:
    right = of_classes([1, 1, 1, 1, 0, 1], 2.0)
    certain = of_classes([1, 0, 0, 1, 0, 0], 0.5)
    assert right.is_better_than(certain)
    assert right.is_surely_better_than(certain)  # mean 0.5, standard error 0.22
    assert of_classes([1, 0], 0.5).is_better_than(of_classes([0, 1], 0.6))
    assert right.metric == 5 / 6


def test_what_has_no_finite_loss_is_worse_than_all() -> None:
    assert of_losses(9, 9).is_surely_better_than(of_losses(1, float("nan")))
    assert of_losses(9, 9).is_better_than(of_losses(float("inf"), 1))


def test_one_sample_is_better_where_its_loss_is_smaller() -> None:
    assert of_losses(1.0).is_surely_better_than(of_losses(2.0))


def test_a_checkpoint_holds_what_judges() -> None:
    found = Judged.of(of_classes([1, 0.5], 0.25).state)
    assert (found.loss, found.metric, found.by_class) == (0.25, 0.75, True)


def mean_squared(values: Any, wanted: Any) -> Any:
    return (values[0] - wanted[0]).square().mean()


@pytest.mark.parametrize("kind", ["SOFTMAX", "LOGISTIC", "", "mse", "cross-entropy", "function"])
def test_the_loss_of_a_batch_is_the_mean_of_its_samples(kind: str) -> None:
    rng = np.random.default_rng(3)
    value, teacher = rng.normal(size=(2, 15, 4))  # 5 samples of 3 places
    labels = rng.integers(0, 4, (15, 1))
    is_distilled = kind in ("SOFTMAX", "LOGISTIC", "")
    objective = Objective(
        "distill" if is_distilled else kind,
        (ComparedTensor(0, kind if is_distilled else "", 1.5),),
        needs_teacher=True,
        metric="",
        function=mean_squared if kind == "function" else None,
    )
    wanted = labels if kind == "cross-entropy" else teacher
    tensors = ([torch.from_numpy(value)], [torch.from_numpy(wanted)])
    losses = objective.losses(*tensors, 5).numpy()
    np.testing.assert_allclose(losses.mean(), float(objective.loss(*tensors)), rtol=1e-12)
    if kind == "function":
        np.testing.assert_allclose(losses, np.square(value - teacher).mean(), rtol=1e-12)
        return
    expected = places_of(kind, value, wanted).reshape(5, -1).mean(1)
    np.testing.assert_allclose(losses, expected, rtol=1e-9)


def places_of(kind: str, value: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    def logs(x: np.ndarray) -> np.ndarray:
        return x - np.log(np.exp(x).sum(-1, keepdims=True))

    def bits(p: np.ndarray, q: np.ndarray) -> np.ndarray:
        return -(p * np.log(q) + (1 - p) * np.log(1 - q))

    if kind == "SOFTMAX":
        given, found = logs(1.5 * wanted), logs(1.5 * value)
        return (np.exp(given) * (given - found)).sum(-1)
    if kind == "LOGISTIC":
        given, found = 1 / (1 + np.exp(-wanted)), 1 / (1 + np.exp(-value))
        return bits(given, found) - bits(given, given)
    if kind == "cross-entropy":
        return -np.take_along_axis(logs(value), wanted, -1)
    share = np.square(wanted - wanted.mean()).mean() if kind == "" else 1.0
    return np.square(value - wanted) / share
