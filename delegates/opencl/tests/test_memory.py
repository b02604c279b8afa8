"""What a process holds while large weights go to the device: their pages in the file come and go."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from delegraph import Builder, Model, write_model

N = 2560  # a matrix of N * N is 25 MiB
_PREPARE = """
import sys
from delegraph import Interpreter, load_delegate

def peak():  # KiB
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

options = dict(text.split("=") for text in sys.argv[2:])
delegate = load_delegate("opencl", options)
with Interpreter(model_path=sys.argv[1], delegates=[delegate], require_full_delegation=True) as model:
    before = peak()
    model.allocate_tensors()
    model.invoke()
print(peak() - before)
"""


@pytest.fixture
def _linux(device: object) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not say how much a process holds")


@pytest.mark.usefixtures("_linux")
@pytest.mark.parametrize(("op", "kernels"), [("FULLY_CONNECTED", "cpu"), ("CONV_2D", "gpu")])
def test_weights_are_held_less_than_twice_while_they_go_to_the_device(
    op: str, kernels: str, tmp_path: Path
) -> None:
    """Once on the device; and some in the file, in the form for the kernels, at a time."""
    path = tmp_path / "large.tflite"
    path.write_bytes(write_model(_layers(op, 16)))
    command = [sys.executable, "-c", _PREPARE, str(path), f"kernels={kernels}"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(found.stdout) * 1024 < 1.8 * path.stat().st_size


def _layers(op: str, layers: int) -> Model:
    g = Builder()
    is_dense = op == "FULLY_CONNECTED"
    shape, filters = ((1, N), (N, N)) if is_dense else ((1, 1, 1, N), (N, 1, 1, N))
    options = {} if is_dense else {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    y = g.input(shape, "float32")
    for layer in range(layers):
        weights = g.constant(np.full(filters, layer, np.float32))
        y = g.op(
            op, [y, weights, g.constant(np.zeros(N, np.float32))], [g.tensor(shape, "float32")], **options
        )
    return g.model([y])
