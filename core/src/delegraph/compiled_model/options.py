"""Options of a compiled model, in groups; :mod:`.choice` says what they mean for delegates."""

from __future__ import annotations

import dataclasses

from .hardware import CpuKernelMode, HardwareAccelerator
from .vendors import (
    IntelOpenVinoGraphBackend,
    IntelOpenVinoOptions,
    IntelOpenVinoPerformanceMode,
    QualcommBackend,
    QualcommDspPerformanceMode,
    QualcommGraphIOTensorMemType,
    QualcommGraphPriority,
    QualcommHtpPerformanceMode,
    QualcommLogLevel,
    QualcommOptimizationLevel,
    QualcommOptions,
    QualcommProfiling,
)

__all__ = [
    "CpuKernelMode",
    "CpuOptions",
    "GpuOptions",
    "HardwareAccelerator",
    "IntelOpenVinoGraphBackend",
    "IntelOpenVinoOptions",
    "IntelOpenVinoPerformanceMode",
    "Options",
    "QualcommBackend",
    "QualcommDspPerformanceMode",
    "QualcommGraphIOTensorMemType",
    "QualcommGraphPriority",
    "QualcommHtpPerformanceMode",
    "QualcommLogLevel",
    "QualcommOptimizationLevel",
    "QualcommOptions",
    "QualcommProfiling",
]


@dataclasses.dataclass
class CpuOptions:
    """For what runs on the CPU."""

    num_threads: int = 0  # 0: as many as the delegate takes
    kernel_mode: CpuKernelMode | None = None
    enable_ynnpack: bool = False  # these three have no meaning here
    xnnpack_flags: int | None = None
    xnnpack_weight_cache_path: str = ""


@dataclasses.dataclass
class GpuOptions:
    """For what runs on the GPU."""

    enforce_f32: bool = False  # else float16, on GPUs that compute it
    constant_tensor_sharing: bool = False  # these have no meaning here
    infinite_float_capping: bool = False
    benchmark_mode: bool = False
    allow_src_quantized_fc_conv_ops: bool = False
    hint_waiting_for_completion: bool = False


@dataclasses.dataclass(init=False)
class Options:
    """What a model is compiled for."""

    hardware_accelerators: HardwareAccelerator = HardwareAccelerator.CPU
    _cpu_options: CpuOptions | None = None
    _gpu_options: GpuOptions | None = None
    _qualcomm_options: QualcommOptions | None = None
    _intel_openvino_options: IntelOpenVinoOptions | None = None

    def __init__(
        self,
        hardware_accelerators: HardwareAccelerator = HardwareAccelerator.CPU,
        cpu_options: CpuOptions | None = None,
        gpu_options: GpuOptions | None = None,
        qualcomm_options: QualcommOptions | None = None,
        intel_openvino_options: IntelOpenVinoOptions | None = None,
    ) -> None:
        self.hardware_accelerators = hardware_accelerators
        self._cpu_options = cpu_options
        self._gpu_options = gpu_options
        self._qualcomm_options = qualcomm_options
        self._intel_openvino_options = intel_openvino_options

    @classmethod
    def create(cls) -> Options:
        return cls()

    @property
    def cpu_options(self) -> CpuOptions:
        """The group, made when it is first asked for; so are the others."""
        self._cpu_options = self._cpu_options or CpuOptions()
        return self._cpu_options

    @property
    def gpu_options(self) -> GpuOptions:
        self._gpu_options = self._gpu_options or GpuOptions()
        return self._gpu_options

    @property
    def qualcomm_options(self) -> QualcommOptions:
        self._qualcomm_options = self._qualcomm_options or QualcommOptions()
        return self._qualcomm_options

    @property
    def intel_openvino_options(self) -> IntelOpenVinoOptions:
        self._intel_openvino_options = self._intel_openvino_options or IntelOpenVinoOptions()
        return self._intel_openvino_options
