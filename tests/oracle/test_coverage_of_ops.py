"""No op of a delegate's table without a test."""

from __future__ import annotations

import pytest
from coverage_of_ops import covered


@pytest.mark.parametrize("delegate", ["reference", "opencl", "edgetpu"])
def test_a_file_of_tests_names_each_op(delegate: str) -> None:
    found = list(covered(delegate))
    assert len(found) > 40
    without = [f"{c.op} of {c.package}" for c in found if not c.files]
    assert not without, f"{delegate}: no test names {', '.join(without)}"


def test_an_op_that_nobody_tests_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "coverage_of_ops.FOLDERS",
        {("edgetpu", "edgetpu"): ("plugins/conformance/src/delegraph_conformance/ops",)},
    )
    assert "edgetpu-custom-op" in {c.op for c in covered("edgetpu") if not c.files}
