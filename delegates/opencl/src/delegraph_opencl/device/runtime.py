"""Which OpenCL devices there are, which one is used, and why there is none.

Settings that a runtime reads when it starts are set here, before the first query of platforms, unless the
user has set them.
"""

from __future__ import annotations

import ctypes
import os
import sys
import warnings
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from delegraph import DelegateUnavailable, frozen

from . import pocl
from .pyopencl_parts import import_pyopencl

VENDORS = Path("/etc/OpenCL/vendors")  # where drivers register themselves
NO_PLATFORM = (
    "no OpenCL platform is installed; `pip install 'delegraph-opencl[pocl]'` brings one that runs on the "
    "CPU, as does Debian's package pocl-opencl-icd; for a GPU install its vendor's driver"
)


@frozen(hash=False)
class Found:
    """A device that some platform offers."""

    index: int  # what ``device=`` takes
    device: Any = None  # pyopencl.Device

    @property
    def name(self) -> str:
        return str(self.device.name).strip()

    @property
    def platform(self) -> str:
        return f"{self.device.platform.name} {self.device.platform.version}".strip()

    @property
    def type(self) -> str:
        """``"gpu"``, ``"cpu"`` or ``"accelerator"``."""
        return _type(self.device)


@cache
def devices() -> tuple[Found, ...]:
    """Return all devices, the one that is used when nobody chooses first.

    :raises DelegateUnavailable: pyopencl cannot be imported, or there is no device; the message says what
        to install.
    """
    for name, value in {**pocl.settings(), **_pypi(), **_intel()}.items():
        os.environ.setdefault(name, value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an older pyopencl is warned by a newer pytools
            cl = import_pyopencl()
    except Exception as e:  # not installed, or broken: an import may raise anything
        raise DelegateUnavailable(
            f"pyopencl cannot be imported ({type(e).__name__}: {e}); pip install --force-reinstall pyopencl"
        ) from e
    try:
        found = [d for p in cl.get_platforms() for d in _devices_of(p)]
    except cl.Error as e:  # the loader found no platform at all
        raise DelegateUnavailable(_why_none()) from e
    if not found:
        raise DelegateUnavailable(_why_none())
    return tuple(Found(i, d) for i, d in enumerate(sorted(found, key=_preference)))


def choose(wanted: str | None) -> Found:
    """Return the device that ``wanted`` names: by index, type, or part of its or its platform's name.

    :param wanted: None takes the first: GPUs before CPUs, newer PoCLs before older ones.
    :raises DelegateUnavailable: there is no such device; the message lists those there are.
    """
    found = devices()
    if wanted is None:
        return found[0]
    text = wanted.strip().lower()
    for one in found:
        if text in (str(one.index), one.type):
            return one
    for one in found:
        if text and text in f"{one.name} {one.platform}".lower():
            return one
    listed = "; ".join(f"{d.index}: {d.name} ({d.type}, {d.platform})" for d in found)
    raise DelegateUnavailable(f"no OpenCL device {wanted!r}; there is {listed}")


def broken_drivers() -> list[str]:
    """Return the drivers that are registered on this machine but cannot be loaded, each with the reason."""
    return [f"{icd}: {why}" for icd in _registered() for why in [_why_broken(icd)] if why]


def _intel() -> dict[str, str]:
    """Return what makes the loader find PyPI's intel-opencl-rt, which registers itself nowhere.

    The setting hides the system's drivers: it is made where there are none.
    """
    library = Path(sys.prefix, "lib", "libintelocl.so")
    if any(VENDORS.glob("*.icd")) or not library.exists():
        return {}
    return {"OCL_ICD_VENDORS": str(library)}


def _pypi() -> dict[str, str]:
    """Return the settings of PyPI's PoCL, where there is no other one."""
    spec = None if any(VENDORS.glob("*.icd")) else find_spec("pyopencl")
    folder = Path(spec.origin).parent / ".libs" if spec and spec.origin else None
    return pocl.SETTINGS_OF_PYPI if folder and any(folder.glob("libpocl*")) else {}


def _registered() -> list[Path]:
    """Return the files that name a driver's library, where the loader of pyopencl looks for them."""
    folders = [Path(os.environ.get("OCL_ICD_VENDORS") or VENDORS)]
    if (spec := find_spec("pyopencl")) and spec.origin:
        folders.append(Path(spec.origin).parent / ".libs")
    return [icd for folder in folders if folder.is_dir() for icd in sorted(folder.glob("*.icd"))]


def _why_broken(icd: Path) -> str | None:
    try:
        library = icd.read_text().strip().splitlines()[0].strip()
    except (OSError, UnicodeDecodeError, IndexError) as e:
        return f"it cannot be read: {type(e).__name__}: {e}"
    here = icd.parent / library
    try:
        ctypes.CDLL(str(here) if here.exists() else library)
    except OSError as e:
        return str(e)
    return None


def _why_none() -> str:
    broken = broken_drivers() if sys.platform.startswith("linux") else []
    return "; ".join([NO_PLATFORM, *(f"a driver that cannot be loaded is {why}" for why in broken)])


def _devices_of(platform: Any) -> list[Any]:
    import pyopencl as cl

    try:
        found = list(platform.get_devices())
    except cl.Error:  # a driver without its hardware
        return []
    return [device for device in found if not pocl.is_caller(device)] or found


MOST_CORES = 4  # that are together at work on what is brief


def caller_of(device: Any) -> Any:
    """Return the device beside this one that computes in the thread that asks; None where there is none."""
    found = device.platform.get_devices() if pocl.version(device.platform.version) else []
    return next((d for d in found if d != device and pocl.is_caller(d)), None)


def cores_of(device: Any) -> list[Any]:
    """Return some cores of PoCL's CPU as devices of their own: on Linux, which tells which one is which."""
    import pyopencl as cl

    count = min(int(device.max_compute_units), MOST_CORES)
    if count < 2 or not sys.platform.startswith("linux"):
        return []
    try:
        return list(device.create_sub_devices([cl.device_partition_property.BY_COUNTS, *[1] * count]))
    except cl.Error:
        return []


def _type(device: Any) -> str:
    import pyopencl as cl

    if device.type & cl.device_type.GPU:
        return "gpu"
    return "cpu" if device.type & cl.device_type.CPU else "accelerator"


def _preference(device: Any) -> tuple[int, bool, int, tuple[int, ...]]:
    """Sort GPUs first, then those with memory of their own, then by runtime.

    A vendor's own driver comes before PoCL for a GPU. On a CPU, PoCL from 3.1 on is as fast as any and
    small, and PoCL before that slow.
    """
    kind = {"gpu": 0, "accelerator": 1, "cpu": 2}[_type(device)]
    version = pocl.version(device.platform.version)
    if version is None:
        return kind, bool(device.host_unified_memory), 1, ()
    rank = 2 if kind != 2 or version < pocl.FAST else 0
    return kind, bool(device.host_unified_memory), rank, tuple(-n for n in version)
