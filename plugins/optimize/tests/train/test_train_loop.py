"""The loop: what it learns, that it repeats itself, goes on where it was, and says what is wrong."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from delegraph import Builder, InputError, Interpreter, Model, Signature, write_model
from delegraph.cli import main

torch = pytest.importorskip("torch")

sys.path.insert(0, str(Path(__file__).parent))
from delegraph_optimize import clustering_constraints, pruning_constraints, quantize  # noqa: E402
from delegraph_optimize.report_command import training_bar  # noqa: E402
from delegraph_optimize.train import (  # noqa: E402
    Progress,
    Trained,
    memory,
    train,
    trainable,
)
from delegraph_optimize.train import loop as the_loop  # noqa: E402
from delegraph_optimize.train.course import Course  # noqa: E402
from drawn_nets import DrawnNet, branch, drawn_images, loop  # noqa: E402
from train_models import concatenated, convolutional, normalized, sequence  # noqa: E402


def images(count: int = 32, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return images in which one channel is bright, or none, and which."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 8, 8, 3)).astype(np.float32) * 0.3
    y = rng.integers(0, 4, count)
    for image, label in zip(x, y, strict=True):
        image[..., label : label + 1] += 1.5
    return x, y


def outputs(model: Model, data: np.ndarray) -> np.ndarray:
    with Interpreter(model=model, delegates=["reference"]) as interpreter:
        return np.stack([np.array(interpreter(row[None])) for row in data])


def trained(**settings: Any) -> Trained:
    x, y = images()
    labels = {"labels": y} if settings.pop("with_labels", False) else {}
    return train(convolutional(), x, **{"epochs": 2, "batch": 16, "method": "minmax", **labels, **settings})


def test_labels_are_learned_in_floats_and_with_integers() -> None:
    x, y = images(128)
    floats = train(convolutional(), x, labels=y, bits=None, epochs=10, batch=8, lr=0.03, held_back=0)
    assert floats.epochs[-1].metric > 0.8 > 0.5 > floats.epochs[0].metric
    assert {t.dtype for t in floats.model.subgraphs[0].tensors} <= {"float32", "int32"}
    whole = train(floats.model, x, labels=y, epochs=1, batch=16, method="minmax")
    right = (outputs(whole.model, x).argmax(-1).reshape(-1) == y).mean()
    assert right > 0.8
    assert "int8" in {t.dtype for t in whole.model.subgraphs[0].tensors}


def test_distillation_of_few_bits_comes_nearer_to_the_floats_than_rounding() -> None:
    x, _ = images(96)
    model = convolutional()
    found = train(model, x[:64], bits=(2, 8), epochs=15, batch=16, lr=0.02, method="minmax")
    begun = train(model, x[:64], bits=(2, 8), epochs=1, batch=64, lr=1e-9, method="minmax")
    wanted = outputs(model, x[64:])
    errors = [np.abs(outputs(m, x[64:]) - wanted).mean() for m in (found.model, begun.model)]
    assert errors[0] < errors[1] / 2


@pytest.mark.parametrize("ranges", ["learned", "observed", "fixed"])
def test_a_seed_gives_the_same_file_again(ranges: str) -> None:
    first, again, other = (trained(ranges=ranges, with_labels=True, lr=0.01, seed=s) for s in (0, 0, 1))
    assert first.content == again.content
    assert first.kept_epoch > 0
    assert first.content != other.content


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_training_goes_on_to_the_same_file(
    steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = trained(epochs=3).content
    monkeypatch.setattr(the_loop, "SAVED_EVERY", 0.0)
    path = tmp_path / "training"

    def stop(done: Progress) -> None:
        if done.step == steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(epochs=3, checkpoint=path, progress=stop)
    assert path.exists()
    found = trained(epochs=3, checkpoint=path, resume=True)
    assert found.content == wanted


CONSTRAINTS = {
    "zeros": lambda model: pruning_constraints(model, 0.5, frequency=3, end=0.9),
    "zeros at once": lambda model: pruning_constraints(model, 0.5, schedule="constant", frequency=7),
    "values": lambda model: clustering_constraints(model, 12),
    "values, each unit": lambda model: clustering_constraints(model, 6, per="channel"),
}


@pytest.mark.parametrize("stopped", [2, 4])
@pytest.mark.parametrize("kind", CONSTRAINTS)
def test_zeros_and_values_go_on_to_the_same_file(
    kind: str, stopped: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped within an epoch, and at its end."""
    model = convolutional()
    how = {"epochs": 2, "batch": 8, "lr": 0.003, "bits": None, "held_back": 0}
    wanted = trained(**how, constraints=CONSTRAINTS[kind](model))
    assert wanted.kept_epoch
    monkeypatch.setattr(the_loop, "SAVED_EVERY", 0.0)
    path = tmp_path / "training"

    def stop(done: Progress) -> None:
        if done.step > stopped:
            raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        trained(**how, constraints=CONSTRAINTS[kind](model), checkpoint=path, progress=stop)
    found = trained(**how, constraints=CONSTRAINTS[kind](model), checkpoint=path, resume=True)
    assert found.content == wanted.content


