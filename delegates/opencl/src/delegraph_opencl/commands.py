"""``delegraph devices``: the OpenCL devices of this machine and which one is used, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from delegraph import bytes_text, echo, echo_csv, echo_json, form_options

from .cache.cache import MAGIC, users_directory
from .cache.pruning import stored
from .device import pocl, runtime
from .device.runtime import Found

_MEASURED = (3, 0)  # the oldest PoCL that models ran on: as fast as on 3.1


@click.command()
@form_options(json="Print the list as JSON; memory in bytes.", csv="Print a line for each device as CSV.")
def devices(as_json: bool, as_csv: bool) -> None:
    """List the OpenCL devices that the delegate opencl can use, or say why there is none.

    The first is used by default; another is chosen by its number, its type or part of its name, as in
    ``-o opencl.device=1``. Below them stands where compiled models are kept, and how much there is.
    """
    found = [facts(one) for one in runtime.devices()]
    if as_json:
        echo_json(found)
        return
    if as_csv:
        echo_csv(tuple(found[0]), found)
        return
    for one in found:
        echo("\n".join(_lines(one)) + "\n")
    for driver in runtime.broken_drivers():
        echo(f"warning: a driver that cannot be loaded is {driver}", err=True)
    echo("Choose one by number, type or part of a name: -o opencl.device=cpu")
    echo(f"Cache of -o opencl.serialization_dir=auto: {_cache()}")


def facts(found: Found) -> dict[str, Any]:
    """Return what is worth knowing of a device."""
    device = found.device
    extensions = device.extensions.split()
    return {
        "index": found.index,
        "name": found.name,
        "type": found.type,
        "platform": device.platform.name.strip(),
        "version": " ".join(device.platform.version.split()),
        "driver": device.driver_version.strip(),
        "units": int(device.max_compute_units),
        "memory": int(device.global_mem_size),
        "largest_buffer": int(device.max_mem_alloc_size),
        "float16": "cl_khr_fp16" in extensions,
        "subgroups": any("subgroups" in name for name in extensions),
        "remark": _remark(device.platform.version),
    }


def _cache() -> str:
    directory = users_directory()
    found = stored(directory, MAGIC)
    size = bytes_text(sum(one.nbytes for one in found))
    return f"{directory}, {len(found)} {'entry' if len(found) == 1 else 'entries'}, {size}"


def _lines(one: dict[str, Any]) -> Iterator[str]:
    yield f"{one['index']}  {one['name']}" + ("  (used by default)" if one["index"] == 0 else "")
    memory, largest = bytes_text(one["memory"]), bytes_text(one["largest_buffer"])
    about = {
        "type": f"{one['type']}, {one['units']} compute units",
        "platform": f"{one['platform']}, {one['version']}",
        "driver": one["driver"],
        "memory": f"{memory}, of which one tensor takes up to {largest}",
        "float16": "computed" if one["float16"] else "stored, and computed as float32",
        "subgroups": "yes" if one["subgroups"] else "no",
        "remark": one["remark"],
    }
    yield from (f"   {name:<10} {text}" for name, text in about.items() if text)


def _remark(platform: str) -> str:
    version = pocl.version(platform)
    if version is None or version >= _MEASURED:
        return ""
    return "a PoCL older than 3.0, which has never been measured (Debian: apt install pocl-opencl-icd)"
