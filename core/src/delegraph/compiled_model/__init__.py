"""LiteRT 2's ``CompiledModel``, on delegates that are plugins.

::

    from delegraph.compiled_model import CompiledModel, HardwareAccelerator

    model = CompiledModel.from_file("model.tflite", HardwareAccelerator.GPU | HardwareAccelerator.CPU)
    print(model.plan)  # which op runs where, and why not elsewhere
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    inputs[0].write(image)
    model.run_by_index(0, inputs, outputs)
    scores = outputs[0].read(10, np.float32)

Names, arguments and dictionaries are those of ``ai_edge_litert``; ``plan`` and ``delegates=`` are more.
"""

from __future__ import annotations

from .compiled_model import CompiledModel, CompiledModelError
from .environment import Environment, EnvironmentOptions
from .hardware import CpuKernelMode, HardwareAccelerator
from .options import CpuOptions, GpuOptions, Options
from .tensor_buffer import TensorBuffer
from .vendors import IntelOpenVinoOptions, QualcommOptions

__all__ = [
    "CompiledModel",
    "CompiledModelError",
    "CpuKernelMode",
    "CpuOptions",
    "Environment",
    "EnvironmentOptions",
    "GpuOptions",
    "HardwareAccelerator",
    "IntelOpenVinoOptions",
    "Options",
    "QualcommOptions",
    "TensorBuffer",
]