def test_a_checkpoint_of_other_constraints_is_refused(tmp_path: Path) -> None:
    path, model = tmp_path / "training", convolutional()
    how = {"bits": None, "checkpoint": path}
    trained(**how, constraints=CONSTRAINTS["values"](model))
    for kind in ("zeros", "values, each unit"):
        with pytest.raises(InputError, match=r"the checkpoint .* does not fit"):
            trained(**how, constraints=CONSTRAINTS[kind](model), resume=True)


def test_what_is_written_is_not_surely_worse_than_what_was_begun_with() -> None:
    """Judged by the held-back samples, or by all of them where they are few, on the files themselves."""
    for seed in range(int(os.environ.get("DELEGRAPH_TRAIN_GUARDS", "6"))):
        made = (convolutional, concatenated, sequence)[seed % 3]
        model, rng = made(seed=seed), np.random.default_rng(seed)
        count = (12, 40)[seed // 3 % 2]
        x = rng.normal(size=(count, *model.subgraphs[0].inputs[0].shape[1:])).astype(np.float32)
        how = {"bits": ((8, 8), (4, 8))[seed % 2], "lr": 0.3, "method": "minmax"}  # too far by far
        found = train(model, x, epochs=2, batch=8, seed=seed, **how)
        held, seen = Course(seed=seed).split(count)
        bits = f"int{how['bits'][0]}"
        begun = quantize(model, "int8", weights=bits, data=x[seen], method="minmax", seed=seed)
        held = held if len(held) else seen
        wanted = outputs(model, x[held])
        errors = [np.square(outputs(m.model, x[held]) - wanted) for m in (found, begun)]
        after, before = (e.reshape(len(held), -1).mean(1) for e in errors)
        chance = (after - before).std(ddof=1) / np.sqrt(len(held))
        worse = (after - before).mean() - chance
        assert worse <= 0.3 * before.mean() + 1e-9, (seed, found.kept_epoch)  # ties of rounding


def test_an_epoch_that_is_worse_is_not_kept_and_the_report_says_so() -> None:
    found = trained(lr=5.0)
    assert found.kept_epoch == 0
    told = " ".join(str(found).split())
    assert "training made it worse on the samples held back: the model before training (*) is kept" in told


def test_several_processes_train_as_one_does() -> None:
    alone, both = (trained(epochs=1, processes=n, bits=None, loss="distill") for n in (1, 2))
    assert [e.number for e in both.epochs] == [0, 1]
    for one, other in zip(alone.model.subgraphs[0].tensors, both.model.subgraphs[0].tensors, strict=True):
        if one.data is not None and one.dtype == "float32":
            np.testing.assert_allclose(one.data, other.data, atol=1e-3)
    with pytest.raises(InputError, match="training in 2 processes failed"):
        trained(processes=2, loss=lambda values, wanted: values[0].sum())
    with pytest.raises(InputError, match="processes need 1 to 16, the batch, found 17"):
        trained(processes=17)


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    trained(checkpoint=tmp_path / "a")
    with pytest.raises(InputError, match="is of another training: its lr is"):
        trained(checkpoint=tmp_path / "a", resume=True, lr=0.5)
    (tmp_path / "b").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="is no checkpoint"):
        trained(checkpoint=tmp_path / "b", resume=True)
    with pytest.raises(InputError, match="there is no checkpoint"):
        trained(checkpoint=tmp_path / "c", resume=True)
    with pytest.raises(InputError, match="resume needs the checkpoint"):
        trained(resume=True)


