"""Small models, and the delegate to run them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from delegraph import Delegate, Interpreter, Model, fallbacks_unsaid, load_delegate

sys.path.insert(0, str(Path(__file__).parent))

from litert_parts import small_net


@pytest.fixture
def load() -> Iterator[Callable[..., Delegate]]:
    """Return a function that loads the delegate with options, and closes it when the test ends."""
    made: list[Delegate] = []

    def loaded(**options: Any) -> Delegate:
        made.append(load_delegate("litert", options))
        return made[-1]

    yield loaded
    for delegate in made:
        delegate.close()


@pytest.fixture
def interpret(load: Callable[..., Delegate]) -> Callable[..., Interpreter]:
    """Return a function that makes an interpreter of a model with the delegate alone."""

    def made(model: Model, delegate: Delegate | None = None, **settings: Any) -> Interpreter:
        settings = {"require_full_delegation": True, **settings}
        return Interpreter(model=model, delegates=[delegate or load()], **settings)

    return made


@pytest.fixture
def net() -> Model:
    return small_net()


@pytest.fixture(autouse=True)
def _no_word_of_fallbacks() -> Iterator[None]:
    """They are what these tests are about."""
    with fallbacks_unsaid():
        yield
