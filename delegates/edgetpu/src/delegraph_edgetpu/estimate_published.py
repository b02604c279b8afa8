"""What the real Edge TPU compiler estimated and packed, and the models it did that for.

Cycles: the field ``estimated_cycles`` of the models that google-coral/edgetpu published in 2020.
Memory: sizes of the parameters and ``used_narrow_memory_bytes_per_tile`` in compiled models of
google-coral/test_data and google-coral/edgetpu. Times: Coral's table of benchmarks. The architectures are
built from published tables, without weights: estimates read shapes alone.
Sources: github.com/google-coral/edgetpu (test_data), github.com/google-coral/test_data; arXiv:1704.04861
(MobileNet v1), arXiv:1801.04381 (v2, DeepLab), tensorflow/models slim mobilenet_v3.py (MobileNetEdgeTPU),
arXiv:1409.1556 (VGG); coral.ai/docs/edgetpu/benchmarks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import NoReturn

from attrs import frozen
from delegraph import Op, Record, Tensor

from .estimate_tiles import ceil_div


@frozen
class Cycles:
    """A model whose cycles the compiler published."""

    name: str
    cycles: int
    fitted: bool  # False: left out of the fit, to see what the fit is worth
    ops: Callable[[], tuple[Op, ...]]


@frozen
class PublishedMemory:
    """What a compiled file says of the Edge TPU's memory."""

    name: str  # of the source model
    parameter_bytes: int
    narrow_memory_per_tile: int


@frozen
class Time:
    """What Coral measured on the USB Accelerator, USB 3.0: with transfers and the host's share."""

    name: str
    milliseconds: float
    ops: Callable[[], tuple[Op, ...]]


def mobilenet_v1(width: float, size: int, classes: int = 1001) -> tuple[Op, ...]:
    """Return MobileNet v1 for ``size`` x ``size`` images; without its classifier if ``classes`` is 0."""
    net = _Net(size, size)
    _mobilenet_v1_body(net, width, (*_V1_BLOCKS, (1024, 2), (1024, 1)))
    net.mean_pool()
    if classes:
        net.conv(classes)
    return net.ops()


def posenet(width: float, height: int, columns: int) -> tuple[Op, ...]:
    """Return PoseNet on MobileNet v1 with an output stride of 16, without its decoder."""
    net = _Net(height, columns)
    _mobilenet_v1_body(net, width, (*_V1_BLOCKS, (512, 1), (512, 1)))
    features = net.at
    for channels in (32, 32, 17, 34):
        net.at = features
        net.conv(channels)
    return net.ops()


def mobilenet_v2(size: int) -> tuple[Op, ...]:
    """Return MobileNet v2 1.0 for ``size`` x ``size`` images."""
    net = _Net(size, size)
    _mobilenet_v2_body(net, output_stride=32)
    net.conv(1280)
    net.mean_pool()
    net.conv(1001)
    return net.ops()


def deeplab(size: int) -> tuple[Op, ...]:
    """Return the part of DeepLab v3 on MobileNet v2 that the compiler maps: up to both branches."""
    net = _Net(size, size)
    _mobilenet_v2_body(net, output_stride=16)
    features = net.at
    net.mean_pool()
    net.conv(256)
    net.at = features
    net.conv(256)
    return net.ops()


def mobilenet_edgetpu(width: float, size: int) -> tuple[Op, ...]:
    """Return MobileNetEdgeTPU for ``size`` x ``size`` images."""
    net = _Net(size, size)
    net.conv(_divisible(32 * width), 3, 2)
    net.conv(_divisible(16 * width))
    for expansion, channels, kernel, stride, fused, residual in _EDGETPU_BLOCKS:
        net.bottleneck(
            expansion, _divisible(channels * width), kernel, stride, fused=fused, residual=residual
        )
    net.conv(1280)
    net.mean_pool()
    net.conv(1001)
    return net.ops()