def test_a_damaged_checkpoint_is_refused_or_gives_the_same_file(tmp_path: Path) -> None:
    wanted = trained(epochs=2, checkpoint=tmp_path / "c").content
    whole, rng = (tmp_path / "c").read_bytes(), np.random.default_rng(0)
    refused = []
    for _ in range(int(os.environ.get("DELEGRAPH_TRAIN_DAMAGES", "12"))):
        at = int(rng.integers(len(whole)))
        part = bytes(rng.integers(0, 256, int(rng.integers(0, 64)), np.uint8))
        ends = (at + len(part), len(whole), at)  # over what was there, cut off, in between
        (tmp_path / "c").write_bytes(whole[:at] + part + whole[ends[int(rng.integers(3))] :])
        try:
            assert trained(epochs=2, checkpoint=tmp_path / "c", resume=True).content == wanted
        except InputError as e:
            refused.append(str(e))
    assert refused
    assert all("checkpoint" in told for told in refused)


@pytest.mark.parametrize(
    ("labels", "loss", "message"),
    [
        (np.full((32, 4), np.nan), "mse", "labels need finite values, found NaN"),
        (np.zeros((32, 3)), "mse", "labels need a number for each of 4 places of a sample, found 3"),
        (np.full((32, 4), 1e30), "mse", "Samples or labels are too large"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels: np.ndarray, loss: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        train(convolutional(), images()[0], labels=labels, loss=loss, method="minmax", epochs=1)


def test_a_loss_that_is_no_number_ends_it_and_the_checkpoint_stays(tmp_path: Path) -> None:
    path = tmp_path / "training"
    calls = []

    def odd(values: Any, wanted: Any) -> Any:
        calls.append(1)
        return values[0].sum() * (float("nan") if len(calls) > 5 else 1.0)

    with pytest.raises(InputError, match=r"the loss became nan at step 4 of 4 .*is as it was before"):
        trained(loss=odd, checkpoint=path)
    assert torch.load(path, weights_only=True)["step"] == 2


def test_what_a_loss_lacks_is_said() -> None:
    with pytest.raises(InputError, match="loss cross-entropy needs labels"):
        trained(loss="cross-entropy")
    with pytest.raises(InputError, match="labels need classes from 0 to 3, found 7"):
        train(convolutional(), images()[0], labels=np.full(32, 7))
    with pytest.raises(InputError, match="labels need an entry for each of 32 samples, found 3"):
        train(convolutional(), images()[0], labels=np.zeros(3, np.int64))
    with pytest.raises(InputError, match="loss needs one of distill, cross-entropy, mse, or module"):
        trained(loss="likelihood")


def test_a_model_with_nothing_to_train_is_refused() -> None:
    g = Builder()
    x = g.input((1, 4), "float32", "x")
    y = g.op("RELU", [x], [g.tensor((1, 4), "float32")])
    with pytest.raises(InputError, match="there is nothing to train: no op has weights with a gradient"):
        train(g.model([y]), np.ones((4, 1, 4), np.float32))


def test_too_little_memory_is_found_out_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
    with pytest.raises(InputError, match=r"training with a batch of 16 needs about .* found 1000 B free"):
        trained()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epochs": 0}, "epochs needs 1 or more"),
        ({"batch": 0}, "batch needs 1 or more"),
        ({"lr": -1.0}, "lr needs a number above 0"),
        ({"held_back": 1.0}, "held_back needs a share"),
        ({"bits": (1, 8)}, "bits of weights need 2 to 8, found 1"),
        ({"bits": (8, 17)}, "bits of activations need 2 to 16, found 17"),
        ({"bits": None, "target": "reference"}, "target is of integers: it needs bits"),
        ({"ranges": "guessed"}, "ranges needs one of learned, observed, fixed"),
        ({"constraints": {"nothing": None}}, "a constraint needs one constant of floats, found 0"),
        (
            {"constraints": {"conv/kernel": 3}},
            "a constraint needs start, step, is_met, apply and final, found int",
        ),
    ],
)
def test_bad_arguments_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        trained(**settings)


class EveryOther:
    """Keeps every other weight at 0."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def start(self, weights: np.ndarray) -> None:
        self.mask = (np.arange(weights.size) % 2).reshape(weights.shape).astype(np.float32)

    def step(self, step: int, steps: int) -> None:
        self.seen.append((step, steps))

    def is_met(self) -> bool:
        return True

    def apply(self, weight: Any) -> Any:
        return weight * torch.from_numpy(self.mask)

    def final(self, weights: np.ndarray) -> np.ndarray:
        return weights * self.mask


@pytest.mark.parametrize("bits", [None, (8, 8), (4, 8)])
@pytest.mark.parametrize("name", ["conv/kernel", 4])
def test_a_constraint_is_kept_in_the_file(bits: tuple[int, int] | None, name: str | int) -> None:
    kept = EveryOther()
    model = convolutional()
    named = {t.name: t.index for t in model.subgraphs[0].tensors}
    name = named["depth/kernel"] if isinstance(name, int) else name
    found = trained(bits=bits, constraints={name: kept})
    name_of_op = "CONV_2D" if isinstance(name, str) else "DEPTHWISE_CONV_2D"
    op = next(o for o in found.model.subgraphs[0].ops if o.name == name_of_op)
    assert op.inputs[1] is not None
    stored = np.asarray(op.inputs[1].data).reshape(-1)
    assert not stored[::2].any()
    assert stored[1::2].any()
    assert kept.seen[0] == (0, 4)
    assert kept.seen[-1] == (4, 4)


def test_samples_run_one_by_one_where_ops_mix_a_batch() -> None:
    g = Builder()
    x = g.input((1, 4), "float32", "x")
    w = g.constant(np.eye(4, dtype=np.float32), name="w")
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 4), "float32")])
    axes = g.constant(np.array([0], np.int32))
    y = g.op("MEAN", [y, axes], [g.tensor((1, 4), "float32")], keep_dims=True)
    data = np.random.default_rng(0).normal(size=(24, 1, 4)).astype(np.float32)
    found = train(g.model([y]), data, bits=None, epochs=1, batch=4, loss="mse", labels=np.zeros((24, 4)))
    assert "samples run one by one: its ops mix the samples of a batch" in found.notes
    assert found.epochs[1].loss < found.epochs[0].held_loss * 3


@pytest.mark.parametrize("made", [concatenated, sequence])
def test_other_graphs_are_trained_in_batches(made: Any) -> None:
    model = made()
    shape = model.subgraphs[0].inputs[0].shape[1:]
    data = np.random.default_rng(0).normal(size=(48, *shape)).astype(np.float32)
    found = train(model, data, bits=(4, 8), epochs=6, batch=8, effort="fast")
    assert not any("one by one" in note for note in found.notes)
    assert found.epochs[-1].held_loss < found.epochs[0].held_loss


def test_an_op_without_a_derivative_is_named_and_stays() -> None:
    g = Builder()
    x = g.input((1, 4), "float32", "x")
    w = g.constant(np.eye(4, dtype=np.float32), name="w")
    y = g.op("CUMSUM", [x, g.constant(np.array(1, np.int32))], [g.tensor((1, 4), "float32")])
    y = g.op("FULLY_CONNECTED", [y, w, None], [g.tensor((1, 4), "float32")])
    data = np.random.default_rng(0).normal(size=(8, 1, 4)).astype(np.float32)
    found = train(g.model([y]), data, bits=None, epochs=1)
    assert any("CUMSUM" in n and "its derivative is not known here" in n for n in found.notes)


@pytest.mark.parametrize("bits", [None, (8, 8)])
@pytest.mark.parametrize("part", [branch, loop])
def test_what_is_behind_control_flow_is_trained(bits: tuple[int, int] | None, part: Any) -> None:
    net = DrawnNet(3)
    part(net)
    model = net.model()
    found = train(model, drawn_images(model, 24, 0), bits=bits, epochs=1, batch=8, lr=0.01, held_back=0)
    (told,) = [n for n in found.notes if "it calls other subgraphs, whose ops stay as they are" in n]
    assert told.endswith("(FULLY_CONNECTED, TANH)" if part is branch else "(LESS, ADD, FULLY_CONNECTED)")
    assert found.epochs[1].loss < 1


@pytest.mark.parametrize("bits", [None, (8, 8), (4, 8)])
def test_batch_normalization_lives_while_training_and_is_folded_in_the_file(
    bits: tuple[int, int] | None,
) -> None:
    x, _ = images(96)
    model, settings = normalized(), {"batch": 16, "method": None if bits is None else "minmax"}
    still = train(model, x[:64], bits=bits, epochs=1, lr=1e-9, held_back=0, live_norm=True, **settings)
    assert "batch normalization that lives: behind 2 ops" in still.notes
    assert [op.name for op in still.model.subgraphs[0].ops if op.name in ("MUL", "ADD")] == []
    wanted = outputs(model, x[64:])
    assert np.abs(outputs(still.model, x[64:]) - wanted).mean() < 0.1 * wanted.std()
    found = train(model, x[:64], bits=bits, epochs=6, lr=0.003, live_norm=True, **settings)
    assert np.isfinite([e.loss for e in found.epochs[1:]]).all()
    assert found.epochs[-1].loss < found.epochs[1].loss


def test_statistics_of_a_batch_normalize_what_a_convolution_gives() -> None:
    from delegraph_optimize.train.live_norm import LiveNorm

    op = trainable(normalized()).steps[0].op
    norm, z = LiveNorm(op, 8, 0), torch.randn(64, 4, 4, 8) * 3 + 2
    norm.seen = []
    norm.see(z)
    norm.begin(torch.full((8,), 0.5))
    rows = z.reshape(-1, 8).numpy()
    np.testing.assert_allclose(norm.mean.numpy(), rows.mean(0), rtol=1e-4)
    np.testing.assert_allclose(norm.bias().detach().numpy(), 0.5, atol=1e-4)  # nothing has changed yet
    other = z * 2 + 1
    factor, shift = norm.of_batch(other)
    product = other * norm.gamma / norm.deviation  # weights hold γ/σ
    y = (product * factor + shift).detach().numpy().reshape(-1, 8)
    np.testing.assert_allclose(y.mean(0), norm.beta.detach().numpy(), atol=1e-3)
    np.testing.assert_allclose(y.std(0), norm.gamma.detach().numpy(), rtol=1e-3)


def test_parameters_have_the_names_of_tensors() -> None:
    module = trainable(convolutional())
    assert "conv_kernel" in dict(module.named_parameters())
    tensor = module.edges.graph.tensors[module.names["conv_kernel"]]
    assert tensor.name == "conv/kernel"


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        ([(2, 1, 8, 8, 3)], "'image', needs ?×8×8×3, found 2×1×8×8×3"),
        ([(2, 8, 8, 4)], "found 2×8×8×4"),
        ([(2, 8, 8, 3), (2, 8)], "has 1 inputs, found 2"),
    ],
)
def test_a_module_says_which_shape_it_needs(shapes: list[tuple[int, ...]], says: str) -> None:
    module = trainable(convolutional())
    assert module(torch.zeros(2, 8, 8, 3))[0].shape == (2, 4)
    with pytest.raises(InputError, match=re.escape(says)):
        module(*(torch.zeros(s) for s in shapes))


def test_the_command_writes_model_page_and_checkpoint(tmp_path: Path, capsys: Any) -> None:
    x, y = images()
    (tmp_path / "m.tflite").write_bytes(write_model(convolutional()))
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    words = ["train", str(tmp_path / "m.tflite"), "--data", str(tmp_path / "x.npy"), "--epochs", "1"]
    words += ["-o", str(tmp_path / "o.tflite"), "--labels", str(tmp_path / "y.npy"), "--bits", "4,8"]
    words += ["--html", str(tmp_path / "p.html"), "--checkpoint", str(tmp_path / "c")]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert not ended.value.code
    assert "held back: 3 samples" in capsys.readouterr().out
    assert "<polyline" in (tmp_path / "p.html").read_text(encoding="utf-8")
    assert {p.name for p in tmp_path.iterdir()} == {"m.tflite", "x.npy", "y.npy", "o.tflite", "p.html", "c"}


def test_what_a_target_does_not_take_stays_in_floats_and_is_trained() -> None:
    pytest.importorskip("delegraph_edgetpu")
    g = Builder()
    x = g.input((1, 8), "float32", "x")
    w = g.constant(np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32), name="w")
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 8), "float32")])
    y = g.op("ELU", [y], [g.tensor((1, 8), "float32")])
    model = g.model([g.op("FULLY_CONNECTED", [y, w, None], [g.tensor((1, 8), "float32")])])
    data = np.random.default_rng(1).normal(size=(16, 1, 8)).astype(np.float32)
    found = train(model, data, epochs=1, batch=8, target="edgetpu", method="percentile")
    (elu,) = [op for op in found.model.subgraphs[0].ops if op.name == "ELU"]
    assert elu.outputs[0].dtype == "float32"
    assert found.report.outcomes[1].reason.startswith("edgetpu")
    assert found.plan is not None
    assert train(model, data, epochs=1, batch=8).report.outcomes[1].scheme == "int8"


def test_a_signature_is_trained_and_the_others_stay() -> None:
    model = two_signatures()
    data = np.random.default_rng(0).normal(size=(24, 1, 4)).astype(np.float32)
    found = train(model, data, signature="second", epochs=1, batch=8)
    kinds = [
        {op.inputs[1].dtype for op in g.ops if op.name == "FULLY_CONNECTED"} for g in found.model.subgraphs
    ]
    assert kinds == [{"float32"}, {"int8"}]
    with Interpreter(model=found.model, delegates=["reference"]) as interpreter:
        given = {"x": data[0]}
        first = interpreter.get_signature_runner("first")(**given)["y"]
        second = interpreter.get_signature_runner("second")(**given)["y"]
    assert np.abs(first - 2 * data[0]).max() < 1e-6
    assert 0 < np.abs(second - 3 * data[0]).max() < 0.2
    both = train(model, {"first": data, "second": data}, signature="second", epochs=1, batch=8)
    assert "held back: 2 samples" in both.notes
    with pytest.raises(
        InputError, match=r"signature needs one of the model's .'first', 'second'., found 'third'"
    ):
        train(model, data, signature="third")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["second={x}"], "no samples of the main subgraph"),
        (["third={x}"], "no signature 'third' to have samples; the model's: first, second"),
        (["{x}", "second={x}"], "several need SIGNATURE=PATH each"),
        (["first={x}"], None),
        (["first={x}", "second={x}"], None),
    ],
)
def test_the_commands_take_samples_by_signature(
    asked: list[str], message: str | None, tmp_path: Path, capsys: Any
) -> None:
    data = np.random.default_rng(0).normal(size=(24, 1, 4)).astype(np.float32)
    np.save(tmp_path / "x.npy", data)
    (tmp_path / "m.tflite").write_bytes(write_model(two_signatures()))
    given = [w for a in asked for w in ("--data", a.format(x=tmp_path / "x.npy"))]
    for words in (["train"], ["prune", "--train"], ["cluster", "--train", "--clusters", "2"]):
        words = [*words, str(tmp_path / "m.tflite"), "-o", str(tmp_path / "o.tflite"), "--epochs", "1"]
        with pytest.raises(SystemExit) as ended:
            main([*words, *given])
        told = capsys.readouterr()
        if message is None:
            assert not ended.value.code, told.err
            assert "on 22 samples" in told.out
        else:
            assert ended.value.code
            assert message in " ".join(told.err.split())


def test_what_is_pruned_and_trained_is_the_subgraph_of_the_signature() -> None:
    model = two_signatures()
    data = np.random.default_rng(0).normal(size=(64, 1, 4)).astype(np.float32)
    constraints = pruning_constraints(model, 0.75, signature="second", schedule="constant")
    how = {"signature": "second", "bits": None, "epochs": 1, "batch": 8}
    found = train(model, data, constraints=constraints, **how)
    zeros = [int((op.inputs[1].data == 0).sum()) for g in found.model.subgraphs for op in g.ops]
    assert zeros == [12, 12]
    assert np.array_equal(found.model.subgraphs[0].ops[0].inputs[1].data, 2 * np.eye(4))


@pytest.mark.parametrize("columns", [80, 120])
def test_loss_metric_and_time_left_are_all_on_the_line(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    with training_bar("pruning") as (layers, steps):
        layers(1, 2)
        for step in (1, 2):
            steps(Progress(step, 400, 100, 100, 1.234e-5, 1.0, "agreement"))
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", capsys.readouterr().err)
    (line,) = {line for line in re.split(r"[\r\n]+", shown) if "agreement" in line}
    assert line.startswith("epoch 100 of 100")
    assert re.search(r"loss 1.234e-05, agreement 100.0 % [-0-9:]+ left", line)
    assert len(line) <= columns


def two_signatures() -> Model:
    """Two subgraphs, each multiplies by a number of its own."""
    g = Builder()
    for part, factor in ((g, 2), (g.subgraph("second"), 3)):
        x = part.input((1, 4), "float32", "x")
        w = part.constant(factor * np.eye(4, dtype=np.float32))
        part.returns(part.op("FULLY_CONNECTED", [x, w, None], [part.tensor((1, 4), "float32", "y")]))
    model = g.model()
    signatures = (
        Signature(key, {"x": graph.inputs[0].index}, {"y": graph.outputs[0].index}, graph.index)
        for key, graph in zip(("first", "second"), model.subgraphs, strict=True)
    )
    return attrs.evolve(model, signatures=tuple(signatures))


def test_nothing_is_lost_where_post_training_quantization_is_right_already() -> None:
    x, _ = images(80)
    model = convolutional()
    wanted = outputs(model, x[64:])
    errors = [
        np.abs(outputs(m, x[64:]) - wanted).mean()
        for m in (train(model, x[:64], epochs=1).model, quantize(model, "int8", data=x[:64]).model)
    ]
    assert errors[0] <= errors[1] * 2
