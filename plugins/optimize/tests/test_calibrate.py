"""Calibration: what is kept of values, ranges by method, samples, calibrations saved and merged."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from delegraph import Builder, InputError, Op
from delegraph_optimize import Calibration, quantize
from delegraph_optimize.calibrate import METHODS, calibrate, range_of, read_samples
from delegraph_optimize.calibrate.inside import seen_inside
from delegraph_optimize.calibrate.ranges import divergence, kept_bins
from delegraph_optimize.calibrate.statistics import TensorStatistics
from small import computes, dense_net, floats, whole_lstm

RNG = np.random.default_rng(3)


def seen(*arrays: np.ndarray) -> TensorStatistics:
    found = TensorStatistics()
    for array in arrays:
        found.see(np.asarray(array, np.float32))
    return found


def test_lowest_highest_and_their_moving_averages() -> None:
    found = seen([1, 2], [-3, 5])
    assert (found.low, found.high) == (-3, 5)
    assert found.mean_low == pytest.approx(0.95 * 1 + 0.05 * -3)
    assert found.mean_high == pytest.approx(0.95 * 2 + 0.05 * 5)


def test_a_histogram_that_grows_loses_no_value() -> None:
    arrays = [RNG.normal(0, size, 1000).astype(np.float32) for size in (0.01, 3.0, 1000.0)]
    found = seen(*arrays)
    assert found.counts.sum() == 3000
    edges = np.linspace(-found.reach, found.reach, len(found.counts) + 1)
    counts, _ = np.histogram(np.concatenate(arrays), edges)
    np.testing.assert_array_equal(found.counts, counts)


def test_merged_statistics_are_those_of_all() -> None:
    one, other = RNG.normal(0, 1, 500), RNG.normal(5, 40, 700)
    both, whole = seen(one).merged(seen(other)), seen(one, other)
    assert (both.low, both.high, both.reach) == (whole.low, whole.high, whole.reach)
    np.testing.assert_array_equal(both.counts, whole.counts)


def test_values_that_are_not_finite_are_counted_apart() -> None:
    found = seen([1, np.nan, np.inf, -2])
    assert (found.low, found.high, found.odd) == (-2, 1, 2)


def test_one_far_value_does_not_stretch_the_range_but_of_minmax() -> None:
    values = np.concatenate([RNG.normal(0, 1, 100_000), [300.0]])
    found = seen(values)
    assert range_of(found, "minmax")[1] == 300
    for method in ("percentile", "entropy"):
        low, high = range_of(found, method)
        assert 2 < high < 150, method
        assert -10 < low < -2, method


def test_the_divergence_is_the_published_one() -> None:
    """Of 8 bins 6 are kept, on 2 levels: 3 and 1 share the first, 2 and 4 the other; two lie beyond."""
    sizes = np.array([3, 1, 0, 2, 0, 4, 1, 1])
    # as it was: 3 1 0 2 0 (4 + 1 + 1) of 12; as stored: 2 2 0 3 0 3 of 10
    p, q = np.array([3, 1, 2, 6]) / 12, np.array([2, 2, 3, 3]) / 10
    assert divergence(sizes, 6, 2) == pytest.approx(float((p * np.log(p / q)).sum()))


def test_what_falls_into_an_empty_bin_counts_against_a_small_share() -> None:
    p, q = np.array([3, 1, 2, 4]) / 10, np.array([2 / 6, 2 / 6, 2 / 6, 1e-4])
    found = divergence(np.array([3, 1, 0, 2, 0, 4]), 5, 2)
    assert found == pytest.approx(float((p * np.log(p / q)).sum()))


def test_entropy_keeps_all_where_less_would_win_nothing() -> None:
    """Each level holds one value, however many bins are kept: pixels are such."""
    sizes = np.zeros(1024, np.int64)
    sizes[::8] = 5
    assert kept_bins(sizes, 128) is None
    assert kept_bins(np.zeros(1024, np.int64), 128) is None


def test_zeros_behind_a_relu_do_not_choose_the_range() -> None:
    sizes = np.maximum(0, 1000 - np.arange(1024) * 5)
    sizes[600] = 1
    few, many = sizes.copy(), sizes.copy()
    few[0], many[0] = 0, 10**7
    assert kept_bins(few, 128) == kept_bins(many, 128)
    assert 150 < (kept_bins(few, 128) or 0) < 300


def test_the_least_squared_error_is_that() -> None:
    values = RNG.laplace(0, 1, 50_000).astype(np.float32)
    found = seen(values)

    def error(low: float, high: float) -> float:
        step = (high - low) / 15
        stored = np.clip(np.rint((values - low) / step), 0, 15) * step + low
        return float(np.square(values - stored).mean())

    assert error(*range_of(found, "mse", bits=4)) < 0.6 * error(*range_of(found, "minmax", bits=4))


def test_a_method_without_its_histogram_says_so() -> None:
    found = TensorStatistics()
    found.see(np.ones(3, np.float32), histogram=False)
    with pytest.raises(InputError, match="needs histograms"):
        range_of(found, "mse")


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_quantizes(method: str) -> None:
    found = quantize(dense_net(), "int8", data=[floats(1, 64) for _ in range(4)], method=method)
    assert len(found.report.quantized) == 2


def test_a_saved_calibration_is_used_again_and_merged(tmp_path: Path) -> None:
    model, path = dense_net(), tmp_path / "calibration.npz"
    one, two = ([floats(1, 64, size=size)] for size in (1.0, 2.0))
    first = quantize(model, "int8", data=one, method="average", bias_correction=False)
    assert first.calibration is not None
    first.calibration.save(path)
    again = quantize(model, "int8", calibration=path, method="average")
    assert again.content == first.content
    both = quantize(model, "int8", data=two, calibration=Calibration.load(path), effort="fast")
    assert both.content == quantize(model, "int8", data=[*one, *two], effort="fast").content


def test_a_file_that_is_no_calibration_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="is no saved calibration"):
        Calibration.load(path)
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(InputError, match="is no saved calibration"):
        Calibration.load(path)
    np.savez(path, names=np.zeros(3, np.uint8))
    with pytest.raises(InputError, match="is no saved calibration"):
        Calibration.load(path)


def test_samples_come_from_folders_and_files_of_several(tmp_path: Path) -> None:
    model, arrays = dense_net(), floats(5, 64)
    np.save(tmp_path / "several.npy", arrays)
    np.savez(tmp_path / "several.npz", x=arrays)
    folder = tmp_path / "folder"
    folder.mkdir()
    for i, array in enumerate(arrays):
        np.save(folder / f"{i}.npy", array[None])
    for data in (tmp_path / "several.npy", tmp_path / "several.npz", folder, list(arrays)):
        found = [inputs["x"] for _, inputs in read_samples(model, data)]
        np.testing.assert_array_equal(np.concatenate(found), arrays)
    assert len(list(read_samples(model, folder, limit=2))) == 2
    np.savez(tmp_path / "others.npz", y=arrays, z=arrays)
    with pytest.raises(InputError, match="lacks values for x; it has: y, z"):
        list(read_samples(model, tmp_path / "others.npz"))


def test_a_model_that_runs_op_by_op_is_watched_whole() -> None:
    model, x = dense_net(), floats(1, 64)
    found = calibrate(model, read_samples(model, [x]))
    assert sorted(found.tensors) == ["0/relu", "0/x", "0/y", "0/z"]
    assert found.tensors["0/x"].low == x.min()
    assert found.tensors["0/relu"].low >= 0


def begun(op: Op, x: np.ndarray) -> list[np.ndarray | None]:
    """Return an op's inputs, its state zeros."""
    return [x, *(None if t is None else np.zeros(t.shape, np.float32) for t in op.inputs[1:])]


