"""Devices are found, preferred and chosen; where there is none, the reason and the way out are given."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyopencl as cl
import pytest
from click.testing import CliRunner
from delegraph import DelegateUnavailable
from delegraph_opencl.commands import devices as devices_command
from delegraph_opencl.device import cpu_name, pocl, runtime

GPU, CPU = cl.device_type.GPU, cl.device_type.CPU


def platform(version: str, *found: SimpleNamespace) -> SimpleNamespace:
    """A platform that answers as pyopencl's do."""
    for device in found:
        device.platform = SimpleNamespace(name="Some Platform", version=version)
    return SimpleNamespace(get_devices=lambda: list(found))


def a_device(name: str, kind: int = CPU, shares_memory: bool = True) -> SimpleNamespace:
    return SimpleNamespace(
        name=name,
        type=kind,
        host_unified_memory=shares_memory,
        extensions="cl_khr_fp16 cl_khr_subgroups" if kind == GPU else "",
        driver_version="1.2",
        max_compute_units=8,
        global_mem_size=4 << 30,
        max_mem_alloc_size=1 << 30,
    )


@pytest.fixture
def having(monkeypatch):
    """Return a function that says which platforms there are."""

    def make(*platforms):
        monkeypatch.setattr(cl, "get_platforms", lambda: list(platforms))
        runtime.devices.cache_clear()

    yield make
    runtime.devices.cache_clear()


OLD, NEW = "OpenCL 3.0 PoCL 3.0-rc2  Linux", "OpenCL 3.0 PoCL 3.1+debian  Linux"


def names() -> list[str]:
    return [d.name for d in runtime.devices()]


def test_gpus_come_before_cpus_and_newer_pocls_before_older(having):
    having(
        platform(OLD, a_device("old")),
        platform("OpenCL 3.0 CUDA 12", a_device("card", GPU, shares_memory=False)),
        platform(NEW, a_device("new")),
        platform("OpenCL 3.0 PoCL 6.0  Linux", a_device("newest")),
    )
    assert names() == ["card", "newest", "new", "old"]


def test_a_gpu_with_memory_of_its_own_comes_first_and_pocl_after_the_vendor(having):
    having(
        platform("OpenCL 3.0 PoCL 6.0", a_device("card by pocl", GPU, shares_memory=False)),
        platform("OpenCL 3.0 Intel", a_device("built in", GPU)),
        platform("OpenCL 3.0 CUDA 12", a_device("card", GPU, shares_memory=False)),
    )
    assert names() == ["card", "card by pocl", "built in"]


def test_another_cpu_runtime_comes_before_a_slow_pocl(having):
    having(platform(OLD, a_device("old")), platform("OpenCL 3.1 LINUX", a_device("other")))
    assert names() == ["other", "old"]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [(None, "Big Card"), ("1", "Fast CPU"), ("cpu", "Fast CPU"), ("GPU", "Big Card"), ("fast", "Fast CPU"),
     ("cuda", "Big Card")],
)  # fmt: skip
def test_a_device_is_chosen_by_number_type_or_name(having, wanted, name):
    having(
        platform(NEW, a_device("Fast CPU")),
        platform("OpenCL 3.0 CUDA 12", a_device("Big Card", GPU, shares_memory=False)),
    )
    assert runtime.choose(wanted).name == name


def test_a_device_that_is_not_there_is_refused_with_those_that_are(having):
    having(platform(NEW, a_device("Fast CPU")))
    with pytest.raises(DelegateUnavailable, match=r"no OpenCL device 'gpu'; there is 0: Fast CPU \(cpu,"):
        runtime.choose("gpu")


def test_without_a_platform_it_says_what_to_install(having):
    having()
    with pytest.raises(
        DelegateUnavailable, match=r"pip install 'delegraph-opencl\[pocl\]'.*pocl-opencl-icd"
    ):
        runtime.devices()


def test_a_platform_whose_hardware_is_missing_does_not_hide_the_others(having):
    def broken():
        raise cl.LogicError("no such hardware")

    having(SimpleNamespace(get_devices=broken), platform(NEW, a_device("Fast CPU")))
    assert names() == ["Fast CPU"]


def test_a_driver_that_cannot_be_loaded_is_named(tmp_path, monkeypatch):
    (tmp_path / "lost.icd").write_text("liblost.so.1\n")
    monkeypatch.setenv("OCL_ICD_VENDORS", str(tmp_path))
    assert any("lost.icd: liblost.so.1: cannot open" in driver for driver in runtime.broken_drivers())


def test_without_pyopencl_the_delegate_says_so(monkeypatch, plugins):
    monkeypatch.setitem(sys.modules, "pyopencl", None)
    runtime.devices.cache_clear()
    try:
        assert "pyopencl cannot be imported" in plugins.load("opencl").unavailable()
    finally:
        runtime.devices.cache_clear()


