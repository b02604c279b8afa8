"""What stands at ``ai_edge_litert.compiled_model``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import compiled_model as _own
from ..compiled_model import (
    CpuKernelMode,
    CpuOptions,
    Environment,
    EnvironmentOptions,
    GpuOptions,
    HardwareAccelerator,
    IntelOpenVinoOptions,
    Options,
    QualcommOptions,
    TensorBuffer,
)
from ..model import Signature
from ..plugins import Wanted
from . import record, settings

__all__ = [
    "CompiledModel",
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


class ProgramCompiledModel(_own.CompiledModel):
    """A compiled model on the delegates that :func:`delegraph.compat.install` was given, if it was.

    Else those that stand for the hardware that the program asks for.
    """

    _record: record.Ran

    @classmethod
    def _made(
        cls,
        source: dict[str, Any],
        hardware: HardwareAccelerator | None,
        environment: Environment | None,
        options: Options | None,
        delegates: Sequence[Wanted] | None,
    ) -> ProgramCompiledModel:
        wanted = delegates if delegates is not None else settings.now.wanted or None
        made = super()._made(source, hardware, environment, options, wanted)
        assert isinstance(made, ProgramCompiledModel)
        made._record = record.note(source.get("model_path"), source.get("model_content"))
        made._record.planned(made.plan)
        return made

    def _run(self, signature: Signature, given: Mapping[int, Any], results: Sequence[Any]) -> None:
        super()._run(signature, given, results)
        self._record.planned(self.plan)
        self._record.runs += 1


CompiledModel = ProgramCompiledModel
