"""What the package exports is what others may build on, and its wheel stays small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import attrs
import delegraph_opencl
import numpy as np
import pytest
from opencl_parts import chain, tripling

X = np.arange(16, dtype=np.float32).reshape(1, 2, 2, 4)


def test_everything_exported_is_there():
    assert [n for n in delegraph_opencl.__all__ if not hasattr(delegraph_opencl, n)] == []


def test_no_exported_name_is_that_of_a_module():
    kinds = {n: getattr(delegraph_opencl, n) for n in delegraph_opencl.__all__}
    assert [n for n, found in kinds.items() if isinstance(found, ModuleType)] == []


def test_another_package_can_add_an_op(interpret, plugins):
    plugins.register(tripling(), "triple")
    i = interpret(chain("ADD", "Triple", "MUL"), require_full_delegation=True)
    assert np.array_equal(i(X), (X + 1) * 6)
    assert len(i.plan.partitions) == 1


def test_importing_the_package_imports_no_pyopencl():
    program = "import sys, delegraph_opencl.kernels; print('pyopencl' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


DOCS = Path(__file__).parents[3] / "docs"
in_the_repository = pytest.mark.skipif(not DOCS.exists(), reason="the documentation is not here")


@in_the_repository
@pytest.mark.parametrize("name", delegraph_opencl.__all__)
def test_what_is_exported_is_documented(name):
    assert f"`{name}" in (DOCS / "opencl-kernels.md").read_text()


@in_the_repository
@pytest.mark.parametrize("option", [field.name for field in attrs.fields(delegraph_opencl.Options)])
def test_every_option_is_documented(option):
    assert f"| `{option}` |" in (DOCS / "opencl.md").read_text()
