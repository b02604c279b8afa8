"""Weights become zeros: how many, which, and what the others make up for."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import Builder, InputError, Model, write_file, write_model
from delegraph_optimize import LayerRule, prune, pruning_constraints, quantize, scan
from delegraph_optimize.commands import cluster as cluster_command
from delegraph_optimize.commands import prune as prune_command
from delegraph_optimize.compress.made_up import best_damping, moved, widening
from delegraph_optimize.improve.gptq import damped_squares, damping
from delegraph_optimize.pruning import reconstruct
from delegraph_optimize.pruning.alternating import chosen
from delegraph_optimize.pruning.pattern import Pattern
from delegraph_optimize.pruning.reconstruct import compensated, least_squares
from delegraph_optimize.pruning.shared_out import shared_out
from small import dense_net, floats, whole_lstm


def one_layer(weights: np.ndarray, bias: np.ndarray | None = None) -> Model:
    g = Builder()
    x = g.input((1, weights.shape[1]), "float32", "x")
    b = None if bias is None else g.constant(bias)
    y = g.tensor((1, len(weights)), "float32", "y")
    g.op("FULLY_CONNECTED", [x, g.constant(weights, name="w"), b], [y])
    return g.model([y])


def conv_net() -> Model:
    """A convolution, a depthwise one and a product, whose inputs are not whole numbers of 4."""
    g = Builder()
    x = g.input((1, 6, 6, 3), "float32", "x")
    w, b = g.constant(floats(10, 3, 3, 3)), g.constant(floats(10))
    y = g.op("CONV_2D", [x, w, b], [g.tensor((1, 6, 6, 10), "float32", "y")], stride_w=1, stride_h=1,
             dilation_w_factor=1, dilation_h_factor=1, fused_activation_function="RELU")  # fmt: skip
    w, b = g.constant(floats(1, 3, 3, 10)), g.constant(floats(10))
    y = g.op("DEPTHWISE_CONV_2D", [y, w, b], [g.tensor((1, 6, 6, 10), "float32", "d")], stride_w=1,
             stride_h=1, dilation_w_factor=1, dilation_h_factor=1, depth_multiplier=1)  # fmt: skip
    z = g.tensor((1, 5), "float32", "z")
    g.op("FULLY_CONNECTED", [y, g.constant(floats(5, 360)), g.constant(floats(5))], [z])
    return g.model([z])


def weights_of(model: Model, op: int = 0) -> np.ndarray:
    tensor = model.subgraphs[0].ops[op].inputs[1]
    assert tensor is not None
    assert tensor.data is not None
    return tensor.data


def test_the_smallest_weights_of_a_layer_go() -> None:
    given = np.array([[1, -2, 3, -4], [0.5, 8, -7, 6]], np.float32)
    made = prune(one_layer(given), 0.5)
    assert weights_of(made.model).tolist() == [[0, 0, 0, -4], [0, 8, -7, 6]]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("2:4", [[0, 0, 3, -4, 0, 0, -7, 6], [3, 0, 0, 4, 9, 0, 0, 9]]),
        ("1:2", [[0, -2, 0, -4, 0, 5, -7, 0], [3, 0, 0, 4, 9, 0, 0, 9]]),
        ("block:1x4", [[0, 0, 0, 0, 0.5, 5, -7, 6], [0, 0, 0, 0, 9, 1, 2, 9]]),
        ("block:2x2", [[0, 0, 0, 0, 0.5, 5, -7, 6], [0, 0, 0, 0, 9, 1, 2, 9]]),
    ],
)
def test_zeros_are_where_the_pattern_allows(pattern: str, expected: list[list[float]]) -> None:
    given = np.array([[1, -2, 3, -4, 0.5, 5, -7, 6], [3, 2, 2, 4, 9, 1, 2, 9]], np.float32)
    assert weights_of(prune(one_layer(given), pattern=pattern).model).tolist() == expected


@pytest.mark.parametrize(
    ("pattern", "sparsity", "with_samples"),
    list(product(["unstructured", "2:4", "3:4", "block:4x1", "block:1x4"], [0.25, 0.8], [False, True])),
)
def test_each_layer_has_its_zeros(pattern: str, sparsity: float, with_samples: bool) -> None:
    model, is_ratio = conv_net(), ":" in pattern and "block" not in pattern
    data = floats(8, 1, 6, 6, 3) if with_samples else None
    found = prune(model, None if is_ratio else sparsity, pattern=pattern, per="layer", data=data)
    convolution, depthwise, product = found.report.outcomes
    if not is_ratio:
        for outcome in (convolution, product):
            assert abs(outcome.zeros / outcome.weights - sparsity) <= (0.002 if "un" in pattern else 0.08)
    assert depthwise.zeros == 0
    assert "depthwise" in depthwise.reason
    if is_ratio:
        rows = weights_of(found.model)[..., :3] != 0
        assert rows.sum(axis=-1).max() <= 4 - int(pattern[0])
        rows = weights_of(found.model, 2).reshape(5, -1, 4) != 0
        assert rows.sum(axis=-1).max() <= 4 - int(pattern[0])


def test_what_stays_are_the_least_squares_of_what_goes() -> None:
    """The damping is that of more rows; numpy says what the least squares are. Units vary as in floats."""
    x = floats(200, 12) @ floats(12, 12)
    given, bias = floats(6, 12), floats(6)
    made = prune(one_layer(given, bias), 0.5, data=x[:, None])
    found, centred = weights_of(made.model), x - x.mean(axis=0)
    more = np.sqrt(0.01 * np.square(centred).sum() / 12)  # 200 rows are many: the least that is tried
    damped = np.vstack([centred, more * np.eye(12)])
    for unit, weights in enumerate(given):
        kept = np.flatnonzero(found[unit])
        wanted = np.linalg.lstsq(damped[:, kept], damped @ weights, rcond=None)[0]
        wanted *= np.std(centred @ weights) / np.std(centred[:, kept] @ wanted)
        assert np.allclose(found[unit, kept], wanted, rtol=1e-3, atol=1e-4)
    by_size = weights_of(prune(one_layer(given, bias), 0.5).model)
    lost = [np.square(centred @ (w - given).T).mean() for w in (found, by_size)]
    assert lost[0] < 0.7 * lost[1]


@pytest.mark.parametrize("pattern", ["2:4", "unstructured", "block:1x2"])
def test_zeros_are_nearly_the_best_of_all(pattern: str) -> None:
    """A unit of 8 weights: each way to take half of them away is tried, and what it costs is computed."""
    seen = Pattern.parse(pattern)
    groups = {"2:4": [*combinations(range(4), 2)], "block:1x2": [(0, 1), (2, 3), (4, 5), (6, 7)]}
    ways = [(*a, *(i + 4 for i in b)) for a, b in product(groups["2:4"], repeat=2)]
    if pattern == "unstructured":
        ways = [*combinations(range(8), 4)]
    elif pattern == "block:1x2":
        ways = [(*a, *b) for a, b in combinations(groups[pattern], 2)]
    costs = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x, w = rng.normal(size=(20, 8)) @ rng.normal(size=(8, 8)), rng.normal(size=(1, 8))
        squares = x.T @ x

        def lost(gone: np.ndarray, squares: np.ndarray = squares, w: np.ndarray = w) -> float:
            off = w - least_squares(w, squares, gone)
            return float(np.trace(off @ squares @ off.T))

        masks = [np.isin(np.arange(8), way)[None] for way in ways]
        found = chosen(w, squares, seen, 0.5, 8)
        assert any((found == mask).all() for mask in masks)
        best = min(map(lost, masks))
        costs.append([best, lost(found), lost(compensated(w, squares, seen, 0.5, 8)[0])])
    best, sought, by_column = np.median(np.array(costs) / np.array(costs)[:, :1], axis=0)
    assert sought < 1.1 * best
    assert sought < by_column


def test_layers_too_large_to_seek_zeros_for_have_least_squares_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconstruct, "rounds_of_work", lambda weights: np.inf)
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(40, 16)) @ rng.normal(size=(16, 16)), rng.normal(size=(3, 16))
    found = reconstruct.reconstructed(w, x.T @ x, Pattern.parse("2:4"), 0.5, 16)
    for given, made in zip(w, found, strict=True):
        kept = np.flatnonzero(made)
        wanted = np.linalg.lstsq(x[:, kept], x @ given, rcond=None)[0]
        assert len(kept) == 8
        assert np.allclose(made[kept], wanted)


def test_of_few_rows_weights_go_less_far() -> None:
    """They make up for what the layers before lost, of rows that were not looked at, too."""
    rng = np.random.default_rng(4)
    weights, before = rng.normal(size=(1, 40, 60)), rng.normal(size=(1, 2000, 60))
    now = before + 0.5 * rng.normal(size=before.shape)
    found = {n: best_damping(weights, before[:, :n], now[:, :n], n) for n in (60, 2000)}
    assert found[60] > 10 * found[2000]
    lost = []
    for share in (0.01, found[60]):
        few = before[:, :60], now[:, :60]
        made = moved(weights, *few, damped_squares(few[1], (share, 0.0)))
        lost.append(np.square(weights @ before[0, 60:].T - made @ now[0, 60:].T).mean())
    assert lost[1] < 0.5 * lost[0]
    assert best_damping(weights, before, now, 9) == damping(2000, 60)  # too few samples to judge


def test_units_vary_as_much_as_they_did() -> None:
    before, now = np.array([[[3.0], [-3.0]]]), np.array([[[2.0], [-2.0]]])
    weights = np.array([[[1.0], [1.0], [1.0], [1.0]]])
    made = np.array([[[1.0], [3.0], [0.0], [0.1]]])
    assert (made * widening(made, weights, before, now)).ravel().tolist() == [
        1.5,
        3.0,
        0.0,
        0.2,
    ]  # twice at most


def test_depthwise_filters_make_up_for_what_they_read() -> None:
    model, x = conv_net(), floats(32, 1, 6, 6, 3)
    made = prune(model, pattern="2:4", data=x)
    assert (weights_of(made.model, 1) != weights_of(model, 1)).any()
    left = prune(model, pattern="2:4", data=x, rules=[LayerRule(op="DEPTHWISE_CONV_2D", skip=True)])
    assert (weights_of(left.model, 1) == weights_of(model, 1)).all()


def test_a_bias_keeps_the_mean_of_what_is_computed() -> None:
    x = floats(200, 1, 12) + 3
    given = floats(6, 12)
    made = prune(one_layer(given), 0.75, data=x).model
    bias = made.subgraphs[0].ops[0].inputs[2]
    assert bias is not None
    assert np.allclose(x.mean(axis=0) @ weights_of(made).T + bias.data, x.mean(axis=0) @ given.T, atol=1e-4)


def test_layers_lose_what_they_can_spare() -> None:
    """Of losses a s², the sum is least where a s is the same for each weight."""
    shares = np.linspace(0, 0.98, 99)
    losses = {1: 3 * shares**2, 2: 12 * shares**2}
    found = shared_out({1: 100, 2: 100}, losses, 0.25)
    assert np.allclose([found[1], found[2]], [0.4, 0.1], atol=0.011)
    found = shared_out({1: 100, 2: 400}, losses, 0.3)
    assert np.allclose([found[1], found[2]], [0.3, 0.3], atol=0.011)


def test_a_share_of_the_model_is_that_of_all_its_layers() -> None:
    x = floats(100, 1, 64)
    x[..., 32:] = x[..., :32]  # half of what the first layer reads says nothing
    found = prune(dense_net(), 0.5, data=x)
    first, second = found.report.outcomes
    assert abs(first.zeros + second.zeros - 0.5 * 2176) < 40
    assert first.zeros / 2048 > second.zeros / 128
    own = prune(dense_net(), 0.5, data=x, rules=[LayerRule(index=(0,), sparsity=0.25)]).report
    assert own.outcomes[0].zeros == 512


def test_the_same_seed_gives_the_same_file() -> None:
    model, data = conv_net(), floats(8, 1, 6, 6, 3)
    assert prune(model, data=data, seed=5).content == prune(model, data=data, seed=5).content


def test_rules_choose_layers() -> None:
    rules = [
        LayerRule(op="CONV*", pattern="2:4"),
        LayerRule(name="z", sparsity=0.9),
        LayerRule(index=(1,), sparsity=0.5),
    ]
    convolution, depthwise, product = prune(conv_net(), 0.25, rules=rules).report.outcomes
    assert (convolution.done, product.done) == ("50 % (2:4)", "90 %")
    assert depthwise.zeros == 45
    skipped = prune(conv_net(), rules=[LayerRule(op="CONV_2D", skip=True)]).report.outcomes[0]
    assert (skipped.done, skipped.reason) == ("", "a rule says so")


def test_rules_speak_of_the_given_model_where_a_pruned_one_is_trained() -> None:
    """Its DEQUANTIZE are gone, and with them the places that ops had."""
    model, rules = quantize(dense_net(), "float16").model, [LayerRule(index=(3,), skip=True)]
    found = prune(model, 0.5, data=floats(16, 1, 64), rules=rules)
    assert [(o.index, bool(o.done)) for o in found.report.outcomes] == [(2, True), (3, False)]
    kept = pruning_constraints(found, rules=rules, schedule="kept").values()
    assert [c.layer.index for c in kept] == [2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule]]\nsparsity = 'much'", "sparsity needs a number, found 'much'"),
        ("[[rule]]\nsparsity = 1.0", "sparsity needs a share from 0 to less than 1, found 1"),
        ("[[rule]]\npattern = '4:2'", "pattern needs unstructured"),
        ("[[rule]]\nclusters = 3", "a rule has op, name, index, subgraph, skip, sparsity, pattern; found"),
        ("[[rule]]\nskip = 3", "skip needs true or false"),
        ("rule = 3", "need tables"),
        ("=", "cannot be read"),
    ],
)
def test_a_rule_that_says_something_else_is_an_error(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(InputError, match=said):
        prune(conv_net(), rules=tmp_path / "r.toml")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sparsity": 1.0}, "sparsity needs a share from 0 to less than 1, found 1"),
        ({"sparsity": -0.1}, "found -0.1"),
        ({"sparsity": float("nan")}, "found nan"),
        (
            {"pattern": "2:4", "sparsity": 0.75},
            "pattern 2:4 makes 0.5 of the weights 0, found sparsity 0.75",
        ),
        ({"pattern": "4:4"}, "found '4:4'"),
        ({"pattern": "block:0x3"}, "found 'block:0x3'"),
        ({"pattern": "rows"}, "found 'rows'"),
        ({"data": []}, "at least one sample"),
        ({"per": "model"}, "per 'model' needs samples"),
        ({"per": "op"}, "per needs one of layer, model, found 'op'"),
    ],
)
def test_what_cannot_be_done_is_said(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        prune(conv_net(), **asked)


def test_a_model_without_weights_is_an_error() -> None:
    g = Builder()
    x = g.input((2, 3), "float32", "x")
    with pytest.raises(InputError, match="nothing to prune"):
        prune(g.model([g.op("RELU", [x], [g.tensor((2, 3), "float32")])]))


def test_of_a_quantized_model_the_float_view_is_pruned() -> None:
    small = quantize(dense_net(), "weights", least=1).model
    found = prune(small)
    assert "the model is quantized (2 int8 constants); its float view is what is used" in found.report.notes
    assert [o.zeros for o in found.report.outcomes] == [1024, 64]


def test_weights_that_several_ops_have_are_pruned_once() -> None:
    g = Builder()
    x, w = g.input((1, 8), "float32", "x"), g.constant(floats(8, 8))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 8), "float32")])
    z = g.op("FULLY_CONNECTED", [y, w, None], [g.tensor((1, 8), "float32")])
    first, second = prune(g.model([z]), data=floats(8, 1, 8)).report.outcomes
    assert (first.done, first.zeros) == ("50 %, by size", 32)
    assert (second.done, second.reason) == ("", "it has the weights of another op")


def test_gates_are_pruned_by_size() -> None:
    outcomes = prune(whole_lstm()).report.outcomes
    assert {o.done for o in outcomes} == {"50 %"}
    assert len(outcomes) == 8


def test_weights_that_are_no_numbers_stay() -> None:
    given = floats(4, 4)
    given[1, 1] = np.nan
    (outcome,) = prune(one_layer(given)).report.outcomes
    assert outcome.reason == "its weights hold NaN or an infinity"


def test_a_scan_says_what_each_layer_costs() -> None:
    """One layer of one unit: what is lost is what the smallest weights add, by hand."""
    given = np.array([[1, 2, 3, 4]], np.float32)
    found = scan(one_layer(given), [np.ones((1, 4), np.float32)], sparsities=(0, 0.25, 0.5))
    (layer,) = found.layers
    assert np.allclose(layer.losses, [0, 1 / 100, 9 / 100])
    assert "25 %" in str(found)
    assert found.to_json()["layers"][0]["op"] == "FULLY_CONNECTED"


def test_weights_of_zeros_alone_are_not_stored_sparse() -> None:
    g = Builder()
    x = g.input((1, 64), "float32", "x")
    zeros = g.constant(np.zeros((32, 64), np.float32))
    model = g.model([g.op("FULLY_CONNECTED", [x, zeros, None], [g.tensor((1, 32), "float32")])])
    made = prune(model, 0.5, sparse=True).model
    assert not any(t.sparsity is not None for t in made.subgraphs[0].tensors)


def test_sparse_weights_are_quantized_and_pruned_again() -> None:
    given = dense_net()
    sparse, dense = (prune(given, 0.75, sparse=s).model for s in (True, False))
    assert [t.sparsity is not None for t in sparse.subgraphs[0].tensors].count(True) == 2
    small = [weights_of(quantize(m, "dynamic", least=1).model) for m in (sparse, dense)]
    assert small[0].dtype == np.int8
    assert small[0].tolist() == small[1].tolist()
    assert [o.zeros for o in prune(sparse, 0.75).report.outcomes] == [1536, 96]


def test_weights_are_rounded_to_significant_bits() -> None:
    """float16 has 11 of them."""
    given = floats(8, 64) + np.float32(2)
    made = weights_of(prune(one_layer(given), 0.0, significand=11).model)
    assert np.array_equal(made, given.astype(np.float16).astype(np.float32))
    assert np.array_equal(weights_of(prune(one_layer(given), 0.0).model), given)


def test_rounding_keeps_what_is_even_tiny_or_the_largest() -> None:
    largest, tiny = np.finfo(np.float32).max, np.float32(2.0**-149)
    given = np.array([[1 + 2**-4, 1 + 3 * 2**-4, largest, -largest, 5 * tiny, -tiny, 0, -3]], np.float32)
    made = weights_of(prune(one_layer(given), 0.0, significand=4).model)
    assert made[0, :2].tolist() == [1.0, 1.25]
    assert np.isfinite(made).all()
    assert np.array_equal(made[0, 4:], given[0, 4:])


def test_weights_that_samples_give_are_rounded_to_16_bits_and_others_only_if_asked() -> None:
    model, x = conv_net(), floats(32, 1, 6, 6, 3)
    made = prune(model, 0.5, data=x)
    bits = [weights_of(made.model, op).view(np.uint32) for op in range(3)]
    assert [bool((b & 0xFF).any()) for b in bits] == [False, False, False]
    assert "rounded to 16 significant bits" in str(made.report)
    exact = prune(model, 0.5, data=x, significand=24)
    assert (weights_of(exact.model).view(np.uint32) & 0xFF).any()
    assert "rounded" not in str(exact.report)
    assert exact.report.compressed_after > made.report.compressed_after


@pytest.mark.parametrize("bits", [3, 25, -1, 0])
def test_a_significand_out_of_range_is_refused(bits: int) -> None:
    with pytest.raises(InputError, match=f"significand needs a number of bits from 4 to 24, found {bits}"):
        prune(dense_net(), significand=bits)


@pytest.mark.parametrize(("depth", "is_sparse"), [(64, True), (72, False), (4096, True), (4112, False)])
def test_integers_are_stored_in_blocks_of_16_where_litert_takes_them(depth: int, is_sparse: bool) -> None:
    """LiteRT has the numbers of a row's blocks in bytes."""
    model, samples = one_layer(floats(4, depth), floats(4)), floats(16, 1, depth)
    pruned = prune(model, 0.75, pattern="block:1x16").model
    dense, sparse = (quantize(pruned, "int8", data=samples, sparse=s) for s in (False, True))
    weights = [o.inputs[1] for o in sparse.model.subgraphs[0].ops if o.name == "FULLY_CONNECTED"]
    assert weights[0] is not None
    assert (weights[0].sparsity is not None) == is_sparse
    assert (len(sparse.content) < len(dense.content)) == (depth == 4096)  # what says where, has bytes, too
    assert f"that are not zero: {int(is_sparse)} tensors" in str(sparse.report)
    assert quantize(sparse.model, "float16").report  # what is stored so is read again


@pytest.mark.parametrize("command", ["prune", "cluster"])
@pytest.mark.parametrize("option", [("--labels", "m.tflite"), ("--epochs", "3"), ("--lr", "0.1")])
def test_options_of_training_are_not_left_aside(
    command: str, option: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_file("m.tflite", write_model(dense_net()))
    asked = ["m.tflite", "-o", "o.tflite", *option]
    result = CliRunner().invoke({"prune": prune_command, "cluster": cluster_command}[command], asked)
    assert result.exit_code == 2
    assert f"{option[0]} is of training: give --train" in result.output
    assert not Path("o.tflite").exists()


@pytest.mark.skipif(find_spec("torch") is not None, reason="it is about a missing PyTorch")
def test_a_missing_pytorch_is_said_before_the_work_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_file("m.tflite", write_model(dense_net()))
    asked = ["m.tflite", "-o", "o.tflite", "--train", "--data", "there_is_none.npy"]
    result = CliRunner().invoke(prune_command, asked)
    assert isinstance(result.exception, InputError)
    assert 'pip install "delegraph-optimize[train]"' in str(result.exception)
