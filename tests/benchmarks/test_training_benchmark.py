"""How long a training step of MobileNet v1 0.25 takes beside the same network written by hand in PyTorch.

``pytest tests/benchmarks/test_training_benchmark.py`` prints the ratio, in floats and with 8 bits: of
processor time, on one thread, both in turn, with the optimizer that ``train`` has and with Adam. It needs
PyTorch and DELEGRAPH_MODELS.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import pytest
from delegraph import read_model

torch = pytest.importorskip("torch")
F = torch.nn.functional

BATCH = 4
STEPS = int(os.environ.get("DELEGRAPH_TRAIN_STEPS", "25"))
MOST = 1.1  # times as long as by hand
STRIDES = (2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)  # of the first convolution and of each depthwise one

pytestmark = pytest.mark.slow


class ByHand(torch.nn.Module):
    """MobileNet v1 0.25 in channels_last, its normalization folded, as one would write it."""

    def __init__(self, bits: int | None) -> None:
        super().__init__()
        self.bits = bits
        sizes = [(8, 3, 3, 1)]
        channels = 8
        for out in (16, 32, 32, 64, 64, *[128] * 6, 256, 256):
            sizes += [(channels, 1, 3, channels), (out, channels, 1, 1)]
            channels = out
        self.groups = [groups for *_, groups in sizes]
        kept = torch.channels_last
        self.weights = torch.nn.ParameterList(
            torch.nn.Parameter((0.2 * torch.randn(n, c, k, k)).to(memory_format=kept))
            for n, c, k, _ in sizes
        )
        self.biases = torch.nn.ParameterList(torch.nn.Parameter(torch.zeros(n)) for n, *_ in sizes)
        self.last = torch.nn.Linear(256, 1001)
        self.scales = torch.nn.ParameterList(torch.nn.Parameter(torch.tensor([0.02])) for _ in range(31))

    def forward(self, x: Any) -> Any:
        x = self.rounded(x, 0)
        strides = iter(STRIDES)
        each = zip(self.weights, self.biases, self.groups, strict=True)
        for place, (weight, bias, groups) in enumerate(each, 1):
            stride = next(strides) if weight.shape[2] == 3 else 1
            around = 1 if weight.shape[2] == 3 and stride == 1 else 0
            if stride == 2:
                x = F.pad(x, (0, 1, 0, 1))
            x = F.conv2d(x, self.rounded_weight(weight), bias, stride, around, 1, groups)
            x = self.rounded(F.relu6(x), place)
        x = self.rounded(F.avg_pool2d(x, 7).flatten(1), 28)
        return self.rounded(F.linear(x, self.rounded_weight(self.last.weight), self.last.bias), 29)

    def rounded(self, x: Any, place: int) -> Any:
        if self.bits is None:
            return x
        return torch._fake_quantize_learnable_per_tensor_affine(
            x, self.scales[place], torch.zeros(1), -128, 127, 0.01
        )

    def rounded_weight(self, weight: Any) -> Any:
        if self.bits is None:
            return weight
        scale = weight.detach().abs().flatten(1).amax(1) / 127
        points = torch.zeros(len(scale), dtype=torch.int32)
        return torch.fake_quantize_per_channel_affine(weight, scale, points, 0, -127, 127)


def stepping(
    optimizer: Any, begin: Callable[[], None], outputs: Callable[[Any], Any], x: Any
) -> Callable[[], float]:
    classes = torch.arange(len(x))

    def step() -> float:
        began = process_time()
        begin()
        F.cross_entropy(outputs(x), classes).backward()
        optimizer.step()
        return process_time() - began

    return step


@pytest.mark.parametrize("bits", [None, 8])
def test_a_step_takes_no_longer_than_by_hand(bits: int | None, record_property: Any) -> None:
    from delegraph_optimize.train import trainable
    from delegraph_optimize.train.optimizer import Steps

    folder = os.environ.get("DELEGRAPH_MODELS")
    if not folder:
        pytest.skip("DELEGRAPH_MODELS is not set")
    model = read_model(Path(folder) / "float32" / "mobilenet_v1_0.25_224_1_default_1.tflite")
    images = np.random.default_rng(0).uniform(-1, 1, (BATCH, 224, 224, 3)).astype(np.float32)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ours = trainable(model, images, bits=None if bits is None else (bits, bits), method="minmax")
        x = torch.from_numpy(images)
        (softmax,) = [op for op in ours.edges.graph.ops if op.name == "SOFTMAX"]
        assert softmax.inputs[0] is not None
        read = softmax.inputs[0].index
        steps, hand = Steps(ours, 1e-5, 1000), ByHand(bits)
        adam = torch.optim.Adam(hand.parameters(), lr=1e-5)
        runs = {
            "ours": stepping(
                steps.adam, lambda: steps.begin(500), lambda x: ours.values([x], [read])[0], x
            ),
            "by hand": stepping(adam, adam.zero_grad, hand, x.permute(0, 3, 1, 2)),
        }
        for run in runs.values():
            run()
        found: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(STEPS):
            for name, run in runs.items():
                found[name].append(run())
    finally:
        torch.set_num_threads(threads)
    ratio = median(found["ours"]) / median(found["by hand"])
    record_property("ratio", round(ratio, 3))
    print(f"\n{'floats' if bits is None else f'{bits} bits'}: {ratio:.2f} times as long as by hand")
    assert ratio <= MOST
