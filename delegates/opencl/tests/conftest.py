"""Small models and interpreters over the OpenCL delegate; without a device the tests skip and say so."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import delegraph_opencl
import pyopencl as cl
import pytest
from delegraph import DelegateUnavailable, Interpreter, Model
from delegraph.plugins import Plugins
from delegraph_opencl.device import runtime

sys.path.insert(0, str(Path(__file__).parent))  # for what the tests here share

from opencl_parts import Spare


@pytest.fixture(scope="session")
def _compiled_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep PoCL's own cache out of the home directory; tox keeps one for all environments."""
    patch = pytest.MonkeyPatch()
    if "POCL_CACHE_DIR" not in os.environ:
        patch.setenv("POCL_CACHE_DIR", str(tmp_path_factory.mktemp("pocl")))
    yield
    patch.undo()


@pytest.fixture
def device(_compiled_here: None) -> runtime.Found:
    """The device that is used by default; without one the test is skipped."""
    try:
        return runtime.devices()[0]
    except DelegateUnavailable as e:
        pytest.skip(str(e))


@pytest.fixture
def plugins() -> Plugins:
    """This package alone; tests may register more."""
    found = Plugins()
    found.register(delegraph_opencl, "opencl")
    return found


@pytest.fixture
def load(device: runtime.Found, plugins: Plugins) -> Callable[..., Any]:
    """Return a function that loads the delegate with options."""
    return lambda **options: plugins.load("opencl", options)


@pytest.fixture
def interpret(load: Callable[..., Any], plugins: Plugins) -> Callable[..., Interpreter]:
    """Return a function that makes an interpreter of a model: by default of this delegate alone."""

    def make(model: Model, *delegates: Any, **settings: Any) -> Interpreter:
        return Interpreter(model=model, delegates=delegates or [load()], plugins=plugins, **settings)

    return make


@pytest.fixture
def spare() -> Spare:
    return Spare()


@pytest.fixture
def opencl_error(load):
    """An error as OpenCL itself raises it."""
    with pytest.raises(cl.Error) as raised:
        cl.Buffer(load().context, cl.mem_flags.READ_WRITE, 1 << 62)
    return raised.value
