"""Costs of delegates: measured by classes of ops, kept in the cache directory, read back or left out."""

from __future__ import annotations

import json
import logging
import os

import attrs
import numpy as np
import pytest
from delegraph import Delegate, OpSupport, SupportTable, load_delegate
from delegraph.cli import main
from delegraph.model import Builder
from delegraph.model.macs import macs_of
from delegraph.partition.cost_model import cost_models, is_measured
from delegraph.partition.cost_table import ClassCost, CostTable, op_class, store, table_of, table_path
from delegraph.partition.estimate import spent
from delegraph.report import calibrate as calibrating
from delegraph.report.calibrate import calibrate, samples

TABLE = CostTable(2e-5, 1e-10, {"elementwise, float": ClassCost(1e-6, 0.0, 1e-10)})


@attrs.frozen
class Options:
    level: int = 1


class Toy(Delegate):
    name = "toy"
    Options = Options

    def __init__(self, options=None, label=None):
        super().__init__(options, label)
        self.table = SupportTable("toy", [OpSupport("ADD", (1, 9), "any* -> any*")])

    def prepare(self, partition):
        raise AssertionError("nothing runs")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    return tmp_path


def add(shape=(1, 1000)):
    g = Builder()
    x = g.input(shape, "float32")
    return g.model([g.op("ADD", [x, x], [g.tensor(shape, "float32")])]).subgraphs[0].ops[0]


BY_MACS = ("conv", "pointwise", "depthwise", "widening", "matrix", "product", "recurrent")
MADE = {
    name: ClassCost(1e-6 * (i + 1), 1e-11 if name.startswith(BY_MACS) else 0.0, 1e-10)
    for i, name in enumerate(dict.fromkeys(sample.name for sample in samples()))
}


def runs_of(factor=1.0, more=0.0):
    """Return what measures made-up costs: ops of networks take ``factor`` times theirs, and ``more``."""

    def in_turn(models, delegates, seconds):
        found = []
        for model in models:
            ops = model.subgraphs[0].ops
            took = [MADE[", ".join(op_class(op))].seconds(op) for op in ops]
            if len(ops) > calibrating.LENGTH:
                took = [factor * each + more for each in took]
            handed = 2e-10 * calibrating._edge(model) if took else 0.0
            found.append(7e-6 + sum(took) + handed + (3e-5 if took else 0.0))
        return [[2 * seconds for seconds in found], None, found]

    return in_turn


def test_costs_are_those_that_the_samples_are_made_of(monkeypatch):
    monkeypatch.setattr(calibrating, "_in_turn", runs_of())
    slow, none, found = calibrate([Toy(), Toy(), Toy()])

    assert slow.launch == pytest.approx(2 * found.launch + 7e-6, rel=0.01)  # any run takes 7 µs
    assert none == CostTable(0.0, 0.0, {})

    assert found.launch == pytest.approx(3e-5, rel=0.01)
    assert found.per_byte == pytest.approx(2e-10, rel=0.01)
    for sample in samples():
        op = sample.model(1).subgraphs[0].ops[0]
        assert found.seconds(op) == pytest.approx(MADE[sample.name].seconds(op), rel=0.02)


def test_what_a_launch_takes_is_told_where_a_run_of_no_op_takes_longer_than_one_of_an_op(monkeypatch):
    in_turn = runs_of()

    def more_directly(models, delegates, seconds):
        found = in_turn(models, delegates, seconds)
        return [took and [1e-4 if t in (7e-6, 14e-6) else t for t in took] for took in found]

    monkeypatch.setattr(calibrating, "_in_turn", more_directly)
    slow, _, found = calibrate([Toy(), Toy(), Toy()])
    assert slow.launch - found.launch == pytest.approx(3.7e-5, rel=0.15)


def test_what_8_bit_samples_read_has_zero_points_as_activations_do():
    for sample in samples():
        if sample.types in ("int8", "uint8"):
            (x,) = sample.model(1).subgraphs[0].inputs
            assert x.quantization is not None
            assert x.quantization.zero_point.item() not in (0, 128), sample.name


