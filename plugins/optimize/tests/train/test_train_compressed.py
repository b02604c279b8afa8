"""Weights that are pruned or clustered while a model is trained."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from click.testing import CliRunner
from delegraph import Builder, InputError, Model, read_model, write_file, write_model
from delegraph_optimize import cluster, clustering_constraints, prune, pruning_constraints
from delegraph_optimize.commands import cluster as cluster_command
from delegraph_optimize.commands import prune as prune_command
from small import dense_net, floats

pytest.importorskip("torch")

from delegraph_optimize.train import train
from delegraph_optimize.train_compressed import train_compressed


def weights_of(model: Model) -> list[np.ndarray]:
    tensors = [op.inputs[1] for op in model.subgraphs[0].ops if op.name == "FULLY_CONNECTED"]
    return [t.data for t in tensors if t is not None and t.data is not None]


@pytest.mark.parametrize("schedule", ["polynomial", "constant"])
@pytest.mark.parametrize("pattern", ["unstructured", "2:4"])
def test_a_trained_model_has_its_zeros(schedule: str, pattern: str) -> None:
    model = dense_net()
    constraints = pruning_constraints(model, pattern=pattern, schedule=schedule, frequency=2)
    found = train_compressed(model, floats(64, 1, 64), constraints, "pruned", epochs=4, batch=8)
    assert [o.zeros for o in found.report.outcomes] == [1024, 64]
    if pattern == "2:4":
        assert all((w.reshape(-1, 4) == 0).sum(axis=1).min() == 2 for w in weights_of(found.model))


def test_what_was_pruned_stays_so_and_the_model_of_floats_teaches() -> None:
    model, x = dense_net(), floats(256, 1, 64)
    pruned = prune(model, 0.5, data=x)
    begin, constraints = pruned.model, pruning_constraints(pruned.model, schedule="kept")
    found = train_compressed(model, x, constraints, "pruned", begin=pruned, epochs=8, batch=16, lr=0.003)
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
        model, x, pruning_constraints(model, 0.5, frequency=2), "pruned", epochs=12, batch=16, lr=0.003
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
    constraints = clustering_constraints(model, 8, per=per)
    found = train_compressed(model, x, constraints, "8 clusters", epochs=3, batch=8)
    for before, after in zip(weights_of(model), weights_of(found.model), strict=True):
        assert not after[before == 0].any()
        assert not np.array_equal(before, after)
        rows = [after] if per == "tensor" else list(after)
        assert max(len(np.unique(row)) for row in rows) <= 8


@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_values_that_samples_gave_are_where_their_training_begins(per: str) -> None:
    model, x = dense_net(), floats(64, 1, 64)
    begin = cluster(model, 4, per=per, data=x)
    by_weights = clustering_constraints(model, 4, per=per)
    constraints = clustering_constraints(begin.model, 4, per=per)
    how = {"epochs": 1, "batch": 64, "lr": 1e-9}  # hardly a step
    found = train_compressed(model, x, constraints, "4 clusters", begin=begin, **how).model
    for before, after in zip(weights_of(begin.model), weights_of(found), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-7)
    other = train_compressed(model, x, by_weights, "4 clusters", **how).model
    assert _lost(found, model, x) < _lost(other, model, x)


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
    words = [str(model), "-o", str(out), "--train", "--data", str(data), "--epochs", "1"]
    done = CliRunner().invoke(prune_command, [*words, "--sparsity", "0.75", "--per", "layer"])
    assert done.exit_code == 0, done.output
    assert "pruned 75 %, trained: 2 of 2 layers; 75.0 % of 2,176 weights are 0" in done.output
    done = CliRunner().invoke(prune_command, [*words, "--schedule", "constant", "--frequency", "1"])
    assert done.exit_code == 0, done.output
    assert "pruned 50 %, trained: 2 of 2 layers; 50.0 % of 2,176 weights are 0" in done.output
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
    pruned = prune(model, 0.75, data=x)
    constraints = pruning_constraints(pruned.model, schedule="kept")
    found = train_compressed(model, x, constraints, "pruned", begin=pruned, sparse=True, epochs=1)
    assert [o.stored for o in found.report.outcomes] == ["sparse", "sparse"]


def _written(folder: Path, x: np.ndarray) -> list[str]:
    """Write a model and its samples; return the words of a command that name them, and what to write."""
    write_file(folder / "m.tflite", write_model(dense_net()))
    np.save(folder / "x.npy", x)
    return [str(folder / "m.tflite"), "-o", str(folder / "o.tflite"), "--data", str(folder / "x.npy")]