@pytest.mark.parametrize("set_by_user", [None, "0"])
def test_the_settings_of_a_runtime_are_made_unless_the_user_made_them(set_by_user):
    expected = set_by_user or pocl.settings().get("POCL_AFFINITY", "")
    environment = {k: v for k, v in os.environ.items() if k != "POCL_AFFINITY"}
    if set_by_user is not None:
        environment["POCL_AFFINITY"] = set_by_user
    program = (
        "import contextlib, os\nfrom delegraph_opencl.device import runtime\n"
        "with contextlib.suppress(Exception): runtime.devices()\nprint(os.environ.get('POCL_AFFINITY', ''))"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == expected


@pytest.mark.parametrize(
    ("cpus", "threads", "pinned"),
    [
        ({0, 1}, None, True),
        ({1}, None, False),
        ({2, 3}, "2", False),
        ({0, 1}, "3", False),
        ({0}, "1", True),
    ],
)
def test_workers_keep_to_cores_that_they_may_have(monkeypatch, cpus, threads, pinned):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: cpus, raising=False)
    monkeypatch.delenv("POCL_MAX_PTHREAD_COUNT", raising=False)
    if threads is not None:
        monkeypatch.setenv("POCL_MAX_PTHREAD_COUNT", threads)
    assert bool(pocl.settings()) == pinned


def test_more_threads_than_cpus_do_not_end_the_process():
    environment = {k: v for k, v in os.environ.items() if k != "POCL_AFFINITY"}
    environment["POCL_MAX_PTHREAD_COUNT"] = str((os.cpu_count() or 1) + 2)
    program = (
        "from delegraph_opencl.device import runtime\n"
        "try:\n    found = runtime.devices()\n"
        "except runtime.DelegateUnavailable:\n    found = []\n"
        "import pyopencl as cl\n"
        "for d in found: cl.CommandQueue(cl.Context([d.device])).finish()"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("registered", "found"), [(False, True), (True, False)])
def test_intels_runtime_of_pypi_is_found_where_it_hides_no_other(tmp_path, monkeypatch, registered, found):
    library = tmp_path / "lib" / "libintelocl.so"
    library.parent.mkdir()
    library.write_text("")
    if registered:
        (tmp_path / "card.icd").write_text("libcard.so")
    monkeypatch.setattr(runtime, "VENDORS", tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert runtime._intel() == ({"OCL_ICD_VENDORS": str(library)} if found else {})


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="this system shows no memory in /proc")
def test_what_is_not_there_is_not_renamed():
    import ctypes

    record = ctypes.create_string_buffer(8192)  # points nowhere
    assert not cpu_name._renamed(ctypes.addressof(record), b"skx")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="this system shows no memory in /proc")
def test_the_name_that_a_record_points_to_is_replaced():
    import ctypes

    name = ctypes.create_string_buffer(b"generic", 24)
    record = ctypes.create_string_buffer(8192)
    ctypes.c_uint64.from_buffer(record, 640).value = ctypes.addressof(name)
    assert cpu_name._renamed(ctypes.addressof(record), b"skx")
    assert name.value == b"skx"


@pytest.fixture
def on_linux(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="x86_64"))


UNKNOWN, KNOWN = (f"OpenCL 3.0 PoCL HSTR: pthread-x86_64-pc-linux-gnu-{n}" for n in ("generic", "haswell"))


@pytest.mark.parametrize(
    ("version", "driver", "is_unknown"),
    [
        (OLD, UNKNOWN, True),
        (OLD, KNOWN, False),
        (NEW, UNKNOWN, False),
        ("OpenCL 3.0 LINUX", "OpenCL 3.0 (Build 0)", False),
    ],
)
@pytest.mark.usefixtures("on_linux")
def test_without_a_new_name_only_a_pocl_that_refuses_its_own_cpu_is_unavailable(
    having, load, version, driver, is_unknown
):
    device = a_device("the CPU")
    device.version = driver
    having(platform(version, device))
    assert load().unavailable() is None
    why = load(rename_cpu=False).unavailable()
    assert (why is not None) == is_unknown
    assert why is None or "the CPU: PoCL 3.0 does not compile for this CPU" in why


@pytest.mark.parametrize(("options", "renames"), [({}, 1), ({"rename_cpu": False}, 0)])
def test_an_option_leaves_the_name_of_the_cpu_alone(load, monkeypatch, options, renames):
    from delegraph_opencl.device import device

    asked = []
    monkeypatch.setattr(device, "name_cpu", lambda found: asked.append(found) or "")
    monkeypatch.setattr(device, "_opened", {})
    load(**options).device  # noqa: B018 - opened
    assert len(asked) == renames


