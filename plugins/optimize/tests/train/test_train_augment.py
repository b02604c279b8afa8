"""Samples of images differ in each epoch: how, for whom, and the same again from a checkpoint."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import InputError, write_model
from delegraph_optimize.cluster_command import cluster

torch = pytest.importorskip("torch")

sys.path.insert(0, str(Path(__file__).parent))
from delegraph_optimize.train import Progress, Trained, train  # noqa: E402
from delegraph_optimize.train import loop as the_loop  # noqa: E402
from delegraph_optimize.train.augment import Augmentation  # noqa: E402
from train_models import convolutional, sequence  # noqa: E402

ALL = ("mirror", "crop", "colour")


def images(count: int = 24, seed: int = 0) -> np.ndarray:
    """Return images that rise from left to right, and in the end."""
    rng = np.random.default_rng(seed)
    rising = np.linspace(0, 1, 8, dtype=np.float32)[:, None]
    return rng.uniform(0, 1, (count, 8, 8, 3)).astype(np.float32) * 0.2 + rising


def trained(**settings: Any) -> Trained:
    return train(
        convolutional(),
        images(),
        **{"epochs": 2, "batch": 8, "effort": "fast", "method": "minmax", **settings},
    )


def variants(name: str, x: np.ndarray, count: int = 40) -> list[np.ndarray]:
    """Return an image as epochs see it."""
    row = [torch.from_numpy(x)]
    found = Augmentation.of((name,), 0, [row])
    return [found.variant(row, epoch, 0)[0].numpy() for epoch in range(count)]


def test_half_of_the_images_are_mirrored() -> None:
    x = images(1)
    found = variants("mirror", x)
    assert 10 < sum(np.array_equal(y, x[:, :, ::-1]) for y in found) < 30
    assert all(np.array_equal(y, x) or np.array_equal(y, x[:, :, ::-1]) for y in found)


def test_a_part_is_zoomed_and_shifted_within_the_image() -> None:
    places = np.arange(16, dtype=np.float32)
    x = np.stack(np.broadcast_arrays(places[:, None], places), -1)[
        None
    ]  # what each pixel holds: where it was
    for y in variants("crop", x):
        assert y.shape == x.shape
        assert y.min() >= 0
        assert y.max() <= 15
        rows, columns = y[0, :, 8, 0], y[0, 8, :, 1]
        assert (np.diff(rows) >= 0).all()
        assert (np.diff(columns) >= 0).all()
        assert (np.ptp(rows) + 1) * (np.ptp(columns) + 1) >= 0.5 * 16 * 16 - 16  # whole pixels
    assert len({y.tobytes() for y in variants("crop", x)}) > 20


def test_contrast_and_brightness_change_a_little_and_stay_within_what_samples_have() -> None:
    x = images(1)
    low, high = x.min(), x.max()
    found = variants("colour", x)
    for y in found:
        assert low <= y.min()
        assert y.max() <= high
        assert abs(y.mean() - x.mean()) <= 0.11 * (high - low)
        inside = (y > low) & (y < high)
        slope, shift = np.polyfit(x[inside], y[inside], 1)
        assert 0.79 < slope < 1.21
        np.testing.assert_allclose(y[inside], slope * x[inside] + shift, atol=1e-5)
    assert len({y.tobytes() for y in found}) == len(found)


def test_images_of_a_sample_vary_alike_and_other_inputs_stay() -> None:
    x = torch.from_numpy(images(1))
    other = torch.ones(1, 5)
    found = Augmentation.of(ALL, 3, [[x, other, 2 * x]]).variant([x, other, 2 * x], 4, 7)
    assert found[1] is other
    torch.testing.assert_close(found[2], 2 * found[0])
    again = Augmentation.of(ALL, 3, [[x, other, 2 * x]]).variant([x, other, 2 * x], 4, 7)
    assert torch.equal(found[0], again[0])


def test_the_teacher_sees_the_variants_and_what_is_held_back_stays() -> None:
    found = trained(bits=None, lr=1e-12, augment=ALL)
    assert [abs(e.loss) < 1e-9 for e in found.epochs[1:]] == [
        True,
        True,
    ]  # student and teacher are one model
    whole = trained(lr=1e-12, augment=ALL)
    plain = trained(lr=1e-12)
    assert whole.epochs[0].held_loss == whole.epochs[1].held_loss == plain.epochs[1].held_loss
    assert whole.epochs[1].loss != whole.epochs[2].loss
    assert plain.epochs[1].loss == pytest.approx(plain.epochs[2].loss, rel=1e-5)  # in another order
    assert "varied in each epoch: mirror, crop, colour" in whole.notes


def test_a_training_with_variants_goes_on_to_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"augment": ALL, "bits": None}
    wanted = trained(**settings).content
    assert wanted != trained(bits=None).content
    monkeypatch.setattr(the_loop, "SAVED_EVERY", 0.0)

    def stop(done: Progress) -> None:
        if done.step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(**settings, checkpoint=tmp_path / "c", progress=stop)
    assert trained(**settings, checkpoint=tmp_path / "c", resume=True).content == wanted
    with pytest.raises(InputError, match="of another training: its augment is"):
        trained(bits=None, augment=["mirror"], checkpoint=tmp_path / "c", resume=True)


def test_what_is_no_image_or_no_way_to_vary_one_is_refused() -> None:
    with pytest.raises(InputError, match=r"augment needs an input of images: float32, \(batch, height"):
        train(sequence(), np.zeros((4, 4, 6), np.float32), augment=["mirror"])
    with pytest.raises(InputError, match="augment needs some of mirror, crop, colour, found 'rotate'"):
        trained(augment=["mirror", "rotate"])


def test_a_command_varies_images_and_refuses_others_before_it_works(tmp_path: Path) -> None:
    words = [str(tmp_path / "m"), "-o", str(tmp_path / "o"), "--train", "--data", str(tmp_path / "x.npy")]
    words += ["--epochs", "1", "--held-back", "0", "--json", "--augment", "mirror, colour"]
    results = []
    for model, x in ((convolutional(), images()), (sequence(), np.zeros((4, 1, 4, 6), np.float32))):
        (tmp_path / "m").write_bytes(write_model(model))
        np.save(tmp_path / "x.npy", x)
        results.append(CliRunner().invoke(cluster, words))
    told = json.loads(results[0].output)
    assert "varied in each epoch: mirror, colour" in told["training"]["notes"]
    assert "augment needs an input of images" in str(results[1].exception)
