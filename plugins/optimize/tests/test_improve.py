"""Bias correction, GPTQ and AdaRound, against written-out arithmetic and all roundings there are."""

from __future__ import annotations

from itertools import product

import attrs
import numpy as np
import pytest
from delegraph import Builder, InputError, Interpreter, Model, load_delegate
from delegraph_optimize import Rule, quantize
from delegraph_optimize.improve import kept_samples
from delegraph_optimize.improve.adaround import RoundingTarget, adaround
from delegraph_optimize.improve.descent import descended
from delegraph_optimize.improve.engines import engines_of
from delegraph_optimize.improve.gptq import damped_squares, damping, gptq
from delegraph_optimize.improve.kept_samples import KeptSamples
from delegraph_optimize.improve.lockstep import LockStep, lockstep
from delegraph_optimize.improve.nearest import nearest
from delegraph_optimize.improve.product import WeightedProduct
from delegraph_optimize.search import search_schemes
from delegraph_optimize.writer import ModelEdit
from small import computes, floats

WAYS = [
    {"rounding": "gptq"},
    {"rounding": "adaround"},
    {"rounding": "blocks"},
    {"rounding": "nearest", "bias_correction": True},
]


def convolution(seed: int) -> Model:
    """Return a model of one product, of geometry drawn by a seed."""
    rng, g = np.random.default_rng(seed), Builder()
    height, width, channels = (int(rng.integers(5, 9)) for _ in range(3))
    kh, kw, times = (int(rng.integers(1, 4)) for _ in range(3))
    kind = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "grouped")[seed % 4]
    channels = 6 if kind == "grouped" else channels
    x = g.input((2, height, width, channels), "float32", "x")
    if kind == "FULLY_CONNECTED":
        y = g.tensor((2 * height * width, 5), "float32", "y")
        return g.model([g.op(kind, [x, g.constant(floats(5, channels)), g.constant(floats(5))], [y])])
    strides = {"stride_h": int(rng.integers(1, 3)), "stride_w": int(rng.integers(1, 3))}
    if strides["stride_h"] == strides["stride_w"] == 1:
        strides.update(dilation_h_factor=int(rng.integers(1, 3)), dilation_w_factor=int(rng.integers(1, 3)))
    padding = str(rng.choice(["SAME", "VALID"]))
    if kind == "DEPTHWISE_CONV_2D":
        out, w, more = channels * times, (1, kh, kw, channels * times), {"depth_multiplier": times}
    else:
        groups = 3 if kind == "grouped" else 1
        kind, out, w, more = "CONV_2D", 2 * groups, (2 * groups, kh, kw, channels // groups), {}
    sizes = []
    for n, k, d in ((height, kh, "h"), (width, kw, "w")):
        seen = 0 if padding == "SAME" else (k - 1) * strides.get(f"dilation_{d}_factor", 1)
        sizes.append(-(-(n - seen) // strides[f"stride_{d}"]))
    y = g.tensor((2, *sizes, out), "float32", "y")
    operands = [x, g.constant(floats(*w, size=0.5)), g.constant(floats(out))]
    return g.model([g.op(kind, operands, [y], padding=padding, **strides, **more)])


@pytest.mark.parametrize("seed", range(16))
def test_rows_times_weights_are_what_the_op_computes(seed: int) -> None:
    model = convolution(seed)
    (op,) = model.subgraphs[0].ops
    x = floats(*op.inputs[0].shape)
    multiplied = WeightedProduct.of(op)
    weights = multiplied.matrix(op.inputs[1].data)
    rows = multiplied.rows(x, np.arange(multiplied.count(x)))
    sums = (rows @ weights.transpose(0, 2, 1)).transpose(1, 0, 2).reshape(rows.shape[1], -1)
    (want,) = computes(model, x=x)
    np.testing.assert_allclose(sums + op.inputs[2].data, want.reshape(sums.shape), atol=1e-4)
    np.testing.assert_allclose(multiplied.mean_row(x), rows.mean(axis=1, keepdims=True), atol=1e-5)
    np.testing.assert_array_equal(multiplied.tensor(weights), op.inputs[1].data)


@pytest.mark.parametrize("seed", range(8))
def test_corrected_biases_leave_no_error_in_the_mean(seed: int) -> None:
    model = convolution(seed)
    data = [floats(*model.subgraphs[0].inputs[0].shape) + 1 for _ in range(3)]
    options = {"data": data, "weights": "int4", "least": 1, "rounding": "nearest"}
    off = []
    for correct in (False, True):
        found = quantize(model, "weights", bias_correction=correct, **options).model
        errors = [computes(found, x=x)[0] - computes(model, x=x)[0] for x in data]
        off.append(np.abs(np.stack(errors).mean(axis=(0, *range(1, errors[0].ndim)))).max())
    assert off[0] > 1e-3
    assert off[1] < 1e-5


def test_a_corrected_bias_has_the_scale_of_the_products() -> None:
    model = convolution(0)
    data = [floats(*model.subgraphs[0].inputs[0].shape) + 1 for _ in range(3)]
    for scheme, kind in (("int8", "int32"), ("int16x8", "int64")):
        found = quantize(model, scheme, data=data, bias_correction=True).model
        (op,) = (op for op in found.subgraphs[0].ops if op.name == "CONV_2D")
        x, w, b = op.inputs
        assert b.dtype == kind
        np.testing.assert_array_equal(b.quantization.scale, np.float32(x.scale) * w.quantization.scale)


def test_gptq_of_two_columns_is_what_is_written_out() -> None:
    """H = XᵀX = [[a, b], [b, c]], a > c: the first column is rounded; e = w - q is made up for by b/c e."""
    rng = np.random.default_rng(3)
    changed = 0
    for _ in range(200):
        x = rng.normal(size=(4, 2)) * (2, 1)
        h = x.T @ x
        first, second = (0, 1) if h[0, 0] >= h[1, 1] else (1, 0)
        w, step = rng.normal(size=2), 0.3
        q = np.clip(np.rint(w / step), -7, 7)
        moved = w[second] + h[0, 1] / h[second, second] * (w[first] - step * q[first])
        want = q.copy()
        want[second] = np.clip(np.rint(moved / step), -7, 7)
        np.testing.assert_array_equal(gptq(w[None], np.full((1, 1), step), 7, h), want[None])
        changed += not np.array_equal(want, q)
    assert changed > 30


def test_gptq_of_inputs_that_have_nothing_to_do_with_each_other_is_the_nearest() -> None:
    w, steps = floats(5, 6), np.full((5, 1), 0.1)
    np.testing.assert_array_equal(gptq(w, steps, 7, np.diag(np.arange(1.0, 7))), nearest(w, steps, 7))


def error(stored: np.ndarray, steps: np.ndarray, weights: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Return d H dᵀ of each unit."""
    off = stored * steps - weights
    return np.einsum("uk,kl,ul->u", off, squares, off)


@pytest.mark.parametrize("depth", [1, 3, 30])
def test_descent_makes_no_unit_worse_and_nothing_alone_better(depth: int) -> None:
    left, won = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(1, 60, depth)) @ rng.normal(size=(depth, depth))
        w, (h,) = rng.normal(size=(5, depth)), damped_squares(x)
        first = np.abs(w).max(axis=1, keepdims=True) / 7
        begun = gptq(w, first, 7, h)
        stored, steps = descended(begun, w, first, 7, h)
        assert np.abs(stored).max() <= 7
        got, before = error(stored, steps, w, h), error(begun, first, w, h)
        assert (got <= before * (1 + 1e-9) + 1e-12).all()
        left.append(got.sum() / max(before.sum(), 1e-12))
        for factor in (0.99, 1.01):  # no other step is better
            assert (got <= error(stored, steps * factor, w, h) + 1e-12).all()
        for k, other in product(range(depth), (-1, 1)):
            tried = stored.copy()
            tried[:, k] = np.clip(tried[:, k] + other, -7, 7)
            won.append(np.mean(error(tried, steps, w, h) < got - 1e-9))
    assert np.mean(left) < 0.95
    assert np.mean(won) < 0.01  # few do not come to an end


def test_descent_leaves_steps_of_blocks() -> None:
    rng = np.random.default_rng(0)
    w, (h,) = rng.normal(size=(4, 8)), damped_squares(rng.normal(size=(1, 60, 8)))
    steps = np.repeat(rng.uniform(0.2, 0.4, (4, 2)), 4, axis=1)
    stored, kept = descended(nearest(w, steps, 7), w, steps, 7, h)
    np.testing.assert_array_equal(kept, steps)
    assert (error(stored, steps, w, h) <= error(nearest(w, steps, 7), steps, w, h)).all()


def layer(seed: int, depth: int, low: float = -np.inf, high: float = np.inf) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=(1, 200, depth)) @ rng.normal(size=(depth, depth))).astype(np.float32)
    w = rng.normal(size=(1, 3, depth))
    bias = rng.normal(size=(1, 3)).astype(np.float32)
    wanted = np.clip(x @ w.transpose(0, 2, 1) + bias[:, None], low, high).astype(np.float32)
    return w, np.abs(w).max(axis=2, keepdims=True) / 7, RoundingTarget(x, wanted, bias, low, high)


@pytest.mark.parametrize("bounds", [(-np.inf, np.inf), (0.0, np.inf), (0.0, 6.0)])
def test_adaround_is_near_the_best_of_all_roundings(bounds: tuple[float, float]) -> None:
    left = []
    for seed in range(3):
        w, steps, target = layer(seed, 6, *bounds)
        found = adaround(w, steps, 7, target, iterations=200)
        floor = np.floor(w / steps)
        assert np.isin(found - floor, (0, 1)).all()
        tried = [
            target.error(np.clip(floor + np.array(up), -7, 7) * steps, w)
            for up in product((0, 1), repeat=6)
        ]
        best, got = np.min(tried, axis=0), target.error(found * steps, w)
        simple = target.error(nearest(w, steps, 7) * steps, w)
        assert (got <= simple).all()
        left.append((got.sum() - best.sum()) / (simple.sum() - best.sum()))
    assert np.mean(left) < 0.4


@pytest.mark.parametrize("seed", range(3))
def test_adaround_is_for_no_unit_worse_than_the_nearest(seed: int) -> None:
    w, steps, target = layer(seed, 40, 0.0)
    for iterations in (5, 300):
        found = target.error(adaround(w, steps, 7, target, iterations=iterations) * steps, w)
        simple = target.error(nearest(w, steps, 7) * steps, w)
        assert (found <= simple).all()
    assert found.sum() < 0.7 * simple.sum()


def test_few_rows_do_not_lead_weights_far_away() -> None:
    """8 rows say nothing of most of 200 weights: what they do say is to hold for others, too."""
    rng = np.random.default_rng(0)
    w, x = rng.normal(size=(1, 4, 200)), rng.normal(size=(1, 508, 200))
    steps = np.abs(w).max(axis=2, keepdims=True) / 7
    sums = (x @ w.transpose(0, 2, 1)).astype(np.float32)
    few, others = (
        RoundingTarget(
            x[:, p].astype(np.float32), sums[:, p], np.zeros((1, 4), np.float32), -np.inf, np.inf
        )
        for p in (slice(8), slice(8, None))
    )
    few = attrs.evolve(few, ridge=damping(8, 200) * np.ones((1, 1)))
    simple = others.error(nearest(w, steps, 7) * steps, w).mean()
    learned = adaround(w, steps, 7, few, iterations=200)
    columns = gptq(w[0], steps[0], 7, damped_squares(x[:, :8])[0])[None]
    for found in (learned, columns):
        assert others.error(found * steps, w).mean() < 1.15 * simple


def net() -> Model:
    """A convolution with RELU6, a depthwise one with RELU, a product."""
    g = Builder()
    x = g.input((1, 8, 8, 3), "float32", "x")
    y = g.op(
        "CONV_2D", [x, g.constant(floats(16, 3, 3, 3)), g.constant(floats(16))],
        [g.tensor((1, 8, 8, 16), "float32")], stride_w=1, stride_h=1, fused_activation_function="RELU6",
    )  # fmt: skip
    y = g.op(
        "DEPTHWISE_CONV_2D", [y, g.constant(floats(1, 3, 3, 16)), None],
        [g.tensor((1, 8, 8, 16), "float32")], stride_w=1, stride_h=1, depth_multiplier=1,
        fused_activation_function="RELU",
    )  # fmt: skip
    y = g.op("MEAN", [y, g.constant(np.array([1, 2], np.int32))], [g.tensor((1, 16), "float32")])
    operands = [y, g.constant(floats(8, 16)), None]
    return g.model([g.op("FULLY_CONNECTED", operands, [g.tensor((1, 8), "float32", "z")])])


def noise(model: Model, made: Model, data: list[np.ndarray]) -> float:
    return sum(float(np.square(computes(made, x=x)[0] - computes(model, x=x)[0]).sum()) for x in data)


@pytest.mark.parametrize("scheme", ["int8", "dynamic", "weights"])
def test_each_way_brings_the_outputs_nearer_to_the_floats(scheme: str) -> None:
    model = net()
    data, others = ([floats(1, 8, 8, 3) for _ in range(n)] for n in (8, 4))
    options = {"data": data, "weights": "int4", "least": 1}
    plain = noise(model, quantize(model, scheme, effort="fast", **options).model, others)
    for way in WAYS:
        made = quantize(model, scheme, effort="fast", **options, **{"bias_correction": True, **way})
        assert noise(model, made.model, others) < 0.7 * plain, way
        assert "on 8 samples" in made.report.notes[-1]


def test_a_seed_gives_the_same_file() -> None:
    model, data = net(), [floats(1, 8, 8, 3) for _ in range(4)]
    for way in WAYS[:3]:
        one, two = (quantize(model, "int8", data=iter(data), weights="int4", **way) for _ in range(2))
        assert one.content == two.content


def test_effort_chooses() -> None:
    model, data = net(), [floats(1, 8, 8, 3) for _ in range(4)]

    def notes(**options: object) -> list[str]:
        return [n for n in quantize(model, "int8", data=data, **options).report.notes if "weights" in n]

    assert notes(effort="fast") == notes(effort="fast", weights="int4") == []
    (told,) = notes()
    assert told.startswith("weights with corrected biases: 3 of 3 ops, on 4 samples")
    (told,) = notes(weights="int4")
    assert told.startswith("weights rounded by gptq and with corrected biases: 3 of 3 ops")
    (kept, told) = notes(weights="int4", effort="best", rounding="nearest")
    assert kept == "weights spared, which stay int8: of ops 0, 3"
    assert told.startswith("weights with corrected biases")


def test_spared_weights_keep_8_bits_where_no_rule_says_another_type() -> None:
    model, data = net(), [floats(1, 8, 8, 3) for _ in range(4)]
    options = {"data": data, "weights": "int4", "least": 1, "spare": True, "rounding": "nearest"}

    def kinds(**more: object) -> list[str]:
        made = quantize(model, "int8", **options, **more)
        return [o.weights for o in made.report.outcomes if o.weights]

    assert kinds() == ["int8", "int8", "int8"]  # no kernel multiplies by each channel in 4 bits
    assert kinds(rules=[Rule(index=(0,), weights="int4")])[0] == "int4"
    plain = quantize(model, "int8", **{**options, "spare": None}).report
    assert [o.weights for o in plain.outcomes if o.weights] == ["int4", "int8", "int4"]


def test_small_products_are_spared() -> None:
    """Of 100 · 100 weights, 100 are 1 %."""
    g = Builder()
    x, widths = g.input((1, 100), "float32", "x"), [100, 100, 1, 90, 2, 100, 10]
    for read, made in zip([100, *widths], widths, strict=False):
        y = g.tensor((1, made), "float32")
        x = g.op("FULLY_CONNECTED", [x, g.constant(floats(made, read)), None], [y])
    made = quantize(g.model([x]), "int8", data=[floats(1, 100)], weights="int4", spare=True)
    kinds = [o.weights for o in made.report.outcomes if o.weights]
    assert kinds == ["int8", "int4", "int8", "int8", "int8", "int8", "int8"]
    assert made.report.notes[0] == "weights spared, which stay int8: of ops 0, 2, 3, 4, 5, 6"


def test_as_many_samples_as_asked_are_looked_at_and_their_mirror_images() -> None:
    """Of two sides, one of which no sample shows anything on, the other says what both give."""
    data = [floats(1, 8, 8, 3) for _ in range(6)]
    for x in data:
        x[:, :, 4:] = 0
    options = {"data": data, "weights": "int4", "rounding": "gptq", "effort": "fast"}
    told = quantize(net(), "int8", rounding_samples=5, **options).report.notes[-1]
    assert told.endswith("on 5 samples")
    kept = KeptSamples(most=5, mirrored=True)
    assert len(list(kept.of([(None, {"x": x}) for x in data]))) == 6
    ((found,),) = ([list(s.values()) for s in some] for some in [kept.by_subgraph(net())[0][5:6]])
    np.testing.assert_array_equal(found[0], kept.samples[0][1]["x"][:, :, ::-1])


def test_mirror_images_are_of_images() -> None:
    g = Builder()
    x = g.input((1, 32), "float32", "x")
    y = g.op("FULLY_CONNECTED", [x, g.constant(floats(8, 32)), None], [g.tensor((1, 8), "float32")])
    with pytest.raises(InputError, match="mirror needs an input of images"):
        quantize(g.model([y]), "dynamic", data=[floats(1, 32)], mirror=True)
    with pytest.raises(InputError, match="rounding_samples needs at least 1, found 0"):
        quantize(g.model([y]), "dynamic", data=[floats(1, 32)], rounding_samples=0)
    with pytest.raises(InputError, match="mirror needs samples"):
        quantize(net(), "dynamic", mirror=True)


def test_a_search_makes_weights_better_in_each_trial() -> None:
    data = [floats(1, 8, 8, 3) for _ in range(4)]
    found = search_schemes(
        net(), "int8", data=data, max_drop=50, weights="int4", rounding="gptq", equalize=True
    )
    assert [note.split(":")[0] for note in found.quantized.report.notes] == [
        "channels equalized",
        "weights rounded by gptq and with corrected biases",
    ]


def test_what_needs_samples_says_so() -> None:
    for way in WAYS:
        with pytest.raises(InputError, match="needs samples of the model's inputs: data"):
            quantize(net(), "dynamic", **way)
    with pytest.raises(InputError, match="effort needs one of fast, normal, best, found 'most'"):
        quantize(net(), "dynamic", effort="most")
    with pytest.raises(
        InputError, match="rounding needs one of nearest, gptq, adaround, blocks, found 'up'"
    ):
        quantize(net(), "dynamic", rounding="up")


def test_weights_that_two_ops_share_keep_their_rounding() -> None:
    g = Builder()
    x, w = g.input((1, 32), "float32", "x"), g.constant(floats(32, 32))
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 32), "float32")])
    model = g.model([g.op("FULLY_CONNECTED", [y, w, None], [g.tensor((1, 32), "float32")])])
    data = [floats(1, 32) for _ in range(4)]
    one, two = (quantize(model, "weights", data=data, rounding=r).model for r in ("nearest", "gptq"))
    kept, other = (next(t for t in m.subgraphs[0].tensors if t.dtype == "int8") for m in (one, two))
    np.testing.assert_array_equal(kept.data, other.data)


def test_any_sample_may_be_kept() -> None:
    kept = KeptSamples(seed=1, most=8)
    assert len(list(kept.of((None, {"x": np.array(i)}) for i in range(200)))) == 200
    numbers = [int(values["x"]) for _, values in kept.samples]
    assert len(set(numbers)) == 8
    assert max(numbers) > 100


def test_samples_join_where_there_is_memory_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 272 bytes in each form at first, there is room for 4 of 12; of 16 bytes for all."""
    monkeypatch.setattr(kept_samples, "MOST_BYTES", 2 * 272 * 4)
    g = Builder()
    x = g.input((1, 4), "float32", "x")
    for made, read in ((64, 4), (2, 64), (2, 2)):
        y = g.tensor((1, made), "float32")
        x = g.op("FULLY_CONNECTED", [x, g.constant(floats(made, read)), None], [y])
    model = g.model([x])
    graph, engines = model.subgraphs[0], engines_of("reference")
    samples = [{graph.inputs[0].index: floats(1, 4)} for _ in range(12)]
    most = kept_samples.most_at_once(graph)

    def seen(first: int) -> list[LockStep]:
        edit = ModelEdit(model).graphs[0]
        return list(lockstep(graph, edit, samples[:first], engines, later=samples[first:]))

    assert [len(step.found or ()) for step in seen(most)] == [4, 4, 12]
    for some, every in zip(seen(most), seen(12), strict=True):
        for one, other in ((some.floats, every.floats), (some.found, every.found)):
            np.testing.assert_array_equal(one, (other or [])[: len(one or ())])


def test_what_is_behind_an_if_is_improved_too() -> None:
    made, rounded = behind_an_if("ABS", "EXP")
    assert rounded == "weights rounded by gptq: 2 of 2 ops, on 4 samples"
    assert np.isfinite(computes(made, c=np.array(True), x=floats(1, 8))[0]).all()


def test_what_stands_behind_chance_is_left_as_it_is() -> None:
    made, rounded = behind_an_if("ABS", "RANDOM_UNIFORM")
    assert rounded == "weights rounded by gptq: 1 of 2 ops, on 4 samples"
    assert np.isfinite(computes(made, c=np.array(True), x=floats(1, 8))[0]).all()


def behind_an_if(*branches: str) -> tuple[Model, str]:
    """Return what rounding by gptq makes of a product before an IF and one behind it, and what is told."""
    g = Builder()
    c, x = g.input((), "bool", "c"), g.input((1, 8), "float32", "x")
    y = g.op("FULLY_CONNECTED", [x, g.constant(floats(8, 8)), None], [g.tensor((1, 8), "float32")])
    options = {}
    for name, op in zip(("then", "else"), branches, strict=True):
        b = g.subgraph(name)
        v = b.input((1, 8), "float32", "v")
        v = b.constant(np.int32([1, 8])) if op == "RANDOM_UNIFORM" else v
        b.returns(b.op(op, [v], [b.tensor((1, 8), "float32")]))
        options[f"{name}_subgraph_index"] = b.index
    y = g.op("IF", [c, y], [g.tensor((1, 8), "float32")], **options)
    y = g.op("FULLY_CONNECTED", [y, g.constant(floats(8, 8)), None], [g.tensor((1, 8), "float32", "z")])
    model = g.model([y])
    data = [{"c": np.array(i % 2 == 0), "x": floats(1, 8)} for i in range(4)]
    made = quantize(model, "weights", data=data, rounding="gptq", least=1)
    return made.model, made.report.notes[-1]


def mean(scale: float, depth: int = 48) -> tuple[Model, np.ndarray]:
    """Return the mean of positive integers as a model, and values for it."""
    g = Builder()
    x = g.input((1, 500, depth), "int8", "x", scale=1.0, zero_point=-128)
    y = g.tensor((1, 500, 1), "int8", "y", scale=1 / scale, zero_point=-128)
    y = g.op("MEAN", [x, g.constant(np.array([-1], np.int32))], [y], keep_dims=True)
    values = np.random.default_rng(1).exponential(4, (1, 500, depth)).clip(0, 9) - 128
    return g.model([y]), values.astype(np.int8)


@pytest.mark.parametrize("scale", [3.7, 7.2, 10.77, 13.9])
def test_corrections_see_means_that_are_rounded_once(scale: float) -> None:
    """As in LiteRT's default kernels; rounded twice, they are off by a part of a step on the average."""
    model, x = mean(scale)
    exact = (x.astype(np.float64) + 128).mean(axis=2, keepdims=True) * scale - 128
    with Interpreter(model=model, delegates=engines_of("reference")) as interpreter:
        interpreter.allocate_tensors()
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
        interpreter.invoke()
        found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_array_less(np.abs(found - exact), 0.501)
    assert abs((found - exact).mean()) < 0.05


def test_means_are_those_of_the_delegate_that_is_to_run_the_model() -> None:
    reference = load_delegate("reference")
    assert [d.name for d in engines_of("reference")] == ["mean", "reference"]
    assert [d.name for d in engines_of("reference", [reference])] == ["reference"]
    assert engines_of(reference, [reference]) == [reference]