RENAMED = """
import sys
import numpy as np
from delegraph import Builder, Interpreter, load_delegate
from delegraph_opencl.device import cpu_name

delegate = load_delegate("opencl", {"rename_cpu": False})
device = delegate.device.found.device
own = device.version.rpartition("-gnu-")[2].encode()
cpu_name._UNKNOWN = own + b"\\0"  # as if PoCL did not know it
assert cpu_name._renamed(device.int_ptr, sys.argv[1].encode())
g = Builder()
y = g.op("EXP", [g.input((2,), "float32")], [g.tensor((2,), "float32")])
print(Interpreter(model=g.model([y]), delegates=[delegate])(np.float32([0, 1])))
"""


@pytest.mark.parametrize(("name", "runs"), [("x86-64", True), ("nobody", False)])
def test_the_compiler_of_the_device_at_hand_hears_the_new_name(device, tmp_path, name, runs):
    if not (pocl.version(device.device.platform.version) == (3, 0) and "-gnu-" in device.device.version):
        pytest.skip("the device is no PoCL 3.0")
    # Nothing was compiled before, and no device of another name computes what is brief.
    settings = os.environ | {"POCL_CACHE_DIR": str(tmp_path), "POCL_DEVICES": "pthread"}
    done = subprocess.run(
        [sys.executable, "-c", RENAMED, name], capture_output=True, text=True, env=settings
    )
    assert (done.stdout.strip() == "[1.        2.7182817]") == runs, done.stderr
    assert "AssertionError" not in done.stderr


def test_loading_the_delegate_opens_no_platform():
    program = (
        "import sys, delegraph; delegraph.load_delegate('opencl').table\nprint('pyopencl' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_devices_lists_what_there_is(having):
    having(
        platform(NEW, a_device("Fast CPU")),
        platform("OpenCL 3.0 CUDA 12", a_device("Big Card", GPU, shares_memory=False)),
    )
    shown = CliRunner().invoke(devices_command).output
    assert "0  Big Card  (used by default)" in shown
    assert "1  Fast CPU\n" in shown
    assert "memory     4.0 GiB, of which one tensor takes up to 1.0 GiB" in shown
    assert [line.split()[1] for line in shown.splitlines() if "float16" in line] == ["computed", "stored,"]


def test_devices_says_where_the_cache_is_and_how_large(having, tmp_path, monkeypatch):
    from delegraph_opencl.cache.cache import CacheEntry

    having(platform(NEW, a_device("Fast CPU")))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    directory = tmp_path / "delegraph" / "opencl"
    shown = CliRunner().invoke(devices_command).output
    assert f"Cache of -o opencl.serialization_dir=auto: {directory}, 0 entries, 0 B\n" in shown
    entry = CacheEntry(directory / f"{'0' * 64}.cache", 10 << 20)
    entry.add_constant("weights", 3 << 20, lambda: np.zeros(3 << 20, np.uint8))
    entry.store()
    assert f"{directory}, 1 entry, 3.0 MiB\n" in CliRunner().invoke(devices_command).output


@pytest.mark.parametrize(
    ("version", "is_said"), [("OpenCL 1.2 pocl 1.8", True), (OLD, False), (NEW, False)]
)
def test_devices_says_of_a_pocl_before_3_0_that_it_was_never_measured(having, version, is_said):
    having(platform(version, a_device("a CPU")))
    assert ("never been measured" in CliRunner().invoke(devices_command).output) == is_said


def test_devices_without_a_device_is_an_error_with_the_way_out(having):
    from delegraph.cli import main

    having()
    result = CliRunner().invoke(main, ["devices"])
    assert result.exit_code == 1
    assert "no OpenCL platform is installed" in result.output


def test_devices_as_json(having):
    import json

    having(platform(NEW, a_device("Fast CPU")))
    (found,) = json.loads(CliRunner().invoke(devices_command, ["--json"]).output)
    assert (found["name"], found["memory"], found["float16"]) == ("Fast CPU", 4 << 30, False)


@pytest.mark.parametrize(
    ("flags", "cpu"),
    [
        ("sse2 avx avx2 fma bmi1 bmi2 movbe f16c abm avx512f avx512bw avx512cd avx512dq avx512vl", b"skx"),
        ("sse2 avx avx2 fma bmi1 bmi2 movbe f16c abm avx512f", b"haswell"),
        ("sse2 avx", b"x86-64"),
    ],
)
def test_a_cpu_newer_than_pocl_gets_the_name_of_one_that_has_no_more(flags, cpu):
    assert cpu_name.best_cpu(f"processor : 0\nflags\t\t: {flags}\nbugs : none\n") == cpu


def test_the_version_of_pocl_is_read(having):
    assert pocl.version(NEW) == (3, 1)
    assert pocl.version("OpenCL 3.0 CUDA 12.4.89") is None
