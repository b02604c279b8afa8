"""Models made by hand that are wrong in one place are refused by an error that says which.

One change in four is tried; ``ODD_MODELS=all`` tries all 2,200.
"""

from __future__ import annotations

import logging
import os

import pytest
from delegraph import Interpreter, ModelError
from odd_models import SOUND, OddModel, complaint, odd_models

EVERY = 1 if os.environ.get("ODD_MODELS") == "all" else 4


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "delegraph")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", SOUND)
def test_what_is_wrong_with_a_model_is_said(name: str) -> None:
    wrong = [f"{odd}: {why}" for odd in list(odd_models([name]))[::EVERY] if (why := complaint(odd))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", SOUND)
def test_what_is_changed_was_sound(name: str) -> None:
    assert complaint(OddModel(name, SOUND[name]())) is None
    Interpreter(model=SOUND[name]()).allocate_tensors()


def test_a_subgraph_that_is_not_there_is_named_with_op_and_option() -> None:
    odd = next(o for o in odd_models(["IF"]) if "then_subgraph_index=99" in str(o))
    with pytest.raises(
        ModelError, match=r"op #0 IF v1: then_subgraph_index is 99, but the model has 3 subgraphs"
    ):
        Interpreter(model=odd.model)
