"""What a process holds while large weights go to the device: once there, and a layer on the way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from delegraph import Builder, Model, Tensor, write_model

N = 1024  # a matrix of N * N is 4 MiB of float32
LAYERS = 16
FEW = 14  # layers that are computed by the workers, too, and not by the thread that asks
ROOM = 56 << 20  # bytes: some layers on their way, programs, and what Python and malloc keep
_PEAK = """
import sys
from delegraph import Interpreter, load_delegate

def held(what):  # bytes
    with open("/proc/self/status") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith(what))

def run(path, delegate):
    with Interpreter(model_path=path, delegates=[delegate], require_full_delegation=True) as model:
        model.allocate_tensors()
        model.invoke()
        return delegate.device_bytes()["weights"]

few, many, *options = sys.argv[1:]
delegate = load_delegate("opencl", dict(text.split("=") for text in options))
run(few, delegate)  # compiles what the other one needs, too
before = held("VmRSS")
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # VmHWM begins anew
print(run(many, delegate), held("VmHWM") - before)
"""


@pytest.fixture
def peak(device: object, tmp_path: Path) -> Any:
    """Return a function that runs layers, and says the bytes of their weights and of the process."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("this system does not say how much a process holds")

    def measure(layer: Any, *options: str) -> tuple[int, int]:
        paths = [tmp_path / "few.tflite", tmp_path / "many.tflite"]
        for path, count in zip(paths, (FEW, LAYERS), strict=True):
            if not path.exists():
                path.write_bytes(write_model(_layers(layer, count)))
        command = [sys.executable, "-c", _PEAK, *map(str, paths), *options]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        weights, most = map(int, found.stdout.split())
        return weights, most

    return measure


def dense(g: Builder, x: Tensor, layer: int) -> Tensor:
    return _dense(g, x, g.constant(np.full((N, N), layer, np.float32)))


def dense_of_halves(g: Builder, x: Tensor, layer: int) -> Tensor:
    halves = g.constant(np.full((N, N), layer, np.float16))
    return _dense(g, x, g.op("DEQUANTIZE", [halves], [g.tensor((N, N), "float32")]))


def dense_of_integers(g: Builder, x: Tensor, layer: int) -> Tensor:
    return _dense(g, x, g.constant(np.full((N, N), layer, np.int8), scale=0.5))


def _dense(g: Builder, x: Tensor, weights: Tensor) -> Tensor:
    found: Tensor = g.op("FULLY_CONNECTED", [x, weights], [g.tensor((1, N), "float32")])
    return found


def convolution(g: Builder, x: Tensor, layer: int) -> Tensor:
    weights, bias = (
        g.constant(np.full((N, 1, 1, N), layer, np.float32)),
        g.constant(np.zeros(N, np.float32)),
    )
    image = g.op("RESHAPE", [x, g.constant(np.int32([1, 1, 1, N]))], [g.tensor((1, 1, 1, N), "float32")])
    y = g.tensor((1, 1, 1, N), "float32")
    g.op("CONV_2D", [image, weights, bias], [y], padding="VALID", stride_h=1, stride_w=1)
    found: Tensor = g.op("RESHAPE", [y, g.constant(np.int32([1, N]))], [g.tensor((1, N), "float32")])
    return found


def _layers(layer: Any, count: int) -> Model:
    g = Builder()
    y = g.input((1, N), "float32")
    for number in range(count):
        y = layer(g, y, number)
    return g.model([y])


CASES = {
    "float32": (4, dense, "kernels=cpu"),
    "float32 on a GPU": (4, convolution, "kernels=gpu"),
    "float16": (2, dense_of_halves, "precision=float16"),
    "int8": (1, dense_of_integers, "kernels=cpu"),
}


@pytest.mark.parametrize("what", CASES)
def test_weights_are_held_once_while_they_go_to_the_device(what: str, peak: Any) -> None:
    nbytes, *case = CASES[what]
    weights, most = peak(*case)
    assert 0 <= weights - LAYERS * N * N * nbytes < N * N
    assert most < weights + ROOM


def test_a_cache_holds_weights_no_second_time(peak: Any, tmp_path: Path) -> None:
    for _ in ("written", "read"):
        weights, most = peak(dense, f"serialization_dir={tmp_path / 'cache'}")
        assert most < weights + ROOM
    assert len(list((tmp_path / "cache").glob("*.cache"))) == 2
