"""pyopencl is whole for a program that uses it beside the delegate."""

from __future__ import annotations

import subprocess
import sys

import pyopencl as cl
import pytest

OPEN = """
import sys, warnings
warnings.simplefilter("ignore")
from delegraph_opencl.device.device import open_device
device = open_device(None)
program = "kernel void twice(global float *x, float by) { x[get_global_id(0)] *= by; }"
kernel = device.kernel(program, "twice")
"""
USE = """
import numpy as np, pyopencl as cl
x = np.arange(4, dtype=np.float32)
buffer = cl.Buffer(device.context, cl.mem_flags.COPY_HOST_PTR, hostbuf=x)
kernel(device.queue(), x.shape, None, buffer, np.float32(2))
kernel.set_args(buffer, np.float32(2))
cl.enqueue_nd_range_kernel(device.queue(), kernel, x.shape, None).wait()
cl.enqueue_copy(device.queue(), x, buffer)
print(x.tolist())
"""
VECTORS = """
from pyopencl.cltypes import make_float4
import pyopencl, pyopencl.cltypes as types, pyopencl.array
print(make_float4(1, 2, 3, 4)["w"], pyopencl.cltypes.char3 is types.char3, hasattr(types, "none"))
"""
LOOKED_AT = """
import importlib.util
for module in list(sys.modules.values()):
    getattr(module, "__file__", None), getattr(module, "__wrapped__", None)
found = importlib.util.find_spec("pyopencl.cltypes")
print(found.name, found.origin.endswith("cltypes.py"))
"""
VERSIONS = """
print("importlib.metadata" in sys.modules)
import importlib, pyopencl, pytools, pyopencl.version, pytools.version
from importlib import metadata
for package in (pyopencl, pytools):
    stated = [getattr(package.version, name) for name in ("VERSION_TEXT", "VERSION_STATUS", "VERSION")]
    del sys.modules[package.version.__name__]
    whole = importlib.import_module(package.version.__name__)
    print(stated == [whole.VERSION_TEXT, whole.VERSION_STATUS, whole.VERSION], type(whole).__name__)
    print(whole.VERSION_TEXT == metadata.version(package.__name__))
"""
LATER = """
from types import ModuleType
parts = sys.modules["pyopencl.cltypes"], sys.modules["pyopencl.invoker"]
print([type(part) is ModuleType for part in parts])
"""


def said(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if "DelegateUnavailable" in done.stderr:
        pytest.skip(done.stderr.strip()[-200:])
    assert not done.returncode, done.stderr
    return done.stdout.strip()


def test_a_kernel_is_made_without_what_the_delegate_does_not_use():
    assert said(f"{OPEN}\n{LATER}") == "[False, False]"


def test_a_look_at_all_modules_asks_for_none_of_it():
    found, later = said(f"{OPEN}\n{LOOKED_AT}\n{LATER}").splitlines()
    assert (found, later) == ("pyopencl.cltypes True", "[False, False]")


def test_a_kernel_takes_arguments_as_python_has_them():
    assert said(f"{OPEN}\n{USE}") == "[0.0, 4.0, 8.0, 12.0]"


def test_versions_are_stated_without_a_look_at_what_is_installed():
    asked, *packages = said(f"{OPEN}\n{VERSIONS}").splitlines()
    assert (asked, packages) == ("False", ["True module", "True"] * 2)


def test_types_of_vectors_are_there_when_they_are_asked_for():
    assert said(f"{OPEN}\n{VECTORS}") == "4.0 True False"


def test_a_pyopencl_that_is_there_already_stays_as_it_is():
    program = "import pyopencl.cltypes as before\n{OPEN}\nprint(sys.modules['pyopencl.cltypes'] is before)"
    assert said(program.replace("{OPEN}", OPEN)) == "True"
    assert cl.cltypes.float4.itemsize == 16
