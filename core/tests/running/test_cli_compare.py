"""``delegraph compare`` names the first op beyond its claim, and says it by the exit code."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from delegraph.file import read_model
from delegraph.model import Builder
from delegraph.partition.policies import POLICIES


def test_a_delegate_within_its_claims_exits_with_0(delegraph, saved, products):
    result = delegraph("compare", saved(products()), "-d", "fuser", "--against", "exact")
    assert result.exit_code == 0, result.output
    assert "3 tensors compared, 3 of them equal bit for bit" in result.output
    assert "Every op is within what its rows claim" in result.output


def test_a_delegate_beyond_its_claims_exits_with_1_and_names_the_op(delegraph, saved, products, tmp_path):
    np.save(tmp_path / "x.npy", np.float32([[1, 2, 3, 4]]))
    result = delegraph(
        "compare", saved(products()), "-d", "off", "--against", "exact", "-i", tmp_path / "x.npy"
    )
    assert result.exit_code == 1
    # (4 + 1) * 2 is 10, found 11: 1 / 11
    assert (
        "The first op beyond its claim is op #1 MUL v1 on off: on equal inputs 0.0909 from exact, "
        "where its rows claim 2e-05."
    ) in " ".join(result.output.split())


def test_json_has_outputs_tensors_and_the_verdict(delegraph, saved, products):
    result = delegraph("compare", saved(products()), "-q", "-d", "off", "--against", "exact", "--json")
    found = json.loads(result.output)
    assert result.exit_code == 1
    assert found["within_claims"] is False
    assert found["first_beyond"]["op"] == {"index": 1, "name": "MUL", "version": 1}
    assert found["outputs"]["y"]["apart"]["max_abs"] == 1
    assert [t["name"] for t in found["tensors"]] == ["a", "y", "z"]


def test_options_go_to_the_side_whose_delegate_they_name(delegraph, saved, products):
    model = saved(products())
    good = delegraph("compare", model, "-d", "off", "--against", "exact", "-o", "exact.num_threads=1")
    assert good.exit_code == 1
    assert "beyond" in good.output
    bad = delegraph("compare", model, "-d", "off", "--against", "exact", "-o", "none.num_threads=1")
    assert "options for 'none'" in bad.output


def test_the_policy_is_that_of_the_side_that_is_judged(delegraph, saved, products, monkeypatch):
    by_cost = []
    cut = POLICIES["greedy"]
    monkeypatch.setitem(POLICIES, "cost", lambda work: by_cost.append(list(work.delegates)) or cut(work))
    result = delegraph(
        "compare", saved(products()), "-d", "fuser", "--against", "exact", "--policy", "cost"
    )
    assert result.exit_code == 0, result.output
    assert {delegates[0].label for delegates in by_cost} == {"fuser"}


def test_infinite_differences_are_null_in_json(delegraph, saved, products, tmp_path):
    np.save(tmp_path / "x.npy", np.float32([[np.inf, 0, 0, 0]]))
    result = delegraph(
        "compare",
        saved(products()),
        "-q",
        "-d",
        "off",
        "--against",
        "exact",
        "--json",
        "-i",
        tmp_path / "x.npy",
    )
    assert "Infinity" not in result.output
    assert "NaN" not in result.output


def test_an_output_that_only_the_real_run_has_wrong_exits_with_1(delegraph, saved, products, fuser):
    fuser(lambda right: right * np.nan, at=1)
    result = delegraph("compare", saved(products()), "-d", "fuser", "--against", "exact")
    assert result.exit_code == 1
    told = " ".join(result.output.split())
    assert "Every op is within what its rows claim" in told
    assert "As the model is really run, output 'y' is off: NaN or infinity on one side alone" in told


def test_json_has_the_real_outputs_and_the_exit_code(delegraph, saved, products, fuser):
    fuser(lambda right: right + np.float32(1), at=1)
    result = delegraph("compare", saved(products()), "-q", "-d", "fuser", "--against", "exact", "--json")
    found = json.loads(result.output)
    assert found["exit_code"] == result.exit_code == 1
    assert found["within_claims"] is True
    assert found["outputs"]["y"]["off"] is True
    assert found["outputs"]["y"]["apart"]["max_abs"] == 1
    assert found["outputs"]["y"]["apart_with_every_tensor_kept"]["max_abs"] == 0


def test_the_same_delegate_on_both_sides_exits_with_2(delegraph, saved, products):
    result = delegraph("compare", saved(products()), "-d", "exact", "--against", "exact")
    assert result.exit_code == 2
    assert "There is nothing to compare: both sides run every op on the same delegate" in result.output


def test_options_make_one_delegate_two_sides(delegraph, saved, products):
    one = ("-o", "exact.num_threads=1")
    result = delegraph("compare", saved(products()), "-d", "fuser,exact", *one, "--against", "exact")
    assert result.exit_code == 0


def test_a_delegate_that_takes_nothing_exits_with_2(delegraph, saved):
    g = Builder()
    x = g.input((2,), "float32", name="x")
    model = g.model([g.op("NEG", [x], [g.tensor((2,), "float32")])])
    result = delegraph("compare", saved(model), "-q", "-d", "off,exact", "--against", "exact")
    assert result.exit_code == 2
    assert "There is nothing to compare: off takes none of the ops" in result.output


def test_a_delegate_that_cannot_work_here_exits_with_2(delegraph, saved, products, plugins, monkeypatch):
    monkeypatch.setattr(plugins.delegates()["off"].cls, "unavailable", lambda self: "no device")
    result = delegraph("compare", saved(products()), "-q", "-d", "off,exact", "--against", "exact")
    assert result.exit_code == 2
    assert "There is nothing to compare: off cannot work here: no device" in result.output


def test_bisect_writes_the_part_that_is_wrong_and_it_is_wrong_alone(
    delegraph, saved, products, fuser, tmp_path
):
    fuser(lambda right: right * np.nan, at=1, when="fed")
    folder = tmp_path / "wrong"
    given = ("compare", saved(products()), "-d", "fuser", "--against", "exact", "--bisect", folder)
    result = delegraph(*given)
    assert result.exit_code == 1
    told = " ".join(result.output.split())
    assert "Partition 0 on fuser is the first that is wrong by itself: of its 3 ops, with op #1 MUL" in told
    assert "run together with #0 ADD" in told
    assert [op.name for op in read_model(folder / "part.tflite").subgraphs[0].ops] == ["ADD", "MUL"]

    again = next(line for line in result.output.splitlines() if line.startswith("It is off alone, too: "))
    assert delegraph(*again.partition(": ")[2].split()[1:]).exit_code == 1
    fuser(lambda right: right)
    assert delegraph(*again.partition(": ")[2].split()[1:]).exit_code == 0


def test_json_has_the_part_that_is_wrong(delegraph, saved, products, tmp_path):
    result = delegraph(
        "compare", saved(products()), "-q", "-d", "off,exact", "--against", "exact", "--json",
        "--bisect", tmp_path,
    )  # fmt: skip
    part = json.loads(result.output)["wrong_part"]
    assert part["op"] == {"index": 1, "name": "MUL"}
    assert part["ops"] == [{"index": 1, "name": "MUL"}]
    assert part["off"][0]["name"] == "y"
    assert part["off_alone"] is True


def test_bisect_writes_nothing_where_all_is_right(delegraph, saved, products, tmp_path):
    model = saved(products())
    result = delegraph(
        "compare", model, "-d", "fuser", "--against", "exact", "--bisect", tmp_path / "wrong"
    )
    assert result.exit_code == 0
    assert not (tmp_path / "wrong").exists()


@pytest.mark.parametrize("name", ["part.tflite", "inputs.npz"])
def test_what_is_read_is_no_part_to_be_written(delegraph, saved, products, tmp_path, name):
    model = saved(products())
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / name).symlink_to(model)
    before = Path(model).read_bytes()
    result = delegraph("compare", model, "-d", "off,exact", "--bisect", tmp_path / "wrong")
    assert result.exit_code == 1
    assert "would be overwritten" in result.output
    assert Path(model).read_bytes() == before


def test_csv_has_a_line_for_each_tensor(delegraph, saved, products):
    result = delegraph("compare", saved(products()), "-d", "off", "--against", "exact", "--csv", "-q")
    rows = list(csv.DictReader(result.output.splitlines()))
    assert [(r["name"], r["op_name"], r["beyond"]) for r in rows][:2] == [
        ("a", "ADD", "False"),
        ("y", "MUL", "True"),
    ]
    assert float(rows[1]["apart_max_abs"]) == 1