def test_what_ops_take_in_networks_counts_for_the_classes_that_these_have(monkeypatch):
    monkeypatch.setattr(calibrating, "_in_turn", runs_of(factor=0.6, more=2e-6))
    *_, found = calibrate([Toy(), Toy(), Toy()])

    for sample in samples():
        op = sample.model(1).subgraphs[0].ops[0]
        made = MADE[sample.name].seconds(op)
        kinds = calibrating.IN_NETWORKS + calibrating.IN_TRANSFORMERS
        in_networks = sample.kind in kinds and sample.types != "int16"
        expected = 0.6 * made + 2e-6 if in_networks else made
        assert found.seconds(op) == pytest.approx(expected, rel=0.05), sample.name


def test_an_op_that_is_lost_in_noise_says_little_of_the_others():
    """A chain of the smallest sample that took no longer than one op of it."""
    some = [sample for sample in samples() if sample.name == "pointwise, float"]
    ops = [sample.model(1).subgraphs[0].ops[0] for sample in some]
    took = [calibrating.Took(op, -1e-6 if i == 0 else 2e-11 * macs_of(op)) for i, op in enumerate(ops)]
    assert calibrating._fitted(took).per_mac == pytest.approx(2e-11, rel=0.2)


def test_delegates_run_in_turn():
    ran = []

    calibrating._seconds([lambda: ran.append("a"), lambda: ran.append("b")], 1e-9)

    assert ran == ["a", "a", "b", "b"] * 4  # the first of two runs is not timed


def test_what_was_measured_is_read_back_for_the_same_delegate_and_no_other():
    path = store(Toy(), TABLE)

    assert path == table_path(Toy())
    assert table_of(Toy()) == TABLE
    assert table_of(Toy({"level": 2})) is None


def test_a_plan_takes_measured_costs_where_all_delegates_have_them(caplog):
    caplog.set_level(logging.INFO, "delegraph")
    toy, other = Toy(), Toy({"level": 2}, "other")
    store(toy, TABLE)
    assert not is_measured([toy, other])
    guessed = cost_models([toy, other])[toy].op(add())
    assert "what ops take on other is guessed: delegraph calibrate-costs measures it" in caplog.messages

    store(other, TABLE)
    assert is_measured([toy, other])
    measured = cost_models([toy, other])[toy]

    assert measured.op(add()) == pytest.approx(1e-6 + 1e-10 * 12000)  # it reads an operand twice
    assert guessed != measured.op(add())
    assert spent([], [], [], [toy], {toy: measured}).seconds >= 2e-5