@pytest.mark.parametrize("outputs", [5, 3])
@pytest.mark.parametrize("normalized", [False, True])
def test_what_an_lstm_holds_inside_is_what_makes_its_outputs(outputs: int, normalized: bool) -> None:
    """Hidden values are the outputs, or what the projection makes outputs of."""
    model = whole_lstm(outputs, normalized)
    (op,), x = model.subgraphs[0].ops, floats(2, 4, 6)
    found = seen_inside(op, begun(op, x))
    (wanted,) = computes(model, x=x)
    hidden = found["hidden"].swapaxes(0, 1)
    if outputs < 5:
        hidden = hidden @ op.inputs[16].data.T + op.inputs[17].data
    np.testing.assert_allclose(hidden, wanted, atol=1e-5)
    assert set(found) == {"gate0", "gate1", "gate2", "gate3", "cell", "hidden"}
    assert found["cell"].shape == (4, 2, 5)


def test_every_cell_counts_for_the_scale_of_the_cells() -> None:
    """Not only the last ones, which the cell state shows."""
    model = whole_lstm(5, False)
    x = np.zeros((2, 4, 6), np.float32)
    x[:, :2] = 3
    calibration = calibrate(model, read_samples(model, [x]))
    inside = calibration.tensors["0/y::cell"]
    (op,) = model.subgraphs[0].ops
    cells = seen_inside(
        op, [x, *(None if t is None else np.zeros(t.shape, np.float32) for t in op.inputs[1:])]
    )
    assert (inside.low, inside.high) == (cells["cell"].min(), cells["cell"].max())