def vgg(*repeats: int) -> tuple[Op, ...]:
    """Return VGG for 224 x 224 images, with so many convolutions before each of its five pools."""
    net = _Net(224, 224)
    for channels, repeat in zip((64, 128, 256, 512, 512), repeats, strict=True):
        for _ in range(repeat):
            net.conv(channels, 3)
        net.max_pool()
    for outputs in (4096, 4096, 1000):
        net.fully_connected(outputs)
    return net.ops()


class _Net:
    """A network in the making, of ops without weights; ``at`` is the tensor that the next op reads."""

    def __init__(self, height: int, width: int) -> None:
        self._ops: list[Op] = []
        self._tensors = 0
        self.at = self._tensor((1, height, width, 3))

    def ops(self) -> tuple[Op, ...]:
        return tuple(self._ops)

    def conv(self, channels: int, kernel: int = 1, stride: int = 1) -> None:
        filter_ = (channels, kernel, kernel, self._channels)
        self._filtered("CONV_2D", filter_, channels, stride)

    def depthwise(self, kernel: int, stride: int) -> None:
        filter_ = (1, kernel, kernel, self._channels)
        self._filtered("DEPTHWISE_CONV_2D", filter_, self._channels, stride)

    def fully_connected(self, channels: int) -> None:
        weights = self._constant((channels, prod(self._shape)), "uint8")
        self._op("FULLY_CONNECTED", [self.at, weights, self._constant((channels,), "int32")], (1, channels))

    def mean_pool(self) -> None:
        _, height, width, channels = self._shape
        self._op(
            "AVERAGE_POOL_2D", [self.at], (1, 1, 1, channels), filter_height=height, filter_width=width
        )

    def max_pool(self) -> None:
        _, height, width, channels = self._shape
        shape = (1, height // 2, width // 2, channels)
        self._op("MAX_POOL_2D", [self.at], shape, filter_height=2, filter_width=2)

    def bottleneck(
        self,
        expansion: int,
        channels: int,
        kernel: int = 3,
        stride: int = 1,
        *,
        fused: bool = False,
        residual: bool = True,
    ) -> None:
        """Add an inverted bottleneck; a fused one expands and filters in one convolution."""
        before, inside = self.at, self._channels * expansion
        if fused:
            self.conv(inside, kernel, stride)
        else:
            if expansion > 1:
                self.conv(inside)
            self.depthwise(kernel, stride)
        self.conv(channels)
        if residual and self._shape == before.shape:
            self._op("ADD", [self.at, before], self._shape)

    @property
    def _shape(self) -> tuple[int, ...]:
        assert self.at.shape is not None, "tensors here have shapes"
        return self.at.shape

    @property
    def _channels(self) -> int:
        return self._shape[-1]

    def _filtered(self, name: str, filter_: tuple[int, ...], channels: int, stride: int) -> None:
        _, height, width, _ = self._shape
        operands = [self.at, self._constant(filter_, "uint8"), self._constant((channels,), "int32")]
        shape = (1, ceil_div(height, stride), ceil_div(width, stride), channels)
        options = {"stride_h": stride, "stride_w": stride, "dilation_h_factor": 1, "dilation_w_factor": 1}
        self._op(name, operands, shape, **options)

    def _op(self, name: str, inputs: Sequence[Tensor], shape: tuple[int, ...], **options: int) -> None:
        self.at = self._tensor(shape)
        self._ops.append(Op(len(self._ops), name, 1, tuple(inputs), (self.at,), Record(name, options)))

    def _tensor(self, shape: tuple[int, ...]) -> Tensor:
        self._tensors += 1
        return Tensor(self._tensors, "", "uint8", shape)

    def _constant(self, shape: tuple[int, ...], dtype: str) -> Tensor:
        self._tensors += 1
        return Tensor(self._tensors, "", dtype, shape, data=_no_values)


def _no_values() -> NoReturn:
    raise AssertionError("an estimate reads shapes, not weights")


def _mobilenet_v1_body(net: _Net, width: float, blocks: Sequence[tuple[int, int]]) -> None:
    net.conv(int(32 * width), 3, 2)
    for channels, stride in blocks:
        net.depthwise(3, stride)
        net.conv(int(channels * width))


def _mobilenet_v2_body(net: _Net, output_stride: int) -> None:
    net.conv(32, 3, 2)
    reached = 2
    for expansion, channels, repeats, stride in _V2_BLOCKS:
        for step in [stride if reached * stride <= output_stride else 1] + [1] * (repeats - 1):
            reached *= step
            net.bottleneck(expansion, channels, stride=step)


def _divisible(channels: float) -> int:
    """Round to a multiple of 8, never down by more than a tenth."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * channels else rounded + 8


# channels, stride
_V1_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5)

# expansion, channels, repeats, stride of the first
_V2_BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)

# expansion, channels, kernel, stride, fused, residual
_EDGETPU_BLOCKS = (
    (8, 32, 3, 2, True, True),
    *[(4, 32, 3, 1, True, True)] * 3,
    (8, 48, 3, 2, True, True),
    *[(4, 48, 3, 1, True, True)] * 3,
    (8, 96, 3, 2, False, True),
    *[(4, 96, 3, 1, False, True)] * 3,
    (8, 96, 3, 1, False, False),
    *[(4, 96, 3, 1, False, True)] * 3,
    (8, 160, 5, 2, False, True),
    *[(4, 160, 5, 1, False, True)] * 3,
    (8, 192, 3, 1, False, True),
)

CYCLES = (
    Cycles("MobileNet v1 0.25, 128", 21_568, True, lambda: mobilenet_v1(0.25, 128)),
    Cycles("MobileNet v1 0.5, 160", 117_088, False, lambda: mobilenet_v1(0.5, 160)),
    Cycles("MobileNet v1 0.75, 192", 281_520, True, lambda: mobilenet_v1(0.75, 192)),
    Cycles("MobileNet v1 1.0, 224, features", 685_376, False, lambda: mobilenet_v1(1.0, 224, classes=0)),
    Cycles("MobileNet v2 1.0, 224", 458_040, True, lambda: mobilenet_v2(224)),
    Cycles("MobileNetEdgeTPU 0.75, 224", 689_436, False, lambda: mobilenet_edgetpu(0.75, 224)),
    Cycles("DeepLab v3, MobileNet v2, 513", 3_623_928, True, lambda: deeplab(513)),
    Cycles("PoseNet 0.75, 353 x 481", 1_428_960, True, lambda: posenet(0.75, 353, 481)),
    Cycles("PoseNet 0.75, 481 x 641", 2_617_344, False, lambda: posenet(0.75, 481, 641)),
    Cycles("PoseNet 0.75, 721 x 1281", 8_432_400, False, lambda: posenet(0.75, 721, 1281)),
)

MEMORY = (
    PublishedMemory("mobilenet_v1_0.25_128_quant", 566_912, 8_996),
    PublishedMemory("mobilenet_v2_1.0_224_quant", 3_900_864, 99_552),
    PublishedMemory("deeplabv3_mnv2_dm05_pascal_quant", 766_720, 192_744),
    PublishedMemory("movenet_single_pose_lightning_ptq", 2_862_656, 73_824),
    PublishedMemory("posenet_mobilenet_v1_075_353_481_16_quant_decoder", 1_444_608, 147_648),
    PublishedMemory("keras_lstm_mnist_ptq", 44_544, 4_876),
    PublishedMemory("split_concat", 192, 832),
)

TIMES = (
    Time("MobileNet v1 1.0, 224", 2.4, lambda: mobilenet_v1(1.0, 224)),
    Time("MobileNet v2 1.0, 224", 2.6, lambda: mobilenet_v2(224)),
    Time("VGG16, 224", 296, lambda: vgg(2, 2, 3, 3, 3)),
    Time("VGG19, 224", 308, lambda: vgg(2, 2, 4, 4, 4)),
)
