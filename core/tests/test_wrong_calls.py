"""Wrong arguments of every sort end in an error that names the argument, and break nothing."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from delegraph import DelegraphError, InputError, StateError

sys.path.insert(0, str(Path(__file__).parent))

from wrong_calls import Call, calls, complaint, interpreter, model


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "delegraph")


@pytest.mark.filterwarnings("ignore")
def test_a_wrong_argument_is_named_whatever_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # some are names of files to write
    wrong = [f"{call}: {why}" for call in calls(tmp_path) if (why := complaint(call))]
    assert not wrong, "\n".join(wrong)


def test_a_call_that_ends_in_an_exception_from_inside_is_found() -> None:
    def attribute(inputs: object) -> object:
        return inputs.shape  # type: ignore[attr-defined]

    assert "AttributeError" in (complaint(Call("f", attribute, {"inputs": None}, "inputs", "None")) or "")
    nameless = Call("f", lambda inputs: 1 + inputs, {"inputs": "a"}, "inputs", "text")
    assert "TypeError" in (complaint(nameless) or "")


def test_arrays_in_a_list_are_told_how_they_are_given() -> None:
    with pytest.raises(InputError, match=r"inputs needs values by name or index of x, n, found \[array"):
        interpreter(model()).run([np.ones((2, 3), np.float32), np.int32(1)])


def test_an_interpreter_that_is_closed_says_so_whatever_is_called() -> None:
    it = interpreter(model())
    runner = it.get_signature_runner()
    it.close()
    x, n = np.ones((2, 3), np.float32), np.int32(1)
    for call in (
        lambda: it(x, n),
        lambda: it.run({"x": x, "n": n}),
        lambda: runner(x=x, n=n),
        lambda: it.plan,
        it.allocate_tensors,
        it.invoke,
        it.get_input_details,
        lambda: it.get_tensor(0),
        lambda: it.set_tensor(0, x),
        lambda: it.resize_tensor_input(0, (2, 3)),
        lambda: it.tensor(0),
        it.memory,
        lambda: it.modify_graph_with_delegate("any"),
        runner.get_input_details,
    ):
        with pytest.raises(StateError, match="closed"):
            call()


def test_a_signature_that_was_given_a_wrong_value_leaves_the_shapes_as_they_were() -> None:
    it = interpreter(model())
    with pytest.raises(DelegraphError):
        it.get_signature_runner()(x=np.ones((4, 5), np.float64), n=np.int32(1))
    assert it.get_input_details()[0]["shape"].tolist() == [2, 3]


def test_run_takes_the_shapes_of_the_file_after_others_were_asked_for() -> None:
    it = interpreter(model())
    it.get_signature_runner()(x=np.ones((4, 5), np.float32), n=np.int32(1))
    assert it(np.ones((2, 3), np.float32), np.int32(1))[0].shape == (2, 3)