def test_pixels_that_nobody_scaled_bring_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    pixels = RNG.integers(0, 256, (1, 64)).astype(np.float32)
    quantize(dense_net(), "int8", data=[pixels])
    assert "as pixels have" in caplog.text
    caplog.clear()
    quantize(dense_net(), "int8", data=[pixels / 255])
    assert caplog.text == ""
    quantize(dense_net(), "int8", data=[np.abs(floats(1, 64, size=255))])  # of a resized image
    assert "as pixels have" in caplog.text


def test_a_mean_that_nothing_uses_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", floats(4, 64))
    for data in (tmp_path / "x.npy", [floats(1, 64)]):
        with pytest.raises(InputError, match="mean and std scale images"):
            quantize(dense_net(), "int8", data=data, mean=(127.5,), std=(127.5,))
    with pytest.raises(InputError, match="std needs numbers other than 0"):
        quantize(dense_net(), "int8", data=tmp_path, mean=(0.0,), std=(0.0,))


def test_an_array_without_an_axis_is_no_samples(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.float32(3))
    with pytest.raises(InputError, match="needs an axis of samples, found a scalar for x"):
        quantize(dense_net(), "int8", data=tmp_path / "x.npy")


def test_the_best_method_is_the_one_with_the_least_noise() -> None:
    """A single far value in one sample of many: all of it is not the best range."""
    data = [floats(1, 64) for _ in range(8)]
    data.append(np.where(np.arange(64) == 5, np.float32(90), data[0]))
    found = quantize(dense_net(), "int8", data=data, method="best")
    (note,) = (n for n in found.report.notes if n.startswith("ranges by"))
    assert not note.startswith("ranges by minmax")
    assert note.count(" dB") == 4


@pytest.mark.parametrize(
    ("scheme", "effort", "tried"),
    [
        ("int8", "normal", True),
        ("int8", "fast", False),
        ("int16x8", "normal", False),
        ("int16x8", "best", True),
    ],
)
def test_int8_tries_the_methods(scheme: str, effort: str, tried: bool) -> None:
    data = [floats(1, 64) for _ in range(4)]
    found = quantize(dense_net(), scheme, data=data, effort=effort)
    assert any(note.startswith("ranges by") for note in found.report.notes) == tried
    assert found.calibration is not None
    assert (found.calibration.method is not None) == tried


def test_the_best_method_needs_samples() -> None:
    calibration = quantize(dense_net(), "int8", data=[floats(1, 64)], method="minmax").calibration
    with pytest.raises(InputError, match="'best' needs samples"):
        quantize(dense_net(), "int8", calibration=calibration, method="best")