DAMAGE = {
    "half of it": lambda text: text[: len(text) // 2],
    "nothing": lambda text: "",
    "no JSON": lambda text: "costs",
    "another format": lambda text: text.replace('"format": 2', '"format": 1'),
    "another device": lambda text: text.replace('"toy"', '"another"', 1),
    "a list": lambda text: "[]",
    "deep": lambda text: "[" * 100_000,
    "NaN": lambda text: text.replace("2e-05", "NaN"),
    "below 0": lambda text: text.replace("2e-05", "-1"),
    "a text for a number": lambda text: text.replace("2e-05", '"long"'),
    "no classes": lambda text: text.replace('"classes"', '"class"'),
    "a class of nothing": lambda text: text.replace('"per_op"', '"per"'),
    "bytes": lambda text: text + "\udcff",
    "large": lambda text: text + " " * (1 << 21),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_left_out_with_a_warning(damage, caplog):
    path = store(Toy(), TABLE)
    text = json.dumps(json.loads(path.read_text()))
    assert DAMAGE[damage](text) != text
    path.write_bytes(DAMAGE[damage](text).encode(errors="surrogateescape"))

    assert table_of(Toy()) is None
    assert f"the measured costs in {path} are left out" in caplog.text


@pytest.mark.skipif(os.name != "posix", reason="a folder in the place of a file")
def test_a_folder_in_the_place_of_the_file_is_a_warning(caplog):
    table_path(Toy()).mkdir(parents=True)

    assert table_of(Toy()) is None
    store(Toy(), TABLE)
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize(
    ("types", "weights", "name"),
    [
        ("float32", "float32", ("matrix", "float")),
        ("float32", "int8", ("matrix", "hybrid")),
        ("int8", "int8", ("matrix", "int8")),
        ("int16", "int8", ("matrix", "int16")),
        ("uint8", "uint8", ("matrix", "uint8")),
    ],
)
def test_the_class_of_an_op_is_what_it_does_and_computes_with(types, weights, name):
    g = Builder()
    w = g.constant([[1, 2], [3, 4]], weights, scale=1.0, zero_point=0)
    y = g.op("FULLY_CONNECTED", [g.input((1, 2), types), w, None], [g.tensor((1, 2), types)])

    assert op_class(g.model([y]).subgraphs[0].ops[0]) == name


def test_the_command_measures_and_keeps(cache):
    from click.testing import CliRunner

    pytest.importorskip("delegraph_reference")
    pytest.importorskip("delegraph_int16", reason="it gives the reference delegate kernels for int16")
    found = CliRunner().invoke(main, ["calibrate-costs", "-d", "reference", "--seconds", "0", "--json"])

    assert found.exit_code == 0, found.output
    measured = json.loads(found.stdout)["reference"]
    assert set(measured["classes"]) == {sample.name for sample in samples()}
    assert table_of(load_delegate("reference")) == CostTable(
        measured["launch"],
        measured["per_byte"],
        {name: ClassCost(**cost) for name, cost in measured["classes"].items()},
    )


def test_a_delegate_that_cannot_work_cannot_be_measured():
    from click.testing import CliRunner

    found = CliRunner().invoke(main, ["calibrate-costs", "-d", "nosuch"])

    assert found.exit_code == 1
    assert "no delegate 'nosuch'" in found.output


def test_samples_run_on_values_that_are_not_all_zero():
    """Hybrid products leave out rows of zeros: chains of them once took a tenth of what real ones do."""
    for sample in samples():
        (given,) = sample.model(1).subgraphs[0].inputs
        assert np.count_nonzero(calibrating._values(given)) > 0.9 * given.size, sample.name


@pytest.mark.parametrize(
    ("given", "name"), [(8, ("depthwise", "float")), (4, ("widening", "float")), (1, ("widening", "float"))]
)
def test_a_depthwise_op_that_gives_more_channels_is_a_class_of_its_own(given, name):
    g = Builder()
    w = g.constant(np.zeros((1, 3, 3, 8), np.float32))
    y = g.op(
        "DEPTHWISE_CONV_2D", [g.input((1, 4, 4, given), "float32"), w], [g.tensor((1, 4, 4, 8), "float32")]
    )

    assert op_class(g.model([y]).subgraphs[0].ops[0]) == name


def test_networks_keep_small_weights_as_floats_and_quantize_the_others():
    for network in calibrating.networks():
        if network.name == "network, hybrid":
            weights = [op.inputs[1] for op in network.model().subgraphs[0].ops if "CONV_2D" in op.name]
            assert {w.dtype for w in weights if w.size < 1024} <= {"float32"}
            assert {w.dtype for w in weights if w.size >= 1024} == {"int8"}


@pytest.mark.parametrize(("given", "name"), [(3, "shallow"), (4, "shallow"), (5, "convolution")])
def test_a_convolution_of_an_image_is_a_class_of_its_own(given, name):
    """LiteRT takes up to a hundred times as long for each of its products."""
    g = Builder()
    w = g.constant(np.zeros((8, 3, 3, given), np.float32))
    y = g.op(
        "CONV_2D", [g.input((1, 4, 4, given), "float32"), w, None], [g.tensor((1, 4, 4, 8), "float32")]
    )

    assert op_class(g.model([y]).subgraphs[0].ops[0]) == (name, "float")


def test_every_sample_is_of_the_class_that_it_is_named_for():
    for sample in samples():
        assert {", ".join(op_class(op)) for op in sample.model(2).subgraphs[0].ops} == {sample.name}
