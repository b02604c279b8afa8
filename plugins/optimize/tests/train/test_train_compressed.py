"""Weights that are pruned or clustered while a model is trained."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from click.testing import CliRunner
from delegraph import Builder, InputError, Model, read_model, write_file, write_model
from delegraph_optimize import (
    CompressedModel,
    cluster,
    clustering_constraints,
    prune,
    pruning_constraints,
)
from delegraph_optimize.calibrate import read_samples
from delegraph_optimize.calibrate.samples import ReadSamples
from delegraph_optimize.commands import cluster as cluster_command
from delegraph_optimize.commands import prune as prune_command
from small import dense_net, floats

pytest.importorskip("torch")

from delegraph_optimize.compress.significand import rounded
from delegraph_optimize.train import train
from delegraph_optimize.train.course import Course
from delegraph_optimize.train.rounded_weights import RoundedWeights
from delegraph_optimize.train_compressed import train_compressed


def weights_of(model: Model) -> list[np.ndarray]:
    tensors = [op.inputs[1] for op in model.subgraphs[0].ops if op.name == "FULLY_CONNECTED"]
    return [t.data for t in tensors if t is not None and t.data is not None]


@pytest.mark.parametrize("schedule", ["polynomial", "constant"])
@pytest.mark.parametrize("pattern", ["unstructured", "2:4"])
def test_a_trained_model_has_its_zeros(schedule: str, pattern: str) -> None:
    model = dense_net()
    found = train_compressed(
        model,
        floats(64, 1, 64),
        lambda some: prune(model, pattern=pattern),
        lambda begun: pruning_constraints(begun, pattern=pattern, schedule=schedule, frequency=2),
        is_gradual=True,
        epochs=4,
        batch=8,
    )
    assert found.report.training.kept_epoch
    assert [o.zeros for o in found.report.outcomes] == [1024, 64]
    if pattern == "2:4":
        assert all((w.reshape(-1, 4) == 0).sum(axis=1).min() == 2 for w in weights_of(found.model))


def test_what_was_pruned_stays_so_and_the_model_of_floats_teaches() -> None:
    model, x = dense_net(), floats(256, 1, 64)
    found = train_compressed(model, x, one_shot(model), kept_zeros, epochs=8, batch=16, lr=0.003)
    begin = prune(model, 0.5, data=Course().shown(model, None, samples_of(x))).model
    for was, now, given in zip(*map(weights_of, (begin, found.model, model)), strict=True):
        assert not now[was == 0].any()
        assert not np.array_equal(now, was)
        assert given.all()
    assert _lost(found.model, model, x) < _lost(begin, model, x)


def test_a_teacher_with_other_outputs_is_refused() -> None:
    g = Builder()
    y = g.tensor((1, 3), "float32", "y")
    g.op("FULLY_CONNECTED", [g.input((1, 64), "float32", "x"), g.constant(floats(3, 64)), None], [y])
    with pytest.raises(InputError, match=r"teacher needs outputs of 4, found 3"):
        train(dense_net(), floats(8, 1, 64), teacher=g.model(outputs=[y]), epochs=1)


def test_training_makes_up_for_what_is_pruned() -> None:
    model, x = dense_net(), floats(256, 1, 64)
    by_size = prune(model, 0.5).model
    trained = train_compressed(
        model,
        x,
        lambda some: prune(model, 0.5),
        lambda begun: pruning_constraints(begun, 0.5, frequency=2),
        is_gradual=True,
        held_back=0,
        epochs=12,
        batch=16,
        lr=0.003,
    ).model

    assert _lost(trained, model, x) < 0.6 * _lost(by_size, model, x)


def _lost(made: Model, model: Model, x: np.ndarray) -> float:
    return float(np.square(_run(made, x) - _run(model, x)).mean())


def _run(model: Model, x: np.ndarray) -> np.ndarray:
    """Compute the net by hand: two products with a RELU between them."""
    (first, second), ops = weights_of(model), model.subgraphs[0].ops
    biases = [op.inputs[2].data if len(op.inputs) > 2 and op.inputs[2] is not None else 0 for op in ops]
    return np.maximum(x[:, 0] @ first.T + biases[0], 0) @ second.T + biases[-1]


@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_a_trained_model_has_few_values_and_keeps_zeros(per: str) -> None:
    model, x = prune(dense_net(), 0.5, per="layer").model, floats(64, 1, 64)
    found = train_compressed(
        model,
        x,
        lambda some: cluster(model, 8, per=per),
        lambda begun: clustering_constraints(begun, 8, per=per),
        epochs=3,
        batch=8,
    )
    assert found.report.training.kept_epoch
    for before, after in zip(weights_of(model), weights_of(found.model), strict=True):
        assert not after[before == 0].any()
        assert not np.array_equal(before, after)
        rows = [after] if per == "tensor" else list(after)
        assert max(len(np.unique(row)) for row in rows) <= 8


@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_values_that_samples_gave_are_where_their_training_begins(per: str) -> None:
    model, x = dense_net(), floats(64, 1, 64)
    begin = cluster(model, 4, per=per, data=x)
    how = {"bits": None, "teacher": model, "epochs": 1, "batch": 64, "lr": 1e-9}  # hardly a step
    found = train(begin.model, x, constraints=clustering_constraints(begin, 4, per=per), **how)
    for before, after in zip(weights_of(begin.model), weights_of(found.model), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-7)
    other = train(model, x, constraints=clustering_constraints(model, 4, per=per), **how)
    assert _lost(found.model, model, x) < _lost(other.model, model, x)


def test_integers_keep_zeros_and_values_while_they_are_trained() -> None:
    model, x = prune(dense_net(), 0.5, per="layer").model, floats(64, 1, 64)
    found = train(model, x, constraints=clustering_constraints(model, 8), epochs=2, batch=8, held_back=0.0)
    for before, after in zip(weights_of(model), weights_of(found.model), strict=True):
        assert after.dtype == np.int8
        assert not after[before == 0].any()
        assert max(len(np.unique(row)) for row in after) <= 8


def test_the_commands_train(tmp_path: Path) -> None:
    model, data, out = tmp_path / "m.tflite", tmp_path / "x.npy", tmp_path / "out.tflite"
    write_file(model, write_model(dense_net()))
    np.save(data, floats(32, 1, 64))
    words = [
        str(model),
        "-o",
        str(out),
        "--train",
        "--data",
        str(data),
        "--epochs",
        "1",
        "--held-back",
        "0",
    ]
    done = CliRunner().invoke(prune_command, [*words, "--sparsity", "0.75", "--per", "layer"])
    assert done.exit_code == 0, done.output
    assert "pruned 75 %, trained: 2 of 2 layers; 75.0 % of 2,176 weights are 0" in done.output
    done = CliRunner().invoke(prune_command, [*words, "--schedule", "constant", "--frequency", "1"])
    assert done.exit_code == 0, done.output
    assert re.search(r": 2 of 2 layers; 50\.\d % of 2,176 weights are 0", done.output)
    done = CliRunner().invoke(cluster_command, [*words, "--clusters", "4"])
    assert done.exit_code == 0, done.output
    assert "4 clusters, trained: 2 of 2 layers" in done.output


def test_channels_go_and_what_stays_is_trained_in_one_command(tmp_path: Path) -> None:
    x = floats(128, 1, 64)
    paths = _written(tmp_path, x)
    narrow = ["--structured", "--sparsity", "0.5", "--json"]
    result = CliRunner().invoke(prune_command, [*paths, *narrow])
    assert result.exit_code == 0, result.output
    before = read_model(tmp_path / "o.tflite")
    result = CliRunner().invoke(
        prune_command, [*paths, *narrow, "--train", "--epochs", "6", "--lr", "0.01"]
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.output[result.output.index("{") :])
    assert told["asked"] == "50 % of channels pruned, trained"
    assert [o["done"] for o in told["outcomes"]] == [
        "16 of 32 channels, trained",
        "16 of 32 inputs, reconstructed, trained",
    ]
    assert len(told["channels"]) == 2
    after = read_model(tmp_path / "o.tflite")
    assert [w.shape for w in weights_of(after)] == [w.shape for w in weights_of(before)]
    assert _lost(after, dense_net(), x) < _lost(before, dense_net(), x)


def test_channels_do_not_go_little_by_little(tmp_path: Path) -> None:
    paths = _written(tmp_path, floats(8, 1, 64))
    asked = ["--train", "--structured", "--schedule", "polynomial"]
    result = CliRunner().invoke(prune_command, [*paths, *asked])
    assert result.exit_code == 2
    assert "--structured and --engine go with --schedule one-shot" in " ".join(result.output.split())


def test_what_is_trained_can_be_stored_sparse() -> None:
    model, x = dense_net(), floats(64, 1, 64)
    found = train_compressed(model, x, one_shot(model, 0.75), kept_zeros, sparse=True, held_back=0)
    assert found.report.training.kept_epoch
    assert [o.stored for o in found.report.outcomes] == ["sparse", "sparse"]


HARMFUL = {"epochs": 2, "batch": 8, "lr": 3.0}  # far too large


@pytest.mark.parametrize("asked", ["zeros", "gradual", "channels", "values", "sparse"])
def test_training_that_does_harm_leaves_what_one_shot_made(asked: str) -> None:
    """One shot has not seen what is held back either."""
    model, x = dense_net(), floats(64, 1, 64)
    make = {
        "channels": lambda some: prune(model, 0.5, structured=True, data=some),
        "values": lambda some: cluster(model, 8, data=some),
        "sparse": lambda some: prune(model, 0.75, data=some, sparse=True),
    }.get(asked, one_shot(model))
    constraints = {
        "gradual": lambda begun: pruning_constraints(begun, 0.5, frequency=1, end=0.5),
        "channels": lambda begun: {},
        "values": lambda begun: clustering_constraints(begun, 8),
    }.get(asked, kept_zeros)
    found = train_compressed(model, x, make, constraints, is_gradual=asked == "gradual", **HARMFUL)
    seen = Course().shown(model, None, samples_of(x))
    assert len(seen) == 58
    assert found.content == make(seen).content
    assert not found.report.training.kept_epoch
    assert [e.counts for e in found.report.training.epochs] == [True, asked != "gradual", True]
    told = " ".join(str(found).split())
    assert "training made it worse on the samples held back: the model before training (*) is kept" in told


@pytest.mark.parametrize("is_gradual", [False, True])
def test_what_is_measured_is_what_is_stored(is_gradual: bool) -> None:
    """Weights of 4 significant bits are others than those that training moves."""
    model, x = dense_net(), floats(256, 1, 64)

    def constraints(begun: Any) -> Any:
        return pruning_constraints(begun, 0.5, schedule="constant") if is_gradual else kept_zeros(begun)

    make = (lambda some: prune(model, 0.5)) if is_gradual else one_shot(model)
    found = train_compressed(
        model, x, make, constraints, is_gradual=is_gradual, significand=4, epochs=6, lr=0.003
    )
    history = found.report.training
    assert history.kept_epoch
    for weights in weights_of(found.model):
        np.testing.assert_array_equal(weights, rounded(weights, 4))
    again = train(found.model, x, teacher=model, bits=None, epochs=1, lr=1e-12)
    wanted = history.epochs[history.kept_epoch].held_loss
    np.testing.assert_allclose(again.epochs[0].held_loss, wanted, rtol=1e-4)


@pytest.mark.parametrize("bits", [4, 8, 16, 23])
def test_weights_to_compute_with_are_rounded_as_those_to_store(bits: int) -> None:
    import torch

    weights = floats(1000) * np.float32(3)
    weights[:3] = 0.0, -0.0, 1 + 2.0**-bits  # the last one lies in the middle
    kept = RoundedWeights(bits, None)
    found = kept.apply(torch.from_numpy(weights)).numpy()
    np.testing.assert_allclose(found, kept.final(weights), rtol=3e-7)


def test_an_epoch_counts_once_all_zeros_are_there() -> None:
    model, x = dense_net(), floats(64, 1, 64)
    constraints = pruning_constraints(model, 0.5, frequency=1, end=1.0)
    found = train(model, x, constraints=constraints, bits=None, epochs=3, batch=8)
    assert [e.counts for e in found.epochs] == [False, False, False, True]
    assert found.kept_epoch == 3
    assert min(e.held_loss for e in found.epochs) < found.epochs[3].held_loss
    assert [int((w == 0).sum()) for w in weights_of(found.model)] == [1024, 64]


def test_the_values_of_the_epoch_that_is_kept_are_written() -> None:
    """Not its weights with the values of a later epoch."""
    model, x = dense_net(), floats(64, 1, 64)
    begin = cluster(model, 4, data=x)
    found = train(begin.model, x, constraints=clustering_constraints(begin, 4), **HARMFUL, bits=None)
    assert found.kept_epoch == 0
    for before, after in zip(weights_of(begin.model), weights_of(found.model), strict=True):
        np.testing.assert_array_equal(before, after)


def test_pruned_clustered_and_trained_as_integers_is_no_worse_than_not_trained() -> None:
    model, x = dense_net(), floats(64, 1, 64)
    pruned = prune(model, 0.5, data=x)
    made = cluster(pruned.model, 8, data=x)
    how = {"constraints": clustering_constraints(made, 8), "method": "minmax"}
    harmed, still = (train(made.model, x, **how, **HARMFUL | {"lr": lr}) for lr in (3.0, 1e-12))
    assert harmed.kept_epoch == 0
    for before, after in zip(*map(weights_of, (still.model, harmed.model)), strict=True):
        np.testing.assert_array_equal(before, after)
    for before, after in zip(*map(weights_of, (pruned.model, harmed.model)), strict=True):
        assert not after[before == 0].any()
        assert max(len(np.unique(row)) for row in after) <= 8


def one_shot(model: Model, sparsity: float = 0.5) -> Callable[[Any], CompressedModel]:
    return lambda some: prune(model, sparsity, data=some)


def kept_zeros(begun: CompressedModel) -> Any:
    return pruning_constraints(begun, schedule="kept")


def samples_of(x: np.ndarray) -> ReadSamples:
    return ReadSamples(read_samples(dense_net(), x))


def _written(folder: Path, x: np.ndarray) -> list[str]:
    """Write a model and its samples; return the words of a command that name them, and what to write."""
    write_file(folder / "m.tflite", write_model(dense_net()))
    np.save(folder / "x.npy", x)
    return [str(folder / "m.tflite"), "-o", str(folder / "o.tflite"), "--data", str(folder / "x.npy")]