def test_a_saved_calibration_keeps_the_best_method(tmp_path: Path) -> None:
    data = [floats(1, 64) for _ in range(8)]
    data.append(np.where(np.arange(64) == 5, np.float32(90), data[0]))
    model = dense_net()
    found = quantize(model, "int8", data=data, bias_correction=False)
    assert found.calibration is not None
    assert found.calibration.method not in (None, "minmax")
    found.calibration.save(tmp_path / "seen.npz")
    again = quantize(model, "int8", calibration=tmp_path / "seen.npz")
    assert again.content == found.content


def test_methods_of_histograms_are_not_tried_without_these() -> None:
    data = [floats(1, 64) for _ in range(4)]
    plain = quantize(dense_net(), "int8", data=data, method="minmax").calibration
    found = quantize(dense_net(), "int8", data=data, calibration=plain)
    (note,) = (n for n in found.report.notes if n.startswith("ranges by"))
    assert note.count(" dB") == 2


def test_a_large_array_is_counted_in_part_of_all_its_channels() -> None:
    values = np.zeros((64, 64, 16), np.float32)
    values += np.arange(16, dtype=np.float32)
    found = seen(values)
    assert 10_000 < found.counts.sum() < 20_000
    counts = found.counts[found.counts > 0]
    assert len(counts) == 16
    assert counts.max() - counts.min() <= 1


def test_a_folder_of_sounds_is_a_sample_each(tmp_path: Path) -> None:
    g = Builder()
    x = g.input((1, 160), "float32", "x")
    model = g.model([g.op("EXP", [x], [g.tensor((1, 160), "float32")])])
    sounds = RNG.integers(-32768, 32768, (3, 160)).astype("<i2")
    for i, sound in enumerate(sounds):
        with wave.open(str(tmp_path / f"{i}.wav"), "wb") as file:
            file.setparams((1, 2, 16000, 160, "NONE", ""))
            file.writeframes(sound.tobytes())
    found = [inputs["x"][0] for _, inputs in read_samples(model, tmp_path)]
    np.testing.assert_allclose(found, sounds / 32768, atol=1e-6)
    assert len(quantize(model, "int8", data=tmp_path).report.quantized) == 1


def test_images_are_scaled_as_a_run_scales_them_and_what_was_done_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    g = Builder()
    x = g.input((1, 4, 6, 3), "float32", "x")
    model = g.model([g.op("EXP", [x], [g.tensor((1, 4, 6, 3), "float32")])])
    pixels = RNG.integers(0, 256, (2, 4, 6, 3)).astype(np.uint8)
    for i, array in enumerate(pixels):
        image.fromarray(array).save(tmp_path / f"{i}.png")
    guessed = [inputs["x"] for _, inputs in read_samples(model, tmp_path)]
    np.testing.assert_allclose(np.concatenate(guessed), pixels / 127.5 - 1, atol=1e-6)
    assert caplog.text.count("real = ") == 1
    asked = [inputs["x"] for _, inputs in read_samples(model, tmp_path, mean=(0.0,), std=(255.0,))]
    np.testing.assert_allclose(np.concatenate(asked), pixels / 255, atol=1e-6)


def test_rows_of_an_open_batch_are_samples(tmp_path: Path) -> None:
    g = Builder()
    x = g.input((-1, 8), "float32", "x")
    model = g.model([g.op("ABS", [x], [g.tensor((-1, 8), "float32")])])
    arrays = floats(5, 8)
    np.save(tmp_path / "batch.npy", arrays)
    found = [inputs["x"] for _, inputs in read_samples(model, tmp_path / "batch.npy")]
    assert [x.shape for x in found] == [(1, 8)] * 5
    np.testing.assert_array_equal(np.concatenate(found), arrays)


def test_samples_of_a_signature_that_is_not_there_are_an_error() -> None:
    with pytest.raises(InputError, match="no signature 'first' to have samples; the model's: serv"):
        list(read_samples(dense_net(), {"first": [floats(1, 64)]}))


def test_a_calibration_of_another_model_is_an_error() -> None:
    made = quantize(dense_net(), "int8", data=[floats(1, 64)], effort="fast").calibration
    with pytest.raises(InputError, match="of another model: 1 of its 3 tensors"):
        quantize(whole_lstm(), "int8", calibration=made)
