"""``delegraph benchmark`` shows time and memory, and with --profile where the time goes."""

from __future__ import annotations

import json

import pytest
from delegraph.report.prepared_model import PreparedModel


def lines(result) -> list[str]:
    return [" ".join(line.split()) for line in result.output.splitlines()]


def test_times_and_memory_are_shown(delegraph, saved, products):
    result = delegraph("benchmark", saved(products()), "-d", "exact", "--runs", 3)
    assert result.exit_code == 0, result.output
    heads = [line.split(" ")[0] for line in lines(result)]
    assert [h for h in heads if h in ("load", "prepare", "first", "run", "tensors", "weights")] == [
        "load", "prepare", "first", "run", "tensors", "weights",
    ]  # fmt: skip
    assert "median of 3;" in result.output


def test_a_profile_lists_types_of_ops_and_ops(delegraph, saved, products):
    result = delegraph("benchmark", saved(products()), "-d", "exact", "--runs", 2, "--profile")
    shown = lines(result)
    types, ops = shown.index("op type runs on calls time share"), shown.index("op runs on calls time share")
    assert shown[types + 1].startswith("ADD exact 2 2.00 ms")
    assert shown[types + 2].startswith("MUL exact 1 1.00 ms")
    assert sorted(line.split(" ")[0] for line in shown[ops + 1 : ops + 4]) == ["#0", "#1", "#2"]


def test_json_has_every_run_and_the_profile(delegraph, saved, products):
    result = delegraph(
        "benchmark", saved(products()), "-q", "-d", "exact", "--runs", 4, "--profile", "--json"
    )
    found = json.loads(result.output)
    assert len(found["seconds"]["steady"]["runs"]) == 4
    assert set(found["seconds"]) == {"load", "prepare", "first", "steady", "estimate"}
    assert found["bytes"]["peak_of_tensors"] == 48  # x, y and z of 4 floats
    assert [(line["name"], line["calls"]) for line in found["profile"]["by_type"]] == [
        ("ADD", 2),
        ("MUL", 1),
    ]


def test_num_threads_reaches_a_delegate_that_has_the_option(delegraph, saved, products, monkeypatch):
    from delegraph.contract import Delegate

    seen = []
    init = Delegate.__init__

    def remembering(self, options=None, label=None):
        seen.append((label, dict(options or {})))
        init(self, options, label)

    monkeypatch.setattr(Delegate, "__init__", remembering)
    result = delegraph("benchmark", saved(products()), "-d", "exact,off", "--runs", 1, "--num-threads", 2)
    assert result.exit_code == 0, result.output
    assert ("exact", {"num_threads": 2}) in seen


def test_an_input_may_be_given(delegraph, saved, products):
    result = delegraph("benchmark", saved(products()), "-d", "exact", "--runs", 1, "-i", "y=random")
    assert result.exit_code == 1
    assert "no input 'y'" in result.output


def test_no_runs_at_all_are_refused(delegraph, saved, products):
    assert delegraph("benchmark", saved(products()), "--runs", 0).exit_code == 2


def test_bytes_and_rates_are_shown_where_events_count_them(delegraph, saved, products, monkeypatch):
    from delegraph.profile import Event

    def counted(name, seconds, op):  # 2 kB and 4 kFLOP in each event of 1 ms
        return Event(name, seconds, op, detail="kernel", nbytes=2048, flops=4000)

    monkeypatch.setitem(delegraph.__globals__, "Event", counted)
    result = delegraph("benchmark", saved(products()), "-d", "exact", "--runs", 1, "--profile")
    shown = lines(result)
    assert "op runs on calls time share moved per second GFLOP/s" in shown
    assert any(
        line.startswith("#0 ADD (kernel)") and line.endswith("2.0 KiB 2.0 MiB 0.004") for line in shown
    )


def test_memory_on_a_device_is_shown(delegraph, saved, products, monkeypatch):
    monkeypatch.setattr("delegraph.contract.delegate.Delegate.device_bytes", lambda self: {"weights": 2048})
    result = delegraph("benchmark", saved(products()), "-d", "exact", "--runs", 1)
    assert "exact 2.0 KiB weights on the device" in lines(result)


class Stops:
    """Presses Ctrl-C as the run of a number begins: 1 is the first that is measured."""

    def __init__(self, at: int, warmup: int) -> None:
        self.left = at + 2 + warmup  # prepare and the first run come before

    def __call__(self, invoke):
        def begun(*args):
            self.left -= 1
            if self.left == 1:
                raise KeyboardInterrupt
            return invoke(*args)

        return begun


@pytest.mark.parametrize("at", range(1, 8))
def test_ctrl_c_leaves_the_runs_before_it(delegraph, saved, products, monkeypatch, at):
    stops = Stops(at, warmup=1)
    monkeypatch.setattr(PreparedModel, "invoke", stops(PreparedModel.invoke))
    call = (
        "benchmark",
        saved(products()),
        "-d",
        "exact",
        "--runs",
        5,
        "--warmup",
        1,
        "--profile",
        "--json",
    )
    result = delegraph(*call, "-q")
    assert result.exit_code == 130
    assert result.output.strip().endswith("interrupted")
    found = json.loads(result.output.partition("interrupted\n")[0]) if at > 1 else None
    if at > 1:
        assert found["interrupted"] is True
        assert len(found["seconds"]["steady"]["runs"]) == min(at - 1, 5)
        assert "profile" not in found


def test_csv_has_runs_or_ops(delegraph, saved, products):
    model = saved(products())
    words = ("benchmark", model, "-d", "exact", "--runs", 3, "--warmup", 0, "--csv", "-q")
    assert [line.split(",")[0] for line in delegraph(*words).output.splitlines()] == ["run", "0", "1", "2"]
    ops = delegraph(*words, "--profile").output.splitlines()
    assert ops[0] == "subgraph,op,name,delegate,calls,seconds,share"
    assert sorted(line.split(",")[2] for line in ops[1:]) == ["ADD", "ADD", "MUL"]
